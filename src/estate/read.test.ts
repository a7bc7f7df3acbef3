import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { desire } from '../desired/desire.ts';
import { resources } from '../resources/all.ts';
import { digestOfText } from '../values/canonical.ts';
import { hours, minutes } from '../values/duration.ts';
import { problemsIn, problemsOf, read, withFiles } from './estate.test-support.ts';

const examples = join(import.meta.dirname, '../../examples');
const estateOf = (text: string) => withFiles({ 'estate.yaml': text }, (folder) => read(join(folder, 'estate.yaml')));

describe("S1's file", () => {
  const path = join(examples, 's1/pbs-storage.yaml');

  it('is the block of the seed, byte for byte', () =>
    assert.equal(
      digestOfText(readFileSync(path, 'utf8')),
      'd8b7e512fd66a94be358188eab6454ca76d0315c42552620e7359612f1ad8d35',
    ));

  it('is a valid estate as it stands, with a name made of where it lies', async () => {
    const estate = await read(path);
    assert.match(estate.name, /^unnamed-[0-9a-f]{8}$/);
    assert.equal((await read(path)).name, estate.name);
    assert.equal(estate.time_zone, 'UTC');
    assert.equal(estate.approval_expires, hours(1));
    assert.deepEqual(estate.pve, []);
    const [storage] = estate.sections['pbs_storages'] as readonly Readonly<Record<string, unknown>>[];
    assert.equal(storage?.['description'], 'Primary PBS storage for homelab backups');
    assert.deepEqual(storage?.['prune_backups'], { keep_daily: 7, keep_weekly: 4, keep_monthly: 3 });
    assert.equal(estate.placeOf(['pbs_storages', 0, 'fingerprint']), 'pbs-storage.yaml:9:18');
  });
});

describe('the homelab example', () => {
  it('is valid, and has each section of the schema in it', async () => {
    const estate = await read(join(examples, 'homelab/estate.yaml'));
    assert.equal(estate.name, 'homelab');
    assert.deepEqual(
      estate.pve.map(({ name }) => name),
      ['ruapehu', 'pihanga', 'hikurangi'],
    );
    assert.equal(estate.pbs[0]?.product, 'pbs');
    assert.deepEqual(estate.pbs[0]?.datastores[0]?.['prune'], {
      ...{ schedule: '03:30', namespace: 'prod', enabled: true, keep_daily: 7, keep_monthly: 3, keep_yearly: 1 },
    });
    assert.equal((estate.sections['escrow'] as readonly unknown[]).length, 1);
    const shown = new Set(desire(estate, resources).declared.map(({ kind }) => kind));
    const missing = resources.map(({ name }) => name).filter((name) => !shown.has(name));
    assert.deepEqual(missing, [], 'resources that the example does not show');
    assert.deepEqual(
      estate.layers.map(({ name }) => name),
      ['photos-image', 'music-image'],
    );
    assert.equal(estate.exclusions.length, 2);
  });
});

