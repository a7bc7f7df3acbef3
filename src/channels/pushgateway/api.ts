// What a Pushgateway says it holds (github.com/prometheus/pushgateway, "Query API"), compared with what was sent.
import * as z from 'zod';
import type { PushGroup, Sample } from '../../model/metric.ts';

const labels = z.record(z.string(), z.string());
const family = z.looseObject({ metrics: z.array(z.looseObject({ labels, value: z.string().optional() })) });
const answer = z.looseObject({
  status: z.literal('success'),
  data: z.array(z.looseObject({ labels })),
});

/** A group as it is there: its labels, and its figures by name. */
export type HeldGroup = z.infer<typeof answer>['data'][number];

/** Undefined where the answer is of no form we know. */
export function groupsIn(text: string): readonly HeldGroup[] | undefined {
  try {
    return answer.parse(JSON.parse(text)).data;
  } catch {
    return undefined;
  }
}

/** `/metrics/job/NAME/estate/NAME`; a value that a path cannot carry goes as base64. */
export const pathOf = ({ job, ...others }: PushGroup['labels']): string =>
  `/metrics${[['job', job] as const, ...Object.entries(others)].map(([name, value]) => partOf(name, value)).join('')}`;

const partOf = (name: string, value: string): string =>
  /^[A-Za-z0-9._-]+$/.test(value) && !/^\.{1,2}$/.test(value)
    ? `/${name}/${value}`
    : `/${name}@base64/${value === '' ? '=' : Buffer.from(value).toString('base64url')}`;

/** The first figure that is not there as it was sent, in words. */
export function differenceFrom(group: PushGroup, held: readonly HeldGroup[]): string | undefined {
  const name = `job="${group.labels.job}"`;
  const there = held.find((one) => sameLabels(one.labels, group.labels));
  if (there === undefined) return `it does not hold ${name}`;
  for (const { name: figure, samples } of group.families) {
    const read = family.safeParse(there[figure]);
    if (!read.success) return `${figure} of ${name} is not there`;
    for (const sample of samples) {
      const found = read.data.metrics.find((one) => sameLabels(one.labels, { ...group.labels, ...sample.labels }));
      if (found === undefined) return `${figure}${written(sample)} of ${name} is not there`;
      if (Number(found.value) !== sample.value)
        return `${figure}${written(sample)} of ${name} is ${found.value} there, and ${sample.value} was sent`;
    }
  }
  return undefined;
}

const written = (sample: Sample): string => JSON.stringify(sample.labels);

/** A label without a value is a label that is not there; the gateway adds an empty `instance`. */
function sameLabels(one: Readonly<Record<string, string>>, other: Readonly<Record<string, string>>): boolean {
  const names = new Set([...Object.keys(one), ...Object.keys(other)]);
  return [...names].every((name) => (one[name] ?? '') === (other[name] ?? ''));
}
