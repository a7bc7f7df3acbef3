import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { PveState } from '../../../lab/pve/state.ts';
import type { FoundOn } from '../../contracts/resource.ts';
import { desire } from '../../desired/desire.ts';
import type { Plan } from '../../model/plan.ts';
import { fakeApi } from '../../proxmox/fake-api.test-support.ts';
import { type LabEstate, labEstate } from '../common/pve-lab.test-support.ts';
import { pveBackupJob } from './pve-backup-job.ts';

let on: LabEstate;
before(async () => {
  on = await labEstate();
  state().pools.push({ id: 'prod', comment: '', members: [100] });
});
after(() => on[Symbol.asyncDispose]());

const state = () => on.lab.lab.servers['ruapehu']?.state as PveState;
const stored = (id: string) => state().jobs.find((job) => job.id === id)?.options;
const hold = (id: string, options: object) => {
  state().jobs = [...state().jobs.filter((job) => job.id !== id), { id, options: options as never }];
};

/** An estate with this job on ruapehu; `more` as in YAML. */
const job = (name: string, more: string): string =>
  `backup_jobs: [{ name: ${name}, on: [ruapehu], schedule: "02:00", storage: old-pbs, ${more} }]`;
const fieldsOf = ({ steps }: Plan) => steps.flatMap(({ changes }) => changes.map(({ field }) => field)).sort();
/** Every option that can be declared, none as it would be anyway. */
const everything = `select: { all_but: [105, 101] }, mode: suspend, compress: gzip, zstd_threads: 4, pigz_threads: 2,
  enabled: false, repeat_missed: true, prune_backups: { keep_daily: 7, keep_weekly: 2 }, remove: false, protected: true,
  notes_template: "{{guestname}}\\\\n{{node}}", comment: every night, node: ruapehu, bwlimit: 51200, ionice: 8, lockwait: 60, stopwait: 5,
  performance: { max_workers: 8, pbs_entries_max: 4096 }, fleecing: { storage: local-zfs }, change_detection: metadata,
  exclude_paths: ["/var/cache/?*", "/srv/a b,c"], stdexcludes: false, notification_mode: legacy-sendmail,
  mailto: [root, anna@home.example], mailnotification: failure`;

