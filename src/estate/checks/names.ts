// A name stands for one thing. What names an entry differs by section; every list is looked at, also those of kinds.
import { cut } from '../../values/text.ts';
import { type At, isMapping, textsAt, valuesAt } from '../at.ts';
import { type Path, type Remark, remark, showPath } from '../problem.ts';
import type { Mapping } from '../yaml-value.ts';

const namingKeys = ['name', 'site', 'job', 'subject'];

export const nameRemarks = (estate: Readonly<Mapping>): readonly Remark[] => [
  ...Object.entries(estate).flatMap(([key, value]) => within(value, [key])),
  ...serversWithOneName(estate),
  ...valuesAt(estate, 'pbs[]').flatMap(({ path, value }) => (isMapping(value) ? jobsWithOneId(path, value) : [])),
];

function within(value: unknown, path: Path): readonly Remark[] {
  if (Array.isArray(value))
    return [...twice(value, path), ...value.flatMap((item, index) => within(item, [...path, index]))];
  return isMapping(value) ? Object.entries(value).flatMap(([key, part]) => within(part, [...path, key])) : [];
}

function twice(items: readonly unknown[], path: Path): readonly Remark[] {
  const known = new Map<string, number[]>();
  return items.flatMap((item, index) => {
    const key = isMapping(item) ? namingKeys.find((name) => typeof item[name] === 'string') : undefined;
    if (key === undefined) return [];
    const name = String((item as Mapping)[key]);
    const alike = known.get(name) ?? [];
    known.set(name, [...alike, index]);
    const before = alike.find(
      (one) => !(['pbs_storages', 'backup_jobs'].includes(String(path[0])) && standApart(items[one], item)),
    );
    return before === undefined ? [] : [taken([...path, index, key], name, [...path, before])];
  });
}

/** Hosts that stand alone each have storages of their own, often under one name. */
function standApart(one: unknown, other: unknown): boolean {
  const [first, second] = [one, other].map((entry) => (entry as Mapping)['on']);
  return Array.isArray(first) && Array.isArray(second) && !first.some((host) => second.includes(host));
}

const taken = (path: Path, name: string, before: Path): Remark =>
  remark(path, `"${cut(name, 64)}" is the name of ${showPath(before)} already; rename or remove one of them`);

// `on pihanga` in a plan must mean one server, be it PVE or PBS.
function serversWithOneName(estate: Readonly<Mapping>): readonly Remark[] {
  const hosts = new Map(textsAt(estate, 'pve[].name').map(({ path, value }) => [value, path]));
  return textsAt(estate, 'pbs[].name').flatMap(({ path, value }) => {
    const before = hosts.get(value);
    return before === undefined ? [] : [taken(path, value, before.slice(0, -1))];
  });
}

// A PBS has one list of prune jobs, whatever datastore they are for.
function jobsWithOneId(server: Path, value: Readonly<Mapping>): readonly Remark[] {
  const first = new Map<string, Path>();
  const ids = ['datastores[].prune.id', 'datastores[].prune[].id'].flatMap((pattern) => textsAt(value, pattern));
  return ids.sort(inOrder).flatMap(({ path, value: id }) => {
    const before = first.get(id);
    if (before === undefined) first.set(id, [...server, ...path.slice(0, -1)]);
    return before === undefined ? [] : [taken([...server, ...path], id, before)];
  });
}

const inOrder = (one: Pick<At, 'path'>, other: Pick<At, 'path'>): number =>
  Number(one.path[1]) - Number(other.path[1]) || Number(one.path[3]) - Number(other.path[3]);
