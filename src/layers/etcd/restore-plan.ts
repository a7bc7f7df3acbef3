// The plan of bringing a snapshot back: as a file, as a new data folder, or in the place of the one that a single member has. Pure.
import type { LayerContext, Planned, RestoreTarget, RestoreWish } from '../../contracts/layer.ts';
import type { Refusal } from '../../model/plan.ts';
import type { Manifest } from '../../model/restore-point.ts';
import type { Json } from '../../values/canonical.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { isFolder, meantIn, planUnpack, withoutTarget } from '../common/dumps/unpack-plan.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { targetRefused } from '../common/trees/restore-plan.ts';
import { buildSteps, liveSteps } from './restore-steps.ts';
import type { EtcdEntry, EtcdMember } from './schema.ts';
import { type Scouted, scouted as scoutedSchema } from './scout.ts';

const built = 'data/';

export const restoreTargets = (): readonly RestoreTarget[] => [
  { to: `${built}PATH`, says: 'a new data folder /PATH, made of the snapshot, for you to start a member on' },
  { to: 'live', says: 'in place of the data folder of a cluster of one member; it is stopped for that' },
  { to: '/FOLDER', says: 'snapshot.db as a file, into a folder that is empty or not there yet' },
];

export function planRestore(entry: EtcdEntry, wish: RestoreWish, context: LayerContext, scouted: Json = null): Planned {
  const { target, point } = wish;
  if (target === undefined) return refused(withoutTarget(entry, '--to data/PATH, --to live, or --to /FOLDER'));
  if (isFolder(target)) return planUnpack(entry, { ...wish, target });
  const meant = meantIn(wish);
  if ('code' in meant) return refused(meant);
  const [taken] = meant;
  if (taken === undefined) return refused(nothing(entry));
  const folder = target.startsWith(built) ? `/${target.slice(built.length).replace(/^\/+/, '')}` : undefined;
  const server = scoutedSchema.parse(scouted ?? { down: 'it was not asked', members: [] });
  const refusal = folder === undefined ? liveRefused(entry, wish, server) : targetRefused(entry, folder);
  const member = entry.member ?? onlyOne(server);
  if (refusal !== undefined || member === undefined) return refused(refusal ?? unknownMember(entry, server));
  const places = { points: pointsMachine(entry), folder: point.folder };
  const given = { entry, ...places, taken, member, ran: server.down === null };
  return {
    ...(folder === undefined
      ? liveSteps(given, server, wish, context)
      : buildSteps({ ...given, target: folder }, point)),
    refusals: [],
  };
}

const refused = (refusal: Refusal): Planned => ({ steps: [], notes: [], refusals: [refusal] });

const onlyOne = ({ members: [first, ...others] }: Scouted): EtcdMember | undefined =>
  others.length === 0 && first !== undefined && first.name !== '' ? first : undefined;

const nothing = ({ name }: EtcdEntry): Refusal => ({
  ...{ subject: ref('layer', name), code: 'nothing-to-restore' },
  says: 'there is no snapshot in this point',
  remedy: 'choose another point (`holdfast points`)',
});

const unknownMember = ({ name }: EtcdEntry, { down, members }: Scouted): Refusal => ({
  ...{ subject: ref('layer', name), code: 'member-not-declared' },
  says:
    down === null
      ? `the cluster has ${members.length} members, and the layer does not say which of them is made`
      : `the layer has no \`member\`, and the server cannot be asked: ${down}`,
  remedy: 'declare `member`: its name and peer_urls (and initial_cluster, where there are several)',
});

function liveRefused(
  { name, service, data }: EtcdEntry,
  { target, point, keepOld = false }: Pick<RestoreWish, 'target' | 'point' | 'keepOld'>,
  { down, members, version }: Scouted,
): Refusal | undefined {
  const subject = ref('layer', name);
  if (target !== 'live')
    return {
      ...{ subject, code: 'target-unclear' },
      says: `${shown(target ?? '')} is neither \`live\`, nor data/PATH, nor an absolute folder`,
      remedy: 'write --to live, --to data/PATH, or --to /FOLDER',
    };
  if (service === undefined || data === undefined)
    return {
      ...{ subject, code: 'service-not-declared' },
      says: `the layer has no \`${service === undefined ? 'service' : 'data'}\`: the server must be stopped for it`,
      remedy: 'declare both; or make a new data folder (--to data/PATH) and start a member on it by hand',
    };
  if (members.length > 1)
    return {
      ...{ subject, code: 'cluster-of-many' },
      says: `the cluster has ${members.length} members (${members.map((one) => shown(one.name)).join(', ')}): all of them are made anew from one snapshot, or none`,
      remedy: 'stop all, make a data folder for each (--to data/PATH with `member` of each), then start them together',
    };
  const madeBy = versionIn(point.manifest);
  if (version !== undefined && releaseOf(madeBy) > releaseOf(version))
    return {
      ...{ subject, code: 'server-too-old' },
      says: `the snapshot is of ${shown(madeBy)}, and this server is ${shown(version)}`,
      remedy: 'restore to a server that is not older; as a file (--to /FOLDER) it can be taken there',
    };
  if (down === null || keepOld) return undefined;
  return {
    ...{ subject, code: 'server-down' },
    says: `the server does not answer, so nothing of it can be dumped before: ${down}`,
    remedy: 'start it; or `--keep-old`, which puts its files aside as they are and needs no dump',
  };
}

const versionIn = ({ details: { server } }: Pick<Manifest, 'details'>): string =>
  server !== null && typeof server === 'object' && 'version' in server ? String(server['version']) : '';

/** `etcd 3.4.23`: what it keeps its data in may change with the second number. */
const releaseOf = (version: string): number => {
  const [, major = '0', minor = '0'] = /(\d+)\.(\d+)/.exec(version) ?? [];
  return Number(major) * 1000 + Number(minor);
};
