// Which points can go where `--to` says. Some layers bring volumes back, some bring files, and one workload may have points of both.
import { resolve } from 'node:path';
import type { RestoreTarget } from '../contracts/layer.ts';
import { Fault } from '../fault.ts';
import type { RestoreOption } from '../plan/layer-plan.ts';
import { count, cut, shown } from '../values/text.ts';
import type { LayerOfEstate } from './layers.ts';
import { misused } from './open.ts';

export type Way = LayerOfEstate & RestoreOption;

/**
 * A folder means the points that go into folders, `live` and `VG/NAME` those that go there. What may be either is asked back, and so is
 * a folder that files may go to as well as dumps.
 *
 * @throws Fault `misused`
 */
export function leadingTo(to: string | undefined, ways: readonly Way[]): readonly Way[] {
  const files = ways.filter(isOfFiles);
  const others = ways.filter((way) => !isOfFiles(way));
  if (to === undefined || files.length === 0 || others.length === 0) return ways;
  const meant = others.filter((way) => targetsOf(way).some((target) => fits(target.to, to)));
  if (meant.length > 0 && isFolder(to)) throw eitherSort(to, [files, meant]);
  if (meant.length > 0) return meant;
  if (isFolder(to)) return files;
  const words = [...new Set(others.flatMap(targetsOf).map((target) => target.to))].join(', ');
  throw misused(
    '--to',
    `"${to}" may mean a folder or something else`,
    `write a folder as ./${to}; what else there is: ${words}`,
  );
}

const namesOf = (ways: readonly Way[]): readonly string[] => [...new Set(ways.map(({ entry }) => entry.name))];

function eitherSort(to: string, [files, dumps]: readonly [readonly Way[], readonly Way[]]): Fault {
  const [first = ''] = namesOf(dumps);
  return misused(
    '--to',
    `points of ${namesOf(files).join(', ')} and those of ${namesOf(dumps).join(', ')} can go to ${to}, and hold different things`,
    `say which: --by ${first}`,
  );
}

/** With `--only` those that have it, the best first as before. @throws Fault `only-means-nothing`, `part-unknown` */
export function holding(workload: string, only: string | undefined, ways: readonly Way[]): readonly Way[] {
  if (only === undefined || ways.length === 0) return ways;
  const having = ways.filter((way) => partsOf(way).includes(only));
  if (having.length > 0) return having;
  const paths = ways.filter(({ layer }) => layer.holdsPaths === true);
  if (paths.length > 0) return paths;
  const parts = [...new Set(ways.flatMap(partsOf))];
  if (parts.length > 0)
    throw new Fault('part-unknown', {
      where: `${workload}: --only ${shown(only)}`,
      says: `no point has it; they have ${cut(parts.map(shown).join(', '), 600)}`,
      remedy: 'write it as the server calls it, or leave `--only` out',
      exit: 'misused',
    });
  const kinds = [...new Set(ways.map(({ entry }) => `${entry.name} (${entry.kind})`))].join(', ');
  throw new Fault('only-means-nothing', {
    where: workload,
    says: `its points are of ${kinds}, which brings back whole volumes and knows no files in them`,
    remedy: 'leave `--only` out; bring a volume back under a new name, mount it, and copy from it',
    exit: 'misused',
  });
}

/** As the layer takes it: a folder from the root on, everything else as it was typed. */
export const targetFor = (way: Way, to: string, folder: string): string =>
  isOfFiles(way) || (isFolder(to) && targetsOf(way).some((target) => target.to === anyFolder))
    ? resolve(folder, to)
    : to;

const anyFolder = '/FOLDER';
const isFolder = (to: string): boolean => /^\.{0,2}\//.test(to);
const partsOf = ({ layer, point }: Way): readonly string[] => layer.parts?.(point) ?? [];
const isOfFiles = ({ layer }: Way): boolean => layer.targets === undefined;
const targetsOf = ({ layer, entry, point }: Way): readonly RestoreTarget[] => layer.targets?.(entry, point) ?? [];
/** `pve/NAME` stands for any name there, `/FOLDER` for any folder. */
const fits = (words: string, to: string): boolean =>
  words === to ||
  (words === anyFolder && isFolder(to)) ||
  (words.endsWith('/NAME') && to.slice(0, to.lastIndexOf('/')) === words.slice(0, -'/NAME'.length));

/** What goes there may be less than what there is: a folder gets the databases of a volume, and not its other files. */
export function othersAsText(others: readonly Way[]): string {
  if (others.length === 0) return '';
  const layers = namesOf(others).join(', ');
  const targets = [...new Set(others.flatMap(targetsOf).map(({ to }) => `--to ${to}`))];
  const where = targets.length === 0 ? '--to FOLDER' : targets.join(', ');
  return `Not meant: ${count(others.length, 'point')} of ${layers} (${where})\n`;
}
