// The files of an estate that `trust` looks through and writes: whole, with the mode they had, and only where nobody else has
// changed them meanwhile. An estate that is not valid yet, for want of a fingerprint, can be pinned too.
import { type Listener, listenersIn, type Pin, pinnedIn } from './estate/pin.ts';
import { gatherSources } from './estate/sources.ts';
import { Fault } from './fault.ts';
import type { Files } from './machines/machine.ts';
import type { Fingerprint } from './values/fingerprint.ts';

export type EstateText = Readonly<{
  /** as the operator would name it */
  file: string;
  /** absolute, without links */
  real: string;
  text: string;
  mode: number;
  uid: number;
  gid: number;
}>;

const most = 4 * 1024 * 1024;
// A mark at the start stays where it is: a byte less would be a byte changed.
const decode = (bytes: Uint8Array): string => new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);

export async function estateTexts(path: string, files: Files): Promise<readonly EstateText[]> {
  const { sources, problems, complete } = await gatherSources(path, files);
  const [problem] = problems;
  if (!complete && problem !== undefined)
    throw new Fault('estate-unreadable', {
      where: `${problem.file}:${problem.line}:${problem.column}`,
      says: `it ${problem.says}`,
      remedy: 'correct it first (`holdfast validate --offline` shows everything that is wrong); nothing was contacted',
      exit: 'invalid',
    });
  return Promise.all(
    sources.map(async ({ file, real }) => {
      const [info, bytes] = await Promise.all([files.info(real), files.read(real, most)]);
      if (info === undefined || bytes === undefined) throw changedMeanwhile(file);
      return { file, real, text: decode(bytes), mode: info.mode, uid: info.uid, gid: info.gid };
    }),
  );
}

/** The ports at which the estate names that host. */
export const portsOf = (texts: readonly EstateText[], host: string): readonly number[] => {
  const found = texts.flatMap(({ text }) => listenersIn(text)).map(({ listener }) => listener);
  return [
    ...new Set(found.filter((one) => one.host.toLowerCase() === host.toLowerCase()).map(({ port }) => port)),
  ].sort();
};

export type FileChange = Readonly<{ file: EstateText; text: string }>;
export type FilePins = FileChange & Readonly<{ pins: readonly Pin[] }>;

export const pinned = (
  texts: readonly EstateText[],
  listener: Listener,
  fingerprint: Fingerprint,
): readonly FilePins[] =>
  texts.flatMap((file) => {
    const { text, pins } = pinnedIn(file.text, listener, fingerprint);
    return pins.length === 0 ? [] : [{ file, pins, text }];
  });

/** Returns those that belong to another user or group now: what replaces a file is its writer's. */
export async function write(changes: readonly FileChange[], files: Files): Promise<readonly EstateText[]> {
  const taken: EstateText[] = [];
  for (const { file, text } of changes) {
    if (text === file.text) continue;
    const now = await files.read(file.real, most);
    if (now === undefined || decode(now) !== file.text) throw changedMeanwhile(file.file);
    await files.write(file.real, text, file.mode);
    const after = await files.info(file.real);
    if (after?.uid !== file.uid || after.gid !== file.gid) taken.push(file);
  }
  return taken;
}

const changedMeanwhile = (file: string): Fault =>
  new Fault('file-changed', {
    where: file,
    says: 'somebody else changed it while you were asked; it was left as they wrote it',
    remedy: 'run the command again',
  });
