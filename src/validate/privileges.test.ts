// Every row of the tables: with all that is needed nothing is said, with any one right less exactly that one, with one more
// exactly that one. That the printed commands mend it is shown against the lab (test/e2e/validate.test.ts).
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import made from '../identities/identities.json' with { type: 'json' };
import pbsBuiltin from '../values/pbs-roles.json' with { type: 'json' };
import { pbsRoles, reaches } from './grant.ts';
import { type Held, judgePrivileges } from './judge-privileges.ts';
import { type Holder, mayOf, needsOf, reading, type Thing } from './needs.ts';
import pbsRows from './privileges/pbs.json' with { type: 'json' };
import pveRows from './privileges/pve.json' with { type: 'json' };
import pveBuiltin from './privileges/pve-roles.json' with { type: 'json' };

type Product = 'pve' | 'pbs';
const fields = {
  ...{ store: 'tank', ns: 'a/b', name: 'tank', remote: 'far', remote_store: 'deep', datastore: 'tank', namespace: 'a' },
  ...{ storage: 'old-pbs', pool: 'prod', vmid: 101, prunes: true, absent: true, 'remove-vanished': true },
};

/** Effective rights that are just what is needed; on paths below the others count only where they are listed. */
function exactly(product: Product, of: readonly Holder[], things: readonly Thing[]) {
  const login = product === 'pve' ? 'holdfast@pve!ops' : 'holdfast@pbs!ops';
  const needs = needsOf(product, of, things);
  const held: Record<string, Record<string, boolean>> = {};
  for (const { path, privilege, here } of needs) held[path] = { ...held[path], [privilege]: !here };
  const judge = (changed: Held = held) =>
    judgePrivileges({ product, login, needs, may: mayOf(product, of), held: changed, acl: undefined });
  return { needs, held, judge };
}

const rows = [
  ...pveRows.map((row) => ({ product: 'pve' as const, row })),
  ...pbsRows.map((row) => ({ product: 'pbs' as const, row })),
].filter(({ row }) => row.for !== 'purpose');
const kindsOf = new Map(rows.map(({ product, row }) => [`${product} ${row.identity} ${row.for}`, { product, row }]));

describe('what a login needs', () => {
  for (const [name, { product, row }] of kindsOf)
    for (const push of [false, true])
      it(`(${name}${push ? ', push' : ''}) is named exactly where it is missing, and nothing is said where it is there`, () => {
        const things = [{ kind: row.for, fields: { ...fields, push } }];
        const { needs, held, judge } = exactly(product, [row.identity as Holder], things);
        assert.ok(needs.length > 0);
        assert.deepEqual(
          judge().map(({ state }) => state),
          ['good'],
        );
        for (const { path, privilege } of needs) {
          const { [privilege]: _, ...rest } = held[path] ?? {};
          const [check, ...others] = judge({ ...held, [path]: rest });
          assert.deepEqual(others, []);
          assert.equal(check?.state, 'wrong');
          assert.deepEqual([check?.privileges?.path, check?.privileges?.privileges], [path, [privilege]]);
          assert.match(check?.seen ?? '', new RegExp(`^${path} needs ${privilege.replace('.', '\\.')}:`));
          assert.match(
            check?.remedy ?? '',
            product === 'pve' ? /pveum acl modify/ : /proxmox-backup-manager acl update/,
          );
          assert.ok(check?.remedy?.includes(path));
        }
      });

  it('comes of what is declared, and of nothing else', () => {
    const paths = (...kinds: string[]) =>
      needsOf(
        'pbs',
        ['configure'],
        kinds.map((kind) => ({ kind, fields: { store: 'tank', name: 'x' } })),
      ).map(({ path, privilege }) => `${path} ${privilege}`);
    assert.deepEqual(paths(), []);
    assert.deepEqual(paths('pbs-prune-job'), ['/datastore/tank Datastore.Audit', '/datastore/tank Datastore.Modify']);
    assert.deepEqual(paths('pbs-acl'), ['/access/acl Permissions.Modify', '/access/acl Sys.Audit']);
  });

  it('is for the datastore as a whole only where it has to be made', () => {
    const of = (absent: boolean) =>
      needsOf('pbs', ['configure'], [{ kind: 'pbs-datastore', fields: { name: 'tank', absent } }]);
    assert.ok(of(true).some(({ path, privilege }) => path === '/datastore' && privilege === 'Datastore.Allocate'));
    assert.ok(of(false).every(({ path }) => path === '/datastore/tank'));
  });
});

