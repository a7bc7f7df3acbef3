// The restore points among the volumes of a volume group, read from their tags alone; what looks like one and is none is said.
// Pure.
import type { Note } from '../../../model/plan.ts';
import type { PointId, RestorePoint } from '../../../model/restore-point.ts';
import type { RunId } from '../../../model/run.ts';
import type { Json } from '../../../values/canonical.ts';
import { milliseconds } from '../../../values/duration.ts';
import { type Instant, parseInstant, type SinceBoot } from '../../../values/instant.ts';
import { type Ref, ref } from '../../../values/ref.ts';
import { type Keep, keepSchema, normaliseKeep } from '../../../values/retention.ts';
import { deviceOf, isOurs, originWord, readName, runWord } from './names.ts';
import type { Volume } from './report.ts';
import { readTags, type Tags } from './tags.ts';
import { howTaken, readTogether, type Together } from './together.ts';

const kind = 'lvm-thin';

/** A sealed snapshot: complete, verified, and only read from now on. */
export type Snapshot = Readonly<{
  vg: string;
  pool: string;
  lv: string;
  uuid: string;
  bytes: number;
  /** `/dev/VG/LV`; there is nothing at that path until it is activated, which only a throw-away clone of it is */
  device: string;
  point: PointId;
  layer: string;
  run: RunId;
  workload: string;
  taken: Instant;
  sealed: Instant;
  /** the volume's name when it was taken, and the UUID that LVM never gives twice */
  origin: string;
  originUuid: string;
  /** what stays the same when a volume is swapped for a copy of its own snapshot: the UUID of the first of them */
  line: string;
  /** the cluster's handle, or VG/LV */
  volume: string;
  /** NAMESPACE/CLAIM, where the cluster said so */
  claim: string | undefined;
  storageClass: string | undefined;
  /** the points that were taken together: the id is that of the first volume */
  group: string | undefined;
  /** how far apart those are at most, in milliseconds */
  skew: number | undefined;
  together: Together | undefined;
  sinceBoot: SinceBoot | undefined;
  /** the retention it was taken under */
  policy: Keep | undefined;
  held: string | undefined;
  active: boolean;
  skipsActivation: boolean;
}>;

export type Remark = Readonly<Pick<Note, 'level' | 'says'> & { lv: string }>;
export type Snapshots = Readonly<{
  /** oldest first */
  sealed: readonly Snapshot[];
  /** what has a name or tags of ours and is no restore point, and why */
  remarks: readonly Remark[];
}>;

/** @param layer only what this layer made; undefined: of every layer */
export function snapshotsIn(volumes: readonly Volume[], layer?: string): Snapshots {
  const sealed: Snapshot[] = [];
  const remarks: Remark[] = [];
  for (const volume of volumes) {
    const read = readSnapshot(volume);
    if (read === undefined) continue;
    if (!('point' in read)) {
      if (layer === undefined || read.layer === undefined || read.layer === layer) remarks.push(read.remark);
    } else if (layer === undefined || read.layer === layer) sealed.push(read);
  }
  return { sealed: sealed.sort(byAge), remarks };
}

const byAge = (one: Snapshot, other: Snapshot): number =>
  one.taken === other.taken ? (one.point < other.point ? -1 : 1) : one.taken < other.taken ? -1 : 1;

type NoPoint = Readonly<{ layer: string | undefined; remark: Remark }>;

function readSnapshot(volume: Volume): Snapshot | NoPoint | undefined {
  const tagged = volume.tags.some((tag) => tag.startsWith('hf.'));
  if (!isOurs(volume.name))
    return tagged && volume.tags.some((tag) => tag.startsWith('hf.point=')) ? renamed(volume) : undefined;
  const { tags, problem } = readTags(volume.tags);
  const none = (level: Note['level'], says: string): NoPoint => ({
    layer: tags.layer,
    remark: { lv: volume.name, level, says },
  });
  const name = readName(volume.name);
  if (name === undefined || !tagged) return none('warning', 'its name begins as ours do, and it is not of Holdfast');
  if (name.role !== undefined) return none('info', passing[name.role]);
  if (problem !== undefined) return none('warning', problem);
  if (tags.sealed === undefined)
    return none('info', 'a snapshot that is being taken, or was when its run ended: nobody can restore from it');
  const read = complete(volume, tags);
  if (typeof read === 'string') return none('warning', read);
  return read.originUuid !== undefined && originWord(read.originUuid) === name.origin && runWord(read.run) === name.run
    ? read
    : none('warning', 'its tags are those of another snapshot');
}

const passing = {
  clone: 'a throw-away clone that is being read, or was when its run ended',
  safety: 'what a volume held before a restore: it is kept until somebody removes it',
  old: 'the volume as it was before a restore',
  new: 'a volume that a restore is bringing, or was when its run ended',
} as const;

/** A restore that renamed the snapshot itself, by somebody else's hand: what has tags of ours under another name is in use. */
const renamed = (volume: Volume): NoPoint => ({
  layer: undefined,
  remark: {
    lv: volume.name,
    level: 'warning',
    says: 'it has the tags of a restore point under a name that is not ours: somebody renamed it, and it is no restore point any more',
  },
});

