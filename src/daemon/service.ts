// What lives as long as the daemon does: a listener for metrics, say. It is started once, before the first look at the clock.
import type { Holdfast } from '../holdfast.ts';
import type { Estate } from '../model/estate.ts';

export type ServiceContext = Readonly<{
  /** as they are now: an estate that is changed is read again */
  holdfast(): Holdfast;
  estate(): Estate;
  /** one plain line for the log */
  say(line: string): void;
  /** aborted when the daemon is told to stop */
  stopped: AbortSignal;
}>;

export type Service = Readonly<{
  name: string;
  start(context: ServiceContext): Promise<Disposable | AsyncDisposable>;
}>;

/** Those that were started are ended in the other order, also where a later one does not start. */
export async function startServices(services: readonly Service[], context: ServiceContext): Promise<AsyncDisposable> {
  await using stack = new AsyncDisposableStack();
  for (const service of services) stack.use(await service.start(context));
  return stack.move();
}
