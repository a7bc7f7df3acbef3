// Places for proofs of Redis and etcd: an estate with one layer, points in a folder, and a mind of one's own in the place of a program.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Answered, type Estate, estateIn, holdfast } from '../../test/e2e/estate.test-support.ts';
import { pointsIn } from '../layers/place.ts';

export type StoreKind = 'redis' | 'etcd';
export type StorePlace = Readonly<{ kind: StoreKind; estate: Estate; copies: string }>;

/** @param secrets files in its folder, by their names */
export function storePlace(
  kind: StoreKind,
  layer: Readonly<Record<string, unknown>>,
  secrets: Readonly<Record<string, string>> = {},
): StorePlace {
  const own = { name: kind, kind, machine: 'here', workload: 'apps', to: 'FOLDER/copies', keep: { keep_last: 5 } };
  const text = JSON.stringify({
    estate: 'stores',
    machines: [{ name: 'here', local: true }],
    workloads: [{ name: 'apps' }],
    layers: [{ ...own, ...layer }],
  });
  const estate = estateIn(text, 'stores');
  for (const name of ['copies', 'staging']) mkdirSync(join(estate.folder, name), { mode: 0o700 });
  for (const [name, secret] of Object.entries(secrets))
    writeFileSync(join(estate.folder, name), secret, { mode: 0o600 });
  return { kind, estate, copies: join(estate.folder, 'copies', kind) };
}

export const runOf = ({ kind }: Pick<StorePlace, 'kind'>) => ['run', kind, '--now'] as const;

/** What was there is destroyed in the end, which is agreed to by the name of the layer: here either of the two. */
export const live = (point: string) =>
  ['restore', 'apps', '--point', point, '--to', 'live', '--yes', '--confirm', 'redis', '--confirm', 'etcd'] as const;

export const asFile = (point: string, target: string) =>
  ['restore', 'apps', '--point', point, '--to', target, '--yes'] as const;

type Counts = Readonly<Record<string, number>>;
export type StoredPoint = Readonly<{ counts: Counts; part: string; server: string; text: string }>;

/** The manifest of a point, as it lies there. */
export function storedPoint({ copies }: StorePlace, point: string): StoredPoint {
  const text = readFileSync(join(copies, point, 'manifest.json'), 'utf8');
  const { counts, details } = JSON.parse(text);
  return { counts, part: details.items[0].part, server: details.server.version ?? '', text };
}

/** A point that lies at another server's, too, in a folder that is its owner's alone. */
export function bringPoint(from: StorePlace, point: string, to: StorePlace): void {
  mkdirSync(to.copies, { recursive: true, mode: 0o700 });
  cpSync(join(from.copies, point), join(to.copies, point), { recursive: true, preserveTimestamps: true });
}

/** What a restore has put away, newest last. */
export const heldIn = ({ copies }: StorePlace): readonly string[] =>
  pointsIn(copies)
    .filter((point) => readdirSync(join(copies, point)).includes('HOLD'))
    .sort();

export const newest = ({ copies }: StorePlace): string => [...pointsIn(copies)].sort().at(-1) ?? 'none';

/** Names below a folder that only somebody at work has. */
export const unfinished = (folder: string): readonly string[] =>
  (existsSync(folder) ? readdirSync(folder, { recursive: true }) : [])
    .map(String)
    .filter((name) => /(^|\/)(\.(partial|removing|holdfast)-|before-)/.test(name));

/**
 * Types a command where one program of this machine is another, for that command alone: in a mount namespace of its own.
 *
 * @param script of sh; `$REAL` is the program that it stands in for
 */
export async function typedWith(
  { estate }: StorePlace,
  program: string,
  script: string,
  args: readonly string[],
): Promise<Answered> {
  const [real, other] = [join(estate.folder, 'real'), join(estate.folder, 'stand-in')];
  writeFileSync(other, `#!/bin/sh\nREAL='${real}'\n${script}\n`, { mode: 0o755 });
  const mounts = 'cp "$1" "$2"; mount --bind "$3" "$1"; shift 3; exec "$@"';
  const words = ['--mount', 'sh', '-ec', mounts, 'sh', program, real, other];
  const typed = [...holdfast, '--estate', estate.file, '--state', estate.state, ...args];
  const child = spawn('unshare', [...words, ...typed], { cwd: estate.folder, stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (said.stdout += chunk));
  child.stderr.on('data', (chunk) => (said.stderr += chunk));
  const [status] = await once(child, 'close');
  return { status, ...said, command: `holdfast ${args.join(' ')}` };
}

export const saysOf = ({ stdout, stderr }: Answered): string => `${stdout}${stderr}`;

type Service = Readonly<{ stop: readonly string[]; start: readonly string[] }>;
export type ServiceFault = readonly [what: string, layer: Readonly<Record<string, unknown>>, says: RegExp];

/** Services that do not do what they are told, the first time: leading back tells them again. @param full with those that take a minute */
export function serviceFaults({ stop, start }: Service, full: boolean): readonly ServiceFault[] {
  const first = (script: string, words: readonly string[]) => [
    ...['sh', '-c', `[ -e "$0" ] || { touch "$0"; ${script}; }; exec "$@"`, 'FOLDER/told'],
    ...words,
  ];
  const failing = 'echo not now >&2; exit 1';
  return [
    ['a start that fails', { service: { stop, start: first(failing, start) } }, /service-not-told/],
    ['a stop that fails', { service: { stop: first(failing, stop), start } }, /service-not-told/],
    ...(full
      ? ([
          ['a stop that stops nothing', { service: { stop: ['true'], start } }, /service-still-runs/],
          ['a start that starts nothing', { service: { stop, start: first('exit 0', start) } }, /service-not-up/],
        ] as const)
      : []),
  ];
}
