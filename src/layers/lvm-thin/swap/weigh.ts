// Whether a volume may be replaced, and what an operator should know before he agrees. Pure.
import type { Note, Refusal } from '../../../model/plan.ts';
import type { Ref } from '../../../values/ref.ts';
import { formatSize, bytes as sizeOf } from '../../../values/size.ts';
import { count, shown } from '../../../values/text.ts';
import { type ClusterWorkload, workloadText } from '../../common/kubernetes/cluster.ts';
import type { Quieted } from './given.ts';
import type { Scouted, ScoutedCluster } from './scout.ts';

export type Weighed = Readonly<{ refusals: readonly Refusal[]; notes: readonly Note[]; quieted: readonly Quieted[] }>;

type Said = Omit<Refusal, 'subject'>;

export function weigh(scouted: Scouted, subject: Ref): Weighed {
  const workloads = scouted.cluster?.workloads ?? [];
  const refusals = [...aboutVolume(scouted), ...workloads.flatMap(aboutWorkload)];
  const level = (one: Note['level'], says: string): Note => ({ subject, level: one, says: shown(says) });
  const notes = [
    ...warningsOf(scouted, workloads).map((says) => level('warning', says)),
    ...remarksOf(scouted, workloads).map((says) => level('info', says)),
  ];
  return {
    refusals: refusals.map((one) => ({ ...one, says: shown(one.says), remedy: shown(one.remedy), subject })),
    notes,
    quieted: workloads.filter(isScalable).map(asQuieted),
  };
}

const isScalable = ({ kind, operator }: ClusterWorkload): boolean =>
  (kind === 'Deployment' || kind === 'StatefulSet') && operator === null;

const asQuieted = ({ kind, namespace, name, replicas, ready }: ClusterWorkload): Quieted => ({
  kind: kind === 'StatefulSet' ? 'StatefulSet' : 'Deployment',
  ...{ namespace, name, replicas: replicas ?? 1, ready: ready ?? 0 },
});

function aboutVolume({ live, name, vg, cluster, leftovers, point }: Scouted): readonly Said[] {
  if (cluster !== null && cluster.elsewhere !== null)
    return [
      {
        code: 'claim-elsewhere',
        says: `${point.claim} is bound to ${cluster.elsewhere} now, which is no volume of ${vg}`,
        remedy: `bring the point back as a volume of its own: --to ${vg}/NAME`,
      },
    ];
  if (live === null) {
    const half = leftovers.length === 0 ? '' : `; another restore has left ${leftovers.join(', ')}`;
    return [
      {
        code: 'volume-gone',
        says: `there is no volume ${vg}/${name} that could be replaced${half}`,
        remedy:
          leftovers.length === 0
            ? `bring the point back as a volume of its own: --to ${vg}/NAME`
            : `see in the log of that restore which of them it was, and give it its name back: lvrename ${vg} ${leftovers[0]} ${name}`,
      },
    ];
  }
  if (!live.open || (cluster?.workloads.length ?? 0) > 0) return [];
  const nobody = cluster === null ? 'no cluster is declared for it' : `${cluster.name} names nobody who uses it`;
  return [
    {
      code: 'volume-still-used',
      says: `${vg}/${name} is open, and ${nobody}: nobody can be asked to let go of it`,
      remedy: `stop what uses it (a guest most often: \`fuser -v /dev/${vg}/${name}\`), then restore again; or --to ${vg}/NAME`,
    },
  ];
}

/** What cannot be put to rest by scaling it must be at rest already. */
function aboutWorkload(workload: ClusterWorkload): readonly Said[] {
  const { kind, namespace, name, operator, pods, replicas } = workload;
  const rests = pods.length === 0 && (replicas ?? 0) === 0;
  const text = workloadText(workload);
  if (rests || isScalable(workload)) return [];
  if (operator !== null)
    return [
      {
        code: 'workload-of-operator',
        says: `${text} is run by ${workloadText(operator)}: its operator would scale it up again in the middle of the restore`,
        remedy: `stop it by its own resource (kubectl edit ${operator.kind.toLowerCase()} ${operator.name} -n ${namespace}), and restore again when its pods are gone`,
      },
    ];
  const how: Readonly<Record<string, string>> = {
    Pod: `delete it (kubectl delete pod ${name} -n ${namespace}), and make it again afterwards`,
    Job: `wait until it has ended, or suspend it (kubectl patch job ${name} -n ${namespace} -p '{"spec":{"suspend":true}}')`,
    CronJob: 'wait until its job has ended, and suspend it meanwhile',
    DaemonSet: `take its pods away with a nodeSelector that no node has, and give it back afterwards`,
  };
  return [
    {
      code: 'workload-not-scalable',
      says: `${text} uses the volume (${count(pods.length, 'pod')}), and cannot be scaled to 0`,
      remedy: `${how[kind] ?? `end it by the means of a ${kind}`}; then restore again`,
    },
  ];
}

function warningsOf({ point, live, name }: Scouted, workloads: readonly ClusterWorkload[]): readonly string[] {
  const says = workloads.flatMap((workload) => [
    ...workload.gitops.map(
      (mark) =>
        `${workloadText(workload)} is looked after by ${mark}: if that scales it up meanwhile, the restore stops and leads back`,
    ),
    ...(workload.kind === 'CronJob' ||
    workload.kind === 'DaemonSet' ||
    (workload.operator !== null && workload.pods.length === 0)
      ? [
          `${workloadText(workload)} uses the volume, too, and may start a pod meanwhile: the restore then stops and leads back`,
        ]
      : []),
  ]);
  if (live !== null && name !== point.origin)
    says.push(`the point is of ${point.origin}; ${point.claim} is bound to ${name} now, and that is what is replaced`);
  if (live !== null && point.bytes > live.bytes)
    says.push(
      `the point is larger (${formatSize(sizeOf(point.bytes))}) than what it replaces (${formatSize(sizeOf(live.bytes))}): the cluster goes on to show the smaller size`,
    );
  return says;
}

function remarksOf({ cluster }: Scouted, workloads: readonly ClusterWorkload[]): readonly string[] {
  return [
    ...(workloads.length > 1
      ? [`${workloads.length} workloads use this volume: ${workloads.map(workloadText).join(', ')}`]
      : []),
    ...autoscaling(cluster),
    ...workloads
      .filter((workload) => isScalable(workload) && workload.replicas === 0)
      .map((workload) => `${workloadText(workload)} has 0 replicas already, and has 0 afterwards`),
  ];
}

const autoscaling = (cluster: ScoutedCluster | null): readonly string[] =>
  (cluster?.autoscalers ?? []).map(
    ({ name, of, least, most }) =>
      `the autoscaler ${name} of ${workloadText(of)} (${least} to ${most ?? 'any'}) rests while there are 0 replicas, and goes on from the former number`,
  );
