// Somebody who writes two volumes in turn, and has their devices open: real block devices, on which a volume group that is a folder
// lies. What each volume holds is a number in a file, and the second never has one that the first has not had before.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const unlessDevices: string | false =
  process.getuid?.() === 0 && existsSync('/dev/loop-control') ? false : 'block devices of its own need root';

export type Device = Readonly<{ path: string; number: string; written: string }>;

export class Devices {
  readonly folder = mkdtempSync(join(tmpdir(), 'holdfast-devices-'));
  readonly all: readonly Device[];
  readonly #begun: ChildProcess[] = [];

  constructor(count: number) {
    this.all = Array.from({ length: count }, (_, index): Device => {
      const file = join(this.folder, `image-${index}`);
      writeFileSync(file, '');
      truncateSync(file, 65_536);
      const path = execFileSync('losetup', ['-f', '--show', file], { encoding: 'utf8' }).trim();
      const { rdev } = statSync(path);
      const written = join(this.folder, `written-${index}`);
      writeFileSync(written, '0'.padStart(12, '0'));
      return { path, number: `${Math.floor(rdev / 256)}:${rdev % 256}`, written };
    });
  }

  /** @param more what the program does when it has them open, in perl; it writes for ever where nothing is said */
  async writer(more = '', paths = this.all.map(({ path }) => path), mode = '+<'): Promise<ChildProcess> {
    const program = `use strict; $| = 1; my ($mode, $count, @all) = @ARGV; my @paths = splice @all, 0, $count;
      my @held = map { open my $f, $mode, $_ or die "$_: $!"; $f } @paths;
      my @files = map { open my $f, '+<', $_ or die; $f } @all;
      print "ready\\n"; ${more}
      for (my $n = 1; ; $n++) { for my $f (@files) { sysseek $f, 0, 0; syswrite $f, sprintf '%012d', $n } select undef, undef, undef, 0.001 }`;
    const args = [mode, `${paths.length}`, ...paths, ...this.all.map(({ written }) => written)];
    const child = spawn('perl', ['-e', program, ...args], { stdio: ['ignore', 'pipe', 'inherit'] });
    this.#begun.push(child);
    await once(child.stdout, 'data');
    return child;
  }

  written(index: number): number {
    return Number(readFileSync(this.all[index]?.written ?? '', 'utf8'));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const child of this.#begun) {
      const gone = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
      child.kill('SIGKILL');
      await gone;
    }
    for (const { path } of this.all) execFileSync('losetup', ['-d', path]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

/** As proc(5) has it: `T` is stopped. */
export const stateOf = (pid: number | undefined): string =>
  /\) (\S)/.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1] ?? '';
