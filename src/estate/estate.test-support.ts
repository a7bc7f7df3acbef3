// Estates for tests: real files in a folder of their own, read with real kinds.
import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { channels } from '../channels/all.ts';
import { layers } from '../layers/all.ts';
import { localMachine } from '../machines/local.ts';
import type { Estate } from '../model/estate.ts';
import { resources } from '../resources/all.ts';
import { systemClock } from '../values/instant.ts';
import { InvalidFile, problemText } from './problem.ts';
import { readEstate } from './read.ts';
import type { Kinds } from './schema/estate.ts';

export const kinds: Kinds = { resources, layers, channels };
export const { files } = localMachine({ name: 'here', clock: systemClock });

export const read = (path: string): Promise<Estate> => readEstate(path, { files, kinds });

/** Everything that is wrong with the estate, each as one line, without the folder it lies in; none where it is valid. */
export async function problemsOf(path: string): Promise<readonly string[]> {
  try {
    await read(path);
    return [];
  } catch (thrown) {
    if (!(thrown instanceof InvalidFile)) throw thrown;
    return thrown.problems.map((problem) => problemText(problem).replaceAll(`${dirname(path)}/`, ''));
  }
}

/** Runs with these files in a folder of their own, which is gone afterwards. */
export async function withFiles<Result>(
  contents: Readonly<Record<string, string>>,
  work: (folder: string) => Promise<Result>,
): Promise<Result> {
  const folder = await mkdtemp(join(tmpdir(), 'holdfast-estate-'));
  try {
    for (const [name, content] of Object.entries(contents)) {
      await mkdir(dirname(join(folder, name)), { recursive: true });
      await writeFile(join(folder, name), content);
    }
    return await work(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** The problems of an estate that is one file with this text. */
export const problemsIn = (text: string): Promise<readonly string[]> =>
  withFiles({ 'estate.yaml': text }, (folder) => problemsOf(join(folder, 'estate.yaml')));
