// What is in a dump, read as it passes: rows of each table, what else there is, and a digest of how it is laid out. Rows are counted here
// and not by the server: a snapshot beside that of the dump would be another moment, and what is written between the two would make
// a good dump look like a bad one.
import { createHash } from 'node:crypto';
import { RowCounter } from './scan-rows.ts';

export type Scanned = Readonly<{
  tables: Readonly<Record<string, number>>;
  views: number;
  triggers: number;
  routines: number;
  events: number;
  schema: string;
  /** the line that only a tool writes which has come to its end */
  whole: boolean;
  /** how it begins; undefined: not as a dump does */
  begun: boolean;
}>;

const newline = 10;
/** Of what is no row of a table; kept until its end has come. */
const longestLine = 8 * 1024 * 1024;
/** MariaDB's own begin with a line that shuts its client in (since 10.11.8): whoever wrote into the database gets no command there. */
const first = /^(?:\/\*M?!999999\\- enable the sandbox mode \*\/ *$|-- (?:MariaDB|MySQL) dump )/;
const last = /^-- Dump completed/;

const what = {
  views: /^\/\*!50001 VIEW /,
  triggers: /^\/\*!50003 CREATE\*\/ .*\/\*!50003 TRIGGER /,
  routines: /^(?:\/\*!50003 )?CREATE (?:DEFINER=.*? )?(?:AGGREGATE )?(?:PROCEDURE|FUNCTION|PACKAGE(?: BODY)?) /,
  events: /^\/\*!50106 CREATE\*\/ .*\/\*!50106 EVENT /,
} as const;

export class Scanner {
  readonly #tables = new Map<string, number>();
  readonly #counts = { views: 0, triggers: 0, routines: 0, events: 0 };
  readonly #hash = createHash('sha256');
  #held: Buffer = Buffer.alloc(0);
  #rows: RowCounter | undefined;
  /** within `DELIMITER ;;`: a line there is of a program, whatever it looks like */
  #inBody = false;
  #begun: boolean | undefined;
  #whole = false;
  /** a name may have lines of its own */
  #unfinished = '';
  #endless = false;

  /** what it is, it is no dump: no more of it is looked at */
  get isEndless(): boolean {
    return this.#endless;
  }

  take(chunk: Uint8Array): void {
    if (this.#endless) return;
    let data =
      this.#held.length === 0
        ? Buffer.from(chunk.buffer, chunk.byteOffset, chunk.length)
        : Buffer.concat([this.#held, chunk]);
    this.#held = Buffer.alloc(0);
    for (;;) {
      if (this.#rows !== undefined) {
        const end = this.#rows.take(data);
        if (end === undefined) return;
        this.#count(this.#rows);
        this.#rows = undefined;
        data = data.subarray(end);
      }
      const rest = this.#lines(data);
      if (rest.length === 0) return;
      data = rest;
      if (this.#rows === undefined) {
        this.#endless = rest.length > longestLine;
        this.#held = this.#endless ? Buffer.alloc(0) : Buffer.from(rest);
        return;
      }
    }
  }

  /** @returns what is left: of a line without its end, or, where there is a counter now, from its first row */
  #lines(data: Buffer): Buffer {
    let from = 0;
    while (from < data.length) {
      const insert = this.#inBody ? undefined : RowCounter.at(data, from);
      if (insert === 'unclear') return data.subarray(from);
      if (insert !== undefined) {
        this.#rows = insert.counter;
        return data.subarray(insert.from);
      }
      const end = data.indexOf(newline, from);
      if (end === -1) return data.subarray(from);
      this.#line(data.toString('utf8', from, end));
      from = end + 1;
    }
    return Buffer.alloc(0);
  }

  #line(text: string): void {
    const line = `${this.#unfinished}${text}`;
    this.#unfinished = !this.#inBody && /^CREATE TABLE `(?:[^`]|``)*$/.test(line) ? `${line}\n` : '';
    if (this.#unfinished !== '') return;
    this.#begun ??= first.test(line);
    if (line !== '') this.#whole = last.test(line);
    const delimiter = /^DELIMITER (\S+)$/.exec(line);
    if (delimiter !== null) this.#inBody = delimiter[1] !== ';';
    if (line.startsWith('--') || /^(?:DO|SELECT) SETVAL\(/.test(line)) return;
    this.#hash.update(line.startsWith(')') ? line.replace(/ AUTO_INCREMENT=\d+/, '') : line).update('\n');
    for (const [kind, like] of Object.entries(what)) if (like.test(line)) this.#counts[kind as keyof typeof what] += 1;
    const table = this.#inBody ? null : /^CREATE TABLE `((?:[^`]|``)*)`/.exec(line);
    if (table !== null) this.#tables.set(table[1]?.replaceAll('``', '`') ?? '', 0);
  }

  /** Rows without what makes their table are nothing that could be loaded. */
  #count({ table, rows }: RowCounter): void {
    const before = this.#tables.get(table);
    if (before !== undefined) this.#tables.set(table, before + rows);
  }

  end(): Scanned {
    if (this.#held.length > 0) this.#line(this.#held.toString());
    return {
      tables: Object.fromEntries(this.#tables),
      ...this.#counts,
      schema: this.#hash.digest('hex'),
      whole: this.#whole && !this.#endless && this.#rows === undefined,
      begun: this.#begun === true,
    };
  }
}
