// `init --here` on a host: the tools are stand-ins with state, in the forms that the real ones answer in. What is believed is
// their state, and the files.
import assert from 'node:assert/strict';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, beforeEach, describe, it } from 'node:test';
import { type Answered, estateAt } from './estate.test-support.ts';

const folders: string[] = [];
let folder: string;
let file: string;

type Host = {
  roles: Record<string, string>;
  users: string[];
  tokens: Record<string, string>;
  acl: { path: string; roleid: string; ugid: string; propagate: number }[];
  breaks?: string;
};
const state = (): Host => JSON.parse(readFileSync(file, 'utf8')) as Host;
const put = (host: Host): void => writeFileSync(file, JSON.stringify(host));

/** Both tools in one: what is the same for them is the state. */
const tool = `#!${process.execPath}
const fs = require('node:fs');
const file = 'HOST_STATE';
const host = JSON.parse(fs.readFileSync(file, 'utf8'));
const program = require('node:path').basename(process.argv[1]);
const words = process.argv.slice(2);
const option = (name) => words.includes(name) ? words[words.indexOf(name) + 1] : undefined;
const json = (value) => console.log(JSON.stringify(value));
const line = words.join(' ');
if (host.breaks && line.startsWith(host.breaks)) { console.error('500 cannot do that now'); process.exit(2); }
const done = () => fs.writeFileSync(file, JSON.stringify(host));
const forget = (id) => { delete host.tokens[id]; host.acl = host.acl.filter(({ ugid }) => ugid !== id); };
const secret = () => require('node:crypto').randomUUID();
if (program === 'pvesh') json([{ storage: 'pbs-home', type: 'pbs' }]);
else if (/^role list/.test(line)) json(Object.entries(host.roles).map(([roleid, privs]) => ({ roleid, privs, special: 0 })));
else if (/^role (add|modify)/.test(line)) { host.roles[words[2]] = option('--privs'); done(); }
else if (/^user list /.test(line)) json(host.users.map((userid) => ({ userid, enable: 1 })));
else if (/^user (add|create)/.test(line)) { host.users.push(words[2]); done(); }
else if (/^user token list/.test(line)) json(Object.keys(host.tokens).filter((id) => id.startsWith(words[3] + '!')).map((id) => ({ tokenid: id.split('!')[1], privsep: 1 })));
else if (/^user list-tokens/.test(line)) json(Object.keys(host.tokens).filter((id) => id.startsWith(words[2] + '!')).map((tokenid) => ({ tokenid })));
else if (/^user token add/.test(line)) { const id = words[3] + '!' + words[4]; if (host.tokens[id]) { console.error('Token already exists.'); process.exit(255); } const value = secret(); host.tokens[id] = value; done(); json({ 'full-tokenid': id, info: { privsep: '1' }, value }); }
// With a token its rights go, too (facts: pbs-api section 7; a PVE drops what names a token that is not there).
else if (/^user token remove/.test(line)) { forget(words[3] + '!' + words[4]); done(); }
else if (/^user delete-token/.test(line)) { forget(words[2] + '!' + words[3]); done(); }
else if (/^user generate-token/.test(line)) { const id = words[2] + '!' + words[3]; const value = secret(); host.tokens[id] = value; done(); console.log('Result: ' + JSON.stringify({ tokenid: id, value }, null, 2)); }
else if (/^acl list/.test(line)) json(host.acl);
else if (/^acl modify/.test(line)) { host.acl.push({ path: words[2], roleid: option('--roles'), ugid: option('--users') || option('--tokens'), propagate: Number(option('--propagate')) }); done(); }
else if (/^acl update/.test(line)) { host.acl.push({ path: words[2], roleid: words[3], ugid: option('--auth-id'), propagate: option('--propagate') === 'true' ? 1 : 0 }); done(); }
else if (/^datastore list/.test(line)) json([{ name: 'tank', path: '/mnt/tank' }]);
else { console.error('unknown: ' + program + ' ' + line); process.exit(255); }
`;

