// Files of secrets are looked at when the estate is read, so that a wrong mode is told before a run needs it. They are not
// opened here.
import { asFault } from '../../fault.ts';
import { nameOfReference, referencesIn, secretFileProblem } from '../../values/secret-reference.ts';
import { type Remark, remark } from '../problem.ts';
import type { EstateFiles } from '../source.ts';
import type { Mapping } from '../yaml-value.ts';

export async function secretFileRemarks(estate: Readonly<Mapping>, files: EstateFiles): Promise<readonly Remark[]> {
  const remarks = await Promise.all(
    referencesIn(estate).map(async ({ path, reference }) => {
      if (!('file' in reference)) return [];
      const says = await problemOf(reference.file, files);
      return says === undefined ? [] : [remark(path, `${nameOfReference(reference)} ${says}`)];
    }),
  );
  return remarks.flat();
}

async function problemOf(file: string, files: EstateFiles): Promise<string | undefined> {
  try {
    const found = await files.info(file);
    if (found !== undefined) return secretFileProblem(found, 'owner');
    return file.includes('/~')
      ? 'does not exist: ~ is not expanded; write the whole path'
      : 'does not exist; write the secret into it, alone, and run chmod 600 on it';
  } catch (thrown) {
    return `cannot be looked at: ${asFault(thrown, file).says}; run as a user who may`;
  }
}