describe('a backup job of Proxmox VE', () => {
  it('is made, and the plan after it is empty', async () => {
    await on.settle(job('plain', 'select: all'));
    assert.deepEqual(stored('plain'), {
      ...{ schedule: '02:00', all: 1, storage: 'old-pbs', mode: 'snapshot', compress: 'zstd', enabled: 1 },
    });
  });

  it('is made with every option there is, changed back to none of them, and to all of them again', async () => {
    await on.settle(job('whole', everything));
    const whole = structuredClone(stored('whole'));
    assert.equal(whole?.['exclude'], '101,105');
    assert.equal(whole?.['prune-backups'], 'keep-daily=7,keep-weekly=2');
    await on.settle(job('whole', 'select: all'));
    assert.deepEqual(stored('whole'), stored('plain'));
    await on.settle(job('whole', everything));
    assert.deepEqual(stored('whole'), whole);
  });

  for (const [from, to, left] of [
    ['{ guests: [100, 102] }', '{ all_but: [101] }', { all: 1, exclude: '101' }],
    ['{ all_but: [101] }', 'all', { all: 1 }],
    ['{ guests: [100] }', '{ pool: prod }', { pool: 'prod' }],
    ['{ pool: prod }', '{ all_but: [101] }', { all: 1, exclude: '101' }],
    ['{ all_but: [101] }', '{ guests: [100] }', { vmid: '100' }],
    ['all', '{ guests: [102, 100] }', { vmid: '100,102' }],
  ] as const)
    it(`whose selection turns from ${from} to ${to} selects that, and nothing that was left over`, async () => {
      await on.settle(job('turning', `select: ${from}`));
      assert.deepEqual(fieldsOf(await on.plan(job('turning', `select: ${to}`))), ['select']);
      await on.settle(job('turning', `select: ${to}`));
      const { all, exclude, vmid, pool } = stored('turning') ?? {};
      const now = Object.entries({ all, exclude, vmid, pool }).filter(([, value]) => value !== undefined);
      assert.deepEqual(Object.fromEntries(now), left);
    });

  it('whose pool hides an exclude of before does not leave that behind', async () => {
    hold('pooled', { schedule: '02:00', storage: 'old-pbs', compress: 'zstd', pool: 'x', exclude: '101', enabled: 1 });
    await on.settle(job('pooled', 'select: all'));
    assert.equal(stored('pooled')?.['exclude'], undefined);
    assert.equal(stored('pooled')?.['all'], 1);
  });

  it('that selects in two ways at once is put right', async () => {
    hold('broken', { schedule: '02:00', storage: 'old-pbs', compress: 'zstd', vmid: '100', all: 1, exclude: '' });
    await on.settle(job('broken', 'select: { guests: [100] }'));
    assert.equal(stored('broken')?.['vmid'], '100');
    assert.equal(stored('broken')?.['all'], undefined);
  });

  it('written by another hand in another spelling is no change', async () => {
    hold('foreign', {
      ...{ schedule: '02:00', storage: 'old-pbs', vmid: '102 100;100', all: 0, compress: '1', enabled: '1' },
      ...{ 'prune-backups': 'keep-weekly=2,keep-daily=07', fleecing: 'storage=local-zfs,enabled=on' },
      ...{ performance: 'pbs-entries-max=4096,max-workers=8', mailto: 'root anna@home.example', ionice: '5' },
      ...{ 'exclude-path': ['/b', '/a'], 'notification-mode': 'auto', 'repeat-missed': 0, remove: 1 },
    });
    const same = `select: { guests: [100, 102] }, compress: lzo, prune_backups: { keep_daily: 7, keep_weekly: 2 },
      fleecing: { storage: local-zfs }, performance: { max_workers: 8, pbs_entries_max: 4096 },
      mailto: [anna@home.example, root], ionice: 5, exclude_paths: [/a, /b]`;
    const plan = await on.plan(job('foreign', same));
    assert.deepEqual([fieldsOf(plan), plan.unchanged], [[], 1]);
    const control = await on.plan(job('foreign', same.replace('100, 102', '100')));
    assert.deepEqual(fieldsOf(control), ['select']);
  });

  it('gets its notes template and its protection, which PVE takes only beside a storage, though it has one', async () => {
    await on.settle(job('noted', 'select: all'));
    await on.settle(job('noted', 'select: all, notes_template: "{{vmid}}", protected: true'));
    const { 'notes-template': note, protected: kept } = stored('noted') ?? {};
    assert.deepEqual([note, kept], ['{{vmid}}', 1]);
  });

  it('that leaves guests out weakens; one that takes more does not', async () => {
    await on.settle(job('classed', 'select: { guests: [100, 102] }'));
    const classOf = async (select: string) =>
      (await on.plan(job('classed', `select: ${select}`))).steps[0]?.changes.map((change) => change.class);
    assert.deepEqual(await classOf('{ guests: [100] }'), ['weakens']);
    assert.deepEqual(await classOf('all'), ['strengthens']);
  });

  it('whose own policy keeps less says that backups go', async () => {
    await on.settle(job('short', 'select: all, prune_backups: { keep_daily: 7 }'));
    const riskOf = async (more: string) => (await on.plan(job('short', `select: all, ${more}`))).steps[0]?.risk;
    assert.equal(await riskOf('prune_backups: { keep_daily: 3 }'), 'loses a restore point');
    assert.equal(await riskOf('prune_backups: { keep_daily: 9 }'), 'changes');
    assert.equal(await riskOf('prune_backups: { keep_daily: 3 }, enabled: false'), 'changes');
  });

  it('with a dumpdir is refused before anything is sent, with what root can do', async () => {
    hold('of-root', { schedule: '02:00', dumpdir: '/mnt/backup', all: 1, enabled: 1, compress: 'zstd' });
    const { steps, refusals } = await on.plan(job('of-root', 'select: { guests: [100] }'));
    assert.deepEqual(steps, []);
    assert.deepEqual(
      refusals.map(({ code }) => code),
      ['job-of-root'],
    );
    assert.match(refusals[0]?.remedy ?? '', /pvesh set \/cluster\/backup\/of-root --delete dumpdir/);
  });

  it('is removed where it is ours, no longer declared, and --prune was said', async () => {
    await on.settle(job('gone', 'select: all'));
    const left = job('plain', 'select: all');
    assert.deepEqual((await on.plan(left)).steps, []);
    const plan = await on.plan(left, { prune: true });
    const removal = plan.steps.find(({ subject }) => subject === 'pve-backup-job/ruapehu/gone');
    assert.equal(removal?.act, 'remove');
    const { faults } = await on.apply(plan);
    assert.equal(faults, '');
    assert.deepEqual([stored('gone'), stored('plain') === undefined], [undefined, false]);
  });

  it('is written by import so that it declares what is there, defaults left out', async () => {
    await on.settle(job('whole', everything));
    hold('bare', { schedule: 'daily', all: 1 });
    hold('of-root', { schedule: '02:00', dumpdir: '/mnt/backup', all: 1 });
    hold('broken', { schedule: '02:00', storage: 'old-pbs', vmid: '100', all: 1 });
    // Made without an id, and of the time of vzdump.cron.
    const odd = ['6f3c1a2b-9d1f-4b8e-8f2f-6a5b4c3d2e1f', 'da39a3ee5e6b4b0d3255bfef95601890afd80709:1'];
    for (const id of odd) hold(id, { schedule: 'daily', all: 1, storage: 'old-pbs', enabled: 1 });
    const found = await foundNow();
    const written = writeJobs(found) as { backup_jobs: { name: string }[] };
    const names = written.backup_jobs.map(({ name }) => name);
    for (const name of ['bare', 'whole', ...odd]) assert.ok(names.includes(name), name);
    assert.ok(!names.includes('of-root') && !names.includes('broken'), 'what no estate can say is not written');
    assert.deepEqual(
      written.backup_jobs.find(({ name }) => name === 'bare'),
      { name: 'bare', select: 'all', schedule: 'daily', storage: 'local', compress: 'none', on: ['ruapehu'] },
    );
    const estate = await on.estate(`backup_jobs: ${JSON.stringify(written.backup_jobs)}`);
    for (const { name, item } of desire(estate, [pveBackupJob]).declared)
      assert.deepEqual(item, found.find((one) => one.name === name)?.value, name);
  });
});