describe('what a login has beside', () => {
  it('is named once, where it comes in, with its danger and the command that takes it', () => {
    const { held, judge } = exactly('pve', ['observe'], [reading]);
    const below = { 'VM.Audit': true, 'VM.PowerMgmt': true };
    const checks = judge({ ...held, '/vms': below, '/vms/101': below });
    assert.deepEqual(
      checks.map(({ state, privileges }) => [state, privileges?.path, privileges?.privileges]),
      [['warning', '/vms', ['VM.PowerMgmt']]],
    );
    assert.match(checks[0]?.remedy ?? '', /pveum acl modify \/vms --tokens 'holdfast@pve!ops' --roles ROLE --delete 1/);
  });

  it('is nothing for a login that only configures, where it serves that; for one that also reads it is too much', () => {
    const held = { '/datastore': { 'Datastore.Allocate': true } };
    const told = (...of: Holder[]) =>
      judgePrivileges({ product: 'pbs', login: 'a@pbs!b', needs: [], may: mayOf('pbs', of), held, acl: undefined }).map(
        ({ state }) => state,
      );
    assert.deepEqual(told('configure'), ['good']);
    assert.deepEqual(told('observe', 'configure'), ['warning']);
  });

  it('on / is too much also where the same is needed further down', () => {
    const { held, judge } = exactly('pve', ['configure'], [{ kind: 'pve-storage', fields: {} }]);
    const [check] = judge({ ...held, '/': { 'Datastore.Allocate': true } });
    assert.deepEqual([check?.privileges?.path, check?.privileges?.privileges], ['/', ['Datastore.Allocate']]);
    assert.match(check?.seen ?? '', /encryption keys/);
  });

  it('is not needed below where it is needed on / alone', () => {
    const { held, judge } = exactly('pve', ['configure'], [{ kind: 'pve-backup-job', fields: { storage: 'tank' } }]);
    const passedDown = { ...held, '/nodes': { 'Sys.Modify': true } };
    assert.deepEqual(
      judge(passedDown).map(({ privileges }) => privileges?.path),
      ['/nodes'],
    );
  });

  it('is nothing where it only reads', () => {
    const { held, judge } = exactly('pbs', ['observe'], [reading]);
    const more = { ...held, '/': { 'Sys.Audit': true, 'Remote.Audit': true }, '/tape': { 'Tape.Audit': true } };
    assert.deepEqual(
      judge(more).map(({ state }) => state),
      ['good'],
    );
  });

  it('as root of the server cannot be limited: a login of its own is proposed instead', () => {
    const needs = needsOf('pbs', ['storage'], [{ kind: 'backup', fields: { datastore: 'tank' } }]);
    const held = { '/': { 'Datastore.Modify': true } };
    const [check, ...others] = judgePrivileges({ product: 'pbs', login: 'root@pam', needs, may: [], held, acl: [] });
    assert.deepEqual(others, []);
    assert.equal(check?.state, 'warning');
    assert.match(check?.remedy ?? '', /acl update \/datastore\/tank DatastoreBackup --auth-id 'holdfast@pbs!NAME'/);
  });

  it('is taken without taking what is needed: that is granted by itself before', () => {
    const login = 'holdfast@pbs!ops';
    const needs = needsOf('pbs', ['observe', 'configure'], [{ kind: 'pbs-prune-job', fields: { store: 'tank' } }]);
    const all = { 'Datastore.Audit': true, 'Datastore.Modify': true };
    const acl = [{ path: '/datastore', login, role: 'DatastoreAdmin', brings: Object.keys(all) }];
    const held = { '/datastore': all, '/datastore/tank': all };
    const [check] = judgePrivileges({ product: 'pbs', login, needs, may: [], held, acl });
    const [first, ...rest] = (check?.remedy ?? '').split(' && ');
    assert.equal(first, "proxmox-backup-manager acl update /datastore/tank DatastoreAdmin --auth-id 'holdfast@pbs'");
    assert.deepEqual(rest, [
      "proxmox-backup-manager acl update /datastore/tank DatastoreAdmin --auth-id 'holdfast@pbs!ops'",
      "proxmox-backup-manager acl update /datastore DatastoreAdmin --auth-id 'holdfast@pbs!ops' --delete true",
    ]);
  });
});

