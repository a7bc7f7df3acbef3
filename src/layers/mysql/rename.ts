// A dump of one database on its way into one of another name. It names itself in two places only: where it changes how texts compare
// for a moment (before a routine that was made under another default), and in the head of a trigger that was written so. Pure.
const newline = 10;

export type Renaming = Readonly<{
  from: string;
  to: string;
  /** events are made so that they do not run: the live ones do already */
  asleep?: boolean;
}>;

/** In whole lines, and as few pieces as possible: most of a dump is rows, of which nothing is changed. */
export async function* renamed(pieces: AsyncIterable<Uint8Array>, renaming: Renaming): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  for await (const piece of pieces) {
    held.push(Buffer.from(piece));
    if (!piece.includes(newline)) continue;
    const data = held.length === 1 ? (held[0] ?? piece) : Buffer.concat(held);
    const end = endOf(Buffer.from(data.buffer, data.byteOffset, data.length));
    yield changed(Buffer.from(data.buffer, data.byteOffset, end), renaming);
    held = [data.subarray(end)];
  }
  yield changed(Buffer.concat(held), renaming);
}

/** What may have lines of its own: a trigger as it was typed, an event by its name. */
const heads = [
  { begins: Buffer.from('/*!50003 CREATE*/ '), ends: /FOR\s+EACH\s+ROW/i },
  { begins: Buffer.from('/*!50106 CREATE*/ '), ends: / ON COMPLETION / },
] as const;

/** Behind the last line that is whole; but before a head that has not come to its end. */
function endOf(data: Buffer): number {
  const end = data.lastIndexOf(newline) + 1;
  const unfinished = heads.flatMap(({ begins, ends }) => {
    const head = lastLine(data, begins, end);
    return head === -1 || ends.test(data.toString('latin1', head, end)) ? [] : [head];
  });
  return Math.min(end, ...unfinished);
}

/** Rows hold any text, but none of their lines begins one: it has to stand at a beginning. */
function lastLine(data: Buffer, begins: Buffer, end: number): number {
  let at = data.lastIndexOf(begins, end);
  while (at > 0 && data[at - 1] !== newline) at = data.lastIndexOf(begins, at - 1);
  return at;
}

const bytes = (text: string): string => Buffer.from(text).toString('latin1');
const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

const awake =
  /^(\/\*!50106 CREATE\*\/ (?:\/\*!50117 DEFINER=`(?:[^`]|``)*`@`(?:[^`]|``)*`\*\/ )?\/\*!50106 EVENT `(?:[^`]|``)*` ON SCHEDULE (?:(?! ON COMPLETION )[^`])* ON COMPLETION (?:NOT )?PRESERVE )ENABLE\b/gm;

function changed(lines: Buffer, { from, to, asleep = false }: Renaming): Uint8Array {
  const hasEvents = asleep && lines.includes('EVENT');
  if (!hasEvents && !lines.includes('ALTER DATABASE') && !lines.includes('TRIGGER')) return lines;
  const [old, fresh] = [bytes(quoted(from)), bytes(quoted(to))];
  const bare = /^\w+$/.test(from) ? `|${from}` : '';
  const any = `(?:${literal(old)}${bare})`;
  const text = (hasEvents ? lines.toString('latin1').replace(awake, '$1DISABLE') : lines.toString('latin1'))
    .replace(
      new RegExp(`^(ALTER DATABASE )${literal(old)}( CHARACTER SET \\w+ COLLATE \\w+ \\S+)$`, 'gm'),
      (_, head, tail) => [head, fresh, tail].join(''),
    )
    .replace(
      /^(\/\*!50003 CREATE\*\/ .*\/\*!50003 TRIGGER )([\s\S]*?FOR\s+EACH\s+ROW)/gim,
      (_, head: string, middle: string) =>
        `${head}${middle.replace(new RegExp(`(^|\\sON\\s+|EXISTS\\s+)${any}\\s*\\.\\s*`, 'gi'), (__, before: string) => `${before}${fresh}.`)}`,
    );
  return Buffer.from(text, 'latin1');
}
