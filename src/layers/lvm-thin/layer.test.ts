// Runs of the layer on a volume group and a cluster that behave, carried out by the engine: what is protected, what is not, and
// what goes.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../../fault.ts';
import type { Kubernetes } from '../../machines/kubernetes.ts';
import { itemResultsOf } from '../../model/item-results.ts';
import type { Instant } from '../../values/instant.ts';
import {
  claim,
  clusterOf,
  controller,
  pod,
  proxmoxHandle,
  using,
  volume,
} from '../common/kubernetes/cluster.test-support.ts';
import { snapshotName } from '../common/lvm/names.ts';
import { lvmThin } from './layer.ts';
import { type Ended, type FakeVolume, Place } from './place.test-support.ts';

const day = (nth: number, time = '03:00:00'): string => `2026-11-${String(nth).padStart(2, '0')}T${time}.000Z`;
const faultOf = ({ records }: Ended, path: string) => records.get(path)?.fault;
/** Why a volume has no point, by the step that was to take it. */
const whyNot = ({ records }: Ended, step: string, volume: string): string => {
  const { items = [] } = itemResultsOf(records.get(`discover>snapshot-vm-9999-pvc-${step}`)?.result ?? null);
  return items.find(({ name, done }) => name === `vm-9999-pvc-${volume}` && !done)?.says ?? '';
};
const says = ({ notes }: Ended) => notes.map((note) => note.says).join('\n');
const itemsIn = (ended: Ended, step: 'discover' | 'retain') =>
  (ended.result(step)['itemResults'] as { items?: { name: string; done: boolean; says?: string }[] }).items ?? [];
const expectedIn = ({ records }: Ended) =>
  records.get('discover')?.child?.itemResults?.expected?.map(({ name }) => name);

/** Two claims of one StatefulSet, one of a Deployment, a released one, and one that is not here. */
const homelab = (): Kubernetes =>
  clusterOf({
    persistentvolumes: [
      volume('pv-a', proxmoxHandle('vm-9999-pvc-a'), 'photos/db-0'),
      volume('pv-b', proxmoxHandle('vm-9999-pvc-b'), 'photos/library'),
      volume('pv-c', 'local-lvm:vm-9999-pvc-c', 'dbaas/mysql'),
      volume('pv-old', proxmoxHandle('vm-9999-pvc-old'), 'photos/library', { phase: 'Released', claimUid: 'before' }),
      volume('pv-nfs', 'nas#share#x', 'media/films'),
    ],
    persistentvolumeclaims: [
      claim('photos', 'db-0', 'pv-a'),
      claim('photos', 'library', 'pv-b'),
      claim('dbaas', 'mysql', 'pv-c'),
      claim('media', 'films', 'pv-nfs'),
    ],
    statefulsets: [controller('photos', 'photos', { replicas: 1, template: using('db-0', 'library') })],
    pods: [pod('dbaas', 'mysql-0', ['mysql'])],
  });

const silent = (): Kubernetes => ({
  ...homelab(),
  list: async () => {
    throw new Fault('cluster-unreachable', { where: 'homelab', says: 'it does not answer', remedy: 'wait' });
  },
});

const dbaas = { namespace: 'dbaas', reason: 'has dumps of its own', owner: 'ops', review_by: '2027-01-01' };
const withCluster = (more: Readonly<Record<string, unknown>> = {}): Place => {
  const place = new Place({ kubernetes: 'homelab', exclude: [dbaas], ...more });
  place.cluster = homelab();
  for (const name of ['a', 'b', 'c', 'old']) place.put(`vm-9999-pvc-${name}`, { open: name === 'old' ? 0 : 1 });
  return place;
};
const plain = (names: readonly string[], more: Readonly<Record<string, unknown>> = {}): Place => {
  const place = new Place(more);
  for (const name of names) place.put(`vm-9999-pvc-${name}`);
  return place;
};

