// What every machine does with a command once it knows how to begin one: run it, stream from it, feed it.
import type { Readable, Writable } from 'node:stream';
import { boundedText } from './bounded.ts';
import type { Argv, Ended, Feeding, Machine, RunOptions, Streaming, Talking } from './machine.ts';

export type End = Readonly<{ exitCode: number; signal: string | undefined }>;

export interface Begun {
  /** null where it was begun without */
  readonly input: Writable | null;
  readonly output: Readable;
  readonly errors: Readable;
  /** resolves when it has ended and its output was read to the end; rejects where it was stopped or never began */
  readonly ended: Promise<End>;
}

export type Stdin = 'pipe' | 'ignore';
/** Stops by the signal and the deadline in the options; their `input` is not its business. */
export type Begin = (argv: Argv, options: RunOptions, stdin: Stdin) => Promise<Begun>;

export type Commands = Pick<Machine, 'run' | 'stream' | 'feed' | 'talk'>;

/** @param judge a command that ended may turn out never to have begun */
export const commandsBy = (begin: Begin, judge: Judge = () => {}): Commands => ({
  run: (argv, options = {}) => run({ begin, judge }, argv, options),
  stream: (argv, options = {}) => stream({ begin, judge }, argv, options),
  feed: (argv, options = {}) => feed({ begin, judge }, argv, options),
  talk: (argv, options = {}) => talk({ begin, judge }, argv, options),
});

type Judge = (argv: Argv, ended: Ended) => void;
type How = Readonly<{ begin: Begin; judge: Judge }>;

function judged({ judge }: How, argv: Argv, ended: Ended): Ended {
  judge(argv, ended);
  return ended;
}

const stdinOf = ({ input }: RunOptions): Stdin => (input === undefined ? 'ignore' : 'pipe');

async function run(how: How, argv: Argv, options: RunOptions): Promise<Ended> {
  const begun = await how.begin(argv, options, stdinOf(options));
  const texts = { stdout: boundedText(begun.output), stderr: boundedText(begun.errors) };
  giveInput(begun, options.input);
  const { exitCode, signal } = await begun.ended;
  return judged(how, argv, { exitCode, signal, stdout: texts.stdout(), stderr: texts.stderr() });
}

function stream(how: How, argv: Argv, options: RunOptions): Streaming {
  const { streaming } = streamed(how, argv, options, stdinOf(options), (begun) => giveInput(begun, options.input));
  return streaming;
}

function streamed(
  how: How,
  argv: Argv,
  options: RunOptions,
  stdin: Stdin,
  starts: (begun: Begun) => void,
): Readonly<{ streaming: Streaming; beginning: Promise<Begun> }> {
  const left = new AbortController();
  const signal = options.signal === undefined ? left.signal : AbortSignal.any([options.signal, left.signal]);
  const beginning = how.begin(argv, { ...options, signal }, stdin).then((begun) => {
    const text = boundedText(begun.errors);
    starts(begun);
    return { begun, text };
  });
  const ended = beginning.then(async ({ begun, text }) => {
    const end = await begun.ended;
    return judged(how, argv, { ...end, stdout: '', stderr: text() });
  });
  // Whoever waits for `ended` is told; a reader that only looks at the output must not bring the process down.
  ended.catch(() => {});
  const output = beginning.then(({ begun }) => begun.output);
  output.catch(() => {});
  const started = beginning.then(({ begun }) => begun);
  started.catch(() => {});
  return { streaming: { stdout: chunksOf(output, ended, left), ended }, beginning: started };
}

function talk(how: How, argv: Argv, options: RunOptions): Talking {
  const { streaming, beginning } = streamed(how, argv, options, 'pipe', ({ input }) => input?.on('error', () => {}));
  return {
    ...streaming,
    write: async (chunk) => given(await beginning, chunk),
    hush: async () => {
      const { input } = await beginning;
      input?.end();
    },
  };
}

const given = ({ input }: Begun, chunk: Uint8Array): Promise<boolean> =>
  new Promise((resolve) => input?.write(chunk, (error) => resolve(!error)));

/**
 * A command that was stopped must not look like one that had no more to say: the reader is told as well. And a reader that
 * leaves early takes the command with it: nobody else would ever stop it.
 */
async function* chunksOf(
  output: Promise<Readable>,
  ended: Promise<Ended>,
  left: AbortController,
): AsyncGenerator<Uint8Array> {
  let readAll = false;
  try {
    for await (const chunk of await output) yield chunk;
    readAll = true;
  } finally {
    if (!readAll) {
      left.abort(new Error('nobody reads its output any more'));
      await ended.catch(() => {});
    }
  }
  await ended;
}

function feed(how: How, argv: Argv, options: RunOptions): Feeding {
  const beginning = how.begin(argv, options, 'pipe').then((begun) => {
    begun.input?.on('error', () => {});
    return { begun, texts: { stdout: boundedText(begun.output), stderr: boundedText(begun.errors) } };
  });
  beginning.catch(() => {});
  return {
    write: async (chunk) => {
      const { begun } = await beginning;
      const taken = await given(begun, chunk);
      // Where it was stopped, this rejects with the reason.
      if (!taken) await begun.ended;
      return taken;
    },
    close: async () => {
      const { begun, texts } = await beginning;
      begun.input?.end();
      const end = await begun.ended;
      return judged(how, argv, { ...end, stdout: texts.stdout(), stderr: texts.stderr() });
    },
  };
}

function giveInput({ input }: Begun, content: RunOptions['input']): void {
  // A command that ends before it has read everything says so by its exit code, not by our broken pipe.
  input?.on('error', () => {});
  input?.end(content);
}
