// `metrics`: the figures for Prometheus: printed once, pushed, or given to whoever asks on this machine.
import { jobHistories, neverRan } from '../catalogue/job-history.ts';
import { listenAddress } from '../http/listen-address.ts';
import { metricsService } from '../http/metrics-service.ts';
import { jobsOf } from '../jobs-of-estate.ts';
import { metricsText } from '../metrics/text.ts';
import { figuresNow, lookNow, pushesOf } from '../metrics-now.ts';
import { pushFigures } from '../push-metrics.ts';
import { shown } from '../values/text.ts';
import type { MetricsAnswer } from './answers.ts';
import { type Answer, type Command, flag, type Invocation, optionText } from './command.ts';
import { misused, type Opened, open } from './open.ts';

export const metrics: Command<MetricsAnswer> = {
  name: 'metrics',
  says: 'the figures for Prometheus',
  run: async (invocation) => {
    const listen = optionText(invocation, 'listen');
    const address = listen === undefined ? undefined : listenAddress(listen);
    const opened = await open(invocation);
    if (flag(invocation, 'push')) return await pushed(invocation, opened);
    const answer = await printed(invocation, opened);
    if (address === undefined) return answer;
    const { holdfast, estate } = opened;
    await using _service = await metricsService(address).start({ holdfast, estate: () => estate, say: invocation.say });
    await stopped(invocation.surroundings.stopped);
    return { ...answer, text: '' };
  },
};

async function printed(invocation: Invocation, { holdfast, estate }: Opened): Promise<Answer<MetricsAnswer>> {
  await using world = holdfast.world(estate);
  const at = world.clock.now();
  invocation.show('looking at the restore points');
  const families = figuresNow(holdfast, estate, await lookNow(world, estate), pushesOf(world));
  const jobs = jobsOf(estate, at);
  const histories = holdfast.look(estate.name, (journal) => jobHistories(journal, jobs)) ?? jobs.map(neverRan);
  const format = flag(invocation, 'openmetrics') ? 'openmetrics' : 'prometheus';
  return { exit: 'fine', value: { at, jobs: histories, families }, text: (await metricsText(families, format)).text };
}

async function pushed(invocation: Invocation, opened: Opened): Promise<Answer<MetricsAnswer>> {
  const { holdfast, estate } = opened;
  if (!estate.channels.some(({ kind }) => kind === 'pushgateway'))
    throw misused(
      '--push',
      'the estate has no channel that carries figures',
      'declare a `pushgateway` under `channels`',
    );
  invocation.show('pushing');
  const failed = await pushFigures(holdfast, estate);
  const answer = await printed(invocation, opened);
  const lines = failed.map(
    ({ channel, fault }) => `${channel}: ${shown(fault.says)}\n  do this: ${shown(fault.remedy)}\n`,
  );
  const text = failed.length === 0 ? 'Every figure arrived, and was read back as sent.\n' : lines.join('');
  return { ...answer, exit: failed.length === 0 ? 'fine' : 'failed', text };
}

const stopped = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
