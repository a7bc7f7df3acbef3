// A folder of a test, gone when the test's process is.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const made: string[] = [];
process.once('exit', () => {
  for (const folder of made) rmSync(folder, { recursive: true, force: true });
});

export function folderFor(what: string): string {
  const folder = mkdtempSync(join(tmpdir(), `holdfast-${what}-`));
  made.push(folder);
  return folder;
}
