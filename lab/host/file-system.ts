// A real ext4 in a sparse file, with files in it, made without root by mke2fs(8).
import { execFile } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Fault } from '../../src/fault.ts';

const folders = ['/usr/sbin', '/sbin', '/usr/bin', '/bin'];
export const megabytes = 16;

/** Of a program of the system, which is used as it is. */
export function programOf(name: string, packageName: string): string {
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  if (found !== undefined) return found;
  throw new Fault('command-missing', {
    where: 'the lab',
    says: `there is no ${name}, which its volumes need`,
    remedy: `install it (apt install ${packageName}), or start the lab with --small, which has no volumes`,
  });
}

export async function makeFileSystem(file: string, files: Readonly<Record<string, string>>): Promise<void> {
  const content = mkdtempSync(join(tmpdir(), 'holdfast-lab-files-'));
  try {
    mkdirSync(join(content, 'data'));
    for (const [name, text] of Object.entries(files)) writeFileSync(join(content, 'data', name), text);
    const options = ['-q', '-t', 'ext4', '-E', 'root_owner=0:0', '-d', join(content, 'data')];
    await promisify(execFile)(programOf('mke2fs', 'e2fsprogs'), [...options, file, `${megabytes}M`]);
  } finally {
    rmSync(content, { recursive: true, force: true });
  }
}
