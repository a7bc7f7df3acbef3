// What is in a mounted image: counted while find(1) walks through it, whatever its size.
import type { Progress } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';

export type Found = Readonly<{
  files: number;
  folders: number;
  links: number;
  fifos: number;
  sockets: number;
  devices: number;
  /** of all files, hard links counted once */
  bytes: number;
  /** the same without holes, where the file system says where they are */
  stored: number;
}>;

const entriesOf = ({ files, folders, links, fifos, sockets, devices }: Found): number =>
  files + folders + links + fifos + sockets + devices;

const counters = {
  f: 'files',
  d: 'folders',
  l: 'links',
  p: 'fifos',
  s: 'sockets',
  b: 'devices',
  c: 'devices',
} as const;

type Walking = Readonly<{ image: string; mount: string; signal: AbortSignal; progress(progress: Progress): void }>;

export async function walk(machine: Machine, { image, mount, signal, progress }: Walking): Promise<Found> {
  const found = { files: 0, folders: 0, links: 0, fifos: 0, sockets: 0, devices: 0, bytes: 0, stored: 0 };
  const { stdout, ended } = machine.stream(['find', mount, '-printf', '%y %n %s %b\\n'], { signal });
  let rest = '';
  for await (const chunk of stdout) {
    const lines = (rest + Buffer.from(chunk).toString('latin1')).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) tally(found, line);
    progress({ done: entriesOf(found), unit: 'items', what: 'looking at what is there' });
  }
  const end = await ended;
  if (end.exitCode !== 0) throw damaged(image, lastWords(end));
  return { ...found, bytes: Math.round(found.bytes), stored: Math.round(found.stored) };
}

/** Each name of a hard-linked file adds its share: every link of the file system lies in the image. */
function tally(found: { -readonly [Key in keyof Found]: number }, line: string): void {
  const [type = '', links, size, blocks] = line.split(' ');
  const counter = counters[type as keyof typeof counters];
  if (counter === undefined) throw new Error(`find(1) wrote a line that was not asked for: ${line}`);
  found[counter] += 1;
  if (type !== 'f') return;
  found.bytes += Number(size) / Number(links);
  found.stored += Math.min(Number(size), Number(blocks) * 512) / Number(links);
}

export const damaged = (image: string, words: string): Fault =>
  new Fault('image-damaged', {
    where: shown(image),
    says: `not everything in it can be read: ${words}`,
    remedy: 'check its file system with its own tool (fsck) on a copy, and the disk it lies on (dmesg)',
  });

// An archive's headers are at most 2.5 KiB an entry with names of ordinary length, its line in the listing included. A
// compressing file system counts compressed blocks, and tar writes what is in them: the whole size then.
export const needed = (found: Found, filesystem: string): number =>
  (filesystem === 'btrfs' ? found.bytes : found.stored) + entriesOf(found) * 2560 + 16 * 1024 * 1024;
