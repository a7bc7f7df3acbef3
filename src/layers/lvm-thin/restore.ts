// The plan of bringing a volume back: prove the point on a copy, put the workload to rest, keep what it has, swap, start it again.
// Until the very last step everything leads back to how it was. Pure.
import type { LayerContext, Planned, RestoreTarget, RestoreWish } from '../../contracts/layer.ts';
import type { Refusal } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Json } from '../../values/canonical.ts';
import { shown } from '../../values/text.ts';
import { type LvmEntry, lvmName } from '../common/lvm/entry.ts';
import { isOurs } from '../common/lvm/names.ts';
import { pointRef, volumeRef } from '../common/lvm/snapshots.ts';
import { copySteps, restoreSteps } from './restore-steps.ts';
import type { SwapGiven } from './swap/given.ts';
import { isLive, nameWanted, type Scouted } from './swap/scout.ts';
import { weigh } from './swap/weigh.ts';

export const restoreTargets = (entry: LvmEntry, { manifest }: RestorePoint): readonly RestoreTarget[] => [
  {
    to: 'live',
    says: `in place of what ${shown(manifest.workload)} has now: it is stopped, its volume swapped, and started again`,
  },
  { to: `${entry.volume_group}/NAME`, says: 'as a new volume of that name, beside everything else' },
];

const nothing = (refusal: Refusal): Planned => ({ steps: [], notes: [], refusals: [refusal] });

export function planRestore(
  entry: LvmEntry,
  { point, target, keepOld }: RestoreWish,
  _context: LayerContext,
  scouted?: Json,
): Planned {
  const subject = pointRef(entry.name, point.manifest.id);
  if (target === undefined || scouted === undefined)
    return nothing({
      subject,
      code: 'target-missing',
      says: 'it was not said where to bring it back',
      remedy: `say --to live, or --to ${entry.volume_group}/NAME for a new volume`,
    });
  const found = scouted as unknown as Scouted;
  const given = givenFor(entry, point, found, keepOld === true);
  if (!isLive(target)) return planCopy(given, found, target);
  const weighed = weigh(found, subject);
  const { live } = found;
  if (weighed.refusals.length > 0 || live === null)
    return { steps: [], notes: weighed.notes, refusals: weighed.refusals };
  const { open: _open, ...facts } = live;
  const cluster =
    found.cluster === null
      ? null
      : {
          name: found.cluster.name,
          claims: found.cluster.volumes.flatMap(({ claim, live: bound }) => (bound && claim !== null ? [claim] : [])),
          volumes: found.cluster.volumes.map(({ volume }) => volume),
          workloads: [...weighed.quieted],
        };
  const swapping: SwapGiven = { ...given, live: facts, cluster };
  return { steps: restoreSteps(swapping, found, point), notes: weighed.notes, refusals: [] };
}

function givenFor(entry: LvmEntry, point: RestorePoint, found: Scouted, keepOld: boolean): SwapGiven {
  const { id, workload } = point.manifest;
  return {
    machine: entry.machine,
    vg: found.vg,
    pool: found.pool,
    point: { id, layer: entry.name, workload, lv: found.point.lv, uuid: found.point.uuid },
    live: null,
    target: null,
    cluster: null,
    must_hold_files: found.cluster?.volumes.some(({ live, mode }) => live && mode === 'Filesystem') ?? false,
    luks_keys: [...(entry.luks_keys ?? [])],
    keep_old: keepOld,
  };
}

function planCopy(given: SwapGiven, found: Scouted, target: string): Planned {
  const name = nameWanted(target);
  const subject = volumeRef(given.machine, given.vg, name ?? target);
  const refuse = (code: string, says: string, remedy: string): Planned => nothing({ subject, code, says, remedy });
  const vg = target.slice(0, Math.max(0, target.indexOf('/')));
  if (name === undefined || !lvmName.safeParse(name).success || vg !== given.vg || isOurs(name))
    return refuse(
      'target-no-volume',
      `${shown(target)} is neither \`live\` nor the name of a new volume in ${given.vg}, where the point lies`,
      `say --to live, or --to ${given.vg}/NAME (a name that does not begin with hf_)`,
    );
  if (found.taken)
    return refuse(
      'target-not-empty',
      `there is a volume ${given.vg}/${name} already, and nothing is written over it`,
      'choose another name; nothing was changed',
    );
  return { steps: copySteps({ ...given, target: name }), notes: [], refusals: [] };
}
