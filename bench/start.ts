// How long a short command takes, from the bundle and from the package, against bare Node with nothing to do.
import { execFileSync } from 'node:child_process';
import { existsSync, globSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { milliseconds, paired, type Row, timedCommand } from './bench.ts';

const root = resolve(import.meta.dirname, '..');
const estate = join(root, 'examples/s1/pbs-storage.yaml');
const rounds = 21;

export async function startRows(): Promise<readonly Row[]> {
  execFileSync('sh', ['scripts/with-node.sh', 'scripts/package.ts'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [deb] = globSync('dist/holdfast_*_amd64.deb', { cwd: root });
  if (deb === undefined) throw new Error('there is no package in dist/');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    execFileSync('dpkg-deb', ['-x', join(root, deb), folder]);
    const lib = join(folder, 'usr/lib/holdfast');
    const node = join(lib, 'node');
    const bundle = [node, '--disable-sigusr1', '--disable-warning=ExperimentalWarning', join(lib, 'holdfast.cjs')];
    const starts = { bundle, package: [join(folder, 'usr/bin/holdfast')] };
    const rows: Row[] = [];
    for (const [name, start] of Object.entries(starts)) {
      if (!existsSync(start[0] ?? '')) throw new Error(`${start[0]} is missing`);
      const { ours, peer } = await paired(
        rounds,
        () => timedCommand([...start, 'validate', '--offline', '--estate', estate]),
        () => timedCommand([node, '-e', '0']),
      );
      rows.push({
        ...{ name: `validate --offline, from the ${name}`, ratio: ours / peer, limit: 8 },
        ...{ ours: milliseconds(ours), peer: `node -e 0: ${milliseconds(peer)}`, extra: `median of ${rounds}` },
      });
    }
    return rows;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
