// A name stands for one thing. What names an entry differs by section; every list is looked at, also those of kinds.
import { cut } from '../../values/text.ts';
import { isMapping, textsAt } from '../at.ts';
import { type Path, type Remark, remark, showPath } from '../problem.ts';
import type { Mapping } from '../yaml-value.ts';

const namingKeys = ['name', 'site', 'job', 'subject'];

export const nameRemarks = (estate: Readonly<Mapping>): readonly Remark[] => [
  ...Object.entries(estate).flatMap(([key, value]) => within(value, [key])),
  ...serversWithOneName(estate),
];

function within(value: unknown, path: Path): readonly Remark[] {
  if (Array.isArray(value))
    return [...twice(value, path), ...value.flatMap((item, index) => within(item, [...path, index]))];
  return isMapping(value) ? Object.entries(value).flatMap(([key, part]) => within(part, [...path, key])) : [];
}

function twice(items: readonly unknown[], path: Path): readonly Remark[] {
  const first = new Map<string, number>();
  return items.flatMap((item, index) => {
    const key = isMapping(item) ? namingKeys.find((name) => typeof item[name] === 'string') : undefined;
    if (key === undefined) return [];
    const name = String((item as Mapping)[key]);
    const before = first.get(name);
    if (before === undefined) first.set(name, index);
    return before === undefined ? [] : [taken([...path, index, key], name, [...path, before])];
  });
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
