import type { PveHost } from './host.ts';
import type { Values } from './schema.ts';
import type { Guest } from './state.ts';

/** The template with its variables filled in; undefined where there is none. */
export function notesFor({ state }: PveHost, { vmid, name }: Guest, params: Values): string | undefined {
  const template = params['notes-template'];
  if (template === undefined) return undefined;
  const values: Readonly<Record<string, string>> = {
    // Each host of the lab stands alone.
    cluster: 'standalone node',
    guestname: name,
    node: state.node,
    vmid: String(vmid),
  };
  return String(template)
    .replace(/\{\{([^\s{}]+)\}\}/g, (whole, variable: string) => values[variable] ?? whole)
    .replace(/\\([n\\])/g, (_, escaped: string) => (escaped === 'n' ? '\n' : '\\'));
}
