// What `validate` says of the rights of each login, one right taken away or given at a time: the authority is the lab's own
// access list, in which the commands that it prints are carried out.
import assert from 'node:assert/strict';
import { beforeEach, describe, it } from 'node:test';
import { kinds } from '../../src/kinds.ts';
import type { Validation } from '../../src/validate/check.ts';
import { checksOf, validatingLab } from './validating.test-support.ts';

const { lab, pbs, storage, small, validated } = validatingLab();

const privilegesIn = (seen: Validation, problem: 'missing' | 'too much'): readonly string[] =>
  checksOf(seen).flatMap(({ privileges }) =>
    privileges?.problem === problem
      ? privileges.privileges.map((one) => `${privileges.login} ${privileges.path} ${one}`)
      : [],
  );

describe('privileges', () => {
  /** Just what the estate below needs, by login, path and right: written by hand from the facts. */
  const hasJobs = kinds.resources.some(({ name }) => name === 'pve-backup-job');
  const wanted = (): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> => ({
    ruapehu: {
      '/': hasJobs ? ['Sys.Audit', 'Sys.Modify'] : ['Sys.Audit'],
      // What a guest is staged on is asked of its node: /nodes/NODE/status and the like.
      ...(hasJobs ? { '/nodes': ['Sys.Audit'] } : {}),
      '/storage': ['Datastore.Allocate', 'Datastore.Audit'],
      '/storage/old-pbs': [...(hasJobs ? ['Datastore.Allocate'] : []), 'Datastore.AllocateSpace', 'Datastore.Audit'],
      '/vms': ['VM.Audit', 'VM.Backup'],
    },
    [pbs().name]: { '/': ['Sys.Audit'], '/datastore/tank': ['Datastore.Audit', 'Datastore.Modify'] },
  });
  const logins = (name: string) =>
    lab().servers[name]?.product === 'pve'
      ? ['holdfast@pve', 'holdfast@pve!ops']
      : ['holdfast@pbs', 'holdfast@pbs!ops'];

  function grant(name: string, grants: Readonly<Record<string, readonly string[]>>): void {
    const state = lab().servers[name]?.state;
    assert.ok(state !== undefined);
    state.acl = state.acl.filter(({ authId }) => !logins(name).includes(authId));
    for (const [path, privileges] of Object.entries(grants)) {
      const role = `Only${path}`;
      state.roles[role] = privileges;
      for (const authId of logins(name)) state.acl.push({ path, authId, role, propagate: path !== '/' });
    }
    // The storage's own login is of the same user on the PBS; its user has what it needs.
    if (state.product === 'pbs')
      state.acl.push({ path: '/datastore/tank', authId: 'holdfast@pbs', role: 'DatastoreAdmin', propagate: true });
  }
  const text = () => small(storage('name: old-pbs'));
  beforeEach(() => {
    for (const [name, grants] of Object.entries(wanted())) grant(name, grants);
  });

  /** The printed commands, carried out on the lab's own access list. */
  function carryOut(name: string, commands: string): void {
    const state = lab().servers[name]?.state;
    assert.ok(state !== undefined);
    for (const command of commands.split(' && ').map((one) => one.replaceAll(/[()]/g, ''))) {
      const [, role, privileges] = /^pveum role add (\S+) --privs '([^']+)' \|\| pveum role modify/.exec(command) ?? [];
      const given =
        /^pveum acl modify (\S+) --(?:users|tokens) '([^']+)' --roles (\S+)(?: --propagate (0))?$/.exec(command) ??
        /^proxmox-backup-manager acl update (\S+) (\S+) --auth-id '([^']+)'(?: --propagate (false))?$/.exec(command);
      assert.ok(role !== undefined || given !== null, command);
      if (role !== undefined) state.roles[role] = (privileges ?? '').split(',');
      if (given === null) continue;
      const [, path = '', one = '', other = '', alone] = given;
      const [authId, called] = state.product === 'pve' ? [one, other] : [other, one];
      state.acl.push({ path, authId, role: called, propagate: alone === undefined });
    }
  }

  it('that are all there and no more leave nothing to say but that one login is used for everything', async () => {
    const seen = await validated(text());
    assert.deepEqual(privilegesIn(seen, 'missing'), []);
    assert.deepEqual(privilegesIn(seen, 'too much'), []);
    assert.deepEqual(
      checksOf(seen)
        .filter(({ state }) => state !== 'good')
        .map(({ check }) => check),
      ['identities', 'identities'],
    );
  });

  it('that lack one are named by exactly that one, and the printed command mends it', async () => {
    let tried = 0;
    for (const [name, grants] of Object.entries(wanted()))
      for (const [path, privileges] of Object.entries(grants))
        for (const privilege of privileges) {
          grant(name, { ...grants, [path]: privileges.filter((one) => one !== privilege) });
          const seen = await validated(text());
          const login = logins(name)[1];
          assert.deepEqual(privilegesIn(seen, 'missing'), [`${login} ${path} ${privilege}`]);
          const found = seen.servers.filter(({ verdict }) => verdict === 'invalid').map((one) => one.name);
          assert.deepEqual(found, [name]);
          const command = checksOf(seen).find(({ privileges }) => privileges?.problem === 'missing')?.remedy ?? '';
          carryOut(name, command);
          assert.deepEqual(privilegesIn(await validated(text()), 'missing'), [], command);
          grant(name, grants);
          tried += 1;
        }
    assert.ok(tried >= 10, `${tried} rights were taken away`);
  });

  it('that have one more are named by exactly that one', async () => {
    for (const [name, path, privilege] of [
      ['ruapehu', '/vms', 'VM.PowerMgmt'],
      ['ruapehu', '/', 'Permissions.Modify'],
      [pbs().name, '/datastore/tank', 'Datastore.Allocate'],
      [pbs().name, '/', 'Sys.Console'],
    ] as const) {
      const grants = wanted()[name] ?? {};
      grant(name, { ...grants, [path]: [...(grants[path] ?? []), privilege] });
      if (name !== 'ruapehu')
        lab().servers[name]?.state.acl.push({ path, authId: 'holdfast@pbs', role: 'Admin', propagate: true });
      const seen = await validated(text());
      assert.deepEqual(privilegesIn(seen, 'too much'), [`${logins(name)[1]} ${path} ${privilege}`]);
      assert.deepEqual(privilegesIn(seen, 'missing'), []);
      grant(name, grants);
    }
  });

  it('of a login that only reads are too much where it may change', async () => {
    const { url = '', fingerprint = '' } = lab().servers['ruapehu'] ?? {};
    const observer = `{ name: ruapehu, url: "${url}", fingerprint: "${fingerprint}", identities: { observe: { id: holdfast@pve!ops, secret: { file: ruapehu.token } } } }`;
    const seen = await validated(`estate: lab\npve: [${observer}]\n`);
    assert.deepEqual(privilegesIn(seen, 'missing'), []);
    assert.deepEqual(
      privilegesIn(seen, 'too much').filter((one) => one.endsWith('.Allocate') || one.endsWith('.Backup')),
      ['holdfast@pve!ops /vms VM.Backup', 'holdfast@pve!ops /storage Datastore.Allocate'],
    );
    assert.ok(checksOf(seen).some(({ seen: says }) => says.includes('no login is given for `configure`')));
  });

  it('of the storage itself are looked at: without Backup no backup could be written', async () => {
    const { state } = pbs();
    const kept = [...state.acl];
    state.acl = state.acl.map((entry) =>
      entry.authId === 'holdfast@pbs!storage' ? { ...entry, role: 'DatastoreAudit' } : entry,
    );
    const seen = await validated(text());
    state.acl = kept;
    assert.deepEqual(privilegesIn(seen, 'missing'), ['holdfast@pbs!storage /datastore/tank Datastore.Backup']);
  });
});
