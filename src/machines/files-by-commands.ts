// Files on a machine that is entered by a command, by what coreutils bring there. The promises are those of local-files.ts;
// where a shell opens a file, it is by a descriptor from then on, and no name is looked up twice.
import { isUtf8 } from 'node:buffer';
import { randomBytes } from 'node:crypto';
import { basename, dirname, join } from 'node:path';
import { Fault } from '../fault.ts';
import { bytes, formatSize } from '../values/size.ts';
import { cut, shown } from '../values/text.ts';
import type { Begin, Commands } from './commands.ts';
import { type Errno, errnoIn } from './errno-text.ts';
import { faultOf, type Room } from './file-faults.ts';
import { infoOf } from './file-info.ts';
import * as scripts from './file-scripts.ts';
import type { FileInfo, Files, Sink, SourceOptions } from './machine.ts';

type There = Commands & Readonly<{ begin: Begin }>;
type Result = Readonly<{ exitCode: number; stderr: string }>;

export const filesByCommands = (there: There): Files => ({
  info: (path) => info(there, path),
  read: (path, limit) => read(there, path, limit),
  source: (path, options = {}) => source(there, path, options),
  write: (path, content, mode) => write(there, path, content, mode),
  sink: (path, mode) => sink(there, path, mode),
  list: (folder) => list(there, folder),
  makeFolder: (path, mode) => done(there, path, [scripts.makeFolder, path, octal(mode), dirname(path)]),
  rename: (from, to) => done(there, to, [scripts.rename, from, to, dirname(from), dirname(to)]),
  remove: (path) => remove(there, path),
  space: (path) => space(there, path),
});

const octal = (mode: number): string => mode.toString(8).padStart(4, '0');

const sh = ([script, path, ...rest]: readonly [string, string, ...string[]]) =>
  ['sh', '-c', script, 'sh', absolute(path), ...rest] as const;

function absolute(path: string): string {
  if (!path.startsWith('/')) throw new Error(`only absolute paths name a file, not ${path}`);
  return path;
}

/** @throws the Fault that the command's words mean */
async function failed(there: There, path: string, { exitCode, stderr }: Result): Promise<Fault> {
  if (exitCode === scripts.noRegularFile)
    return new Fault('file-unexpected', {
      where: shown(path),
      says: 'it is no regular file',
      remedy: 'look at what it is, and move it away',
    });
  const words = stderr.trim();
  const errno = errnoIn(words);
  const says = words === '' ? `it ended with exit code ${exitCode}` : cut(shown(words), 500);
  return faultOf(errno, path, says, () => room(there, dirname(path)));
}

async function done(there: There, path: string, script: readonly [string, string, ...string[]]): Promise<void> {
  const ended = await there.run(sh(script));
  if (ended.exitCode !== 0) throw await failed(there, path, ended);
}

const isMissing = (errno: Errno | undefined): boolean => errno === 'ENOENT' || errno === 'ENOTDIR';

async function info(there: There, path: string): Promise<FileInfo | undefined> {
  const printed = await collected(there, path, [scripts.info, path]);
  return printed === undefined ? undefined : infoOf(printed.toString('latin1'), path);
}

/** The output as it comes, whatever its bytes; undefined where there is no such file. */
async function collected(
  there: There,
  path: string,
  script: readonly [string, string, ...string[]],
): Promise<Buffer | undefined> {
  const { stdout, ended } = there.stream(sh(script));
  const chunks: Uint8Array[] = [];
  for await (const chunk of stdout) chunks.push(chunk);
  const { exitCode, stderr } = await ended;
  if (exitCode === 0) return Buffer.concat(chunks);
  if (isMissing(errnoIn(stderr))) return undefined;
  throw await failed(there, path, { exitCode, stderr });
}

async function read(there: There, path: string, limit: number): Promise<Uint8Array | undefined> {
  const content = await collected(there, path, [scripts.read, path, String(limit + 1)]);
  if (content === undefined || content.length <= limit) return content;
  throw new Fault('file-too-large', {
    where: shown(path),
    says: `it has more than the ${formatSize(bytes(limit))} that are read of such a file`,
    remedy: 'look at what it is: it cannot be what Holdfast wrote there',
  });
}