describe('the logins that init makes', () => {
  const places = { 'backup storage': 'old-pbs', datastore: 'tank' } as const;
  const filled = (path: string) => path.replace(/\{([^}]+)\}/g, (_, name: keyof typeof places) => places[name]);
  const things = [
    reading,
    ...['pve-storage', 'backup-of-all', 'backup'].map((kind) => ({ kind, fields: { datastore: 'tank' } })),
    ...['backup-to-storage', 'pve-backup-job'].map((kind) => ({ kind, fields: { storage: 'old-pbs' } })),
    ...['pbs-prune-job', 'pbs-verify-job'].map((kind) => ({ kind, fields: { store: 'tank' } })),
    ...['pbs-datastore', 'datastore'].map((kind) => ({ kind, fields: { name: 'tank', absent: true } })),
    ...['pbs-user', 'pbs-token', 'pbs-acl', 'pbs-remote', 'pbs-s3-endpoint'].map((kind) => ({ kind, fields: {} })),
  ];
  for (const product of ['pve', 'pbs'] as const)
    for (const [identity, { user, acl }] of Object.entries(made[product].identities))
      it(`(${product}, ${identity}) have all that is needed and no more`, () => {
        const roles: Readonly<Record<string, readonly string[]>> = {
          ...(product === 'pve' ? pveBuiltin : pbsBuiltin),
          ...made[product].roles,
        };
        const entries = acl.map((entry) => ({ ...entry, path: filled(entry.path) }));
        // As both products count: the nearest entry replaces what comes from above.
        const at = (path: string) => {
          const reaching = entries.filter((one) => one.path === path || (one.propagate && reaches(one.path, path)));
          const nearest = reaching.sort((one, other) => other.path.length - one.path.length)[0];
          return Object.fromEntries(
            (roles[nearest?.role ?? ''] ?? []).map((one) => [one, nearest?.propagate === true]),
          );
        };
        const of = [identity as Holder];
        const needs = needsOf(product, of, things);
        assert.ok(needs.length > 0);
        const paths = [...entries, ...needs].map(({ path }) => path);
        const held = Object.fromEntries(paths.map((path) => [path, at(path)]));
        const checks = judgePrivileges({ product, login: user, needs, may: mayOf(product, of), held, acl: undefined });
        assert.deepEqual(
          checks.map(({ state, seen }) => [state, seen]),
          [['good', `${user} has what it needs, and no more`]],
        );
      });
});

describe('the command that grants', () => {
  const missing = (product: Product, of: readonly Holder[], things: readonly Thing[], path: string): string => {
    const { held, judge } = exactly(product, of, things);
    return judge({ ...held, [path]: {} })[0]?.remedy ?? '';
  };

  it('makes a role of PVE with all that is needed on the path, since it replaces what came from above', () => {
    const things = [
      reading,
      { kind: 'pve-storage', fields: {} },
      { kind: 'backup-to-storage', fields: { storage: 'old' } },
    ];
    assert.equal(
      missing('pve', ['observe', 'configure', 'run'], things, '/storage/old'),
      "(pveum role add Holdfast-ops-storage-old --privs 'Datastore.Allocate,Datastore.AllocateSpace,Datastore.Audit' || pveum role modify Holdfast-ops-storage-old --privs 'Datastore.Allocate,Datastore.AllocateSpace,Datastore.Audit') && pveum acl modify /storage/old --users 'holdfast@pve' --roles Holdfast-ops-storage-old && pveum acl modify /storage/old --tokens 'holdfast@pve!ops' --roles Holdfast-ops-storage-old",
    );
  });

  it('takes a built-in role of PVE where one is just that', () => {
    const things = [{ kind: 'backup-to-storage', fields: { storage: 'old' } }];
    assert.match(
      missing('pve', ['run'], things, '/storage/old'),
      /^pveum acl modify \/storage\/old .*--roles PVEDatastoreUser/,
    );
  });

  it('does not pass down what is needed on / alone', () => {
    const things = [{ kind: 'pve-backup-job', fields: { storage: 'old' } }];
    assert.match(missing('pve', ['configure'], things, '/'), /--tokens '[^']+' --roles \S+ --propagate 0$/);
  });

  it('takes the least roles of PBS that are enough', () => {
    assert.deepEqual(pbsRoles(['Datastore.Backup']), ['DatastoreBackup']);
    assert.deepEqual(pbsRoles(['Datastore.Backup', 'Datastore.Prune']), ['DatastorePowerUser']);
    assert.deepEqual(pbsRoles(['Datastore.Audit', 'Sys.Audit']), ['Audit']);
    assert.deepEqual(pbsRoles(['Remote.Audit', 'Sys.Audit']), ['Audit', 'RemoteAudit']);
    assert.deepEqual(pbsRoles(['Permissions.Modify']), ['Admin']);
  });
});