describe('the volumes of a pool', () => {
  it('are found by pattern and pool, each gets a sealed snapshot that is not active, and a point tells whose it is (reality L22)', async () => {
    using place = withCluster();
    place.put('vm-100-disk-0');
    place.put('snap_vm-9999-pvc-a_before');
    place.put('vm-9999-pvc-elsewhere', { pool: 'slow' });
    const ended = await place.run();
    assert.equal(ended.outcome, 'done', ended.summary);
    assert.deepEqual(place.sealed(), { 'vm-9999-pvc-a': 1, 'vm-9999-pvc-b': 1, 'vm-9999-pvc-old': 1 });
    for (const name of place.ours())
      assert.deepEqual([place.read(name)['active'], place.read(name)['skip']], ['0', '1']);
    const points = await lvmThin.points(place.entry, place.world());
    assert.deepEqual(points.map(({ manifest }) => [manifest.workload, manifest.source['lv']]).sort(), [
      ['photos/db-0', 'vm-9999-pvc-a'],
      ['photos/library', 'vm-9999-pvc-b'],
      ['photos/library', 'vm-9999-pvc-old'],
    ]);
    assert.equal(new Set(points.map(({ manifest }) => manifest.id)).size, 3);
    assert.match(says(ended), /vm-9999-pvc-elsewhere is left out: it lies in the pool slow/);
  });

  it('of one workload are taken in one step, one straight after another, and the point says how far apart', async () => {
    using place = withCluster();
    const ended = await place.run();
    const result = ended.records.get('discover>snapshot-vm-9999-pvc-a')?.result as {
      points: unknown[];
      skew_ms: number;
    };
    assert.equal(result.points.length, 2);
    const [one, other] = place.ours().filter((name) => /-[ab]$/.test(place.tags(name).origin ?? ''));
    assert.equal(place.tags(one ?? '').group, place.tags(other ?? '').group);
    assert.match(place.tags(one ?? '').skew ?? '', /^\d+$/);
    const old = place.ours().find((name) => place.tags(name).origin === 'vm-9999-pvc-old');
    assert.equal(place.tags(old ?? '').group, undefined);
  });

  it('released and live, with one claim name, have points of their own, and the released one is reported (reality 1.2i, 2.40, L4, 6.7)', async () => {
    using place = withCluster();
    const ended = await place.run();
    assert.deepEqual(expectedIn(ended)?.toSorted(), [
      'photos/db-0',
      'photos/library',
      'photos/library (vm-9999-pvc-old)',
    ]);
    assert.match(says(ended), /1 volume protected that nobody uses: vm-9999-pvc-old, it belonged to photos\/library/);
    assert.deepEqual(
      (ended.result('retain')['orphans'] as { lv: string }[]).map(({ lv }) => lv),
      ['vm-9999-pvc-old'],
    );
  });

  it('of other storage are listed as a gap, in words and in the result (reality 2.46, 6.6)', async () => {
    using place = withCluster();
    const ended = await place.run();
    assert.match(says(ended), /1 volume of the cluster lies on other storage.*media\/films \(proxmox-lvm\)/);
    assert.deepEqual(ended.result('retain')['gaps'], [
      { volume: 'pv-nfs', claim: 'media/films', storage_class: 'proxmox-lvm' },
    ]);
  });

  it('that an old script took of a volume are no volumes; one that was restored from such is', async () => {
    using place = withCluster();
    place.put('vm-9999-pvc-a_snap_20260101_0300', { origin_uuid: 'uuid-of-vm-9999-pvc-a' });
    place.put('vm-9999-pvc-b', { origin_uuid: 'uuid-of-vm-9999-pvc-b_pre_restore_1' });
    place.put('vm-9999-pvc-b_pre_restore_1');
    const ended = await place.run();
    assert.deepEqual(Object.keys(place.sealed()).sort(), [
      'vm-9999-pvc-a',
      'vm-9999-pvc-b',
      'vm-9999-pvc-b_pre_restore_1',
      'vm-9999-pvc-old',
    ]);
    assert.match(
      says(ended),
      /vm-9999-pvc-a_snap_20260101_0300 is left out: it is a snapshot of vm-9999-pvc-a that somebody else took/,
    );
  });

  it('that are new since yesterday are protected tonight, and nobody has registered them (reality 6.6)', async () => {
    using place = withCluster();
    await place.run({ at: day(20) });
    place.put('vm-9999-pvc-new');
    place.cluster = clusterOf({
      persistentvolumes: [
        volume('pv-new', proxmoxHandle('vm-9999-pvc-new'), 'wiki/pages'),
        volume('pv-disk', 'local-path#wiki#cache', 'wiki/cache'),
      ],
      persistentvolumeclaims: [claim('wiki', 'pages', 'pv-new'), claim('wiki', 'cache', 'pv-disk')],
    });
    const ended = await place.run({ at: day(21) });
    assert.equal(place.sealed()['vm-9999-pvc-new'], 1);
    assert.ok(expectedIn(ended)?.includes('wiki/pages'));
    assert.match(
      says(ended),
      /other storage.*wiki\/cache/,
      'and what this layer cannot protect is a gap the same night',
    );
  });

  it('that fit no pattern at all fail the run, since a pattern that fits nothing is a mistake (reality 1.1i)', async () => {
    using place = plain([], { volumes: 'vm-*-pcv-*' });
    const ended = await place.run();
    assert.equal(ended.outcome, 'failed');
    assert.equal(faultOf(ended, 'discover')?.code, 'volumes-missing');
  });

  it('of a claim with a hostile name are protected under that name, and nothing breaks out', async () => {
    const name = `$(touch holdfast-broke-out); 'x' --addtag y,hf.sealed=z\n`;
    using hostile = new Place({ kubernetes: 'homelab' });
    hostile.put('vm-9999-pvc-a');
    hostile.cluster = clusterOf({
      persistentvolumes: [volume('pv', 'storage:vm-9999-pvc-a', `ns/${name}`)],
      persistentvolumeclaims: [claim('ns', name, 'pv')],
    });
    assert.equal((await hostile.run()).outcome, 'done');
    const [point] = await lvmThin.points(hostile.entry, hostile.world());
    assert.equal(point?.manifest.workload, `ns/${name}`);
  });
});