async function* source(there: There, path: string, { signal, from = 0 }: SourceOptions): AsyncGenerator<Uint8Array> {
  const options = signal === undefined ? {} : { signal };
  const { stdout, ended } = there.stream(sh([scripts.source, path, String(from)]), options);
  for await (const chunk of stdout) {
    signal?.throwIfAborted();
    yield chunk;
  }
  const end = await ended;
  if (end.exitCode !== 0) throw await failed(there, path, end);
}

async function list(there: There, folder: string): Promise<readonly string[] | undefined> {
  const listed = await collected(there, folder, [scripts.list, folder]);
  if (listed === undefined) return undefined;
  const names: string[] = [];
  for (let from = 0, to = listed.indexOf(0); to >= 0; from = to + 1, to = listed.indexOf(0, from)) {
    const path = listed.subarray(from, to);
    names.push(nameOf(path.subarray(path.lastIndexOf('/') + 1), folder));
  }
  return names.sort();
}

function nameOf(name: Buffer, where: string): string {
  if (isUtf8(name)) return name.toString();
  throw new Fault('name-not-utf8', {
    where: shown(where),
    says: `a name there is no UTF-8: ${shown(name.toString('latin1'))}`,
    remedy: 'give it a name in UTF-8',
  });
}

async function write(there: There, path: string, content: string | Uint8Array, mode: number): Promise<void> {
  const beside = join(dirname(path), `.${basename(path).slice(0, 60)}.${randomBytes(6).toString('hex')}.new`);
  const input = Buffer.from(content);
  const ended = await there.run(sh([scripts.write, path, beside, octal(mode), String(input.length), dirname(path)]), {
    input,
  });
  if (ended.exitCode !== 0) throw await failed(there, path, ended);
}

async function sink(there: There, path: string, mode: number): Promise<Sink> {
  const given = new AbortController();
  const begun = await there.begin(
    sh([scripts.sink, path, octal(mode), dirname(path)]),
    { signal: given.signal },
    'pipe',
  );
  begun.input?.on('error', () => {});
  let stderr = '';
  begun.errors.on('data', (chunk: Buffer) => {
    if (stderr.length < 10_000) stderr += chunk.toString();
  });
  const made = new Promise<void>((resolve) => begun.output.once('data', () => resolve()));
  let failure: Promise<never> | undefined;
  const whole = async (): Promise<void> => {
    const { exitCode } = await begun.ended;
    if (exitCode !== 0) throw await failed(there, path, { exitCode, stderr });
  };
  await Promise.race([made, whole()]);
  return {
    write: async (chunk) => {
      const taken = await new Promise<boolean>((resolve) => begun.input?.write(chunk, (error) => resolve(!error)));
      if (taken) return;
      failure ??= whole().then(() => Promise.reject(new Error(`${path} was closed before everything was written`)));
      await failure;
    },
    close: async () => {
      begun.input?.end();
      await whole();
    },
    abandon: async () => {
      given.abort();
      await begun.ended.catch(() => {});
      await done(there, path, [scripts.abandon, path]);
    },
  };
}

async function remove(there: There, path: string): Promise<void> {
  const { exitCode, stderr } = await there.run(sh([scripts.remove, path]));
  if (exitCode === 0) return;
  throw new Fault('not-removed', {
    where: shown(path),
    says: cut(shown(stderr.trim()), 500),
    remedy: 'look at what holds it (a mount, an immutable file), then remove it by hand',
  });
}

async function space(there: There, path: string): Promise<Room> {
  const ended = await there.run(sh([scripts.space, path]));
  const figures = ended.stdout.trim().split(' ').map(Number);
  const [available = 0, blocks = 0, unused = 0, size = 0] = figures;
  if (ended.exitCode === 0 && figures.length === 4)
    return { free: available * size, total: (blocks - unused + available) * size };
  throw await failed(there, path, ended);
}

const room = (there: There, folder: string): Promise<Room | undefined> => space(there, folder).catch(() => undefined);