function type(programs: readonly string[], ...args: readonly string[]): Promise<Answered> {
  const bin = join(folder, 'bin');
  rmSync(bin, { recursive: true, force: true });
  mkdirSync(bin);
  for (const program of programs) {
    writeFileSync(join(bin, program), tool.replace('HOST_STATE', file));
    chmodSync(join(bin, program), 0o755);
  }
  const env = { ...process.env, PATH: `${bin}:/usr/bin:/bin` };
  const secrets = ['--secrets', join(folder, 'secrets')];
  return estateAt(join(folder, 'estate.yaml'), 'x', join(folder, 'state'), folder, env).type(
    'init',
    ...secrets,
    ...args,
  );
}
const pve = ['pveum', 'pvesh'];
const text = (name: string): string => readFileSync(join(folder, name), 'utf8');
const isRoot = process.getuid?.() === 0;

describe('init', () => {
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'holdfast-init-'));
    folders.push(folder);
    file = join(folder, 'host.json');
    put({ roles: {}, users: ['root@pam'], tokens: {}, acl: [] });
  });
  after(() => {
    for (const one of folders) rmSync(one, { recursive: true, force: true });
  });

  it('writes a first file that is valid, and writes over none', async () => {
    const first = await type([], '--out', 'new.yaml');
    assert.equal(first.status, 0, first.stderr);
    const estate = estateAt(join(folder, 'new.yaml'), 'home', join(folder, 'state'), folder);
    assert.equal((await estate.type('validate', '--offline')).status, 0);
    assert.equal((await type([], '--out', 'new.yaml')).status, 64);
  });

  it('refuses --here where there is no Proxmox, and does nothing without a yes', { skip: !isRoot }, async () => {
    assert.match((await type([], '--here')).stderr, /neither a PVE nor a PBS host/);
    const unasked = await type(pve, '--here');
    assert.equal(unasked.status, 64);
    assert.match(unasked.stderr, /pveum user token add holdfast-observe@pve holdfast --privsep 1/);
    assert.deepEqual(state(), { roles: {}, users: ['root@pam'], tokens: {}, acl: [] });
    assert.equal(existsSync(join(folder, 'estate.yaml')), false);
  });

  it('makes on a PVE host what each kind of work needs, and no more, with the secrets in files for root alone', {
    skip: !isRoot,
  }, async () => {
    const made = await type(pve, '--here', '--yes');
    assert.equal(made.status, 0, `${made.stdout}${made.stderr}`);
    const { users, tokens, acl, roles } = state();
    assert.deepEqual(users.sort(), ['holdfast-configure@pve', 'holdfast-observe@pve', 'holdfast-run@pve', 'root@pam']);
    for (const identity of ['observe', 'configure', 'run']) {
      const secret = join(folder, 'secrets', `pve-${identity}.token`);
      assert.equal(text(`secrets/pve-${identity}.token`).trim(), tokens[`holdfast-${identity}@pve!holdfast`]);
      assert.equal(statSync(secret).mode & 0o777, 0o600);
    }
    const rightsOf = (id: string) =>
      acl.filter(({ ugid }) => ugid === id).map(({ path, roleid, propagate }) => `${path} ${roleid} ${propagate}`);
    for (const id of ['holdfast-run@pve', 'holdfast-run@pve!holdfast'])
      assert.deepEqual(
        rightsOf(id),
        ['/vms HoldfastRun 1', '/nodes HoldfastNodes 1', '/storage/pbs-home HoldfastTarget 1'],
        id,
      );
    assert.deepEqual(rightsOf('holdfast-configure@pve!holdfast')[0], '/ HoldfastConfigure 0');
    assert.equal(roles['HoldfastConfigure'], 'Sys.Audit,Sys.Modify');
    for (const secret of Object.values(tokens))
      assert.ok(!`${made.stdout}${made.stderr}`.includes(secret), 'no secret is printed');
    const [host = ''] = /estate: (\S+)/.exec(text('estate.yaml'))?.slice(1) ?? [];
    const offline = await estateAt(join(folder, 'estate.yaml'), host, join(folder, 'state'), folder).type(
      'validate',
      '--offline',
    );
    assert.match(
      `${offline.stdout}${offline.stderr}`,
      /fingerprint|trust/,
      'without a certificate here it says how to pin one',
    );
  });

  it('changes nothing the second time, and makes a token anew whose secret is lost', { skip: !isRoot }, async () => {
    await type(pve, '--here', '--yes');
    const before = state();
    const again = await type(pve, '--here', '--yes');
    assert.equal(again.status, 0, again.stderr);
    assert.match(again.stdout, /Everything was there already/);
    assert.deepEqual(state(), before);
    rmSync(join(folder, 'secrets', 'pve-run.token'));
    assert.equal((await type(pve, '--here', '--yes')).status, 0);
    const { tokens } = state();
    assert.notEqual(tokens['holdfast-run@pve!holdfast'], before.tokens['holdfast-run@pve!holdfast']);
    assert.equal(text('secrets/pve-run.token').trim(), tokens['holdfast-run@pve!holdfast']);
    assert.equal(tokens['holdfast-observe@pve!holdfast'], before.tokens['holdfast-observe@pve!holdfast']);
  });

  for (const [product, programs] of [
    ['pve', pve],
    ['pbs', ['proxmox-backup-manager']],
  ] as const)
    it(`gives a token that is made anew on ${product.toUpperCase()} its rights again, which went with the old one`, {
      skip: !isRoot,
    }, async () => {
      await type(programs, '--here', '--yes');
      const rights = () => state().acl.map((right) => JSON.stringify(right));
      const before = rights().toSorted();
      assert.ok(before.some((right) => right.includes(`holdfast-observe@${product}!holdfast`)));
      rmSync(join(folder, 'secrets', `${product}-observe.token`));
      assert.equal((await type(programs, '--here', '--yes')).status, 0);
      assert.deepEqual(rights().toSorted(), before);
      assert.match((await type(programs, '--here', '--yes')).stdout, /Everything was there already/);
    });

  it('stops at what fails, says it in the words of the tool, and goes on from there the next time', {
    skip: !isRoot,
  }, async () => {
    put({ ...state(), breaks: 'acl modify /storage ' });
    const failed = await type(pve, '--here', '--yes');
    assert.equal(failed.status, 3, failed.stdout);
    assert.match(failed.stderr, /cannot do that now/);
    const { breaks: _, ...mended } = state();
    put(mended);
    const { tokens } = state();
    assert.equal((await type(pve, '--here', '--yes')).status, 0);
    assert.deepEqual(state().tokens, tokens, 'tokens that were saved are not made again');
    assert.ok(state().acl.some(({ path, ugid }) => path === '/storage' && ugid === 'holdfast-configure@pve!holdfast'));
  });

  it('makes on a PBS the login that storages write with: it may back up, and remove nothing', {
    skip: !isRoot,
  }, async () => {
    const made = await type(['proxmox-backup-manager'], '--here', '--yes');
    assert.equal(made.status, 0, `${made.stdout}${made.stderr}`);
    const rights = state().acl.filter(({ ugid }) => ugid === 'holdfast-storage@pbs!holdfast');
    assert.deepEqual(
      rights.map(({ path, roleid }) => `${path} ${roleid}`),
      ['/datastore/tank DatastoreBackup'],
    );
    assert.equal(text('secrets/pbs-storage.token').trim(), state().tokens['holdfast-storage@pbs!holdfast']);
    assert.match(text('estate.yaml'), /username: "holdfast-storage@pbs!holdfast"/);
  });
});
