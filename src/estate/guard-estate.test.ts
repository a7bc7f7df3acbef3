// The guard against estates as they are read from files.
import assert from 'node:assert/strict';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { type Guard, guardSchema } from '../guard/guard.ts';
import { guardEstate } from '../guard/guard-estate.ts';
import { read, withFiles } from './estate.test-support.ts';

const guard = (parts: object = {}): Guard => guardSchema.parse(parts);

const objections = (text: string, to: Guard): Promise<readonly (readonly [string, string, string])[]> =>
  withFiles({ 'estate.yaml': text }, async (folder) =>
    guardEstate(await read(join(folder, 'estate.yaml')), to).map(({ place, says, remedy }) => [
      place.replace(`${folder}/`, ''),
      says.replace(`${folder}/`, ''),
      remedy,
    ]),
  );

const server = (secret: string, url = 'https://ruapehu:8006'): string =>
  `estate: a\npve:\n  - { name: ruapehu, url: "${url}", trust: ca, token: { id: a@pve!b, secret: ${secret} } }\n`;

describe('the guard', () => {
  it('lets no command be run that it does not name, and spells out the line that would', async () => {
    const text = server('{ command: [/usr/bin/pass, show, ruapehu] }');
    assert.deepEqual(await objections(text, guard()), [
      [
        'estate.yaml:3:92',
        'command /usr/bin/pass may not be run on this machine',
        'to allow it, add to the guard file: commands: [{ path: /usr/bin/pass, args: ["show","ruapehu"] }]',
      ],
    ]);
    assert.deepEqual(await objections(text, guard({ commands: [{ path: '/usr/bin/pass' }] })), []);
    assert.equal((await objections(text, guard({ commands: [{ path: '/usr/bin/pass', args: ['other'] }] }))).length, 1);
  });

  it('keeps files of secrets in their folders', () =>
    withFiles({ token: 'canary', 'estate.yaml': server('{ file: token }') }, async (folder) => {
      await chmod(join(folder, 'token'), 0o600);
      const estate = await read(join(folder, 'estate.yaml'));
      assert.deepEqual(guardEstate(estate, guard()), []);
      assert.deepEqual(guardEstate(estate, guard({ secret_folders: [folder] })), []);
      const [problem] = guardEstate(estate, guard({ secret_folders: ['/etc/holdfast'] }));
      assert.match(problem?.says ?? '', /lies outside the folders/);
    }));

  it('sends no bound secret to a host that a commit names instead', async () => {
    const bound = guard({ bindings: [{ secret: { env: 'PVE_TOKEN' }, hosts: ['ruapehu:8006'] }] });
    assert.deepEqual(await objections(server('{ env: PVE_TOKEN }'), bound), []);
    const [moved] = await objections(server('{ env: PVE_TOKEN }', 'https://evil.example:8006'), bound);
    assert.match(moved?.[1] ?? '', /env PVE_TOKEN would be sent to evil\.example:8006; it may go to ruapehu:8006/);
    const hook =
      'estate: a\nchannels: [{ name: c, kind: webhook, url: "https://evil.example/x", secret: { env: PVE_TOKEN } }]\n';
    assert.match((await objections(hook, bound))[0]?.[1] ?? '', /would be sent to evil\.example:443/);
  });

  it('lets no retention go below its floors, wherever it is declared', async () => {
    const text = `estate: a
machines: [{ name: here, local: true }]
workloads: [{ name: photos }]
layers:
  - { name: photos, kind: disk-image, machine: here, workload: photos, image: /i, to: /b, keep: { keep_last: 1 } }
  - { name: other, kind: disk-image, machine: here, workload: photos, image: /i, to: /b, keep: { keep_daily: 7, keep_weekly: 4 } }
  - { name: all, kind: disk-image, machine: here, workload: photos, image: /i, to: /b, keep: { keep_all: 1 } }
pbs:
  - name: pbs
    url: https://pbs:8007
    trust: ca
    token: { id: a@pbs!b, secret: { env: T } }
    datastores: [{ name: tank, prune: [{ schedule: daily, keep_daily: 3 }, { schedule: daily, id: two, keep_daily: 30 }] }]
`;
    const floors = (entries: readonly object[]) => guard({ retention_floors: entries });
    const below = async (...entries: readonly object[]): Promise<readonly string[]> =>
      (await objections(text, floors(entries))).map(([place]) => place);
    assert.deepEqual(await below(), []);
    assert.deepEqual(await below({ section: 'layers', keep: { keep_daily: 7 } }), ['estate.yaml:5:97']);
    assert.deepEqual(await below({ section: 'layers', name: 'other', keep: { keep_daily: 8 } }), ['estate.yaml:6:96']);
    assert.deepEqual(await below({ section: 'layers', keep: { keep_all: 1 } }), [
      'estate.yaml:5:97',
      'estate.yaml:6:96',
    ]);
    assert.deepEqual(await below({ section: 'pbs', name: 'tank', keep: { keep_daily: 7 } }), ['estate.yaml:13:40']);
    assert.deepEqual(await below({ section: 'pbs_storages', keep: { keep_daily: 7 } }), []);
  });

  it('lets no backup job prune below the floor of the storage it writes to: PVE takes the word of the job', async () => {
    const text = `estate: a
pve: [{ name: ruapehu, url: "https://ruapehu:8006", trust: ca, token: { id: a@pve!b, secret: { env: T } } }]
pbs_storages:
  - { name: tank, server: pbs.home, datastore: tank, username: a@pbs, password: { env: P }, trust: ca, prune_backups: { keep_daily: 7 } }
backup_jobs:
  - { name: nightly, schedule: daily, select: all, storage: tank, prune_backups: { keep_last: 1 } }
  - { name: hourly, schedule: hourly, select: all, storage: tank, prune_backups: { keep_daily: 7 } }
  - { name: aside, schedule: daily, select: all, storage: local, prune_backups: { keep_last: 1 } }
`;
    const below = async (...entries: readonly object[]): Promise<readonly string[]> =>
      (await objections(text, guard({ retention_floors: entries }))).map(([place]) => place.split(':')[1] ?? '');
    assert.deepEqual(await below({ section: 'pbs_storages', keep: { keep_daily: 7 } }), ['6']);
    assert.deepEqual(await below({ section: 'pbs_storages', name: 'tank', keep: { keep_daily: 7 } }), ['6']);
    assert.deepEqual(await below({ section: 'pbs_storages', name: 'other', keep: { keep_daily: 7 } }), []);
    assert.deepEqual(await below({ section: 'pbs_storages', name: 'local', keep: { keep_daily: 7 } }), ['8']);
    assert.deepEqual(await below({ section: 'backup_jobs', keep: { keep_daily: 7 } }), ['6', '8']);
    assert.deepEqual(await below({ section: 'backup_jobs', name: 'aside', keep: { keep_daily: 7 } }), ['8']);
  });
});
