// A secret that a server made goes to its file before anything else happens: for its owner alone, and on the disk when the
// call returns. The file is made under another name, so that a crash leaves either the old one or the new one.
import { constants } from 'node:fs';
import { access, type FileHandle, lstat, mkdir, open, rename, rm } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { asFault } from '../fault.ts';
import { forKeeping, type Secret } from '../values/secret.ts';
import { nameOfReference, type SecretReference } from '../values/secret-reference.ts';
import { inFolders, type SecretRules } from '../values/secret-rules.ts';
import { secretFault } from './faults.ts';
import { realFile } from './file.ts';

export async function keepSecret(reference: SecretReference, secret: Secret, rules: SecretRules): Promise<void> {
  const file = await fileFor(reference, rules);
  const part = join(dirname(file), `.${basename(file)}.part`);
  try {
    await rm(part, { force: true });
    // Never through a link, and never into a file that somebody else has put there.
    await synced(part, constants.O_WRONLY | constants.O_CREAT | constants.O_EXCL, (handle) =>
      handle.writeFile(`${secret.revealTo(forKeeping)}\n`),
    );
    await rename(part, file);
    await synced(dirname(file), constants.O_RDONLY | constants.O_DIRECTORY, async () => {});
  } catch (error) {
    await rm(part, { force: true }).catch(() => undefined);
    throw secretFault(
      'secret-not-saved',
      reference,
      `it could not be written: ${asFault(error, nameOfReference(reference)).says}`,
      'make its folder writable for this user alone, then apply again: the secret is made anew',
    );
  }
}

/** A file that is there belonged to another thing of that name. Afterwards there is a folder that can be written to. */
export async function setAsideSecret(reference: SecretReference, rules: SecretRules): Promise<void> {
  const file = await fileFor(reference, rules);
  await prepareFolder(dirname(file), reference);
  if ((await lstat(file).catch(() => undefined)) === undefined) return;
  await rename(file, `${file}.old`);
  // After a power cut it must not lie there again, as if it were the one that was made since.
  await synced(dirname(file), constants.O_RDONLY | constants.O_DIRECTORY, async () => {});
}

async function fileFor(reference: SecretReference, { secret_folders }: SecretRules): Promise<string> {
  if (!('file' in reference))
    throw secretFault('secret-not-saved', reference, 'it is no file', 'write save_to: { file: PATH }');
  const file = await realFile(reference.file);
  if (inFolders(file, secret_folders)) return file;
  throw secretFault(
    'secret-refused',
    reference,
    'it lies outside the folders where secrets may lie',
    `name a file in one of ${secret_folders?.join(', ')}, or add its folder to secret_folders of the guard file`,
  );
}

async function synced(path: string, flags: number, work: (handle: FileHandle) => Promise<void>): Promise<void> {
  const handle = await open(path, flags | constants.O_NOFOLLOW, 0o600);
  try {
    await work(handle);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Before a server makes a secret that it shows this once: a place that cannot take it is found now, and not then. */
async function prepareFolder(folder: string, reference: SecretReference): Promise<void> {
  try {
    if ((await lstat(folder).catch(() => undefined)) === undefined) await mkdir(folder, { mode: 0o700 });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (error) {
    throw secretFault(
      'secret-not-saved',
      reference,
      `its folder ${folder} cannot be made or written to: ${asFault(error, folder).says}`,
      'make that folder for this user alone (mode 0700), then apply again; nothing was made yet',
    );
  }
}