/** @returns in words what is missing or wrong */
function complete(volume: Volume, tags: Tags): Snapshot | string {
  const { point, layer, run, workload, origin, originUuid } = tags;
  const [taken, sealed] = [parseInstant(tags.taken ?? ''), parseInstant(tags.sealed ?? '')];
  if (point === undefined || layer === undefined || run === undefined || workload === undefined)
    return 'its tags do not tell which restore point it is';
  if (origin === undefined || originUuid === undefined) return 'its tags do not tell of which volume it is';
  if (taken === undefined || sealed === undefined) return 'its tags do not tell when it was taken';
  if (volume.type !== 'thin' || volume.pool === undefined) return 'it is no thin volume';
  if (volume.health !== undefined) return volume.health;
  return {
    ...{ vg: volume.vg, pool: volume.pool, lv: volume.name, uuid: volume.uuid, bytes: volume.bytes },
    ...{ device: deviceOf(volume.vg, volume.name), point, layer, run, workload, taken, sealed, origin, originUuid },
    line: tags.line ?? originUuid,
    volume: tags.volume ?? `${volume.vg}/${origin}`,
    ...{
      claim: tags.claim,
      storageClass: tags.storageClass,
      group: tags.group,
      policy: readPolicy(tags.policy),
      held: heldOf(tags),
    },
    skew: /^\d+$/.test(tags.skew ?? '') ? Number(tags.skew) : undefined,
    together: readTogether(tags.together),
    sinceBoot: readSinceBoot(tags.sinceBoot),
    ...{ active: volume.active, skipsActivation: volume.skipsActivation },
  };
}

/** A hold whose reason is empty is still a hold. */
const heldOf = ({ held }: Tags): string | undefined => (held === '' ? 'no reason is given' : held);

export const sinceBootText = ({ boot, elapsed }: SinceBoot): string => `${boot}/${Math.round(elapsed)}`;

function readSinceBoot(text: string | undefined): SinceBoot | undefined {
  const [, boot, elapsed] = /^([^/]+)\/(\d+)$/.exec(text ?? '') ?? [];
  return boot === undefined ? undefined : { boot, elapsed: milliseconds(Number(elapsed)) };
}

/** `keep_daily:7/keep_weekly:4` */
export const policyText = (keep: Keep): string =>
  Object.entries(normaliseKeep(keep))
    .map(([rule, points]) => `${rule}:${points}`)
    .join('/');

function readPolicy(text: string | undefined): Keep | undefined {
  if (text === undefined) return undefined;
  const rules = text.split('/').map((rule) => rule.split(':'));
  const parsed = keepSchema.safeParse(Object.fromEntries(rules.map(([rule, points]) => [rule ?? '', Number(points)])));
  return parsed.success ? parsed.data : undefined;
}

/** A volume's own line: that of the snapshot it was restored from, or of the snapshots that know it, else itself. */
export function lineOf(volume: Volume, sealed: readonly Snapshot[]): string {
  const from = sealed.find(({ uuid }) => uuid === volume.originUuid);
  const known = from ?? sealed.findLast(({ originUuid }) => originUuid === volume.uuid);
  return known?.line ?? volume.uuid;
}

export const pointRef = (layer: string, id: PointId): Ref => ref('restore-point', layer, id);
export const volumeRef = (machine: string, vg: string, lv: string): Ref => ref('lvm-volume', machine, vg, lv);

/** A restore point of this layer as everybody reads it. `bytes` is the volume's size: what a snapshot alone holds, LVM does not tell. */
export function restorePointOf(machine: string, snapshot: Snapshot): RestorePoint {
  const [namespace, claim] = splitClaim(snapshot.claim);
  const source: Record<string, Json> = {
    ...{ vg: snapshot.vg, pool: snapshot.pool, lv: snapshot.origin, lv_uuid: snapshot.originUuid, line: snapshot.line },
    volume: snapshot.volume,
    ...(claim === undefined ? {} : { namespace: namespace ?? '', claim }),
    ...(snapshot.storageClass === undefined ? {} : { storage_class: snapshot.storageClass }),
  };
  const { sinceBoot, policy, group, skew, together } = snapshot;
  return {
    machine,
    folder: snapshot.device,
    bytes: snapshot.bytes,
    takes: { what: 'unknown', because: 'LVM tells what a pool holds, and not what a snapshot holds alone' },
    held: snapshot.held,
    how: howTaken(snapshot),
    manifest: {
      ...{ format: 1, id: snapshot.point, layer: snapshot.layer, kind, workload: snapshot.workload },
      ...{ takenAt: snapshot.taken, sealedAt: snapshot.sealed, run: snapshot.run, source, counts: {}, parts: [] },
      details: {
        ...{ lv: snapshot.lv, uuid: snapshot.uuid },
        ...(group === undefined ? {} : { group }),
        ...(skew === undefined ? {} : { skew_ms: skew }),
        ...(together === undefined ? {} : { together: together.oneMoment ? 'one moment' : 'in a row' }),
        ...(policy === undefined ? {} : { policy: { ...policy } as Json }),
        ...(sinceBoot === undefined ? {} : { since_boot: { boot: sinceBoot.boot, elapsed: sinceBoot.elapsed } }),
      },
      tools: {},
    },
  };
}

function splitClaim(claim: string | undefined): readonly [string | undefined, string | undefined] {
  if (claim === undefined) return [undefined, undefined];
  const at = claim.indexOf('/');
  return at < 0 ? [undefined, claim] : [claim.slice(0, at), claim.slice(at + 1)];
}
