// Property strings: `key=value,key=value`, one key of a format may stand bare (its default key). Only the comma separates;
// a blank after it would become part of the next key, so nothing is added or trimmed (facts: pve-api section 1).

export type Properties = Readonly<Record<string, string | number | boolean>>;

const textOf = (value: string | number | boolean): string =>
  typeof value === 'boolean' ? (value ? '1' : '0') : String(value);

/** Keys in the order given; the default key goes first and bare, as Proxmox writes it. */
export function formatPropertyString(properties: Properties, defaultKey?: string): string {
  const entries = Object.entries(properties);
  const bare = entries.filter(([key]) => key === defaultKey).map(([, value]) => textOf(value));
  const named = entries.filter(([key]) => key !== defaultKey).map(([key, value]) => `${key}=${textOf(value)}`);
  return [...bare, ...named].join(',');
}

/**
 * What a server stored, read tolerantly: empty parts are passed over, the last of two equal keys counts, quotes around a
 * value are taken off, and a bare value without a default key is kept under the empty key. Order is kept.
 */
export function parsePropertyString(text: string, defaultKey = ''): ReadonlyMap<string, string> {
  const found = new Map<string, string>();
  for (const part of splitOutsideQuotes(text)) {
    const [, key, value] = /^([^=]*)=(.*)$/s.exec(part) ?? [];
    if (key === undefined || value === undefined) found.set(defaultKey, unquoted(part));
    else found.set(key, unquoted(value));
  }
  return found;
}

// PBS quotes values that hold a comma: maintenance-mode `read-only,message="moving, back soon"`.
const splitOutsideQuotes = (text: string): readonly string[] => text.match(/(?:"(?:[^"\\]|\\.)*"|[^,])+/gs) ?? [];

const unquoted = (value: string): string =>
  /^".*"$/s.test(value) ? value.slice(1, -1).replace(/\\(.)/gs, '$1') : value;
