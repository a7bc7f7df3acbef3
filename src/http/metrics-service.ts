// The figures as a service of the daemon: looks at the restore points every few minutes, answers `/metrics` from what it
// knows, and pushes, so that a gateway that was restarted empty is whole again before the next run. State is none of its own.
import type { Holdfast } from '../holdfast.ts';
import { metricsText } from '../metrics/text.ts';
import { figuresNow, keepLook, lastLook, lookNow, pushesOf } from '../metrics-now.ts';
import type { Estate } from '../model/estate.ts';
import { pushFigures } from '../push-metrics.ts';
import { minutes } from '../values/duration.ts';
import { shown } from '../values/text.ts';
import type { ListenAddress } from './listen-address.ts';
import { listenForMetrics } from './metrics-listener.ts';

/** What a service is given: the estate as it is now, which may be another one after its file changed. */
export type ServiceContext = Readonly<{
  holdfast: Holdfast;
  estate(): Estate;
  say(line: string): void;
}>;

export type Service = Readonly<{ start(context: ServiceContext): Promise<AsyncDisposable> }>;

const lookEvery = minutes(5);

export const metricsService = (address: ListenAddress): Service => ({
  start: async (context) => {
    const over = new AbortController();
    const listening = await listenForMetrics(address, async (format) => {
      const { holdfast } = context;
      const estate = context.estate();
      await using world = holdfast.world(estate);
      return await metricsText(figuresNow(holdfast, estate, lastLook(world), pushesOf(world)), format);
    });
    context.say(`figures for Prometheus: ${listening.url}`);
    const looks = lookAgainAndAgain(context, over.signal);
    return {
      [Symbol.asyncDispose]: async () => {
        over.abort();
        await Promise.all([listening[Symbol.asyncDispose](), looks]);
      },
    };
  },
});

async function lookAgainAndAgain(context: ServiceContext, over: AbortSignal): Promise<void> {
  const { holdfast } = context;
  while (!over.aborted) {
    try {
      await lookOnce(context);
    } catch (error) {
      context.say(`figures: ${shown(error instanceof Error ? error.message : String(error))}`);
    }
    await holdfast.surroundings.clock.sleep(lookEvery, over).catch(() => {});
  }
}

async function lookOnce({ holdfast, estate, say }: ServiceContext): Promise<void> {
  const now = estate();
  await using world = holdfast.world(now);
  const look = await lookNow(world, now);
  keepLook(world, look);
  for (const { channel, fault } of await pushFigures(holdfast, now, look))
    say(`figures for ${channel}: ${shown(fault.says)}; do this: ${shown(fault.remedy)}`);
}
