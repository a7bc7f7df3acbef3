// The arguments of the script that takes snapshots, from what a step was given. The script makes lines of them that LVM takes apart
// by itself: nothing that comes from a cluster is in them but tags, and those have letters that mean nothing to it.
import type { Argv } from '../../machines/machine.ts';
import type { Duration } from '../../values/duration.ts';
import { epochSeconds, type Instant } from '../../values/instant.ts';
import { type Tags, tagsOf } from '../common/lvm/tags.ts';
import { mapperName, metadataOfSnapshot, poolDevice, tenths } from './pool.ts';
import { snapshotScript } from './snapshot-script.ts';

export type Wanted = Readonly<{ origin: string; originUuid: string; bytes: number; name: string; tags: Tags }>;

export type Taking = Readonly<{
  vg: string;
  pool: string;
  data_at_most: number;
  metadata_at_most: number;
  taken: Instant;
  /** how long writers may be held; 0: they are not */
  hold: Duration;
  volumes: readonly Wanted[];
}>;

/** Where the kernel tells of its block devices (Documentation/ABI/testing/sysfs-block-dm). */
export const blockDevices = '/sys/block';

export const snapshotArgv = (taking: Taking): Argv => [
  ...(['sh', '-c', snapshotScript, 'holdfast-snapshot', poolDevice(taking.vg, taking.pool)] as const),
  ...[taking.data_at_most, taking.metadata_at_most].map((percent) => `${tenths(percent)}`),
  `${metadataOfSnapshot}`,
  `${epochSeconds(taking.taken)}`,
  `${Math.round(taking.hold / 10)}`,
  blockDevices,
  ...taking.volumes.flatMap((one) => [
    `${taking.vg}/${one.origin}`,
    mapperName(taking.vg, one.origin),
    `${taking.vg}/${one.name}`,
    tagsOf(one.tags)
      .flatMap((tag) => ['--addtag', tag])
      .join(','),
    mustBe(taking, one),
  ]),
];

/** A selection (lvmreport(7)); `lv_skip_activation` is what keeps it from being activated by accident. */
function mustBe({ pool }: Taking, { name, originUuid, bytes, tags }: Wanted): string {
  const all = tagsOf(tags).map((tag) => `"${tag}"`);
  return [
    `lv_name="${name}"`,
    `origin_uuid="${originUuid}"`,
    `pool_lv="${pool}"`,
    `lv_size=${bytes}b`,
    'lv_active=""',
    'lv_skip_activation=1',
    'lv_health_status=""',
    `lv_tags=[${all.join(' && ')}]`,
  ].join(' && ');
}
