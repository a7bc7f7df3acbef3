// How full a thin pool is, and whether another snapshot may go into it. A pool without free metadata stops every volume in it,
// and one without free data stops or loses writes: a snapshot is never worth that. Pure.
import { Fault } from '../../fault.ts';
import { formatSize, bytes as sizeOf } from '../../values/size.ts';
import { shown } from '../../values/text.ts';
import type { Volume } from '../common/lvm/report.ts';
import type { LvmThinEntry } from './schema.ts';

/** As the kernel counts them (Documentation/admin-guide/device-mapper/thin-provisioning.rst): blocks used, and all of them. */
export type PoolState = Readonly<{
  dataUsed: number;
  dataTotal: number;
  metadataUsed: number;
  metadataTotal: number;
  /** `rw` is the only good one; `out_of_data_space`, `ro`, `Fail` */
  mode: string;
  needsCheck: boolean;
}>;

/**
 * What a snapshot adds by itself: a copied path in the tree of devices and its root. Its origin's later writes cost more, and that
 * is what the room between the limit and the end is for.
 */
export const metadataOfSnapshot = 8;

type Limits = Readonly<Pick<LvmThinEntry, 'data_at_most' | 'metadata_at_most'>>;

const percentOf = (used: number, total: number): number => (total === 0 ? 100 : (used / total) * 100);
const dataPercent = ({ dataUsed, dataTotal }: PoolState): number => percentOf(dataUsed, dataTotal);
const metadataPercent = ({ metadataUsed, metadataTotal }: PoolState): number => percentOf(metadataUsed, metadataTotal);

/** Why no more snapshots may be taken; undefined where there is room. */
export function poolFault(state: PoolState, limits: Limits, pool: string, snapshots: number): Fault | undefined {
  if (state.mode !== 'rw' || state.needsCheck)
    return new Fault('pool-unhealthy', {
      where: shown(pool),
      says: `the kernel has it as ${shown(state.mode)}${state.needsCheck ? ', and asks for a check of its metadata' : ''}: no snapshot was taken`,
      remedy:
        'this concerns every volume in it: see `dmesg` and `lvs -a`, and lvmthin(7) on repairing it, before anything else',
    });
  const figures = `${words(dataPercent(state))} of its data and ${words(metadataPercent(state))} of its metadata are used`;
  if (reaches(state.dataUsed, state.dataTotal, limits.data_at_most))
    return new Fault('pool-data-limit', {
      where: shown(pool),
      says: `${figures}; from ${limits.data_at_most} % of the data on no snapshot is taken`,
      remedy: `remove volumes or snapshots that nobody needs (\`lvs -o name,size,data_percent\`), or make the pool larger: \`lvextend -L +SIZE ${pool}\``,
    });
  const ahead = state.metadataUsed + snapshots * metadataOfSnapshot;
  if (!reaches(ahead, state.metadataTotal, limits.metadata_at_most)) return undefined;
  const forecast = `${snapshots === 1 ? 'the snapshot' : `${snapshots} snapshots`} would make it ${words(percentOf(ahead, state.metadataTotal))}`;
  return new Fault('pool-metadata-limit', {
    where: shown(pool),
    says: `${figures}; ${forecast}, and from ${limits.metadata_at_most} % of the metadata on none is taken`,
    remedy: `remove snapshots that nobody needs, or make the metadata larger, which needs free space in the volume group: \`lvextend --poolmetadatasize +SIZE ${pool}\``,
  });
}

/** Limits go to the machine in tenths of a percent, and both sides must judge alike. */
export const tenths = (percent: number): number => Math.round(percent * 10);
const reaches = (used: number, total: number, limit: number): boolean => used * 1000 >= total * tenths(limit);

const words = (percent: number): string => `${percent.toFixed(1)} %`;

/** `0 1024000 thin-pool 4 113/1024 80/8000 - rw discard_passdown queue_if_no_space - 256`, as dmsetup writes it. */
export function readPoolStatus(line: string): PoolState | undefined {
  const [, , target, , metadata = '', data = '', , mode, ...flags] = line.trim().split(/\s+/);
  if (target !== 'thin-pool') return undefined;
  const [metadataUsed, metadataTotal] = countsIn(metadata);
  const [dataUsed, dataTotal] = countsIn(data);
  // A pool that has failed says nothing but that.
  if (dataTotal === undefined || metadataTotal === undefined || dataUsed === undefined || metadataUsed === undefined)
    return { dataUsed: 1, dataTotal: 1, metadataUsed: 1, metadataTotal: 1, mode: 'Fail', needsCheck: false };
  return {
    dataUsed,
    dataTotal,
    metadataUsed,
    metadataTotal,
    mode: mode ?? 'unknown',
    needsCheck: flags.includes('needs_check'),
  };
}

const countsIn = (text: string): readonly (number | undefined)[] => {
  const [, used, total] = /^(\d+)\/(\d+)$/.exec(text) ?? [];
  return used === undefined ? [undefined, undefined] : [Number(used), Number(total)];
};

/** As the device mapper calls it: LVM doubles a `-` in names (lvm2, libdm/libdm-string.c). */
export const mapperName = (vg: string, name: string): string =>
  [vg, name].map((part) => part.replaceAll('-', '--')).join('-');
/** The device behind a pool that has volumes. */
export const poolDevice = (vg: string, pool: string): string => `${mapperName(vg, pool)}-tpool`;

/** What volumes may hold together, against what there is: a note, since thin pools are made to be overcommitted. */
export function overcommit(volumes: readonly Volume[], pool: Volume): string | undefined {
  const promised = volumes
    .filter((one) => one.type === 'thin' && one.pool === pool.name && one.origin === undefined)
    .reduce((sum, one) => sum + one.bytes, 0);
  if (promised <= pool.bytes) return undefined;
  return `its volumes may hold ${formatSize(sizeOf(promised))} together, and it has ${formatSize(sizeOf(pool.bytes))}`;
}