describe('what is excluded', () => {
  it('is not snapshotted, and is said with its reason and who decided it', async () => {
    using place = withCluster();
    const ended = await place.run();
    assert.match(says(ended), /the namespace dbaas is excluded \(has dumps of its own; ops\): dbaas\/mysql/);
    assert.deepEqual(
      ended.records.get('discover')?.child?.itemResults?.excluded?.map((one) => one.name),
      ['dbaas/mysql'],
    );
    assert.equal(place.sealed()['vm-9999-pvc-c'], undefined);
  });

  it('stays excluded when its review is overdue, which is a warning of every run', async () => {
    using place = withCluster({ exclude: [{ ...dbaas, review_by: '2026-11-20' }] });
    const ended = await place.run();
    assert.equal(place.sealed()['vm-9999-pvc-c'], undefined);
    const note = ended.notes.find((one) => one.says.includes('dbaas'));
    assert.equal(note?.level, 'warning');
    assert.match(note?.says ?? '', /looked at again by 2026-11-20/);
  });

  it('is what was named, whole: a namespace or claim whose name begins alike is protected (reality 1.1d)', async () => {
    const names = ['dba', 'baas', 'dbaas-old', 'DBAAS'].map((namespace) => ({ ...dbaas, namespace }));
    const claims = [{ claim: 'photos/db', reason: 'r', owner: 'ops', review_by: '2027-01-01' }];
    using place = withCluster({ exclude: [...names, ...claims] });
    const ended = await place.run();
    assert.deepEqual(Object.keys(place.sealed()).length, 4, 'none of them fits');
    assert.equal(says(ended).match(/fits nothing/g)?.length, 5);
  });

  it('by a name that nothing has is said, since a slip of the pen would protect what must not be', async () => {
    using place = withCluster({ exclude: [{ ...dbaas, namespace: 'dbass' }] });
    assert.match(says(await place.run()), /the exclusion of the namespace dbass fits nothing/);
  });

  it('stays excluded while the cluster is silent, by its last answer, whose age is said (reality 1.1c, 1.2f, 6.5)', async () => {
    using place = withCluster();
    await place.run({ at: day(20) });
    place.cluster = silent();
    const ended = await place.run({ at: day(21, '09:00:00') });
    assert.equal(place.sealed()['vm-9999-pvc-c'], undefined);
    assert.equal(place.sealed()['vm-9999-pvc-a'], 2);
    assert.equal(ended.outcome, 'degraded');
    assert.match(says(ended), /homelab cannot be asked \(it does not answer\): what it said 1d 6h ago is used/);
  });

  it('might be a volume that is new while the cluster is silent: it is left alone, and counts as missing (reality 6.5)', async () => {
    using place = withCluster();
    await place.run({ at: day(20) });
    place.cluster = silent();
    place.put('vm-9999-pvc-new');
    const ended = await place.run({ at: day(21) });
    assert.equal(place.sealed()['vm-9999-pvc-new'], undefined);
    assert.ok(expectedIn(ended)?.includes('vm-9999-pvc-new'));
    assert.deepEqual(
      itemsIn(ended, 'retain').map(({ name, done }) => [name, done]),
      [['vm-9999-pvc-new', false]],
    );
    assert.match(ended.summary, /vm-9999-pvc-new, it has no restore point/);
  });

  it('by its own name only lets everything else be protected while the cluster is silent', async () => {
    using place = withCluster({
      exclude: [{ volume: 'vm-9999-pvc-c', reason: 'r', owner: 'o', review_by: '2027-01-01' }],
    });
    place.cluster = silent();
    const ended = await place.run();
    assert.equal(Object.keys(place.sealed()).length, 3, ended.summary);
    assert.equal(ended.outcome, 'degraded');
  });

  it('may be everything: the run is fine, does nothing, and says what is left out', async () => {
    using place = withCluster({ exclude: [dbaas, { ...dbaas, namespace: 'photos' }] });
    const ended = await place.run();
    assert.equal(ended.outcome, 'done', ended.summary);
    assert.equal(ended.records.get('discover')?.child?.itemResults?.excluded?.length, 4);
    assert.deepEqual(place.ours(), []);
  });

  it('cannot be told where the cluster has never answered: nothing at all is done', async () => {
    using place = withCluster();
    place.cluster = silent();
    const ended = await place.run();
    assert.equal(ended.outcome, 'failed');
    assert.equal(faultOf(ended, 'discover')?.code, 'exclusions-unknown');
    assert.deepEqual(place.ours(), []);
  });
});

