// Holdfast as it is installed: the bundle with its own Node.
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');

/** @param base a folder of its own, where the package is unpacked once */
export function installed(base: string): string {
  const program = join(base, 'package/usr/bin/holdfast');
  if (existsSync(program)) return program;
  execFileSync('sh', ['scripts/with-node.sh', 'scripts/package.ts'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  execFileSync('sh', ['-c', 'dpkg-deb -x "$1"/dist/holdfast_*_amd64.deb "$2/package"', 'sh', root, base]);
  return program;
}
