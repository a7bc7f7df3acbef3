// A dump of one database on its way into one of another name. It names itself in two places only: where it changes how texts compare
// for a moment (before a routine that was made under another default), and in the head of a trigger that was written so. Pure.
const newline = 10;

/** In whole lines, and as few pieces as possible: most of a dump is rows, of which nothing is changed. */
export async function* renamed(
  pieces: AsyncIterable<Uint8Array>,
  from: string,
  to: string,
): AsyncGenerator<Uint8Array> {
  let held: Uint8Array[] = [];
  for await (const piece of pieces) {
    held.push(Buffer.from(piece));
    if (!piece.includes(newline)) continue;
    const data = held.length === 1 ? (held[0] ?? piece) : Buffer.concat(held);
    const end = endOf(Buffer.from(data.buffer, data.byteOffset, data.length));
    yield changed(Buffer.from(data.buffer, data.byteOffset, end), from, to);
    held = [data.subarray(end)];
  }
  yield changed(Buffer.concat(held), from, to);
}

const trigger = Buffer.from('/*!50003 TRIGGER ');
const headEnds = /FOR\s+EACH\s+ROW/i;

/** Behind the last line that is whole; but before a trigger whose head, which may have lines of its own, has not come to its end. */
function endOf(data: Buffer): number {
  const end = data.lastIndexOf(newline) + 1;
  const head = data.lastIndexOf(trigger, end);
  if (head === -1 || headEnds.test(data.toString('latin1', head, end))) return end;
  return data.lastIndexOf(newline, head) + 1;
}

const bytes = (text: string): string => Buffer.from(text).toString('latin1');
const quoted = (name: string): string => `\`${name.replaceAll('`', '``')}\``;
const literal = (text: string): string => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');

function changed(lines: Buffer, from: string, to: string): Uint8Array {
  if (!lines.includes('ALTER DATABASE') && !lines.includes('TRIGGER')) return lines;
  const [old, fresh] = [bytes(quoted(from)), bytes(quoted(to))];
  const bare = /^\w+$/.test(from) ? `|${from}` : '';
  const any = `(?:${literal(old)}${bare})`;
  const text = lines
    .toString('latin1')
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