describe('a pool', () => {
  const refused = async (pool: FakeVolume, code: string, words: RegExp) => {
    using place = plain(Array.from({ length: 11 }, (_, nth) => String.fromCharCode(97 + nth)));
    place.put('data', pool);
    const ended = await place.run();
    assert.deepEqual(place.ours(), []);
    const faults = [...ended.records].filter(([path]) => path.includes('snapshot-')).map(([, { fault }]) => fault);
    assert.deepEqual(
      faults.map((fault) => fault?.code),
      [code, code, code],
    );
    assert.match(faults[0]?.says ?? '', words);
    assert.equal(ended.outcome, 'failed');
    return ended;
  };

  it('that is full to its limit refuses every snapshot with both figures, and only the first ones are tried', async () => {
    const ended = await refused(
      { data_used: 7200 },
      'pool-data-limit',
      /90\.0 % of its data and 9\.8 % of its metadata/,
    );
    const fates = [...ended.records].filter(([path]) => path.includes('snapshot-')).map(([, { fate }]) => fate);
    assert.ok(fates.includes('refused'), 'one is refused by what another has seen');
  });

  it('whose metadata the snapshot would bring to its limit refuses it, with what it would be (reality 1.1b)', async () => {
    await refused(
      { metadata_used: 816 },
      'pool-metadata-limit',
      /79\.7 % of its metadata are used; 5 snapshots would make it 83\.6 %/,
    );
  });

  it('that the kernel has in trouble is left alone', async () => {
    await refused({ mode: 'out_of_data_space' }, 'pool-unhealthy', /out_of_data_space/);
    await refused({ mode: 'Fail' }, 'pool-unhealthy', /Fail/);
    await refused({ needs_check: 1 }, 'pool-unhealthy', /check of its metadata/);
  });

  it('that cannot be read is not taken for empty', async () => {
    using place = plain(['a']);
    place.fails('dmsetup', 'status', 'Device not found');
    const ended = await place.run();
    assert.equal(faultOf(ended, 'discover>snapshot-vm-9999-pvc-a')?.code, 'pool-unread');
    assert.deepEqual(place.ours(), []);
  });

  it('that fills up during the run keeps what was taken, and refuses the rest', async () => {
    using place = plain(Array.from({ length: 16 }, (_, nth) => String.fromCharCode(97 + nth)));
    place.put('data', { metadata_used: 720, adds: 8 });
    const ended = await place.run();
    const taken = Object.keys(place.sealed()).length;
    assert.ok(taken >= 5 && taken <= 12, `${taken} were taken`);
    assert.equal(ended.outcome, 'degraded');
    assert.ok(Number(place.read('data')['metadata_used']) < 0.8 * 1024, 'all that were taken fit below the limit');
    assert.match(ended.summary, /volumes without a fresh restore point/);
  });

  it('that promises more than it has is a note, and its growth a forecast (reality 2.39, 6.28)', async () => {
    using place = plain(['a']);
    place.put('vm-9999-pvc-a', { bytes: 2 ** 31 });
    for (const nth of [1, 2, 3, 4]) {
      place.put('data', { data_used: 1600 + nth * 400 });
      const ended = await place.run({ at: day(nth) });
      assert.match(says(ended), /may hold 2\.00 GiB together, and it has 1\.00 GiB/);
      if (nth === 4) assert.match(says(ended), /it is full in 12 days/);
      else if (nth < 3) assert.doesNotMatch(says(ended), /full in/);
    }
  });
});