const writeJobs = (found: readonly FoundOn[]) =>
  pveBackupJob.section.at === 'top' ? pveBackupJob.section.write(found) : {};

/** What the resource itself reads of ruapehu. */
async function foundNow() {
  const answer = await on.lab.ask('ruapehu', 'GET', '/cluster/backup');
  const api = fakeApi('pve', () => ({ data: answer.json.data }));
  const { found } = await pveBackupJob.read(api, { within: [] });
  return found.map((one) => ({ ...one, server: 'ruapehu' }));
}

describe('a backup job whose id PVE gave, and takes from nobody', () => {
  it('is changed under it, and is not made under it', async () => {
    const id = '6f3c1a2b-9d1f-4b8e-8f2f-6a5b4c3d2e1f';
    hold(id, { schedule: 'daily', all: 1, storage: 'old-pbs', enabled: 1 });
    await on.settle(job(id, 'select: all, comment: adopted'));
    assert.equal(stored(id)?.['comment'], 'adopted');
    const { refusals, steps } = await on.plan(job('9d1f', 'select: all'));
    assert.deepEqual([refusals.map(({ code }) => code), steps], [['job-id-not-new'], []]);
    assert.match(refusals[0]?.says ?? '', /begins with a letter/);
  });
});

describe('a backup job for an older Proxmox VE', () => {
  it('is refused in the plan where it asks for what came later, and made where it does not', async () => {
    await using old = await labEstate({ versions: { pve: '8.0.4' } });
    const plan = await old.plan(job('new', 'select: all, fleecing: { storage: local-zfs }'));
    assert.deepEqual(
      plan.refusals.map(({ code, says }) => [code, /8\.0.*fleecing/.test(says)]),
      [['feature-missing', true]],
    );
    await old.settle(job('plain', 'select: all'));
  });
});

describe('what an estate says of a backup job', () => {
  const problems = async (more: string): Promise<string> => {
    try {
      await on.estate(job('wrong', more));
      return 'none';
    } catch (thrown) {
      return JSON.stringify(thrown);
    }
  };

  for (const [what, more, words] of [
    ['a variable that PVE does not know', 'select: all, notes_template: "{{guest}}"', /guest.*PVE knows/],
    ['an escape that PVE does not know', 'select: all, notes_template: "a\\\\tb"', /PVE knows/],
    ['root-only options', 'select: all, dumpdir: /mnt/x', /dumpdir/],
    ['two selections at once', 'select: { guests: [100], pool: x }', /select/],
    ['fleecing without a storage', 'select: all, fleecing: {}', /fleecing.*storage/],
  ] as const)
    it(`is refused with ${what}`, async () => assert.match(await problems(more), words));
});
