// A folder that a real tracker follows, and what a consumer gets to know: each path that changed, as find has it, must be covered by
// what the journal tells.
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, realpathSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import type { Changes } from '../../../src/layers/common/changes/changes.ts';
import { acknowledge, readChanges } from '../../../src/layers/common/changes/read.ts';
import { localMachine } from '../../../src/machines/local.ts';
import type { Listener } from '../../../src/model/change-journal.ts';
import { systemClock } from '../../../src/values/instant.ts';
import { type Estate, estateIn, holdfast, type Started, until } from '../../../test/e2e/estate.test-support.ts';
import { here } from '../look.ts';

export type TrackPlace = Readonly<{
  estate: Estate;
  folder: string;
  /** a folder on the same file system, which is not followed */
  beside: string;
  journal(): string;
  /** the tracker, once it follows */
  start(): Promise<Started>;
  /** what is new to the consumer, once all that happened until now is on the disk */
  changes(): Promise<Changes>;
  read(): Promise<Changes>;
  acknowledge(changes: Changes): Promise<void>;
  /** as it is typed */
  status: readonly string[];
  close(): void;
}>;

export function trackPlace(
  listener: Listener,
  root = realpathSync(mkdtempSync(join(tmpdir(), 'holdfast-e2e-'))),
): TrackPlace {
  const at = (name: string) => join(root, name);
  const [folder, beside, journals] = [at('share'), at('beside'), at('journals')];
  for (const one of [folder, beside, journals]) mkdirSync(one, { recursive: true });
  const estate = estateIn('estate: track\nmachines: [{ name: here, local: true }]\n', 'track', root);
  const machine = localMachine({ name: 'here', clock: systemClock });
  const journal = () => join(journals, readdirSync(journals)[0] ?? 'none');
  const read = () =>
    readChanges({ machine, journal: journal(), consumer: 'proof', signal: new AbortController().signal });
  const beat = (): { state?: string; position?: number } => {
    try {
      return JSON.parse(readFileSync(join(journal(), 'heartbeat.json'), 'utf8'));
    } catch {
      return {};
    }
  };
  let beacons = 0;
  return {
    ...{ estate, folder, beside, journal, read },
    start: async () => {
      const started = startedWithUs(estate, 'track', folder, '--journals', journals, '--listener', listener);
      await until('the tracker follows', () => {
        if (started.process.exitCode !== null) throw new Error(started.output());
        return /followed by/.test(started.output()) && beat().state === 'following';
      });
      return started;
    },
    // What is heard of comes in order: with the last thing that happened all that was before it is there.
    changes: async () => {
      beacons += 1;
      const name = `beacon-${beacons}`;
      here(`touch ${folder}/${name}; rm ${folder}/${name}`);
      for (
        let changes = await read();
        ;
        changes = await until('what changed is on the disk', () => changedSince(changes.upTo)).then(read)
      )
        if (changes.touched.some(({ path }) => path === name) || changes.rescans.some(({ path }) => path === ''))
          return { ...changes, touched: changes.touched.filter(({ path }) => !path.startsWith('beacon-')) };
    },
    acknowledge: (changes) =>
      acknowledge({ machine, journal: journal(), consumer: 'proof' }, changes, systemClock.now()),
    status: ['track', 'status', folder, '--journals', journals],
    close: estate.close,
  };

  function changedSince(position: number): boolean {
    return (beat().position ?? 0) > position;
  }
}

/** A service that dies with the proof, whatever becomes of it. */
function startedWithUs(estate: Estate, ...args: readonly string[]): Started {
  const words = [...holdfast, '--estate', estate.file, '--state', estate.state, ...args];
  const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', ...words], { stdio: ['ignore', 'pipe', 'pipe'] });
  const said = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk) => (said.stdout += chunk));
  child.stderr.on('data', (chunk) => (said.stderr += chunk));
  const ended = once(child, 'close').then(([code]) => code as number | null);
  return { process: child, ended, said, output: () => `${said.stdout}${said.stderr}` };
}

/** Each thing below a folder, as bytes, with its inode and the time at which anything of it changed last. */
export function census(folder: string): ReadonlyMap<string, string> {
  const records = here(`cd ${folder}; find . -mindepth 1 -printf '%i %C@ %P\\0'`).split('\0');
  return new Map(
    records.filter(Boolean).map((record) => {
      const [inode = '', changed = '', ...path] = record.split(' ');
      return [path.join(' '), `${inode} ${changed}`];
    }),
  );
}

/** What came, went or changed between two of them. */
export function changedBetween(
  before: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
): readonly string[] {
  const gone = [...before.keys()].filter((path) => !now.has(path));
  return [...gone, ...[...now].flatMap(([path, is]) => (before.get(path) === is ? [] : [path]))];
}

/** Of paths, those to which nothing of what the journal tells leads. */
export function uncovered(
  paths: readonly string[],
  changes: Pick<Changes, 'touched' | 'rescans' | 'renamed'>,
): readonly string[] {
  const touched = new Set(changes.touched.map(({ path }) => path));
  const moved = new Set(changes.renamed.flatMap(({ from, to, now }) => [from, to, now]));
  const looked = new Set(changes.rescans.map(({ path }) => path));
  // Of a folder in which a name came or went, the time is another one.
  const holding = new Set([...touched, ...moved, ...looked].map((path) => dirname(path)));
  const above = (path: string): readonly string[] => {
    const parts = path.split('/');
    return parts.map((_, index) => parts.slice(0, index + 1).join('/'));
  };
  return paths.filter((path) => {
    if (touched.has(path) || looked.has('') || holding.has(path)) return false;
    return !above(path).some((one) => looked.has(one) || moved.has(one) || (touched.has(one) && gone(one)));
  });

  // A folder that is looked at and not there any more takes what was in it along.
  function gone(path: string): boolean {
    return changes.touched.some((one) => one.path === path && one.folder);
  }
}
