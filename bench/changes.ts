// The change journal beside 200,000 folders: a file written in each of them as fast as one program can, until all are known on the
// disk, against inotifywait writing lines to a file; and the memory of both, when all is watched. What was lost is counted for both.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, openSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { acknowledge, readChanges } from '../src/layers/common/changes/read.ts';
import { localMachine } from '../src/machines/local.ts';
import { milliseconds as duration } from '../src/values/duration.ts';
import { systemClock } from '../src/values/instant.ts';
import { milliseconds, type Row } from './bench.ts';

const folders = 200_000;
const mostWatches = '/proc/sys/fs/inotify/max_user_watches';
const machine = localMachine({ name: 'here', clock: systemClock });
const signal = new AbortController().signal;
const main = join(import.meta.dirname, '../src/main.ts');

/** A file in each folder: made, written, closed. */
const writing = `for my $n (0 .. ${folders - 1}) {
  my $d = sprintf('%s/%03d/%03d', $ARGV[0], $n / 500, $n % 500);
  if ($ARGV[1] eq 'make') { mkdir sprintf('%s/%03d', $ARGV[0], $n / 500); mkdir $d }
  else { open(my $f, '>', "$d/$ARGV[1]") or die $!; print $f 'x'; close $f }
}`;

type Figures = Readonly<{ events: number; lost: number; megabytes: number }>;

export async function changesRows(): Promise<readonly Row[]> {
  const base = mkdtempSync(join(tmpdir(), 'holdfast-bench-changes-'));
  const share = join(base, 'share');
  const watches = readFileSync(mostWatches, 'utf8');
  try {
    // As its page tells an operator to: inotify takes a watch for each folder, and Linux allows fewer here.
    if (Number(watches) < folders * 2) writeFileSync(mostWatches, String(folders * 2));
    execFileSync('mkdir', [share]);
    execFileSync('perl', ['-e', writing, share, 'make']);
    const peer = await inotifywait(base, share);
    const rows: Row[] = [];
    for (const kind of ['fanotify', 'inotify'] as const) {
      const ours = await tracked(base, share, kind);
      const says = `lost: ours ${ours.lost}, inotifywait ${peer.lost}`;
      rows.push(
        {
          ...{ name: `${folders} files written in as many folders, ${kind}`, limit: 2, extra: says },
          ...{ ours: `on the disk: ${milliseconds(ours.events)}`, peer: `inotifywait: ${milliseconds(peer.events)}` },
          // What is lost is no speed.
          ratio: ours.lost > 0 ? Number.POSITIVE_INFINITY : ours.events / peer.events,
        },
        {
          ...{ name: `memory beside ${folders} folders, ${kind}`, limit: 4.5 },
          ...{ ours: `${ours.megabytes.toFixed(0)} MB`, peer: `inotifywait: ${peer.megabytes.toFixed(0)} MB` },
          ...{ ratio: ours.megabytes / peer.megabytes },
          extra: `${Math.round(folders / (ours.events / 1000))} files a second`,
        },
      );
    }
    return rows;
  } finally {
    if (readFileSync(mostWatches, 'utf8') !== watches) writeFileSync(mostWatches, watches);
    rmSync(base, { recursive: true, force: true });
  }
}

async function tracked(base: string, share: string, kind: string): Promise<Figures> {
  const journals = join(base, kind);
  const argv = ['--max-semi-space-size=4', '--disable-warning=ExperimentalWarning', main, 'track', share];
  const child = spawn(process.execPath, [...argv, '--journals', journals, '--listener', kind], { stdio: 'ignore' });
  try {
    const journal = await until(() => readdirSync(journals).map((name) => join(journals, name))[0]);
    const asked = { machine, journal, consumer: 'bench', signal };
    const first = await until(() => readChanges(asked));
    await acknowledge(asked, first, systemClock.now());
    const began = performance.now();
    execFileSync('perl', ['-e', writing, share, kind]);
    execFileSync('touch', [join(share, `last-${kind}`)]);
    // Looking at it costs as well: only at how far it is. What ran over is not waited for: it is lost.
    const end = new RegExp(`last-${kind}|"overflow"`);
    await until(() => (end.test(newest(join(journal, 'segments'))) ? true : undefined));
    const events = performance.now() - began;
    const changes = await until(async () => {
      const now = await readChanges(asked);
      return now.touched.some(({ path }) => path === `last-${kind}`) || now.rescans.length > 0 ? now : undefined;
    });
    const known = changes.touched.filter(({ path }) => path.endsWith(`/${kind}`)).length;
    return { events, lost: changes.rescans.length > 0 ? folders : folders - known, megabytes: memoryOf(child) };
  } finally {
    await ended(child);
  }
}

/** The newest records, as text. */
function newest(segments: string): string {
  const last = readdirSync(segments).sort().at(-1);
  return last === undefined ? '' : readFileSync(join(segments, last), 'utf8').slice(-4096);
}

async function inotifywait(base: string, share: string): Promise<Figures> {
  const [lines, errors] = [join(base, 'lines'), join(base, 'errors')];
  const argv = ['-m', '-r', '-e', 'create,close_write,delete,move,attrib,modify', '--format', '%e %w%f', share];
  const child = spawn('inotifywait', argv, { stdio: ['ignore', openSync(lines, 'w'), openSync(errors, 'w')] });
  try {
    await until(() => (readFileSync(errors, 'utf8').includes('Watches established') ? true : undefined));
    const began = performance.now();
    execFileSync('perl', ['-e', writing, share, 'peer']);
    // It keeps what it says until there are 4 KiB of it: it is done when nothing comes any more.
    let size = -1;
    let last = performance.now();
    while (performance.now() - last < 500) {
      const now = statSync(lines).size;
      if (now !== size) [size, last] = [now, performance.now()];
      await systemClock.sleep(duration(20));
    }
    const megabytes = memoryOf(child);
    child.kill('SIGINT');
    await ended(child);
    const known = readFileSync(lines, 'utf8')
      .split('\n')
      .filter((line) => /^CLOSE_WRITE.*\/peer$/.test(line)).length;
    return { events: last - began, lost: Math.max(0, folders - known), megabytes };
  } finally {
    await ended(child);
  }
}

/** Proportional, so that what processes share counts once; of a process and those below it. */
function memoryOf({ pid }: ChildProcess): number {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8')
    .trim()
    .split(' ')
    .filter((one) => one !== '');
  const of = (one: string) => Number(/^Pss: +(\d+)/m.exec(readFileSync(`/proc/${one}/smaps_rollup`, 'utf8'))?.[1] ?? 0);
  return [String(pid), ...children].map(of).reduce((sum, one) => sum + one, 0) / 1024;
}

async function ended(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolve) => child.once('exit', resolve));
  child.kill('SIGTERM');
  await gone;
}

async function until<Found>(look: () => Promise<Found | undefined> | Found | undefined): Promise<Found> {
  for (let tries = 0; tries < 6000; tries += 1) {
    try {
      const found = await look();
      if (found !== undefined) return found;
    } catch {
      // Not there yet.
    }
    await systemClock.sleep(duration(20));
  }
  throw new Error('it did not come within two minutes');
}
