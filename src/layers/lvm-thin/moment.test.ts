// What a run, its journal and its points say of volumes that were to be taken in one moment.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  claim,
  clusterOf,
  controller,
  proxmoxHandle,
  using,
  volume,
} from '../common/kubernetes/cluster.test-support.ts';
import { lvmThin } from './layer.ts';
import { type Ended, Place } from './place.test-support.ts';
import { lvmThinEntry } from './schema.ts';

/** Two volumes of one Deployment, and one that nobody else uses. */
function withPhotos(more: Readonly<Record<string, unknown>> = {}, open = 0): Place {
  const place = new Place({ kubernetes: 'homelab', ...more });
  const names = ['db', 'library', 'alone'];
  place.cluster = clusterOf({
    persistentvolumes: names.map((name) =>
      volume(`pv-${name}`, proxmoxHandle(`vm-9999-pvc-${name}`), `photos/${name}`),
    ),
    persistentvolumeclaims: names.map((name) => claim('photos', name, `pv-${name}`)),
    deployments: [controller('photos', 'photos', { replicas: 1, template: using('db', 'library') })],
  });
  // Open, and no process has it: the host itself uses it.
  for (const name of names) place.put(`vm-9999-pvc-${name}`, { open });
  return place;
}

const says = ({ notes }: Ended) => notes.map((note) => note.says).join('\n');
const stepOf = ({ records }: Ended) =>
  records.get('discover')?.child?.steps.find(({ id }) => id === 'snapshot-vm-9999-pvc-db');
const hows = async (place: Place) =>
  (await lvmThin.points(place.entry, place.world())).map(({ manifest, how }) => [manifest.workload, how]).sort();

describe('a run over the volumes of one workload', () => {
  it('takes them in one moment, shows beforehand whom that costs what, and its points tell', async () => {
    using place = withPhotos();
    const ended = await place.run();
    assert.equal(ended.outcome, 'done', ended.summary);
    assert.match(stepOf(ended)?.title ?? '', /photos\/db, photos\/library, in one moment/);
    assert.match(stepOf(ended)?.because.join('\n') ?? '', /stands still meanwhile, for 5\.0 s at most/);
    assert.doesNotMatch(says(ended), /in a row/);
    const [alone, db, library] = await hows(place);
    assert.deepEqual(alone, ['photos/alone', undefined], 'one alone is always of one moment');
    assert.deepEqual([db?.[1], library?.[1]], Array(2).fill('one moment with its workload'));
  });

  it('notes that they were taken in a row, how far apart, and why, where one moment was wanted', async () => {
    using place = withPhotos({}, 1);
    const ended = await place.run();
    assert.equal(ended.outcome, 'done', ended.summary);
    assert.match(
      says(ended),
      /photos\/(db; photos\/library|library; photos\/db): taken in a row, up to .+ apart, and not in one moment: one of them is in use by the host itself/,
    );
    assert.match((await hows(place)).find(([name]) => name === 'photos/db')?.[1] ?? '', /^in a row, up to .+ apart$/);
  });

  it('is degraded by it where one moment is required, and the points are kept all the same', async () => {
    using place = withPhotos({ one_moment: 'required' }, 1);
    const ended = await place.run();
    assert.equal(ended.outcome, 'degraded');
    assert.match(ended.summary, /photos\/db, photos\/library: taken in a row, .+ in use by the host itself/);
    assert.equal(Object.keys(place.sealed()).length, 3);
    using fine = withPhotos({ one_moment: 'required' });
    assert.equal((await fine.run()).outcome, 'done', 'control');
  });

  it('holds nobody and says nothing of it where that is never wanted; the points still tell', async () => {
    using place = withPhotos({ one_moment: 'never' }, 1);
    const ended = await place.run();
    assert.equal(ended.outcome, 'done');
    assert.match(stepOf(ended)?.title ?? '', /one straight after another/);
    assert.doesNotMatch(says(ended), /in a row/);
    assert.match((await hows(place)).find(([name]) => name === 'photos/db')?.[1] ?? '', /^in a row/);
  });

  it('is told how long a writer may stand still, in bounds that a guest bears', () => {
    const entry = (hold_at_most: string) =>
      lvmThinEntry.safeParse({ name: 'v', kind: 'lvm-thin', machine: 'm', workload: 'w', keep: {}, hold_at_most });
    for (const good of ['1s', '2500ms', '30s']) assert.ok(entry(good).success, good);
    for (const bad of ['0s', '500ms', '31s', '5m', 'soon']) assert.ok(!entry(bad).success, bad);
  });
});