describe('a snapshot that fails', () => {
  it('fails alone, the run is degraded, the next run begins with it (reality 1.1h, 6.1)', async () => {
    using place = plain(['a', 'b', 'c', 'd', 'e']);
    await place.run({ at: day(20) });
    place.fails('lvcreate', 'pve/vm-9999-pvc-d$', 'Failed to suspend logical volume pve/vm-9999-pvc-d.');
    const ended = await place.run({ at: day(21) });
    assert.equal(ended.outcome, 'degraded');
    assert.match(whyNot(ended, 'a', 'd'), /Failed to suspend/);
    assert.deepEqual(place.sealed(), {
      'vm-9999-pvc-a': 2,
      'vm-9999-pvc-b': 2,
      'vm-9999-pvc-c': 2,
      'vm-9999-pvc-d': 1,
      'vm-9999-pvc-e': 2,
    });
    place.mend();
    const next = await place.run({ at: day(22) });
    assert.equal(next.begun[1], 'discover>snapshot-vm-9999-pvc-d');
    assert.equal(next.outcome, 'done');
    const titles = next.records.get('discover')?.child?.steps.map(({ title }) => title.replaceAll('vm-9999-pvc-', ''));
    assert.deepEqual(titles, ['snapshot d', 'snapshot a, b, c, e'], 'what fell behind takes nothing with it twice');
  });

  it('is one of 77: 76 have sealed points, the run says which one has none and why, and the next begins with it (reality 6.1)', async () => {
    const names = Array.from({ length: 77 }, (_, index) => String(index + 1).padStart(2, '0'));
    using place = plain(names);
    place.fails('lvcreate', 'pve/vm-9999-pvc-42$', 'Failed to suspend logical volume pve/vm-9999-pvc-42.');
    const ended = await place.run({ at: day(20) });
    assert.equal(ended.outcome, 'degraded');
    assert.equal(Object.keys(place.sealed()).length, 76);
    assert.match(ended.summary, /1 of 77 volumes without a fresh restore point: vm-9999-pvc-42/);
    assert.match(whyNot(ended, '41', '42'), /Failed to suspend/);
    place.mend();
    const next = await place.run({ at: day(21) });
    assert.equal(next.begun[1], 'discover>snapshot-vm-9999-pvc-42');
    assert.deepEqual([next.outcome, Object.keys(place.sealed()).length], ['done', 77]);
  });

  it('since its device is suspended is not even tried: LVM would spoil the whole pool', async () => {
    using place = plain(['a', 'b']);
    place.suspend('vm-9999-pvc-a');
    const ended = await place.run();
    assert.equal(ended.outcome, 'degraded');
    assert.equal(place.read('data')['mode'], 'rw');
    assert.deepEqual(place.sealed(), { 'vm-9999-pvc-b': 1 });
    assert.match(whyNot(ended, 'a', 'a'), /its device is suspended/);
  });

  it('of a group leaves the others as good points of their volumes, and is named', async () => {
    using place = withCluster();
    place.fails('lvcreate', 'pve/vm-9999-pvc-b$');
    const ended = await place.run();
    assert.equal(ended.outcome, 'degraded');
    assert.deepEqual(place.sealed(), { 'vm-9999-pvc-a': 1, 'vm-9999-pvc-old': 1 });
    const result = ended.records.get('discover>snapshot-vm-9999-pvc-a')?.result as {
      itemResults: { items: { name: string; done: boolean }[] };
    };
    assert.deepEqual(
      result.itemResults.items.map(({ name, done }) => [name, done]),
      [
        ['photos/db-0', true],
        ['photos/library', false],
      ],
    );
    assert.match(ended.summary, /photos\/library: it went wrong/);
  });

  it('to be what it must be is never sealed, and is gone again', async () => {
    using place = plain(['a', 'b']);
    const swapped = place.machine();
    const ended = await place.run({
      machine: (machine) => ({
        ...machine,
        run: async (argv, options) => {
          // Between looking and acting, somebody makes another volume of that name.
          if (argv[0] === 'sh') place.put('vm-9999-pvc-a', { uuid: 'another' });
          return swapped.run(argv, options);
        },
      }),
    });
    assert.deepEqual(place.sealed(), { 'vm-9999-pvc-b': 1 });
    assert.equal(place.ours().length, 1);
    assert.match(whyNot(ended, 'a', 'a'), /not as a snapshot of this volume must be/);
  });

  it('is missing, not ok: a volume whose newest point is too old is counted, however the run went (reality 1.2h, 2.35, L5, 6.8)', async () => {
    using place = plain(['a', 'b'], { expect_within: '26h' });
    await place.run({ at: day(20) });
    place.fails('lvcreate', 'pve/vm-9999-pvc-a$');
    const soon = await place.run({ at: day(20, '20:00:00') });
    assert.deepEqual(itemsIn(soon, 'retain'), [], 'its newest point is still new enough');
    const late = await place.run({ at: day(22) });
    assert.deepEqual(
      itemsIn(late, 'retain').map(({ name, says: why }) => [name, why]),
      [['vm-9999-pvc-a', 'its newest restore point is 2d old']],
    );
  });
});

