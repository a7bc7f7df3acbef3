// How a dump of Redis begins: `REDIS` and four digits, then pairs of texts that say what made it and when (`redis-ver`, `ctime`).
export type Header = Readonly<{
  /** of the format */
  version: number;
  facts: Readonly<Record<string, string>>;
  /** that it has: what the server holds comes behind them */
  bytes: number;
}>;

/** In which all of it lies. */
export const headBytes = 1024;

const fact = 0xfa;

/** Undefined for what is no dump. */
export function headerOf(head: Buffer): Header | undefined {
  const [, version] = /^REDIS(\d{4})/.exec(head.toString('latin1', 0, 9)) ?? [];
  if (version === undefined) return undefined;
  const facts: Record<string, string> = {};
  let position = 9;
  while (head[position] === fact) {
    const name = textAt(head, position + 1);
    const value = name && textAt(head, name.next);
    if (name === undefined || value === undefined) break;
    facts[name.text] = value.text;
    position = value.next;
  }
  return { version: Number(version), facts, bytes: position };
}

/** A text of less than 64 bytes, or a whole number in 1, 2 or 4 bytes: what stands there has no other form. */
function textAt(head: Buffer, at: number): Readonly<{ text: string; next: number }> | undefined {
  const length = head[at];
  if (length === undefined) return undefined;
  const from = at + 1;
  if (length < 0x40)
    return from + length > head.length
      ? undefined
      : { text: head.toString('utf8', from, from + length), next: from + length };
  const bytes = { 192: 1, 193: 2, 194: 4 }[length];
  if (bytes === undefined || from + bytes > head.length) return undefined;
  return { text: String(head.readIntLE(from, bytes)), next: from + bytes };
}
