// Composition: the only place that reads the environment, the clock and the signals of this process.
import { readFileSync } from 'node:fs';
import { homedir, hostname } from 'node:os';
import { isatty } from 'node:tty';
import { sinceBoot } from './boot.ts';
import { Fault } from './fault.ts';
import type { Surroundings } from './surroundings.ts';
import { systemClock } from './values/instant.ts';

const stop = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => stopNow(signal));

/** The first signal stops cleanly. The second does not wait: what was taken is given back by the next command. */
function stopNow(signal: string): void {
  if (stop.signal.aborted) process.exit(130);
  process.stderr.write(`\nstopping (${signal}): undoing cleanly; once more to leave at once\n`);
  stop.abort(
    new Fault('interrupted', {
      where: 'holdfast',
      says: `it was told to stop (${signal})`,
      remedy: 'start it again when you want it done',
      exit: 'interrupted',
    }),
  );
}

declare const HOLDFAST_VERSION: string | undefined;
const version =
  typeof HOLDFAST_VERSION === 'string'
    ? HOLDFAST_VERSION
    : String(JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')).version);

/** Dumps of any size pass through a worker: what has passed is only freed when this room is full of what was made meanwhile. */
const ofWorker = (option: string): string =>
  option.startsWith('--max-semi-space-size=') ? '--max-semi-space-size=1' : option;

const surroundings: Surroundings = {
  arguments: process.argv.slice(2),
  env: process.env,
  // Opened when somebody reads from it: that takes as long as a twentieth of a short command.
  get input() {
    return process.stdin;
  },
  output: process.stdout,
  errors: process.stderr,
  terminal: {
    output: process.stdout.isTTY === true && process.stderr.isTTY === true,
    input: isatty(0),
    columns: process.stderr.columns ?? 80,
  },
  folder: process.cwd(),
  home: homedir(),
  user: process.getuid?.() ?? -1,
  process: process.pid,
  hostName: hostname(),
  clock: { ...systemClock, sinceBoot },
  program: { argv: [process.execPath, ...process.execArgv.map(ofWorker), process.argv[1] ?? ''], env: process.env },
  version,
  stopped: stop.signal,
};

async function main(): Promise<never> {
  const code =
    process.argv[2] === '__worker'
      ? await (await import('./work.ts')).work(surroundings)
      : await (await import('./cli/main.ts')).holdfast(surroundings);
  // A thread that hangs in a dead file system must not keep the command from ending; what was printed goes out first.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  process.exit(code);
}

// A promise that is never kept would end the process with 0. It is no top-level await, because the package is CommonJS,
// which starts in four fifths of the time (bench/start.ts) and has none.
process.exitCode = 13;
void main();
