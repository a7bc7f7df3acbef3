// Reading the estate: every file of it, every rule, and then either the whole estate or everything that is wrong with it.
// Nothing is contacted, and no secret is opened.
import { dirname, relative, resolve } from 'node:path';
import type { Estate } from '../model/estate.ts';
import { hostsOf } from '../model/same-host.ts';
import { digestOf, digestOfText } from '../values/canonical.ts';
import { circleRemarks } from './checks/circles.ts';
import { connectionRemarks } from './checks/connections.ts';
import { destinationRemarks, type Placed } from './checks/destinations.ts';
import { literalSecretRemarks } from './checks/literal-secrets.ts';
import { machineRemarks } from './checks/machines.ts';
import { nameRemarks } from './checks/names.ts';
import { referenceRemarks } from './checks/references.ts';
import { scheduleRemarks } from './checks/schedules.ts';
import { secretFileRemarks } from './checks/secret-files.ts';
import { type Merged, merge } from './merge.ts';
import { InvalidFile, type Path, type Problem, placeText, type Remark, remark, showPath } from './problem.ts';
import { estateSchema, type Kinds } from './schema/estate.ts';
import { remarksOf } from './schema-remarks.ts';
import type { EstateFiles } from './source.ts';
import { gatherSources } from './sources.ts';
import { sayUnknownKeys } from './unknown-key.ts';
import { words } from './words.ts';

export type ReadOptions = Readonly<{ files: EstateFiles; kinds: Kinds }>;

/**
 * Reads a file, or the `*.yaml` of a folder, with what they include.
 *
 * @throws InvalidFile `estate-invalid`, with every problem and its place
 */
export async function readEstate(path: string, { files, kinds }: ReadOptions): Promise<Estate> {
  const { sources, problems, complete, real } = await gatherSources(path, files);
  const [first, ...others] = sources;
  if (first === undefined || !complete) throw invalid(path, problems);
  const merged = merge([first, ...others]);
  const parsed = estateSchema(kinds).safeParse(merged.value, { error: words });
  const secrets = literalSecretRemarks(merged.value);
  const layers = placedLayers(merged, kinds);
  // Where machines are not in order, their names alone tell them apart: the estate is refused anyway.
  const hostOf = parsed.success ? hostsOf(parsed.data) : (name: string) => name;
  const remarks = [
    ...secrets,
    ...remarksOf(parsed.error?.issues ?? [], sayUnknownKeys(kinds, merged.value)).filter(notAmong(secrets)),
    ...connectionRemarks(merged.value),
    ...machineRemarks(merged.value),
    ...nameRemarks(merged.value),
    ...referenceRemarks(merged.value),
    ...scheduleRemarks(merged.value),
    ...destinationRemarks(layers, parsed.data?.pbs ?? [], hostOf, (at) => placeText(merged.placeOf(at))),
    ...circleRemarks(layers, hostOf),
    ...(await secretFileRemarks(merged.value, files)),
    ...(Object.keys(merged.value).length === 0 ? [remark([], 'declares nothing; is it the right file?')] : []),
  ];
  const told = [...problems, ...merged.problems];
  const all = [...told, ...placed(remarks, merged).filter(notYetTold(told))];
  if (all.length > 0 || !parsed.success) throw invalid(path, all);
  return estateOf(parsed.data, { path, real, merged, folder: dirname(first.file) });
}

const invalid = (path: string, problems: readonly Problem[]): InvalidFile =>
  new InvalidFile('estate-invalid', { where: path, problems, exit: 'invalid' });

const placed = (remarks: readonly Remark[], merged: Merged): readonly Problem[] =>
  remarks.map(({ path, at, says }) => ({ ...merged.placeOf(path, at), path: showPath(path), says }));

/** What the schema has against a value that is a secret written out adds nothing. */
const notAmong = (secrets: readonly Remark[]) => {
  const paths = new Set(secrets.map(({ path }) => showPath(path)));
  return ({ path }: Remark): boolean => !paths.has(showPath(path));
};

/** What has a tag or a name that may not be is wrong in other ways, too. */
const notYetTold = (told: readonly Problem[]) => {
  const places = new Set(told.map(placeText));
  return (problem: Problem): boolean => !places.has(placeText(problem)) || problem.path === '';
};

/** Layers that are in order by themselves, so that their destinations are looked at even where others are not. */
function placedLayers({ value }: Merged, { layers }: Kinds): readonly Placed[] {
  const entries = Array.isArray(value['layers']) ? value['layers'] : [];
  const parsed = entries.flatMap((entry: unknown, index) => {
    const kind = layers.find((layer) => layer.kind === (entry as Readonly<{ kind?: unknown }> | null)?.kind);
    const read = kind?.schema.safeParse(entry);
    return kind === undefined || read?.success !== true ? [] : [{ path: ['layers', index], kind, entry: read.data }];
  });
  const context = { layers: parsed.map(({ entry }) => entry) };
  return parsed.map(({ path, kind, entry }) => ({
    ...{ path, entry, destinations: kind.destinations(entry), routes: kind.routes(entry, context) },
  }));
}

type Parsed = ReturnType<ReturnType<typeof estateSchema>['parse']>;
type Origin = Readonly<{ path: string; real: string; merged: Merged; folder: string }>;

function estateOf(parsed: Parsed, { path, real, merged, folder }: Origin): Estate {
  const { estate, time_zone, approval_expires, places, pve, pbs, machines, kubernetes, ...rest } = parsed;
  const { include: _, tiers, workloads, layers, schedules, exclusions, channels, ...sections } = rest;
  const name = estate ?? `unnamed-${digestOfText(real).slice(0, 8)}`;
  const declared = {
    ...{ name, time_zone, approval_expires, places, pve, pbs, machines, kubernetes },
    ...{ tiers, workloads, layers, schedules, exclusions, channels, sections },
  };
  return {
    ...declared,
    digest: digestOf(declared),
    file: resolve(path),
    // Below the estate's own folder: a plan of the same estate is the same plan, wherever it is made.
    placeOf: (at: Path) => {
      const place = merged.placeOf(at);
      return placeText({ ...place, file: relative(folder, place.file) });
    },
  };
}