describe('retention', () => {
  const origins = (place: Place) =>
    place
      .ours()
      .map((name) => (place.tags(name).taken ?? '').slice(8, 10))
      .sort();

  it('keeps what `keep` says of each volume, with a reason for what goes, after the new one is there', async () => {
    using place = plain(['a', 'b']);
    for (const nth of [16, 17, 18, 19, 20]) await place.run({ at: day(nth) });
    assert.deepEqual(origins(place), ['18', '18', '19', '19', '20', '20']);
    const ended = await place.run({ at: day(21) });
    const prunes = [...ended.records.keys()].filter((path) => path.startsWith('retain>prune-'));
    assert.equal(prunes.length, 2);
    const step = ended.records.get('retain')?.child?.steps[0];
    assert.match(step?.because[0] ?? '', /\w/);
    assert.equal(step?.risk, 'loses a restore point');
  });

  it('removes nothing of a volume that this run did not protect, nor of one that is gone (reality 1.1j, 6.21)', async () => {
    using place = plain(['a', 'b', 'c']);
    for (const nth of [16, 17, 18]) await place.run({ at: day(nth) });
    place.fails('lvcreate', 'pve/vm-9999-pvc-a$');
    place.drop('vm-9999-pvc-b');
    for (const nth of [19, 20, 25]) await place.run({ at: day(nth) });
    const ended = await place.run({ at: day(26) });
    assert.deepEqual(
      [place.sealed()['vm-9999-pvc-a'], place.sealed()['vm-9999-pvc-b'], place.sealed()['vm-9999-pvc-c']],
      [3, 3, 3],
    );
    assert.match(says(ended), /1 volume with restore points is not there any more.*vm-9999-pvc-b/);
  });

  it('never touches what is held, foreign, of another layer, or has changed since it was judged (reality 2.19, 6.21)', async () => {
    using place = plain(['a']);
    place.put('hf_by_hand');
    place.put('hf_other_0123456789', { tags: 'hf.layer=other,hf.point=x,hf.run=other,hf.sealed=2020-01-01T00:00:00Z' });
    for (const nth of [16, 17, 18]) await place.run({ at: day(nth) });
    const first = place.ours().find((name) => place.tags(name).taken?.startsWith('2026-11-16')) ?? '';
    place.put(first, { tags: `${place.read(first)['tags']},hf.held=court` });
    for (const nth of [19, 20]) await place.run({ at: day(nth) });
    assert.deepEqual(origins(place).filter(Boolean), ['16', '18', '19', '20']);
    assert.ok(place.names().includes('hf_by_hand') && place.names().includes('hf_other_0123456789'));
    const second = place.ours().find((name) => place.tags(name).taken?.startsWith('2026-11-18')) ?? '';
    const ended = await place.run({
      at: day(21),
      machine: (machine) => ({
        ...machine,
        run: async (argv, options) => {
          if (argv[0] === 'lvremove') place.put(second, { tags: `${place.read(second)['tags']},hf.held=late` });
          return machine.run(argv, options);
        },
      }),
    });
    assert.ok(place.names().includes(second), 'a hold that came at the last moment keeps it');
    assert.equal(faultOf(ended, `retain>prune-${second}`)?.code, 'changed-since-planned');
  });

  it('does not believe a clock that was set: nothing goes until it is right, and that is said once for all volumes', async () => {
    using place = plain(['a', 'b']);
    for (const nth of [16, 17, 18, 19]) await place.run({ at: day(nth) });
    const ended = await place.run({ at: '2026-11-17T12:00:00.000Z' });
    assert.deepEqual(place.sealed(), { 'vm-9999-pvc-a': 4, 'vm-9999-pvc-b': 4 });
    assert.equal(ended.notes.filter((note) => note.says.includes('the clock says')).length, 1);
    place.sinceBoot = { boot: 'b', elapsed: 1000 as never };
    await place.run({ at: day(20) });
    place.sinceBoot = { boot: 'b', elapsed: 3_600_000 as never };
    const jumped = await place.run({ at: '2027-06-01T03:00:00.000Z' });
    assert.match(says(jumped), /somebody set the clock/);
  });

  it('lets a shorter `keep` empty nothing in one night, nor in the next', async () => {
    using place = plain(['a'], { keep: { keep_daily: 10 } });
    for (const nth of [10, 11, 12, 13, 14, 15]) await place.run({ at: day(nth) });
    using shorter = new Place({ keep: { keep_daily: 1 } });
    for (const name of place.names()) shorter.put(name, place.read(name));
    for (const nth of [16, 17]) {
      const ended = await shorter.run({ at: day(nth) });
      assert.match(says(ended), /prune_at_most/);
    }
    assert.equal(shorter.sealed()['vm-9999-pvc-a'], 8);
  });

  it('goes on over the turn of a year (reality 1.2g)', async () => {
    using place = plain(['a'], { keep: { keep_daily: 2, keep_weekly: 2 } });
    for (const at of ['2026-12-27', '2026-12-28', '2026-12-31', '2027-01-01', '2027-01-03', '2027-01-04'])
      await place.run({ at: `${at}T03:00:00.000Z` });
    const kept = place
      .ours()
      .map((name) => place.tags(name).taken?.slice(0, 10))
      .sort();
    assert.deepEqual(kept, ['2026-12-27', '2027-01-03', '2027-01-04'].slice(kept.length === 2 ? 1 : 0));
    assert.equal(kept.at(-1), '2027-01-04');
  });

  it('keeps the line of a volume that was swapped for a copy of its snapshot', async () => {
    using place = plain(['a']);
    for (const nth of [16, 17, 18]) await place.run({ at: day(nth) });
    const [from = ''] = place.ours();
    place.put('vm-9999-pvc-a', { uuid: 'restored', origin_uuid: place.read(from)['uuid'] ?? '' });
    for (const nth of [19, 20, 21, 22]) await place.run({ at: day(nth) });
    assert.deepEqual(place.sealed(), { 'vm-9999-pvc-a': 3 });
  });
});

