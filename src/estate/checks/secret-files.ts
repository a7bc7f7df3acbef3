// Files of secrets are looked at when the estate is read, so that a wrong mode is told before a run needs it. They are not
// opened here.
import { asFault } from '../../fault.ts';
import {
  nameOfReference,
  type PlacedReference,
  referencesIn,
  secretFileProblem,
} from '../../values/secret-reference.ts';
import { type Remark, remark, showPath } from '../problem.ts';
import type { EstateFiles } from '../source.ts';
import type { Mapping } from '../yaml-value.ts';

export async function secretFileRemarks(estate: Readonly<Mapping>, files: EstateFiles): Promise<readonly Remark[]> {
  const references = referencesIn(estate);
  // What is kept there is made first, and used by others in the same estate then: a token that storages log in with.
  const made = new Set(
    references.flatMap(({ path, reference }) =>
      path.at(-1) === 'save_to' && 'file' in reference ? [reference.file] : [],
    ),
  );
  const remarks = await Promise.all(
    references.map(async ({ path, reference }) => {
      if (!('file' in reference)) return [];
      const says = await problemOf(reference.file, files, made.has(reference.file));
      return says === undefined ? [] : [remark(path, `${nameOfReference(reference)} ${says}`)];
    }),
  );
  return [...remarks.flat(), ...keptTogether(references)];
}

/** A secret that a server makes takes the place of what lies in its file: two of them, or one and a key, would be one too many. */
function keptTogether(references: readonly PlacedReference[]): readonly Remark[] {
  const kept = references.flatMap(({ path, reference }) =>
    path.at(-1) === 'save_to' && 'file' in reference ? [{ path, reference }] : [],
  );
  return [...Map.groupBy(kept, ({ reference }) => reference.file).values()].flatMap(([first, ...others]) => {
    // One key may serve several storages: it is made once, and never written over.
    const all = [first, ...others].flatMap((one) => one ?? []);
    if (first === undefined || all.every(({ path }) => path.at(-2) === 'encryption_key')) return [];
    return others.map(({ path, reference }) =>
      remark(path, `${nameOfReference(reference)} is where ${showPath(first.path)} is kept; name another file`),
    );
  });
}

/** @param isMade what is kept there is made first: no file is there before */
async function problemOf(file: string, files: EstateFiles, isMade: boolean): Promise<string | undefined> {
  try {
    const found = await files.info(file);
    if (found !== undefined) return secretFileProblem(found, 'owner');
    if (isMade && !file.includes('/~')) return undefined;
    return file.includes('/~')
      ? 'does not exist: ~ is not expanded; write the whole path'
      : 'does not exist; write the secret into it, alone, and run chmod 600 on it';
  } catch (thrown) {
    return `cannot be looked at: ${asFault(thrown, file).says}; run as a user who may`;
  }
}
