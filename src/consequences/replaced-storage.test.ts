import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Ask } from '../model/facts.ts';
import { ref } from '../values/ref.ts';
import { entry, house, meansOf, notesOf, pin, planned } from './plans.test-support.ts';
import { replacedStorage } from './replaced-storage.ts';

const weighing = [replacedStorage];
const job = (schedule = '12:00', more = '') =>
  `backup_jobs: [{ name: nightly, on: [ruapehu], schedule: "${schedule}", select: all, storage: tank${more} }]`;
const storage = (more = '', rest = job()) =>
  house('', `pbs_storages: [${entry(`on: [ruapehu]${more === '' ? '' : `, ${more}`}`)}]\n${rest}`);
const moved = (rest = job()) => storage('', rest).replace('datastore: tank', 'datastore: other');
const title = 'replace storage tank on ruapehu';
const quiet = (ask: Ask): unknown =>
  ask.fact === 'time-zone' ? 'UTC' : ask.fact === 'running-backups' ? [] : undefined;

describe('a storage that is made anew', () => {
  it('means something for the jobs on it, its rights and its older backups', async () => {
    const made = await planned(weighing, { before: storage(), now: moved(), answer: quiet });
    assert.deepEqual(made.asked, ['running-backups ruapehu', 'time-zone ruapehu']);
    assert.deepEqual(meansOf(made, title), [
      '1 backup job on it (nightly): a backup that runs while it is made anew fails',
      'PVE takes the rights given on /storage/tank away with the entry, and does not give them again',
      'older backups stay in tank on 10.10.0.151; PVE shows none of them there, since the entry leads to other on 10.10.0.151',
    ]);
    assert.deepEqual(notesOf(made), []);
  });

  it('warns of a job within the hour, by the clock of that server, and of a backup that runs now', async () => {
    const answer = (ask: Ask): unknown =>
      ask.fact === 'time-zone'
        ? 'Pacific/Auckland'
        : [{ node: 'ruapehu', startedAt: Date.UTC(2026, 10, 21, 2) / 1000, vmid: undefined }];
    const late = job('16:30');
    const made = await planned(weighing, { before: storage('', late), now: moved(late), answer });
    assert.deepEqual(notesOf(made), [
      'warning pve-storage/ruapehu/tank: a backup runs on ruapehu since 2026-11-21T02:00:00Z: wait for its end before you apply this',
      'warning pve-storage/ruapehu/tank: the backup job nightly on it starts at 2026-11-21T03:30:00Z, within the hour: apply this after it has ended',
    ]);
    const other = await planned(weighing, { before: storage('', late), now: moved(late), answer: quiet });
    assert.deepEqual(notesOf(other), [], 'control: in UTC it is half a day away');
  });

  it('says where its key is kept', async () => {
    const key = 'encryption_key: { env: KEY }';
    const made = await planned(weighing, {
      before: storage(key),
      now: moved().replace('username', `${key}, username`),
      found: { [ref('pve-storage', 'ruapehu', 'tank')]: { value: { ...found, encrypted: true, key: 'ab:cd' } } },
      answer: quiet,
    });
    assert.match(
      meansOf(made, title).join('\n'),
      /PVE deletes its encryption key \(ab:cd\) with the entry; it is kept in env KEY, which is opened before/,
    );
  });

  it('says which jobs fail for good where it is removed, and nothing of jobs elsewhere', async () => {
    const elsewhere = storage('').replace('name: tank,', 'name: second,');
    const made = await planned(weighing, { before: storage(), now: elsewhere, answer: quiet, prune: true });
    assert.match(
      meansOf(made, 'remove storage tank on ruapehu').join('\n'),
      /^1 backup job still on it \(nightly\): each of its runs fails/,
    );
    const free = await planned(weighing, {
      before: storage('', ''),
      now: elsewhere.replace('storage: tank', 'storage: second'),
      answer: quiet,
      prune: true,
    });
    assert.doesNotMatch(meansOf(free, 'remove storage tank on ruapehu').join('\n'), /backup job/);
  });

  it('says which jobs fail where it is switched off', async () => {
    const off = await planned(weighing, { before: storage(), now: storage('enabled: false') });
    assert.deepEqual(meansOf(off, 'disable storage tank on ruapehu'), [
      '1 backup job still on it (nightly): each of its runs fails from then on',
    ]);
    const unused = await planned(weighing, { before: storage('', ''), now: storage('enabled: false', '') });
    assert.deepEqual(meansOf(unused, 'disable storage tank on ruapehu'), []);
  });

  it('says so of another namespace too, which hides what is there, and not of other changes', async () => {
    const made = await planned(weighing, { before: storage(), now: storage('namespace: prod') });
    assert.match(
      meansOf(made, 'update storage tank on ruapehu').join(),
      /^older backups stay in tank on .* leads to tank\/prod/,
    );
    assert.deepEqual(made.asked, []);
    const nodes = await planned(weighing, { before: storage(), now: storage('nodes: [ruapehu]') });
    assert.deepEqual(meansOf(nodes, 'update storage tank on ruapehu'), []);
  });

  it('hides nothing where the same PBS, known by its certificate, has another address', async () => {
    const pinned = (text: string) => text.replace(/(8007"\n\s*)trust: ca/, `$1fingerprint: "${pin}"`);
    const renamed = storage().replace('server: 10.10.0.151', 'server: backup.lan');
    const same = await planned(weighing, { before: pinned(storage()), now: pinned(renamed), answer: quiet });
    assert.equal(same.plan.steps[0]?.act, 'replace');
    assert.doesNotMatch(meansOf(same, title).join(), /older backups/);
    const other = await planned(weighing, { before: storage(), now: renamed, answer: quiet });
    assert.match(meansOf(other, title).join(), /older backups stay in tank on 10\.10\.0\.151/, 'control: another one');
  });

  it('says what could not be computed', async () => {
    const made = await planned(weighing, { before: storage(), now: moved(), unreadable: ['pve-backup-job ruapehu'] });
    assert.match(
      meansOf(made, title).join('\n'),
      /could not be computed: which backup jobs write to it \(ruapehu: nobody listens there\)/,
    );
    assert.match(
      notesOf(made).join('\n'),
      /could not be computed: whether a backup runs now \(ruapehu: it does not answer\)/,
    );
  });
});

const found = {
  ...{ server: '10.10.0.151', datastore: 'tank', port: 8007, namespace: '', username: 'backup@pbs!pve' },
  ...{ fingerprint: `${'AA:'.repeat(31)}AA`, enabled: true, content: ['backup'], nodes: [], prune_backups: {} },
  ...{ recoverable: null },
};
