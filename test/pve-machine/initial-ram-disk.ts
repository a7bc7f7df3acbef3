// The initial RAM disk: a busybox, the modules that lead to the root disk in the order in which they are put in, and `init`.
import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';

const modules = ['virtio_pci', 'virtio_blk', 'overlay'];
const applets = ['cat', 'insmod', 'mkdir', 'mount', 'sh', 'switch_root', '['];

export function initialRamDisk(root: string, version: string, init: string, into: string): void {
  const folder = 'var/tmp/initial-ram-disk';
  const here = join(root, folder);
  for (const name of ['bin', 'modules', 'proc', 'sys', 'dev', 'lower', 'upper', 'root'])
    mkdirSync(join(here, name), { recursive: true });
  copyFileSync(join(root, 'bin/busybox'), join(here, 'bin/busybox'));
  for (const applet of applets) symlinkSync('busybox', join(here, 'bin', applet));
  copyFileSync(init, join(here, 'init'));
  execFileSync('chmod', ['755', join(here, 'init')]);
  const files = modulesFor(root, version);
  for (const file of files) copyFileSync(join(root, file), join(here, 'modules', basename(file)));
  writeFileSync(join(here, 'modules/order'), files.map((file) => `${basename(file)}\n`).join(''));
  const pack = `cd /${folder} && find . | busybox cpio -o -H newc`;
  writeFileSync(
    into,
    execFileSync('chroot', [root, 'sh', '-c', pack], { maxBuffer: 2 ** 27, stdio: ['ignore', 'pipe', 'ignore'] }),
  );
  rmSync(here, { recursive: true });
}

/** Paths from the root, each after what it needs. */
function modulesFor(root: string, version: string): readonly string[] {
  const show = ['modprobe', '--show-depends', '--all', '-S', version, ...modules];
  const lines = execFileSync('chroot', [root, ...show], { encoding: 'utf8' }).split('\n');
  return [...new Set(lines.flatMap((line) => /^insmod (\S+)/.exec(line)?.[1] ?? []))];
}
