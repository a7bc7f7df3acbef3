// What the plan has read of what is there on a PBS: its datastores, and the namespaces in them.
import type { Look } from '../../contracts/consequence.ts';
import { wasRead } from './configured.ts';
import type { Target } from './storages.ts';

/** What is there of a datastore, the root with it, where the plan has read that list already; else undefined. */
export function namespacesIn(look: Look): (server: string, store: string) => readonly string[] | undefined {
  const kind = 'pbs-namespace';
  const listed = new Map<string, string[]>();
  const at = (server: string, store: string): string[] => {
    const key = `${server} ${store}`;
    const names = listed.get(key) ?? [''];
    listed.set(key, names);
    return names;
  };
  // One in which something is declared was read, also where nothing was found in it.
  for (const one of look.desired.declared)
    if (one.kind === kind && one.within !== undefined && wasRead(look, kind, one.server)) at(one.server, one.within);
  for (const reading of look.observed.readings)
    if (reading.kind === kind && 'found' in reading.answer)
      for (const { name, within } of reading.answer.found)
        if (within !== undefined) at(reading.server, within).push(name.slice(within.length + 1));
  return (server, store) => listed.get(`${server} ${store}`);
}

/** A datastore that is yet to be made holds nothing; where their list was not read, it may be there. */
export function datastoresIn(look: Look): (server: string, store: string) => boolean {
  const lists = new Map(
    look.observed.readings.flatMap((one) =>
      one.kind === 'pbs-datastore' && 'found' in one.answer
        ? [[one.server, new Set(one.answer.found.map(({ name }) => name))] as const]
        : [],
    ),
  );
  return (server, store) => lists.get(server)?.has(store) ?? true;
}

/** Whether a namespace, or its datastore, is known not to be there yet: it then holds nothing. */
export function isYetToBeMade(look: Look): (target: Target) => boolean {
  const [isThere, namespaces] = [datastoresIn(look), namespacesIn(look)];
  return ({ pbs, store, namespace }) => !isThere(pbs, store) || namespaces(pbs, store)?.includes(namespace) === false;
}
