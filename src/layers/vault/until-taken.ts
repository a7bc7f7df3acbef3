// Waiting for a server that takes a snapshot in: it goes away, may seal itself, and comes back.
import type { Done, StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { formatDuration, minutes, seconds } from '../../values/duration.ts';
import type { SecretReference } from '../../values/secret-reference.ts';
import { tokenFor, withServer } from './asking.ts';
import type { VaultEntry } from './schema.ts';
import { isThere } from './sentinel.ts';
import { type Active, activeNode } from './standing.ts';

export type Awaited = Readonly<{
  entry: VaultEntry;
  token: SecretReference;
  sentinel: string | undefined;
  /** the cluster that it is then; empty where nobody knows */
  expected: string;
  index: number;
}>;

/** Time to fetch whoever has the unseal keys. */
const patience = minutes(15);

type State = Readonly<{ taken: Active } | { waits: 'sealed' | 'away' | 'before'; says: string }>;

type Waiting = Pick<StepContext, 'world' | 'signal' | 'log' | 'progress'>;

/** @throws Fault `vault-stays-sealed`, `vault-stays-away` or `restore-not-sound` */
export async function untilTaken(awaited: Awaited, context: Waiting): Promise<Pick<Done, 'result' | 'degraded'>> {
  const { entry } = awaited;
  const { clock } = context.world;
  const until = clock.monotonic() + patience;
  let said = '';
  let wasAway = false;
  for (;;) {
    const state = await stateOf(awaited, wasAway, context);
    if ('taken' in state) return outcome(state.taken, awaited, wasAway);
    wasAway ||= state.waits !== 'before';
    if (state.says !== said) context.log(state.says);
    said = state.says;
    context.progress({ done: 0, unit: 'items', what: said });
    if (clock.monotonic() >= until) throw stays(entry, state);
    await clock.sleep(seconds(1), context.signal);
  }
}

function outcome(
  { clusterId }: Active,
  { entry: { name }, expected, sentinel, index }: Awaited,
  wasAway: boolean,
): Pick<Done, 'result' | 'degraded'> {
  if (expected !== '' && clusterId !== '' && clusterId !== expected)
    throw new Fault('restore-not-sound', {
      where: name,
      says: `the server has taken it in, and its cluster is ${clusterId}; the snapshot is of ${expected}`,
      remedy: 'see the log of the server: another snapshot was put there at the same time',
    });
  const degraded =
    sentinel === undefined && !wasAway
      ? ['the server said yes; that it has taken the snapshot in could not be seen, since the token has no cubbyhole']
      : [];
  return { result: { index, cluster: clusterId }, degraded };
}

/** @param wasAway it went away or sealed itself since: then it has begun */
async function stateOf(awaited: Awaited, wasAway: boolean, context: Waiting): Promise<State> {
  const { entry, token, sentinel } = awaited;
  try {
    const active = await activeNode(entry, context);
    if (sentinel === undefined) return { taken: active };
    const there = await withServer(entry.name, active.node, context, async (server) =>
      isThere(server, await tokenFor(active.node, token, context), sentinel),
    );
    if (there === false) return { taken: active };
    return {
      waits: there === undefined ? 'away' : 'before',
      says: wasAway ? 'it answers again' : 'it has not begun yet',
    };
  } catch (error) {
    context.signal.throwIfAborted();
    if (!(error instanceof Fault)) throw error;
    if (error.code === 'vault-sealed')
      return { waits: 'sealed', says: 'it is sealed: unseal it now, with the unseal keys of the day of the snapshot' };
    if (['server-unreachable', 'vault-standby', 'vault-answer-unknown'].includes(error.code))
      return { waits: 'away', says: `it does not answer as it should yet: ${error.code}` };
    throw error;
  }
}

function stays({ name }: VaultEntry, state: Exclude<State, { taken: Active }>): Fault {
  if (state.waits === 'sealed')
    return new Fault('vault-stays-sealed', {
      where: name,
      says: `it has taken the snapshot in, and was not unsealed within ${formatDuration(patience)}`,
      remedy:
        'unseal it by hand (`vault operator unseal`) with the unseal keys of the day of the snapshot: all of it is there then',
    });
  return new Fault('vault-stays-away', {
    where: name,
    says: `after ${formatDuration(patience)} it has not taken the snapshot in: ${state.says}`,
    remedy: 'see the log of the server',
  });
}
