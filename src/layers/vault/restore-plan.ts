// The plan of bringing a snapshot back: as a file, or into the vault in the place of all that is there. Pure.

import type { LayerContext, Planned, RestoreTarget, RestoreWish } from '../../contracts/layer.ts';
import type { Note, Refusal } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Step } from '../../model/step.ts';
import type { Json } from '../../values/canonical.ts';
import { minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { shown } from '../../values/text.ts';
import type { Taken } from '../common/dumps/taken.ts';
import { isFolder, meantIn, planUnpack, withoutTarget } from '../common/dumps/unpack-plan.ts';
import { asGiven } from '../common/given.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { asChosen } from '../common/points/expects.ts';
import { lane } from '../common/points/places.ts';
import { snapshotItem } from './dumps.ts';
import type { RestoreGiven } from './restore-given.ts';
import { paths, policyLine } from './rights.ts';
import type { VaultEntry } from './schema.ts';
import { type Scouted, scouted as scoutedSchema } from './scout.ts';

const inPlace = ['live', 'live-force'] as const;

export const restoreTargets = (): readonly RestoreTarget[] => [
  { to: 'live', says: 'in place of all that the vault holds now; its unseal keys are those of the snapshot' },
  { to: 'live-force', says: 'the same into a vault with other unseal keys: it then wants the keys of the snapshot' },
  { to: '/FOLDER', says: 'the snapshot as a file (.snap), into a folder that is empty or not there yet' },
];

export function planRestore(entry: VaultEntry, wish: RestoreWish, context: LayerContext, found: Json = null): Planned {
  const { target, point } = wish;
  if (target === undefined) return refused(withoutTarget(entry, '--to live, --to live-force, or --to /FOLDER'));
  if (isFolder(target)) return planUnpack(entry, { ...wish, target });
  const meant = meantIn(wish);
  if ('code' in meant) return refused(meant);
  const [taken] = meant;
  const force = target === 'live-force';
  if (!inPlace.some((one) => one === target) || taken === undefined) return refused(unclear(entry, target));
  const server = scoutedSchema.parse(found);
  const refusal = refusalOf(entry, point, server, force);
  if (refusal !== undefined) return refused(refusal);
  const given: RestoreGiven = {
    entry,
    ...{ points: pointsMachine(entry), folder: point.folder, taken, planned: context.now, force },
    cluster: { of: String(serverIn(point)['cluster_id'] ?? ''), now: server.cluster_id },
  };
  return {
    steps: [safetyStep(given, server, context), restoreStep(given, point, server)],
    notes: notesOn(given, server),
    refusals: [],
  };
}

const refused = (refusal: Refusal): Planned => ({ steps: [], notes: [], refusals: [refusal] });

function serverIn({ manifest: { details } }: RestorePoint): Readonly<Record<string, Json>> {
  const server = details['server'];
  return server !== null && typeof server === 'object' && !Array.isArray(server)
    ? (server as Readonly<Record<string, Json>>)
    : {};
}

/** `1.15.2+ent`: the first two numbers. */
const ageOf = (version: string): number => {
  const [, major = '0', minor = '0'] = /^v?(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 1000 + Number(minor);
};

function refusalOf(entry: VaultEntry, point: RestorePoint, server: Scouted, force: boolean): Refusal | undefined {
  const subject = ref('layer', entry.name);
  const version = String(serverIn(point)['version'] ?? '');
  if (ageOf(version) > ageOf(server.version))
    return {
      ...{ subject, code: 'server-too-old' },
      says: `the snapshot is of version ${shown(version)}, and this server is ${shown(server.version)}`,
      remedy: 'restore to a server that is not older; as a file (--to /FOLDER) it can be taken there',
    };
  if (server.may === null || (force ? server.may.force : server.may.restore)) return undefined;
  return {
    ...{ subject, code: 'restore-not-allowed' },
    says: `the token may not put snapshots back: its policy is without: ${policyLine(force ? paths.force : paths.take, 'update')}`,
    remedy: 'give the layer `restore_as`, a token whose policy has that line: it is used for restores only',
  };
}

/** The dump of a run, held, so that no retention takes it. */
function safetyStep({ entry, planned }: RestoreGiven, server: Scouted, { timeZone }: LayerContext): Step {
  const { version, cluster, cluster_id } = server;
  return {
    ...bare(entry, 'safety'),
    ...{ kind: 'vault.safety', risk: 'adds' },
    title: 'take a snapshot of what the vault holds now into a restore point of its own, held against retention',
    because: ['a restore can be a mistake, too'],
    given: asGiven({ entry, timeZone, planned, items: [snapshotItem], server: { version, cluster, cluster_id } }),
  };
}

function restoreStep(given: RestoreGiven, { manifest }: RestorePoint, { cluster }: Scouted): Step {
  const { entry, taken, force } = given;
  return {
    ...bare(entry, 'restore'),
    ...{ kind: 'vault.restore', risk: 'destroys', after: ['safety'] },
    title: `put the snapshot of ${manifest.takenAt} (${formatSize(bytes(taken.bytes))}, index ${indexOf(taken)}) in the place of all that ${cluster === '' ? 'the vault' : shown(cluster)} holds`,
    because: [`the point ${manifest.id} was chosen`],
    means: [
      'every secret, policy, login and token that came or changed since then is gone; leases that applications hold are not known any more',
      'the server answers nobody for some seconds while it takes it in',
      ...(force
        ? [
            'the server takes it whatever its unseal keys are, and then most often seals itself: somebody with the unseal keys of the day of the snapshot must be there, now. The keys that it has today open nothing any more',
          ]
        : []),
      'the way back needs a token that is valid in the snapshot, too; the one that is used here is so only if it was made before',
    ],
    expects: [asChosen(entry, manifest)],
    given: asGiven(given),
  };
}

const indexOf = ({ counts }: Taken): string => String(counts['index'] ?? 'unknown');

const bare = (entry: VaultEntry, id: string) => ({
  ...{ id, subject: ref('vault', entry.name), act: 'do' as const, changes: [], after: [], needs: [], expects: [] },
  lanes: [`vault of ${entry.name}`, lane(pointsMachine(entry), entry.to)],
  ...{ wayBack: 'undo' as const, expands: false, patience: minutes(30) },
});

function notesOn({ entry, cluster, force }: RestoreGiven, { may }: Scouted): readonly Note[] {
  const subject = ref('layer', entry.name);
  const other = cluster.of !== '' && cluster.now !== '' && cluster.of !== cluster.now;
  return [
    ...(other && !force
      ? [
          {
            ...{ subject, level: 'warning' as const },
            says: `the snapshot is of another vault (its cluster was ${cluster.of}, this one is ${cluster.now}): where its unseal keys are others, the server refuses it, and --to live-force is the way`,
          },
        ]
      : []),
    ...(may === null
      ? [
          {
            ...{ subject, level: 'warning' as const },
            says: 'the token may not ask what it may do: whether it may put a snapshot back is seen only when it does',
          },
        ]
      : []),
    {
      ...{ subject, level: 'info' },
      says: 'restart what reads its secrets from the vault (secret operators, agents) when it is done: they hold tokens that are gone',
    },
  ];
}

const unclear = ({ name }: VaultEntry, target: string): Refusal => ({
  subject: ref('layer', name),
  code: 'target-unclear',
  says: `${shown(target)} is neither \`live\`, nor \`live-force\`, nor an absolute folder`,
  remedy: 'write --to live, --to live-force, or --to /FOLDER',
});
