// Two jobs that share a folder: the one lets go of what the other keeps.
import assert from 'node:assert/strict';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import type { LayerEntry } from '../model/estate.ts';
import { destinationRemarks, type Placed } from './checks/destinations.ts';
import { problemsIn, problemsOf, withFiles } from './estate.test-support.ts';

const keyOf = (last: string): string =>
  `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO0hHcVnB4VJpBNzCbTLdQ1z9PqSqnqkQOWdVJrMZ${last}`;
const entryOf = (name: string): LayerEntry => ({ name, kind: 'x', machine: 'here', workload: 'w', keep: {} });

const problems = (first: string, second: string, other = 'here') =>
  withFiles(
    {
      'estate.yaml': `
estate: two
machines: [{ name: here, local: true }, { name: there, ssh: { host: 10.0.0.9, user: root, key: { file: /k }, host_key: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIO0hHcVnB4VJpBNzCbTLdQ1z9PqSqnqkQOWdVJrMZsHE" } }]
workloads: [{ name: photos }]
layers:
  - { name: one, kind: disk-image, machine: here, workload: photos, image: /a.img, to: ${first}, keep: { keep_last: 2 } }
  - { name: two, kind: disk-image, machine: ${other}, workload: photos, image: /b.img, to: ${second}, keep: { keep_last: 2 } }
`,
    },
    async (folder) => (await problemsOf(join(folder, 'estate.yaml'))).filter((line) => line.includes('writes to')),
  );

describe('the folders that jobs write to', () => {
  it('lie each in no other: an estate in which one job may delete within the place of another is refused, with both places (reality 2.19, L2, 6.14)', async () => {
    for (const inner of ['/copies/one', '/copies/one/deeper'])
      assert.match(
        (await problems('/copies', inner)).join('\n'),
        /inside \/copies\/.*, the folder of one .*give each a folder of its own/,
      );
  });

  it('may lie side by side, and be of one name on two machines (control)', async () => {
    assert.deepEqual(await problems('/copies/one', '/copies/one-more'), []);
    assert.deepEqual(await problems('/copies', '/copies/deeper', 'there'), []);
  });

  it('lie in no folder of another job on a machine that is the same host under another name: this one twice, one address, one host key', async () => {
    const named = (other: string) =>
      problemsIn(`
estate: two
machines: [{ name: here, local: true }, { name: nas, ssh: { host: 10.0.0.9, user: root, key: { env: K }, host_key: "${keyOf('sHE')}" } }, ${other}]
workloads: [{ name: photos }]
layers:
  - { name: one, kind: host-config, machine: here, to_machine: ${other.includes('local') ? 'here' : 'nas'}, workload: photos, to: /copies, keep: { keep_last: 2 } }
  - { name: two, kind: host-config, machine: here, to_machine: other, workload: photos, to: /copies/one, keep: { keep_last: 2 } }
`).then((lines) => lines.filter((line) => line.includes('writes to')).join());
    const ssh = (host: string, key: string) =>
      `{ name: other, ssh: { host: ${host}, user: backup, key: { env: K }, host_key: "${keyOf(key)}" } }`;
    const refused = /inside \/copies\/one\/, the folder of one on (nas|here), which is the same host \(layers\[0\]/;
    assert.match(await named('{ name: other, local: true }'), refused);
    assert.match(await named(ssh('10.0.0.9', 'sXX')), refused, 'one address');
    assert.match(await named(ssh('nas.example', 'sHE')), refused, 'one host key');
    assert.equal(await named(ssh('10.0.0.10', 'sXX')), '', 'control: another host');
  });

  it('lie in no datastore of a PBS on the same host, nor around one; beside it they may (control)', async () => {
    const to = (folder: string, address = '10.0.0.9') =>
      problemsIn(`
estate: two
machines: [{ name: here, local: true }, { name: nas, ssh: { host: 10.0.0.9, user: root, key: { env: K }, host_key: "${keyOf('sHE')}" } }]
pbs: [{ name: backup, url: "https://${address}:8007", token: { id: a@pbs!b, secret: { env: T } }, trust: ca, datastores: [{ name: tank, path: /mnt/tank/store }] }]
workloads: [{ name: photos }]
layers: [{ name: one, kind: host-config, machine: here, to_machine: nas, workload: photos, to: ${folder}, keep: { keep_last: 2 } }]
`).then((lines) => lines.filter((line) => line.includes('writes to')).join());
    assert.match(
      await to('/mnt/tank/store'),
      /inside \/mnt\/tank\/store\/, the folder of the datastore tank on backup, which is the same host \(pbs\[0\]/,
    );
    assert.equal(await to('/mnt/tank/copies'), '', 'control: beside it');
    assert.equal(await to('/mnt/tank/store', '10.0.0.8'), '', 'control: another host');
    const around: Placed = {
      ...{ path: ['layers', 0], entry: entryOf('wide'), routes: [] },
      destinations: [{ machine: 'backup', folder: '/mnt' }],
    };
    const pbs = [
      { name: 'backup', url: '', product: 'pbs', datastores: [{ name: 'tank', path: '/mnt/tank' }] },
    ] as const;
    const [said] = destinationRemarks(
      [around],
      pbs,
      (name) => name,
      () => 'there',
    );
    assert.match(
      said?.says ?? '',
      /writes to \/mnt\/ on backup, around \/mnt\/tank\/, the folder of the datastore tank/,
    );
  });

  it('of remotes have one owner, too', () => {
    const placed = (name: string, at: string): Placed => ({
      ...{ path: ['layers', name], entry: entryOf(name), destinations: [] },
      routes: [{ reads: [], writes: { what: 'remote', at }, carries: 'everything', leftOut: [] }],
    });
    const said = (first: string, second: string) =>
      destinationRemarks(
        [placed('one', first), placed('two', second)],
        [],
        (name) => name,
        () => 'there',
      );
    assert.match(said('away:house', 'away:house/more')[0]?.says ?? '', /inside \/house\/, the folder of one/);
    assert.deepEqual(said('away:house', 'away:garden'), [], 'control: beside it');
    assert.deepEqual(said('away:house', 'other:house'), [], 'control: another remote');
  });
});

describe('a layer that reads what it makes', () => {
  const problems = (to: string, more = '') =>
    problemsIn(`
estate: round
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers:
  - { name: one, kind: sqlite, machine: here, workload: photos, from: { folder: /srv/two }, to: ${to}, keep: { keep_last: 2 } }
  - { name: two, kind: sqlite, machine: here, workload: photos, from: { folder: /srv/one }, to: /srv/two, keep: { keep_last: 2 }${more} }
`).then((lines) => lines.filter((line) => /reads/.test(line)).join('\n'));

  it('is refused, also by way of another; not where what it writes lies elsewhere (control), or is left out by its path (reality 2.15)', async () => {
    assert.match(
      await problems('/srv/one'),
      /layers\[\d\]: reads copies that come from itself: (one -> two -> one|two -> one -> two)/,
    );
    assert.equal(await problems('/srv/other'), '');
    const except = (database: string) =>
      `, exclude: [{ database: ${database}, reason: copies, owner: anna, review_by: 2027-01-01 }]`;
    assert.equal(await problems('/srv/one', except('one/')), '');
    assert.notEqual(await problems('/srv/one', except('ones/')), '', 'control: another folder is left out');
  });
});
