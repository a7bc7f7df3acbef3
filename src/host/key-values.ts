// The format of a guest's config and of vzdump.conf: `key: value` lines. What follows the first `[name]` is a snapshot, pending
// changes or a special section, none of which is the guest as it is. Notes are lines that begin with `#`.
export type KeyValues = Readonly<{ values: ReadonlyMap<string, string>; oddLines: readonly number[] }>;

const entry = /^([a-z][\w.-]*?)(?::|\s*=)\s*(.*?)\s*$/;

export function parseKeyValues(text: string): KeyValues {
  const values = new Map<string, string>();
  const oddLines: number[] = [];
  for (const [index, line] of text.split('\n').entries()) {
    if (line.startsWith('[')) break;
    if (line.startsWith('#') || line.trim() === '') continue;
    const [, key, value] = entry.exec(line) ?? [];
    if (key === undefined || value === undefined) oddLines.push(index + 1);
    else values.set(key, value);
  }
  return { values, oddLines };
}
