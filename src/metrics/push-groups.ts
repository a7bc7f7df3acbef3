// What is pushed, in pieces that a Pushgateway replaces whole: one for each job, and one for what is of no job. Each piece is
// everything there is about it, so that a figure that is no longer known goes away there, too.
import type { MetricFamily, PushGroup, Sample } from '../model/metric.ts';
import { metricsText } from './text.ts';

/** The job of what belongs to the estate as a whole. */
const ofTheEstate = 'holdfast';

export function pushGroups(estate: string, families: readonly MetricFamily[]): Promise<readonly PushGroup[]> {
  const jobs = new Set(families.flatMap(({ samples }) => samples.map(jobOf)));
  return Promise.all(
    [...jobs].map(async (job): Promise<PushGroup> => {
      const own = families.flatMap((family) => {
        const samples = family.samples.filter((sample) => jobOf(sample) === job).map(withoutJob);
        return samples.length === 0 ? [] : [{ ...family, samples }];
      });
      // Two estates may push to one gateway: neither may replace what is the other's.
      return { labels: { job, estate }, families: own, text: (await metricsText(own, 'prometheus')).text };
    }),
  );
}

const jobOf = ({ labels }: Sample): string => labels['job'] ?? ofTheEstate;

function withoutJob({ labels, value }: Sample): Sample {
  const { job: _, ...others } = labels;
  return { labels: others, value };
}
