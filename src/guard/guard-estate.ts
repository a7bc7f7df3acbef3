// What the guard has against an estate. Pure: it looks at references and numbers, at no file and no host. Whatever is decided
// here is decided again where a secret is handed out (secrets/), since that is the last door.
import { Fault } from '../fault.ts';
import type { Estate } from '../model/estate.ts';
import { type Keep, keepNames, normaliseKeep } from '../values/retention.ts';
import { nameOfReference, type PlacedReference, referencesIn } from '../values/secret-reference.ts';
import { boundTo, commandAllowed, inFolders, lineToAllow, mayGoTo } from '../values/secret-rules.ts';
import type { Guard } from './guard.ts';

export type Path = readonly (string | number)[];
export type GuardProblem = Readonly<{ place: string; path: Path; says: string; remedy: string }>;

export function guardEstate(estate: Estate, guard: Guard): readonly GuardProblem[] {
  const { pve, pbs, layers, channels, sections } = estate;
  const declared = { pve, pbs, layers, channels, ...sections };
  return [
    ...referencesIn(declared).flatMap((reference) => secretProblems(reference, declared, guard)),
    ...keepsIn(declared).flatMap((keep) => floorProblems(keep, sections as Sections, guard)),
  ].map(({ path, says, remedy }) => ({ place: estate.placeOf(path), path, says, remedy }));
}

/** Everything the guard has against the estate, as one fault; undefined where it has nothing. */
export function guardFault(estate: Estate, guard: Guard): Fault | undefined {
  const problems = guardEstate(estate, guard);
  if (problems.length === 0) return undefined;
  return new Fault('estate-against-guard', {
    where: estate.file,
    says: problems.map(({ place, says }) => `${place} ${says}`).join('\n'),
    remedy: [...new Set(problems.map(({ remedy }) => remedy))].join('\n'),
    exit: 'invalid',
  });
}

type Objection = Omit<GuardProblem, 'place'>;

function secretProblems({ path, reference }: PlacedReference, estate: unknown, guard: Guard): readonly Objection[] {
  const name = nameOfReference(reference);
  const objections: Objection[] = [];
  if ('command' in reference && !commandAllowed(reference.command, guard))
    objections.push({ path, says: `${name} may not be run on this machine`, remedy: lineToAllow(reference.command) });
  if ('file' in reference && !inFolders(reference.file, guard.secret_folders))
    objections.push({
      path,
      says: `${name} lies outside the folders where secrets may lie`,
      remedy: `move it into one of ${guard.secret_folders?.join(', ')}, or add its folder to secret_folders of the guard file`,
    });
  const host = hostFor(estate, path);
  if (host !== undefined && !mayGoTo(reference, host, guard))
    objections.push({
      path,
      says: `${name} would be sent to ${host}; it may go to ${boundTo(reference, guard)?.join(', ')}`,
      remedy: `correct the url, or add ${host} to its hosts under bindings of the guard file`,
    });
  return objections;
}

/** The host of the innermost mapping around the reference that has a url: that is who gets the secret. */
function hostFor(estate: unknown, path: Path): string | undefined {
  let host: string | undefined;
  let value = estate;
  for (const part of path) {
    value = (value as Readonly<Record<string | number, unknown>>)[part];
    const url = typeof value === 'object' && value !== null && 'url' in value ? URL.parse(String(value.url)) : null;
    if (url !== null) host = `${url.hostname}:${url.port || '443'}`;
  }
  return host;
}

type PlacedKeep = Readonly<{ path: Path; name: string | undefined; keep: Keep }>;

/** Every mapping with rules of retention in it, with the name of the entry it belongs to. */
function keepsIn(value: unknown, path: Path = [], name?: string): readonly PlacedKeep[] {
  if (Array.isArray(value)) return value.flatMap((item, index) => keepsIn(item, [...path, index], name));
  if (typeof value !== 'object' || value === null) return [];
  const fields = value as Readonly<Record<string, unknown>>;
  const own = typeof fields['name'] === 'string' ? fields['name'] : name;
  const names = [...keepNames, 'keep_all'] as const;
  const keep = Object.fromEntries(
    names.flatMap((each) => (typeof fields[each] === 'number' ? [[each, fields[each]]] : [])),
  );
  const here = Object.keys(keep).length > 0 ? [{ path, name: own, keep }] : [];
  return [...here, ...Object.entries(fields).flatMap(([key, part]) => keepsIn(part, [...path, key], own))];
}

type Named = Readonly<{ name?: string; storage?: string }>;
type Sections = Readonly<{ backup_jobs?: readonly Named[]; pbs_storages?: readonly Named[] }>;

/** PVE prunes by a job's word before its storage's (facts: pve-api section 3): the floors of the storage hold for the job, too. */
function isOf({ section, name }: Floor, { path, name: own }: PlacedKeep, sections: Sections): boolean {
  if (section === path[0]) return name === undefined || name === own;
  if (section !== 'pbs_storages' || path[0] !== 'backup_jobs') return false;
  const storage = sections.backup_jobs?.[Number(path[1])]?.storage;
  return name === undefined ? sections.pbs_storages?.some((one) => one.name === storage) === true : name === storage;
}

type Floor = Guard['retention_floors'][number];

function floorProblems(placed: PlacedKeep, sections: Sections, { retention_floors }: Guard): readonly Objection[] {
  const { path, keep } = placed;
  const floors = retention_floors.filter((floor) => isOf(floor, placed, sections));
  return floors
    .filter((floor) => isBelow(keep, floor.keep))
    .map((floor) => ({
      path,
      says: `keeps less than the guard of this machine demands (${Object.entries(floor.keep)
        .map(([rule, number]) => `${rule}: ${number}`)
        .join(', ')})`,
      remedy: 'raise it to that, or let the owner of the machine lower retention_floors in the guard file',
    }));
}

const keepsAll = (keep: Keep): boolean => normaliseKeep(keep).keep_all === 1;

/** Rule by rule; what the floor does not speak of is the estate's own. */
const isBelow = (keep: Keep, floor: Keep): boolean =>
  !keepsAll(keep) && (keepsAll(floor) || keepNames.some((rule) => (keep[rule] ?? 0) < (floor[rule] ?? 0)));
