// The plan of bringing a dump back: as a file, or in the place of what a server holds now. Pure.
import type { LayerContext, Planned, RestoreTarget, RestoreWish } from '../../contracts/layer.ts';
import type { Refusal } from '../../model/plan.ts';
import type { Json } from '../../values/canonical.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import type { Taken } from '../common/dumps/taken.ts';
import { isFolder, meantIn, planUnpack, withoutTarget } from '../common/dumps/unpack-plan.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { restoreSteps } from './restore-steps.ts';
import type { RedisEntry } from './schema.ts';
import { type Scouted, scouted as scoutedSchema } from './scout.ts';

export const restoreTargets = (): readonly RestoreTarget[] => [
  { to: 'live', says: 'in place of what the server holds now; it is stopped for that' },
  { to: '/FOLDER', says: 'dump.rdb as a file, into a folder that is empty or not there yet' },
];

export function planRestore(
  entry: RedisEntry,
  wish: RestoreWish,
  context: LayerContext,
  scouted: Json = null,
): Planned {
  const { target, point, keepOld = false } = wish;
  if (target === undefined) return refused(withoutTarget(entry, '--to live, or --to /FOLDER'));
  if (isFolder(target)) return planUnpack(entry, { ...wish, target });
  const meant = meantIn(wish);
  if ('code' in meant) return refused(meant);
  const early = target === 'live' ? undeclared(entry) : unclear(entry, target);
  if (early !== undefined) return refused(early);
  const server = scoutedSchema.parse(scouted);
  const [taken] = meant;
  const refusal = taken === undefined ? nothing(entry) : refusalOf(entry, server, taken, keepOld);
  if (refusal !== undefined || taken === undefined) return refused(refusal ?? nothing(entry));
  const { names, reads } = server;
  const places = { points: pointsMachine(entry), folder: point.folder };
  const given = { entry, ...places, taken, names, reads, ran: server.down === null };
  return { ...restoreSteps(given, server, wish, context), refusals: [] };
}

const refused = (refusal: Refusal): Planned => ({ steps: [], notes: [], refusals: [refusal] });

function undeclared({ name, service, data }: RedisEntry): Refusal | undefined {
  if (service !== undefined && data !== undefined) return undefined;
  return {
    ...{ subject: ref('layer', name), code: 'service-not-declared' },
    says: `the layer has no \`${service === undefined ? 'service' : 'data'}\`: the server reads a dump only when it starts`,
    remedy: 'declare both, or bring the file (--to /FOLDER) and put it in place by hand',
  };
}

const unclear = ({ name }: RedisEntry, target: string): Refusal => ({
  ...{ subject: ref('layer', name), code: 'target-unclear' },
  says: `${shown(target)} is neither \`live\` nor an absolute folder`,
  remedy: 'write --to live, or --to /FOLDER',
});

const nothing = ({ name }: RedisEntry): Refusal => ({
  ...{ subject: ref('layer', name), code: 'nothing-to-restore' },
  says: 'there is no dump in this point',
  remedy: 'choose another point (`holdfast points`)',
});

function refusalOf(
  { name }: RedisEntry,
  { down, role, version }: Scouted,
  { about }: Taken,
  keepOld: boolean,
): Refusal | undefined {
  const subject = ref('layer', name);
  if (down !== null && !keepOld)
    return {
      ...{ subject, code: 'server-down' },
      says: `the server does not answer, so nothing of it can be dumped before: ${down}`,
      remedy: 'start it; or `--keep-old`, which puts its files aside as they are and needs no dump',
    };
  if (role === 'slave')
    return {
      ...{ subject, code: 'server-is-replica' },
      says: 'the server is a replica: it would throw away what is restored, and take what its master has',
      remedy: 'restore its master, or make it one first (REPLICAOF NO ONE)',
    };
  const madeBy = about !== null && typeof about === 'object' && 'made_by' in about ? String(about['made_by']) : '';
  if (version === undefined || !(Number.parseInt(madeBy, 10) > Number.parseInt(version, 10))) return undefined;
  return {
    ...{ subject, code: 'server-too-old' },
    says: `the dump is of Redis ${madeBy}, and this server is ${version}`,
    remedy: 'restore to a server that is not older; as a file (--to /FOLDER) it can be taken there',
  };
}