describe('an estate', () => {
  it('has the same digest when it says the same, and another when it does not', async () => {
    const [one, spelled, other] = await Promise.all([
      estateOf('estate: a\ntiers: [{ name: gold, rpo: 24h }]\n'),
      estateOf('tiers:\n  - rpo: "24h" # a day\n    name: gold\nestate: a\ntime_zone: UTC\nworkloads: []\n'),
      estateOf('estate: a\ntiers: [{ name: gold, rpo: 25h }]\n'),
    ]);
    assert.equal(one.digest, spelled.digest);
    assert.notEqual(one.digest, other.digest);
  });

  it('has its defaults filled in and its texts brought into one form', async () => {
    const fingerprint = Array(32).fill('ab').join(':');
    const estate = await estateOf(`
estate: a
approval_expires: 90m
pve: [{ name: r, url: "HTTPS://Ruapehu:8006/", fingerprint: "${fingerprint}", token: { id: a@pve!b, secret: { env: T } } }]
backup_jobs: [{ name: nightly, schedule: daily, select: { guests: [100] }, storage: local }]
`);
    assert.equal(estate.approval_expires, minutes(90));
    assert.equal(estate.pve[0]?.url, 'https://ruapehu:8006');
    assert.equal(estate.pve[0]?.fingerprint, fingerprint.toUpperCase());
    const jobs = estate.sections['backup_jobs'] as readonly unknown[];
    assert.deepEqual(jobs[0], {
      ...{ name: 'nightly', schedule: 'daily', select: { guests: [100] }, storage: 'local' },
      ...{ mode: 'snapshot', compress: 'zstd', enabled: true, repeat_missed: false },
    });
  });

  it('may describe things with any text', async () => {
    const text = 'password: x, -----BEGIN PRIVATE KEY-----, $HOME, {{ x }}, <<, __proto__, ‮ \\ "';
    const estate = await estateOf(`estate: a\nworkloads: [{ name: photos, description: ${JSON.stringify(text)} }]\n`);
    assert.equal(estate.workloads[0]?.description, text);
  });

  it('may give hosts that stand alone a storage of one name each, and no host two of them', async () => {
    const host = (name: string) =>
      `  - { name: ${name}, url: "https://${name}:8006", trust: ca, token: { id: a@pve!b, secret: { env: T } } }\n`;
    const fingerprint = `${'AA:'.repeat(31)}AA`;
    const storage = (on: string) =>
      `  - { name: pbs, server: pbs, datastore: tank, fingerprint: "${fingerprint}", enabled: false${on} }\n`;
    const estate = (...on: string[]) =>
      `pve:\n${host('one')}${host('other')}pbs_storages:\n${on.map(storage).join('')}`;
    assert.deepEqual(await problemsIn(estate(', on: [one]', ', on: [other]')), []);
    for (const third of ['', ', on: [other]'])
      assert.deepEqual(await problemsIn(estate(', on: [one]', ', on: [other]', third)), [
        `estate.yaml:7:13 pbs_storages[2].name: "pbs" is the name of pbs_storages[${third === '' ? 0 : 1}] already; rename or remove one of them`,
      ]);
  });

  it('may be written with a byte order mark and the line breaks of other systems', async () => {
    const path = '\uFEFFestate: a\r\ntiers:\r\n  - name: gold\r\n    rpo: soon\r\n';
    assert.deepEqual(
      (await problemsIn(path)).map((line) => line.split(' ')[0]),
      ['estate.yaml:4:10'],
    );
  });

  it('may repeat a value with an alias, and each of its places is known', async () => {
    const estate = await estateOf(
      'estate: a\nplaces:\n  - { site: home, hosts: &all [one, two] }\n  - { site: away, hosts: *all }\n',
    );
    assert.deepEqual(estate.places[1]?.hosts, ['one', 'two']);
    assert.match(estate.placeOf(['places', 1, 'hosts', 1]), /estate\.yaml:3:37$/);
    assert.match(estate.placeOf(['places', 1, 'hosts']), /estate\.yaml:4:26$/);
    assert.match(estate.placeOf(['places', 1, 'nothing']), /estate\.yaml:4:5$/);
    assert.match(estate.placeOf(['nothing']), /estate\.yaml:1:1$/);
  });

  it('is told from nothing: there is no such file, or it is a folder without one, or no regular file', () =>
    withFiles({ 'folder/readme.txt': '' }, async (folder) => {
      assert.deepEqual(await problemsOf(join(folder, 'none.yaml')), [
        'none.yaml:1:1 does not exist; name the estate with --estate FILE or DIR',
      ]);
      assert.deepEqual(await problemsOf(join(folder, 'folder')), ['folder:1:1 holds no .yaml file']);
      assert.match((await problemsOf('/dev/zero')).join(), /is a character, not a regular file/);
    }));
});
