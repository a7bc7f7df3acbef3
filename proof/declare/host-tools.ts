// Stand-ins for `pveum`, `pvesh` and `proxmox-backup-manager`, which answer in the forms of the real ones and keep what they did
// in one JSON file: that file is the authority for what `init --here` made.
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answered, estateAt } from '../../test/e2e/estate.test-support.ts';

export type Right = Readonly<{ path: string; roleid: string; ugid: string; propagate: number }>;
export type HostState = {
  roles: Record<string, string>;
  users: string[];
  /** secrets by `USER@REALM!NAME` */
  tokens: Record<string, string>;
  acl: Right[];
  /** each that changed something, as typed */
  did: string[];
};

export type Host = Readonly<{
  folder: string;
  state(): HostState;
  change(how: (state: HostState) => void): void;
  init(...words: readonly string[]): Promise<Answered>;
  close(): void;
}>;

const program = `#!${process.execPath}
const { mkdirSync, readFileSync, rmdirSync, writeFileSync } = require('node:fs');
const { randomUUID } = require('node:crypto');
const [, self, ...words] = process.argv;
const tool = self.split('/').at(-1);
// As the real ones: one at a time, the others wait.
for (;;) { try { mkdirSync('STATE.lock'); break; } catch { Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 5); } }
process.on('exit', () => rmdirSync('STATE.lock'));
const state = JSON.parse(readFileSync('STATE', 'utf8'));
const after = (name) => (words.includes(name) ? words[words.indexOf(name) + 1] : undefined);
const tell = (value) => console.log(JSON.stringify(value));
const keep = () => { state.did.push([tool, ...words].join(' ')); writeFileSync('STATE', JSON.stringify(state)); };
const unknown = () => { console.error('400 unknown: ' + tool + ' ' + words.join(' ')); process.exit(255); };
const token = (id) => { if (state.tokens[id] !== undefined) { console.error('400 token already exists'); process.exit(255); } state.tokens[id] = randomUUID(); keep(); return state.tokens[id]; };
const ofUser = (user) => Object.keys(state.tokens).filter((id) => id.startsWith(user + '!'));
const right = (path, roleid, ugid, propagate) => { state.acl.push({ path, roleid, ugid, propagate }); keep(); };
const calls = {
  pvesh: { get: () => tell([{ storage: 'pbs-home', type: 'pbs' }, { storage: 'local', type: 'dir' }].filter(({ type }) => !after('--type') || type === after('--type'))) },
  pveum: {
    'role list': () => tell(Object.entries(state.roles).map(([roleid, privs]) => ({ roleid, privs, special: 0 }))),
    'role add': () => { state.roles[words[2]] = after('--privs'); keep(); },
    'role modify': () => { state.roles[words[2]] = after('--privs'); keep(); },
    'user list': () => tell(state.users.map((userid) => ({ userid, enable: 1 }))),
    'user add': () => { state.users.push(words[2]); keep(); },
    'user token': () => {
      const id = words[3] + '!' + words[4];
      if (words[2] === 'list') tell(ofUser(words[3]).map((one) => ({ tokenid: one.split('!')[1], privsep: 1 })));
      else if (words[2] === 'add') tell({ 'full-tokenid': id, info: { privsep: after('--privsep') }, value: token(id) });
      else if (words[2] === 'remove') { delete state.tokens[id]; keep(); }
      else unknown();
    },
    'acl list': () => tell(state.acl),
    'acl modify': () => right(words[2], after('--roles'), after('--users') || after('--tokens'), Number(after('--propagate') || 1)),
  },
  'proxmox-backup-manager': {
    'user list': () => tell(state.users.map((userid) => ({ userid, enable: true }))),
    'user create': () => { state.users.push(words[2]); keep(); },
    'user list-tokens': () => tell(ofUser(words[2]).map((tokenid) => ({ tokenid }))),
    'user generate-token': () => { const tokenid = words[2] + '!' + words[3]; console.log('Result: ' + JSON.stringify({ tokenid, value: token(tokenid) }, null, 2)); },
    'user delete-token': () => { delete state.tokens[words[2] + '!' + words[3]]; keep(); },
    'acl list': () => tell(state.acl),
    'acl update': () => right(words[2], words[3], after('--auth-id'), after('--propagate') === 'false' ? 0 : 1),
    'datastore list': () => tell([{ name: 'tank', path: '/mnt/tank' }]),
  },
}[tool];
(calls[words.slice(0, 2).join(' ')] || calls[words[0]] || unknown)();
`;

export function hostWith(tools: readonly string[]): Host {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-proof-init-'));
  const file = join(folder, 'host.json');
  const put = (state: HostState): void => writeFileSync(file, JSON.stringify(state));
  put({ roles: {}, users: ['root@pam'], tokens: {}, acl: [], did: [] });
  const bin = join(folder, 'bin');
  mkdirSync(bin);
  for (const tool of tools) {
    writeFileSync(join(bin, tool), program.replaceAll('STATE', file));
    chmodSync(join(bin, tool), 0o755);
  }
  const env = { ...process.env, PATH: `${bin}:/usr/bin:/bin` };
  const state = (): HostState => JSON.parse(readFileSync(file, 'utf8')) as HostState;
  return {
    ...{ folder, state },
    change: (how) => {
      const now = state();
      how(now);
      put(now);
    },
    init: (...words) =>
      estateAt(join(folder, 'estate.yaml'), 'here', join(folder, 'state'), folder, env).type(
        'init',
        ...['--here', '--secrets', join(folder, 'secrets'), ...words],
      ),
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
