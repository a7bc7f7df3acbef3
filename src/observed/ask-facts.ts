// What consequences want to know, asked once however many want it, all servers at once.
import type { World } from '../contracts/world.ts';
import { asFault } from '../fault.ts';
import { type Ask, type Facts, factsOf, nameOfAsk, type Told } from '../model/facts.ts';
import { answerTo } from './facts.ts';

export async function askFacts(world: World, asks: readonly Ask[], signal?: AbortSignal): Promise<readonly Told[]> {
  const wanted = new Map(asks.map((ask) => [nameOfAsk(ask), ask]));
  const sorted = [...wanted].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, ask]) => ask);
  return Promise.all(sorted.map((ask) => told(world, ask, signal)));
}

/** Asks, and asks what more is wanted once that is known, until there is nothing new. */
export async function askInTurn(
  world: World,
  first: readonly Ask[],
  more: (facts: Facts) => readonly Ask[],
  signal?: AbortSignal,
): Promise<readonly Told[]> {
  let known = await askFacts(world, first, signal);
  for (;;) {
    const names = new Set(known.map(({ ask }) => nameOfAsk(ask)));
    const asks = more(factsOf(known)).filter((ask) => !names.has(nameOfAsk(ask)));
    if (asks.length === 0) return known;
    known = [...known, ...(await askFacts(world, asks, signal))];
  }
}

async function told(world: World, ask: Ask, signal?: AbortSignal): Promise<Told> {
  try {
    const answer = await answerTo(await world.server(ask.server, 'observe'), ask, { signal });
    return { ask, known: { at: world.clock.now(), answer } };
  } catch (error) {
    if (signal?.aborted) throw error;
    return { ask, known: { at: world.clock.now(), fault: asFault(error, ask.server).toJSON() } };
  }
}