describe('runs', () => {
  it('within one minute do not collide, and both leave their points (reality 1.1e)', async () => {
    using place = plain(['a'], { keep: { keep_last: 5 } });
    await place.run();
    const ended = await place.run();
    assert.equal(ended.outcome, 'done');
    assert.equal(place.sealed()['vm-9999-pvc-a'], 2);
  });

  it('remove what an earlier one has left unsealed, once it is an hour old, and nothing younger', async () => {
    using place = plain(['a']);
    const left = (run: string, taken: string) => {
      const name = snapshotName(run, 'uuid-of-vm-9999-pvc-a');
      place.put(name, {
        tags: `hf.layer=volumes,hf.run=${run},hf.taken=${taken},hf.point=p`,
        origin_uuid: 'uuid-of-vm-9999-pvc-a',
        skip: 1,
        active: 0,
      });
      return name;
    };
    const old = left('old', '2026-11-21T01:00:00.000Z');
    const young = left('young', '2026-11-21T02:30:00.000Z');
    await place.run({ at: '2026-11-21T03:00:00.000Z' as Instant });
    assert.ok(!place.names().includes(old));
    assert.ok(place.names().includes(young));
  });
});

describe('a worker that is killed', () => {
  for (const moment of [
    'discover trying',
    'snapshot-vm-9999-pvc-a trying',
    'snapshot-vm-9999-pvc-a took',
    'snapshot-vm-9999-pvc-a done',
    'retain trying',
    'prune trying',
  ])
    it(`at "${moment}" leaves only sealed points and whole volumes, and the next run is fine`, async () => {
      using place = plain(['a', 'b']);
      for (const nth of [16, 17, 18]) await place.run({ at: day(nth) });
      const [step = '', event] = moment.split(' ');
      const ended = await place.run({
        at: day(19),
        killedAt: (told) => told.tell === 'entry' && told.entry.event === event && told.entry.path.includes(step),
      });
      assert.equal(ended.outcome, 'aborted');
      assert.equal(ended.summary, '');
      for (const name of place.ours()) assert.ok(place.tags(name).sealed !== undefined, `${name} is sealed`);
      for (const count of Object.values(place.sealed())) assert.ok(count >= 3, 'the last good points are there');
      const next = await place.run({ at: day(20) });
      assert.equal(next.outcome, 'done', next.summary);
      assert.deepEqual(place.sealed(), { 'vm-9999-pvc-a': 3, 'vm-9999-pvc-b': 3 });
    });

  it('while LVM works has its half-made snapshots removed, and nothing of another run', async () => {
    using place = plain(['a']);
    await place.run({ at: day(18) });
    const before = place.ours();
    place.fails('lvchange', 'hf.sealed', 'killed here');
    const ended = await place.run({ at: day(19) });
    assert.equal(ended.outcome, 'failed');
    assert.deepEqual(place.ours(), before);
  });
});
