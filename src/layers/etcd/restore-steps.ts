// The steps of a restore as data: what each of them says to whoever agrees to it. Pure.

import type { LayerContext, RestoreWish } from '../../contracts/layer.ts';
import type { Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import { absent, type Step } from '../../model/step.ts';
import { ref } from '../../values/ref.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { shown } from '../../values/text.ts';
import { chained, type Said } from '../common/dumps/restore-chain.ts';
import { asGiven } from '../common/given.ts';
import { targetRef } from '../common/points/places.ts';
import { inPlace, serviceName } from '../common/service/service.ts';
import { etcdItem } from './dumps.ts';
import type { RestoreGiven } from './restore-given.ts';
import type { Scouted } from './scout.ts';
import { clusterOf } from './snapshot-tool.ts';

type Steps = Readonly<{ steps: readonly Step[]; notes: readonly Note[] }>;

/** All that lies in a data folder: what is beside it is the operator's. */
const content = ['member'];

const sizeOf = ({ taken }: RestoreGiven): string => formatSize(bytes(taken.bytes));
const whose = ({ member }: RestoreGiven): string => `${shown(member.name)} (${shown(clusterOf(member))})`;

export function buildSteps(given: RestoreGiven & Readonly<{ target: string }>, { manifest }: RestorePoint): Steps {
  const { entry, target } = given;
  const [step] = chained(
    [
      {
        ...{ id: 'build', kind: 'etcd.build', risk: 'adds' },
        title: `make the new data folder ${shown(target)} of the snapshot (${sizeOf(given)}), for ${whose(given)}`,
        because: ['no member is touched: start one on it when you have looked at it'],
      },
    ],
    given,
    manifest,
  );
  if (step === undefined) return { steps: [], notes: [] };
  const subject = targetRef(entry.machine, target);
  const free = { subject, says: 'there is nothing at the target', digest: absent };
  const owner = entry.owner === undefined ? [] : [`owner ${entry.owner}`];
  const note: Note = {
    ...{ subject: ref('layer', entry.name), level: 'info' },
    says: `then: stop what uses the cluster (of Kubernetes: move the manifests of the API server and etcd away), put ${shown(target)} in the place of the data folder${owner.length === 0 ? '' : ` (${owner.join()})`}, start etcd, then the rest (docs/layers/etcd.md)`,
  };
  return { steps: [{ ...step, subject, expects: [...step.expects, free] }], notes: [note] };
}

export function liveSteps(
  given: RestoreGiven,
  server: Scouted,
  { point: { manifest }, keepOld = false }: RestoreWish,
  { timeZone, now }: LayerContext,
): Steps {
  const { entry, ran } = given;
  const { service, data } = inPlace(entry);
  const called = serviceName(service);
  const swap = asGiven({ machine: entry.machine, data, names: content, keep_old: keepOld });
  const items = [{ ...etcdItem, ...(server.bytes === undefined ? {} : { bytes: server.bytes }) }];
  const version = `etcd ${server.version ?? ''}`;
  const said: readonly Said[] = [
    {
      ...{ id: 'stage', kind: 'etcd.stage', risk: 'adds' },
      title: `make a new data folder of the snapshot (${sizeOf(given)}) within ${shown(data)}, for ${whose(given)}`,
      because: ['a snapshot that is not whole interrupts nobody'],
    },
    ...(ran && !keepOld
      ? [
          {
            ...{ id: 'safety', kind: 'etcd.safety', risk: 'adds' as const },
            title:
              'take a snapshot of what the server holds now into a restore point of its own, held against retention',
            because: ['a restore can be a mistake, too'],
            given: asGiven({ entry, timeZone, planned: now, items, server: { version } }),
          },
        ]
      : []),
    {
      ...{ id: 'stop', kind: 'etcd.stop', risk: 'interrupts' },
      title: `stop ${shown(called)}`,
      because: ['its files are put aside as they are'],
      means: ['nothing that keeps its state in it (a Kubernetes API server) can write until it runs again'],
    },
    {
      ...{ id: 'swap', kind: 'data.swap', risk: 'changes', given: swap },
      title: `put it in the place of what is in ${shown(data)}`,
      because: ['by renames within that folder; what was there stays until the server runs on the new'],
    },
    {
      ...{ id: 'start', kind: 'etcd.start', risk: 'changes' },
      title: `start ${shown(called)}, and wait until it is healthy`,
      because: ['as a new cluster, with the keys of the snapshot'],
    },
    {
      ...{ id: 'compare', kind: 'etcd.compare', risk: 'none' },
      title: `compare its keys at revision ${given.taken.counts['revision']} with those of the snapshot`,
      because: ['an empty cluster is healthy, too'],
    },
    {
      ...{ id: 'settle', kind: 'data.settle', risk: keepOld ? 'changes' : 'destroys', wayBack: 'one-way', given: swap },
      title: keepOld ? `leave what was there in ${shown(data)}/before-RUN` : `remove what was in ${shown(data)} before`,
      because: ['the server runs on the new, and its keys were counted'],
    },
  ];
  return { steps: chained(said, given, manifest), notes: liveNotes(given, server) };
}

function liveNotes({ entry, taken }: RestoreGiven, { down }: Scouted): readonly Note[] {
  const subject = ref('layer', entry.name);
  const notes: Note[] = [
    {
      ...{ subject, level: 'warning' },
      says: `the cluster goes back to revision ${taken.counts['revision']}, and users and passwords of etcd with it; restart what watches it (of Kubernetes: API server, controllers, kubelets)`,
    },
  ];
  if (down !== null) notes.push({ subject, level: 'warning', says: `the server does not run now: ${down}` });
  return notes;
}
