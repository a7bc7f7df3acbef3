// A folder and what is missing above it. Node's own recursive mkdir never comes back where the kernel refuses a folder with
// "no such file" though its parent is there, as /proc does and a broken network mount may (seen with Node 24.21).
import { mkdirSync, statSync } from 'node:fs';
import { dirname } from 'node:path';

/** For this user alone. @throws the system's own error, with its `code` */
export function makeFolder(path: string): void {
  try {
    mkdirSync(path, { mode: 0o700 });
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? error.code : undefined;
    if (code === 'EEXIST' && statSync(path).isDirectory()) return;
    if (code !== 'ENOENT' || statSync(dirname(path), { throwIfNoEntry: false }) !== undefined) throw error;
    makeFolder(dirname(path));
    makeFolder(path);
  }
}
