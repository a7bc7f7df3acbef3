// A machine is reached through others, and in the end from this one: no way may lead in a circle, and a jump host is one that
// ssh itself leads to.
import { isMapping, textsAt, valuesAt } from '../at.ts';
import { type Remark, remark } from '../problem.ts';
import type { Mapping } from '../yaml-value.ts';

const ways = ['ssh.jump', 'pct.on', 'docker.on'];

export function machineRemarks(estate: Readonly<Mapping>): readonly Remark[] {
  const nameOf = (index: number): string | undefined =>
    textsAt(estate, 'machines[].name').find(({ path }) => path[1] === index)?.value;
  const through = new Map<string, string>();
  const clusters = new Map<string, string>();
  for (const { value } of valuesAt(estate, 'kubernetes[]'))
    if (isMapping(value)) clusters.set(String(value['name']), String(value['machine']));
  const steps = [
    ...ways.flatMap((way) => textsAt(estate, `machines[].${way}`)),
    ...textsAt(estate, 'machines[].kubectl.cluster').map(({ path, value }) => ({
      path,
      value: clusters.get(value) ?? '',
    })),
  ];
  for (const { path, value } of steps) through.set(nameOf(Number(path[1])) ?? '', value);
  const circles = steps.flatMap(({ path }) => {
    const circle = circleFrom(nameOf(Number(path[1])) ?? '', through);
    return circle === undefined
      ? []
      : [remark(path, `leads in a circle: ${circle.join(' -> ')}; no machine is its own way`)];
  });
  const overSsh = new Set(textsAt(estate, 'machines[].ssh.host').map(({ path }) => nameOf(Number(path[1]))));
  const names = new Set(textsAt(estate, 'machines[].name').map(({ value }) => value));
  const jumps = textsAt(estate, 'machines[].ssh.jump')
    .filter(({ value }) => names.has(value) && !overSsh.has(value))
    .map(({ path, value }) =>
      remark(path, `names ${value}, which is not reached by ssh itself; a jump host is one with \`ssh\``),
    );
  return [...circles, ...jumps];
}

function circleFrom(name: string, through: ReadonlyMap<string, string>): readonly string[] | undefined {
  const passed = [name];
  for (let next = through.get(name); next !== undefined; next = through.get(next)) {
    passed.push(next);
    if (next === name) return passed;
    if (passed.indexOf(next) < passed.length - 1) return undefined;
  }
  return undefined;
}
