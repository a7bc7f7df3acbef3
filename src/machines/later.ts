// A machine that is made at its first use: what most commands never touch is not even loaded.
import type { Feeding, Machine, Streaming, Talking } from './machine.ts';

/** @param known what is to be known of it before it is made */
export function machineLater(
  name: string,
  make: () => Promise<Machine>,
  known: Pick<Machine, 'knowsWords' | 'rsyncOnly'> = {},
): Machine {
  let made: Promise<Machine> | undefined;
  const machine = (): Promise<Machine> => {
    made ??= make().catch((error) => {
      made = undefined;
      throw error;
    });
    return made;
  };
  const files = async () => (await machine()).files;
  return {
    name,
    ...known,
    run: async (argv, options) => (await machine()).run(argv, options),
    stream: (argv, options) => streamLater(machine().then((one) => one.stream(argv, options))),
    feed: (argv, options) => feedLater(machine().then((one) => one.feed(argv, options))),
    talk: (argv, options) => talkLater(machine().then((one) => one.talk(argv, options))),
    files: {
      info: async (path) => (await files()).info(path),
      read: async (path, limit) => (await files()).read(path, limit),
      source: (path, options) => all(files().then((one) => one.source(path, options))),
      write: async (path, content, mode) => (await files()).write(path, content, mode),
      sink: async (path, mode) => (await files()).sink(path, mode),
      list: async (folder) => (await files()).list(folder),
      makeFolder: async (path, mode) => (await files()).makeFolder(path, mode),
      rename: async (from, to) => (await files()).rename(from, to),
      remove: async (path) => (await files()).remove(path),
      space: async (path) => (await files()).space(path),
    },
  };
}

function streamLater(streaming: Promise<Streaming>): Streaming {
  const ended = streaming.then((one) => one.ended);
  // Whoever waits for `ended` is told.
  ended.catch(() => {});
  return { stdout: all(streaming.then((one) => one.stdout)), ended };
}

async function* all(chunks: Promise<AsyncIterable<Uint8Array>>): AsyncGenerator<Uint8Array> {
  yield* await chunks;
}

function talkLater(talking: Promise<Talking>): Talking {
  return {
    ...streamLater(talking),
    write: async (chunk) => (await talking).write(chunk),
    hush: async () => (await talking).hush(),
  };
}

function feedLater(feeding: Promise<Feeding>): Feeding {
  feeding.catch(() => {});
  return {
    write: async (chunk) => (await feeding).write(chunk),
    close: async () => (await feeding).close(),
  };
}
