import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { after, describe, it } from 'node:test';
import type { ShippedFile } from './contents.ts';
import { makeDeb } from './deb.ts';

const root = resolve(import.meta.dirname, '../..');
const release = { version: '1.2.3', epoch: 1_700_000_000, changelog: '' };
const folder = mkdtempSync(join(tmpdir(), 'holdfast-deb-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const files = (text: string): readonly ShippedFile[] => [
  { path: 'usr/bin/program', mode: 0o755, bytes: Buffer.from(text) },
  { path: 'usr/share/doc/a text', mode: 0o644, bytes: Buffer.from('text') },
];

async function made(name: string, text: string, umask: number): Promise<Buffer> {
  const deb = join(folder, name, 'made.deb');
  mkdirSync(join(folder, name));
  const before = process.umask(umask);
  try {
    await makeDeb(root, release, files(text), deb);
  } finally {
    process.umask(before);
  }
  return readFileSync(deb);
}

describe('the Debian package', () => {
  it('has the same bytes from another folder under another umask', async () => {
    const first = await made('first', 'one', 0o022);
    assert.deepEqual(await made('the second', 'one', 0o077), first);
    assert.notDeepEqual(await made('third', 'two', 0o022), first, 'another program, the same bytes');
  });

  it('says version and size, and holds every file with its mode and the time of the release', async () => {
    await made('fourth', 'one', 0o077);
    const deb = join(folder, 'fourth', 'made.deb');
    const ask = (...args: readonly string[]): string =>
      execFileSync('dpkg-deb', args, { encoding: 'utf8', env: { ...process.env, TZ: 'UTC' } });
    assert.equal(ask('-f', deb, 'Version', 'Installed-Size'), 'Version: 1.2.3\nInstalled-Size: 2\n');
    const lines = ask('-c', deb).trim().split('\n');
    const kept = lines.filter((line) => line.startsWith('-')).map((line) => line.replaceAll(/ +/g, ' '));
    assert.deepEqual(kept, [
      '-rwxr-xr-x root/root 3 2023-11-14 22:13 ./usr/bin/program',
      '-rw-r--r-- root/root 4 2023-11-14 22:13 ./usr/share/doc/a text',
    ]);
    const tree = join(folder, 'tree');
    execFileSync('dpkg-deb', ['-R', deb, tree]);
    execFileSync('md5sum', ['--check', '--strict', '--status', 'DEBIAN/md5sums'], { cwd: tree });
  });
});
