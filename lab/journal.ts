// The journal of a server, as its API reads it out: a cursor first, then the lines, then a cursor (facts: failure-signatures
// section 1 for the form of a line).
import type { PbsState } from './pbs/state.ts';

export type JournalLine = Readonly<{
  /** epoch milliseconds */
  at: number;
  unit: string;
  text: string;
}>;

/** What `GET .../journal` takes; times are epoch seconds. */
export type JournalAsked = Readonly<{
  lastentries?: number | undefined;
  since?: number | undefined;
  until?: number | undefined;
  startcursor?: string | undefined;
  endcursor?: string | undefined;
}>;

const mostLines = 20_000;

export function note(lines: JournalLine[], line: JournalLine): void {
  lines.push(line);
  if (lines.length > mostLines) lines.splice(0, lines.length - mostLines);
}

/** A PBS of the lab keeps its lines as they are read out. */
export function notePbs(state: Pick<PbsState, 'node' | 'journal'>, at: number, unit: string, text: string): void {
  state.journal.push({ time: Math.floor(at / 1000), line: journalText(state.node, { at, unit, text }) });
}

const months = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** `Feb 24 02:00:04 pbs proxmox-backup-proxy[812]: ...`; the kernel has no process. */
function journalText(node: string, { at, unit, text }: JournalLine): string {
  const iso = new Date(at).toISOString();
  const when = `${months[Number(iso.slice(5, 7)) - 1]} ${iso.slice(8, 10)} ${iso.slice(11, 19)}`;
  return `${when} ${node} ${unit}${unit === 'kernel' ? '' : `[${processOf(unit)}]`}: ${text}`;
}

/** The same for a unit each time: nothing in the lab is ever started anew. */
const processOf = (unit: string): number =>
  600 + [...unit].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 1400, 7);

const cursor = (node: string, index: number): string => `s=${node};i=${index.toString(16)}`;
const indexOf = (text: string | undefined): number | undefined => {
  const found = /;i=([0-9a-f]+)$/.exec(text ?? '')?.[1];
  return found === undefined ? undefined : Number.parseInt(found, 16);
};

export function readJournal(lines: readonly JournalLine[], node: string, asked: JournalAsked): readonly string[] {
  const { lastentries, since = 0, until = Number.POSITIVE_INFINITY, startcursor, endcursor } = asked;
  const after = indexOf(startcursor) ?? -1;
  const before = indexOf(endcursor) ?? Number.POSITIVE_INFINITY;
  const found = lines
    .map((line, index) => ({ line, index }))
    .filter(({ line, index }) => line.at >= since * 1000 && line.at <= until * 1000 && index > after && index < before);
  const shown = lastentries === undefined ? found : found.slice(found.length - Math.min(lastentries, found.length));
  const first = shown[0]?.index ?? 0;
  const last = shown.at(-1)?.index ?? Math.max(after, 0);
  return [cursor(node, first), ...shown.map(({ line }) => journalText(node, line)), cursor(node, last)];
}
