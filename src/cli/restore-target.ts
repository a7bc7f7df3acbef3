// Which points can go where `--to` says. Some layers bring volumes back, some bring files, and one workload may have points of both.
import type { RestoreTarget } from '../contracts/layer.ts';
import { Fault } from '../fault.ts';
import type { RestoreOption } from '../plan/layer-plan.ts';
import { count } from '../values/text.ts';
import type { LayerOfEstate } from './layers.ts';
import { misused } from './open.ts';

export type Way = LayerOfEstate & RestoreOption;

/** A folder means the points that go into folders, `live` and `VG/NAME` those that go there. What may be either is asked back. */
export function leadingTo(to: string | undefined, ways: readonly Way[]): readonly Way[] {
  const files = ways.filter(isOfFiles);
  const volumes = ways.filter((way) => !isOfFiles(way));
  if (to === undefined || files.length === 0 || volumes.length === 0) return ways;
  const meant = volumes.filter((way) => targetsOf(way).some((target) => fits(target.to, to)));
  if (meant.length > 0) return meant;
  if (/^\.{0,2}\//.test(to)) return files;
  const words = [...new Set(volumes.flatMap(targetsOf).map((target) => target.to))].join(', ');
  throw misused(
    '--to',
    `"${to}" may mean a folder or a volume`,
    `write a folder as ./${to}, a volume as one of: ${words}`,
  );
}

/** With `--only` those of which a part can be brought back. @throws Fault `only-means-nothing` */
export function holdingPaths(workload: string, only: string | undefined, ways: readonly Way[]): readonly Way[] {
  if (only === undefined) return ways;
  const holding = ways.filter(({ layer }) => layer.holdsPaths === true);
  if (holding.length > 0 || ways.length === 0) return holding;
  const kinds = [...new Set(ways.map(({ entry }) => `${entry.name} (${entry.kind})`))].join(', ');
  throw new Fault('only-means-nothing', {
    where: workload,
    says: `its points are of ${kinds}, which brings back whole volumes and knows no files in them`,
    remedy: 'leave `--only` out; bring a volume back under a new name, mount it, and copy from it',
    exit: 'misused',
  });
}

const isOfFiles = ({ layer }: Way): boolean => layer.targets === undefined;
const targetsOf = ({ layer, entry, point }: Way): readonly RestoreTarget[] => layer.targets?.(entry, point) ?? [];
/** `pve/NAME` stands for any name there. */
const fits = (words: string, to: string): boolean =>
  words === to || (words.endsWith('/NAME') && to.slice(0, to.lastIndexOf('/')) === words.slice(0, -'/NAME'.length));

/** What goes there may be less than what there is: a folder gets the databases of a volume, and not its other files. */
export function othersAsText(others: readonly Way[]): string {
  if (others.length === 0) return '';
  const layers = [...new Set(others.map(({ entry }) => entry.name))].join(', ');
  const targets = [...new Set(others.flatMap(targetsOf).map(({ to }) => `--to ${to}`))];
  const where = targets.length === 0 ? '--to FOLDER' : targets.join(', ');
  return `Not meant: ${count(others.length, 'point')} of ${layers} (${where})\n`;
}
