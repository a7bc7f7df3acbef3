// This machine.
import { isAbsolute } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { Fault } from '../fault.ts';
import { cut, shown } from '../values/text.ts';
import { boundedText } from './bounded.ts';
import { localFiles } from './local-files.ts';
import { type Host, notStarted, type Started, start } from './local-process.ts';
import type { Argv, Ended, Feeding, Machine, RunOptions, Streaming } from './machine.ts';

/** @param host `run` is the id of the run on whose behalf commands are started, where there is one */
export const localMachine = (host: Host): Machine => ({
  name: host.name,
  run: (argv, options = {}) => run(host, argv, options),
  stream: (argv, options = {}) => stream(host, argv, options),
  feed: (argv, options = {}) => feed(host, argv, options),
  files: localFiles((path) => removeTree(host, path)),
});

async function run(host: Host, argv: Argv, options: RunOptions): Promise<Ended> {
  const started = start(host, argv, options, options.input === undefined ? 'ignore' : 'pipe');
  const { stdout, stderr } = pipesOf(started);
  const texts = { stdout: boundedText(stdout), stderr: boundedText(stderr) };
  giveInput(started, options.input);
  const { exitCode, signal } = await started.ended;
  return whole(host, argv, { exitCode, signal, stdout: texts.stdout(), stderr: texts.stderr() });
}

function stream(host: Host, argv: Argv, options: RunOptions): Streaming {
  const left = new AbortController();
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
  const started = start(host, argv, { ...options, signal }, options.input === undefined ? 'ignore' : 'pipe');
  const { stdout, stderr } = pipesOf(started);
  const text = boundedText(stderr);
  giveInput(started, options.input);
  const ended = started.ended.then((end) => whole(host, argv, { ...end, stdout: '', stderr: text() }));
  ended.catch(() => {});
  return { stdout: chunksOf(stdout, ended, left), ended };
}

/**
 * A command that was stopped must not look like one that had no more to say: the reader is told as well. And a reader that
 * leaves early takes the command with it: nobody else would ever stop it.
 */
async function* chunksOf(stdout: Readable, ended: Promise<Ended>, left: AbortController): AsyncGenerator<Uint8Array> {
  let readAll = false;
  try {
    for await (const chunk of stdout) yield chunk;
    readAll = true;
  } finally {
    if (!readAll) {
      left.abort(new Error('nobody reads its output any more'));
      await ended.catch(() => {});
    }
  }
  await ended;
}

function feed(host: Host, argv: Argv, options: RunOptions): Feeding {
  const started = start(host, argv, options, 'pipe');
  const { stdin, stdout, stderr } = pipesOf(started);
  const texts = { stdout: boundedText(stdout), stderr: boundedText(stderr) };
  const input = stdin ?? neverPiped();
  input.on('error', () => {});
  return {
    write: async (chunk) => {
      const taken = await new Promise<boolean>((resolve) => input.write(chunk, (error) => resolve(!error)));
      // Where it was stopped, this rejects with the reason.
      if (!taken) await started.ended;
      return taken;
    },
    close: async () => {
      input.end();
      const end = await started.ended;
      return whole(host, argv, { ...end, stdout: texts.stdout(), stderr: texts.stderr() });
    },
  };
}

function pipesOf({ process }: Started): Readonly<{ stdin: Writable | null; stdout: Readable; stderr: Readable }> {
  return { stdin: process.stdin, stdout: process.stdout ?? neverPiped(), stderr: process.stderr ?? neverPiped() };
}

function neverPiped(): never {
  throw new Error('a command was started without a pipe that it should have');
}

function giveInput({ process }: Started, input: RunOptions['input']): void {
  // A command that ends before it has read everything says so by its exit code, not by our broken pipe.
  process.stdin?.on('error', () => {});
  process.stdin?.end(input);
}

/** setpriv ends with 126 or 127 and says so itself where it could not become the command (setpriv(1)). */
function whole(host: Host, argv: Argv, ended: Ended): Ended {
  const failed = ended.exitCode === 126 || ended.exitCode === 127;
  if (failed && ended.stderr.startsWith('setpriv: ')) throw notStarted(host, argv, ended.stderr.trim());
  return ended;
}

/** GNU rm works below directory handles: a folder that is swapped for a link while it goes on leads it nowhere. */
async function removeTree(host: Host, path: string): Promise<void> {
  if (!isAbsolute(path)) throw new Error(`only absolute paths are removed, not ${path}`);
  const { exitCode, stderr } = await run(host, ['rm', '--recursive', '--force', '--one-file-system', '--', path], {});
  if (exitCode === 0) return;
  throw new Fault('not-removed', {
    where: shown(path),
    says: cut(shown(stderr.trim()), 500),
    remedy: 'look at what holds it (a mount, an immutable file), then remove it by hand',
  });
}
