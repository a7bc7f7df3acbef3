// What lives as long as the daemon does: a listener for metrics, say. It is started once, before the first look at the clock.
// One that cannot be started is said, and left out: no backup is to fail for it.
import { asFault } from '../fault.ts';
import type { Holdfast } from '../holdfast.ts';
import type { Estate } from '../model/estate.ts';
import { shown } from '../values/text.ts';

export type ServiceContext = Readonly<{
  holdfast: Holdfast;
  /** as it is now: an estate that is changed is read again */
  estate(): Estate;
  /** one plain line for the log */
  say(line: string): void;
}>;

export type Service = Readonly<{ start(context: ServiceContext): Promise<AsyncDisposable> }>;

/** They are ended in the other order. */
export async function startServices(services: readonly Service[], context: ServiceContext): Promise<AsyncDisposable> {
  const stack = new AsyncDisposableStack();
  for (const service of services) {
    try {
      stack.use(await service.start(context));
    } catch (error) {
      const { where, says, remedy } = asFault(error, 'a service');
      context.say(`${where}: it is left out: ${shown(says)}; do this: ${shown(remedy)}`);
    }
  }
  return stack;
}
