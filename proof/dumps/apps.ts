// What the parts on a vault, a Vaultwarden and programs have in common: an estate with one layer, and points by their age.
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answered, type Estate, estateIn } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { leftOf, pointsIn, sh } from '../layers/place.ts';
import type { Report } from '../report.ts';

export type AppPlace = Readonly<{ estate: Estate; copies: string }>;

/** The layer and its workload are both called `app`. @param layer `FOLDER` in it is the folder of the estate */
export function placeFor(layer: Readonly<Record<string, unknown>>, folder?: string): AppPlace {
  const text = JSON.stringify({
    estate: 'apps',
    machines: [{ name: 'here', local: true }],
    workloads: [{ name: 'app' }],
    layers: [{ name: 'app', machine: 'here', workload: 'app', to: 'FOLDER/copies', keep: { keep_last: 9 }, ...layer }],
  });
  const estate = folder === undefined ? estateIn(text, 'apps') : estateIn(text, 'apps', folder);
  mkdirSync(join(estate.folder, 'copies'), { mode: 0o700, recursive: true });
  return { estate, copies: join(estate.folder, 'copies', 'app') };
}

export const run = ['run', 'app', '--now'] as const;

/** What a theme begins with. @returns the point that was made */
export async function firstPoint({ estate, copies }: AppPlace): Promise<string> {
  const taken = await estate.type(...run);
  if (taken.status !== 0) throw new Error(`${taken.command}: exit ${taken.status}: ${words(taken).slice(-1500)}`);
  return newestOf(copies);
}

/** @param confirm what is destroyed, by its name */
export const backWith =
  (...confirm: readonly string[]) =>
  (point: string, ...more: readonly string[]): readonly string[] => [
    ...['restore', 'app', '--point', point, '--to', 'live', '--yes'],
    ...confirm.flatMap((name) => ['--confirm', name]),
    ...more,
  ];

/** The first lines that one has and the other has not. */
export function differing(one: string, other: string): string {
  const [first, second] = [one.split('\n'), other.split('\n')];
  const only = (these: readonly string[], those: readonly string[], sign: string) => {
    const known = new Set(those);
    return these.filter((line) => !known.has(line)).map((line) => `${sign} ${line.slice(0, 160)}`);
  };
  return [...only(first, second, '-').slice(0, 6), ...only(second, first, '+').slice(0, 6)].join('\n');
}

export const secretFile = ({ folder }: Estate, name: string, secret: string): void =>
  writeFileSync(join(folder, name), secret, { mode: 0o600 });

/** Sealed points, the oldest first: their names begin with the time. */
export const pointsOf = (copies: string): readonly string[] => [...pointsIn(copies)].sort();
/** The newest that a run has made. */
export const newestOf = (copies: string): string =>
  pointsOf(copies).findLast((point) => !point.endsWith('-before')) ?? 'none';
const isHeld = (copies: string, point: string): boolean => readdirSync(join(copies, point)).includes('HOLD');
/** What a restore has put away, the newest last. */
export const heldIn = (copies: string): readonly string[] => pointsOf(copies).filter((point) => isHeld(copies, point));

type Manifest = Readonly<{
  counts: Readonly<Record<string, number>>;
  details: Readonly<{
    items: readonly Readonly<{ name: string; part: string; counts: Readonly<Record<string, number>> }>[];
    missing?: readonly Readonly<{ name: string }>[];
  }>;
}>;

export const manifestOf = (copies: string, point: string): Manifest =>
  JSON.parse(readFileSync(join(copies, point, 'manifest.json'), 'utf8')) as Manifest;

/** The file in which a dump lies. */
export const partOf = (copies: string, point: string, name: string): string =>
  join(copies, point, manifestOf(copies, point).details.items.find((one) => one.name === name)?.part ?? 'none');

export const words = ({ stdout, stderr }: Answered): string => `${stdout}${stderr}`;

/** Others may be at work on this machine: only what has the id of the run in its name is of it. */
const logins = (run: string): readonly string[] =>
  ['/dev/shm', '/run', '/tmp'].flatMap((folder) => readdirSync(folder).filter((name) => name.includes(run)));

/** Processes, unfinished points and folders, and files to log in with. */
export const leftAfter = (run: string, folders: readonly string[]): readonly string[] => [
  ...leftOf(run, folders),
  ...logins(run),
  ...folders.flatMap((folder) =>
    sh(`find . -name '.partial*' -o -name '.removing*'`, folder).split('\n').filter(Boolean),
  ),
];

export const lastRun = ({ journal }: Estate): string => journal((runs) => runs[0]?.id) ?? '';

/** A small disk of its own at FOLDER/small, which some other file fills but for so many bytes. */
export function smallDisk(
  { folder }: Estate,
  megabytes: number,
  free: number,
): Readonly<{ free(): void; close(): void }> {
  const at = join(folder, 'small');
  sh(
    `mkdir small; mount -t tmpfs -o size=${megabytes}m,mode=0700 tmpfs small; head -c ${megabytes * 1024 * 1024 - free} /dev/zero >small/filler`,
    folder,
  );
  return { free: () => void sh('rm small/filler', folder), close: () => void sh(`umount '${at}'`) };
}

/** No point more and none less, and nothing unfinished. */
export function untouched({ estate, copies }: AppPlace, before: readonly string[]): readonly string[] {
  const now = pointsOf(copies);
  const left = leftAfter(lastRun(estate), [estate.folder]);
  return [...left, ...(now.join() === before.join() ? [] : [`points: ${before.join()} -> ${now.join()}`])];
}

/** A line: the run failed with that code, and nothing is other than before. */
export function failedRow(
  report: Report,
  name: string,
  authority: string,
  answer: Answered,
  code: RegExp,
  others: readonly string[],
): void {
  report.row(
    `3.7 ${name}`,
    answer.command,
    authority,
    (answer.status === 1 && code.test(words(answer)) && others.length === 0) || seen(answer, others.join('; ')),
  );
}
