// The seed's file as an operator has it: storages and nothing else. It is planned on a node, as root through pvesh, or against a
// server named on the command line. The stand-in for pvesh has state and the words of the real one.
import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { estateAt, root } from './estate.test-support.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

const seed = join(root, 'examples', 's1', 'pbs-storage.yaml');
const isRoot = process.getuid?.() === 0;
const asRoot = isRoot ? {} : { skip: 'pvesh answers root only' };
const held = {
  ...{ storage: 'homelab-backup', type: 'pbs', server: 'proxmox-backup-server.maas', datastore: 'homelab-backup' },
  ...{ content: 'backup', username: 'root@pam', disable: '1' },
};

/** A node on whose PATH there is a pvesh, and the estate file given. */
function node(storages: readonly Record<string, string>[], file = seed) {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-node-'));
  folders.push(folder);
  const store = join(folder, 'storage.json');
  const calls = join(folder, 'calls');
  writeFileSync(store, JSON.stringify(storages));
  writeFileSync(calls, '');
  const support = join(root, 'src', 'proxmox', 'small-pve.test-support.ts');
  const program = `#!${process.execPath}
import { appendFileSync, readFileSync, writeFileSync } from 'node:fs';
import { overPvesh, smallPve } from '${support}';
const pve = smallPve();
for (const one of JSON.parse(readFileSync('${store}', 'utf8'))) pve.storages.set(one.storage, one);
const argv = process.argv.slice(2);
appendFileSync('${calls}', argv.join(' ') + '\\n');
const ran = await overPvesh(pve)(['pvesh', ...argv]);
writeFileSync('${store}', JSON.stringify([...pve.storages.values()]));
process.stdout.write(ran.stdout);
process.stderr.write(ran.stderr);
process.exitCode = ran.exitCode;
`;
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'pvesh'), program);
  chmodSync(join(folder, 'pvesh'), 0o755);
  const env = { ...process.env, PATH: `${folder}:${process.env['PATH']}` };
  return {
    estate: estateAt(file, 'pbs-storage', join(folder, 'state'), folder, env),
    folder,
    storages: (): readonly Record<string, string>[] => JSON.parse(readFileSync(store, 'utf8')),
    calls: () => readFileSync(calls, 'utf8').trim().split('\n').filter(Boolean),
  };
}

describe("the seed's file, verbatim", () => {
  it('validates offline', async () => {
    const { estate } = node([]);
    const valid = await estate.type('validate', '--offline');
    assert.deepEqual([valid.status, valid.stderr], [0, '']);
  });

  it(
    'plans on the node, through pvesh, without writing, and finds a storage that is switched off',
    asRoot,
    async () => {
      const { estate, calls } = node([held]);
      const plan = await estate.type('plan', '--detailed-exitcode');
      assert.equal(plan.status, 2, plan.stderr);
      assert.match(plan.stdout, /enable storage homelab-backup/);
      assert.deepEqual(calls(), ['get /storage --output-format json --type pbs']);
    },
  );

  it('is applied on the node, through pvesh, and then has nothing left to do', asRoot, async () => {
    const { estate, storages } = node([held]);
    const applied = await estate.type('apply', '--yes');
    assert.equal(applied.status, 0, `${applied.stdout}${applied.stderr}`);
    const [storage] = storages();
    assert.equal(storage?.['prune-backups'], 'keep-daily=7,keep-weekly=4,keep-monthly=3');
    assert.equal(storage?.['disable'], undefined);
    assert.match((await estate.type('plan')).stdout, /No changes; 1 as declared/);
  });

  it('refuses a storage that PVE could not make without credentials, and names the line to add', asRoot, async () => {
    const { estate, calls } = node([]);
    const plan = await estate.type('plan');
    assert.equal(plan.status, 1);
    assert.match(
      plan.stdout,
      /storage-without-credentials|password: \{ file: \/etc\/holdfast\/homelab-backup\.password \}/,
    );
    assert.match(plan.stdout, /password: \{ file: \/etc\/holdfast\/homelab-backup\.password \}/);
    assert.ok(calls().every((call) => call.startsWith('get ')));
  });

  it('never hands a password to pvesh, where every process could read it', asRoot, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-s1-'));
    folders.push(folder);
    const file = join(folder, 'estate.yaml');
    writeFileSync(join(folder, 'secret'), 'open sesame', { mode: 0o600 });
    writeFileSync(file, `${readFileSync(seed, 'utf8').trimEnd()}\n    password: { file: ${folder}/secret }\n`);
    const { estate, calls } = node([], file);
    const applied = await estate.type('apply', '--yes');
    assert.equal(applied.status, 1, applied.stdout);
    assert.match(applied.stdout, /pvesh takes its password only as an argument[\s\S]*--pve https:/);
    assert.ok(!calls().join('\n').includes('open sesame'));
  });

  it('says which line to add where there is neither a node nor a server', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-s1-'));
    folders.push(folder);
    const env = { ...process.env, PATH: '/usr/bin:/bin' };
    const plan = await estateAt(seed, 'pbs-storage', join(folder, 'state'), folder, env).type('plan');
    assert.equal(plan.status, 64);
    assert.match(plan.stderr, /--pve https:\/\/HOST:8006 --pve-token USER@REALM!NAME=file:PATH --pve-fingerprint/);
  });
});
