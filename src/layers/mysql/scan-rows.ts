// Counts the rows of one INSERT of a dump. Its statements are millions of bytes long, and come in any pieces: nothing of them is kept.
const begin = Buffer.from('INSERT INTO `');
const [tick, quote, backslash, open, close, semicolon, newline] = [0x60, 0x27, 0x5c, 0x28, 0x29, 0x3b, 10];
const capitalV = 0x56;

export class RowCounter {
  readonly table: string;
  rows = 0;
  #inValues = false;
  #inName = false;
  #inText = false;
  #escaped = false;
  #depth = 0;
  #ended = false;

  constructor(table: string) {
    this.table = table;
  }

  /** @returns undefined: this line is none; `unclear`: too little of it has come */
  static at(data: Buffer, from: number): Readonly<{ counter: RowCounter; from: number }> | 'unclear' | undefined {
    const there = Math.min(data.length - from, begin.length);
    if (data.compare(begin, 0, there, from, from + there) !== 0) return undefined;
    if (there < begin.length) return 'unclear';
    for (let at = from + begin.length; at + 1 < data.length; at += 1) {
      if (data[at] !== tick) continue;
      if (data[at + 1] !== tick) {
        const name = data.toString('utf8', from + begin.length, at).replaceAll('``', '`');
        return { counter: new RowCounter(name), from: at + 1 };
      }
      at += 1;
    }
    return 'unclear';
  }

  /** @returns where the line after the statement begins; undefined: all of it is of the statement */
  take(data: Buffer): number | undefined {
    let at = this.#inValues ? 0 : this.#columns(data);
    for (; at < data.length; at += 1) {
      if (this.#inText) at = this.#textEnd(data, at);
      const byte = data[at];
      if (byte === quote) this.#inText = !this.#inText;
      else if (byte === open) {
        if (this.#depth === 0) this.rows += 1;
        this.#depth += 1;
      } else if (byte === close) this.#depth -= 1;
      else if (byte === semicolon && this.#depth === 0) this.#ended = true;
      else if (byte === newline && this.#ended) return at + 1;
    }
    return undefined;
  }

  /** @returns where the quote is that ends the text, or the end of the data. Nearly all bytes of a dump are in texts. */
  #textEnd(data: Buffer, from: number): number {
    let begin = this.#escaped && from < data.length ? from + 1 : from;
    this.#escaped = false;
    for (;;) {
      const found = data.indexOf(quote, begin);
      const end = found === -1 ? data.length : found;
      let backslashes = 0;
      while (end - backslashes > begin && data[end - backslashes - 1] === backslash) backslashes += 1;
      const isEscaped = backslashes % 2 === 1;
      if (found === -1) {
        this.#escaped = isEscaped;
        return end;
      }
      if (!isEscaped) return end;
      begin = end + 1;
    }
  }

  /** Names of columns are within ticks, and may look like anything; behind them comes VALUES. */
  #columns(data: Buffer): number {
    for (let at = 0; at < data.length; at += 1) {
      if (data[at] === tick) this.#inName = !this.#inName;
      else if (data[at] === capitalV && !this.#inName) {
        this.#inValues = true;
        return at;
      }
    }
    return data.length;
  }
}
