// The arguments of the script that takes snapshots, from what a step was given. Commands of LVM are lines that LVM takes apart by
// itself: nothing that comes from a cluster is in them but tags, and those have letters that mean nothing to it.
import type { Argv } from '../../machines/machine.ts';
import type { Duration } from '../../values/duration.ts';
import type { Instant } from '../../values/instant.ts';
import { type Tags, tagOf, tagsOf } from '../common/lvm/tags.ts';
import { mapperName, metadataOfSnapshot, poolDevice, tenths } from './pool.ts';
import { snapshotScript } from './snapshot-script.ts';

export type Wanted = Readonly<{ origin: string; originUuid: string; bytes: number; name: string; tags: Tags }>;

export type Taking = Readonly<{
  vg: string;
  pool: string;
  data_at_most: number;
  metadata_at_most: number;
  taken: Instant;
  /** whether they are of one workload */
  together: boolean;
  /** how long writers may be held; 0: they are not */
  hold: Duration;
  volumes: readonly Wanted[];
}>;

/** Where the kernel tells of its block devices (Documentation/ABI/testing/sysfs-block-dm). */
export const blockDevices = '/sys/block';

export const snapshotArgv = (taking: Taking): Argv => [
  ...(['sh', '-c', snapshotScript, 'holdfast-snapshot', poolDevice(taking.vg, taking.pool)] as const),
  ...[taking.data_at_most, taking.metadata_at_most].map((percent) => `${tenths(percent)}`),
  ...[`${metadataOfSnapshot}`, blockDevices, taking.together ? 'together' : 'apart', `${Math.round(taking.hold / 10)}`],
  ...taking.volumes.flatMap((one) => [mapperName(taking.vg, one.origin), takeLine(taking, one), sealLine(taking, one)]),
];

function takeLine({ vg }: Taking, { origin, name, tags }: Wanted): string {
  const words = tagsOf(tags).flatMap((tag) => ['--addtag', tag]);
  return ['lvcreate', '-s', '-k', 'y', '-n', name, ...words, `${vg}/${origin}`].join(' ');
}

/** A snapshot is whole in the moment in which it is there; sealed is what LVM, asked once more, finds to be as it must be. */
const sealLine = (taking: Taking, one: Wanted): string =>
  `lvchange --addtag ${tagOf('sealed', taking.taken)} -S '${mustBe(taking, one)}' ${taking.vg}/${one.name}`;

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
