// A mirror by the change journal against `rsync -a --delete` of the same share: 1,000,000 tiny files of which 200 changed and 50 went, with
// cold caches; and the same changes among twice as many files, which must cost no more.
import { execFileSync } from 'node:child_process';
import { appendFileSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { drive, worldWith } from '../src/layers/common/driver.test-support.ts';
import { mirror } from '../src/layers/mirror/layer.ts';
import { mirrorEntry } from '../src/layers/mirror/schema.ts';
import { type Change, journalFormat, journalNames, segmentName } from '../src/model/change-journal.ts';
import { lineOf } from '../src/model/change-record.ts';
import type { Instant } from '../src/values/instant.ts';
import { median, milliseconds, type Row, timed } from './bench.ts';

const perFolder = 1000;
const [changes, removals] = [200, 50];
const rounds = 3;
/** On a busy machine: nothing new is begun after so many milliseconds, and the rows say what they lack. */
const patience = 25 * 60_000;

/** Tiny files, 1000 in a folder, made by one process: name and content are their number. */
const make = `my ($root, $from, $to) = @ARGV;
for my $folder ($from .. $to - 1) {
  mkdir "$root/$folder" or die "$root/$folder: $!";
  for (0 .. ${perFolder - 1}) { open(my $file, '>', "$root/$folder/$_") or die; print $file "$folder/$_"; }
}`;

type Bench = Readonly<{
  folder: string;
  share: string;
  change(round: number): void;
  mirror(run: string): Promise<void>;
  close(): void;
}>;

function benchWith(files: number): Bench {
  const outer = mkdtempSync(join(tmpdir(), 'holdfast-bench-mirror-'));
  const [image, folder] = [join(outer, 'disk'), join(outer, 'mounted')];
  mkdirSync(folder);
  // A file system of its own, so that millions of files are made in a minute and gone in a moment; tiny ones lie in their inodes.
  execFileSync('truncate', ['-s', '24G', image]);
  const options = [
    '-q',
    '-F',
    '-t',
    'ext4',
    '-O',
    'inline_data,^has_journal',
    '-I',
    '256',
    '-N',
    String(Math.ceil(files * 3.2)),
  ];
  execFileSync('mke2fs', [...options, image]);
  execFileSync('mount', ['-o', 'loop', image, folder]);
  const [share, journal, taken] = ['share', 'journal', 'taken'].map((name) => join(folder, name)) as [
    string,
    string,
    string,
  ];
  for (const made of [
    share,
    journal,
    taken,
    join(journal, journalNames.segments),
    join(journal, journalNames.consumers),
  ])
    mkdirSync(made);
  execFileSync('perl', ['-e', make, share, '0', String(files / perFolder)]);
  const entry = mirrorEntry.parse({
    ...{ name: 'mirror', kind: 'mirror', machine: 'here', workload: 'bench', from: { folder: share, journal } },
    to: join(folder, 'copies'),
  });
  const put = (name: string, value: unknown) => writeFileSync(join(journal, name), JSON.stringify(value));
  let position = 0;
  const tell = (...told: readonly Change[]) => {
    const now = new Date().toISOString() as Instant;
    const lines = told.map((change, nth) => lineOf({ n: position + nth + 1, at: now, ...change }));
    position += told.length;
    appendFileSync(join(journal, journalNames.segments, segmentName(1)), lines.join(''));
    const beat = {
      journal: 'bench',
      at: now,
      position,
      complete: now,
      state: 'following',
      says: '',
      listener: 'fanotify',
    };
    put(journalNames.beat, { ...beat, watches: 0, since: now, process: process.pid });
  };
  put(journalNames.header, { format: journalFormat, id: 'bench', folder: share, excluded: [], place: '', disk: '' });
  tell({ what: 'rescan', path: '', why: 'started' });
  const world = worldWith();
  const context = { timeZone: 'UTC', now: world.clock.now(), layers: [] };
  return {
    folder,
    share,
    change: (round) => {
      // Spread over the whole share, other files in each round.
      const step = files / (changes + removals);
      for (let n = 0; n < changes + removals; n += 1) {
        const number = Math.floor(n * step) + round;
        const path = `${Math.floor(number / perFolder)}/${number % perFolder}`;
        if (n % 5 === 0) rmSync(join(share, path));
        else writeFileSync(join(share, path), `changed in round ${round}`);
        tell({ what: n % 5 === 0 ? 'removed' : 'changed', path, folder: false });
      }
    },
    mirror: async (run) => void (await drive({ run, world, taken }, mirror.protect(entry, context).steps, 'keep')),
    close: () => {
      execFileSync('umount', [folder]);
      rmSync(outer, { recursive: true });
    },
  };
}

const cold = (): void => {
  execFileSync('sync');
  writeFileSync('/proc/sys/vm/drop_caches', '3');
};

/** Milliseconds of this process and of all that it has waited for, user and system (proc(5): the 14th to 17th word). */
function cpuSpent(): number {
  const words = readFileSync('/proc/self/stat', 'utf8').split(') ')[1]?.split(' ') ?? [];
  return words.slice(11, 15).reduce((sum, word) => sum + Number(word) * 10, 0);
}

/** Directory entries that are read by a command and all it starts: what getdents64 gave, by strace(1). */
function entriesRead(argv: readonly string[], env: NodeJS.ProcessEnv, log: string): number {
  execFileSync('strace', ['-f', '-qq', '-e', 'trace=getdents64', '-o', log, ...argv], { env, stdio: 'ignore' });
  const lines = readFileSync(log, 'utf8').split('\n');
  return lines.reduce((sum, line) => sum + Number(/\/\* (\d+) entries \*\//.exec(line)?.[1] ?? 0), 0);
}

const self = import.meta.filename;

export async function mirrorRows(): Promise<readonly Row[]> {
  if (process.getuid?.() !== 0) return [];
  const until = performance.now() + patience;
  const small = await measured(1_000_000, true, until);
  const large = performance.now() < until ? await measured(2_000_000, false, until) : undefined;
  const entries = (figure: number | undefined) =>
    figure === undefined ? 'entries not counted (no strace, or no time)' : `${figure} entries read`;
  const told = ({ done, cpu }: Measured) => `${done} of ${rounds} rounds; user and system ${milliseconds(cpu)}`;
  const first: Row = {
    name: 'mirror by journal, 1,000,000 files, 200 changed, 50 removed, cold',
    ours: milliseconds(small.ours),
    peer: `rsync -a --delete ${milliseconds(small.peer)}`,
    ratio: small.ours / small.peer,
    limit: 0.1,
    extra: `${entries(small.entries)}, rsync ${entries(small.peerEntries)}; ${told(small)}${large === undefined ? '; no time was left for 2,000,000 files' : ''}`,
  };
  if (large === undefined) return [first];
  return [
    first,
    {
      name: 'the same among 2,000,000 files',
      ours: milliseconds(large.ours),
      peer: `ours among 1,000,000 ${milliseconds(small.ours)}`,
      ratio: large.ours / small.ours,
      limit: 1.2,
      extra: `${entries(large.entries)}; ${told(large)}`,
    },
  ];
}

type Measured = Readonly<{
  ours: number;
  peer: number;
  cpu: number;
  /** rounds */
  done: number;
  entries: number | undefined;
  peerEntries: number | undefined;
}>;

async function measured(files: number, withPeer: boolean, until: number): Promise<Measured> {
  const bench = benchWith(files);
  const copy = join(bench.folder, 'rsync');
  const rsync = ['rsync', '-a', '--delete', `${bench.share}/`, `${copy}/`] as const;
  const peer = () => execFileSync(rsync[0], rsync.slice(1));
  try {
    await bench.mirror('first');
    if (withPeer) peer();
    const figures: { ours: number; peer: number; cpu: number }[] = [];
    for (let round = 1; round <= rounds && (round === 1 || performance.now() < until); round += 1) {
      bench.change(round);
      cold();
      const before = cpuSpent();
      const ours = await timed(() => bench.mirror(`round${round}`));
      const cpu = cpuSpent() - before;
      cold();
      figures.push({ ours, peer: withPeer ? await timed(peer) : Number.NaN, cpu });
    }
    const last = figures.length + 1;
    bench.change(last);
    const isTraced = existsSync('/usr/bin/strace') && performance.now() < until;
    const log = join(bench.folder, 'trace');
    const env = { ...process.env, BENCH_MIRROR: bench.folder };
    return {
      ours: median(figures.map((one) => one.ours)),
      peer: median(figures.map((one) => one.peer)),
      cpu: median(figures.map((one) => one.cpu)),
      done: figures.length,
      entries: isTraced ? entriesRead([process.execPath, self], env, log) : undefined,
      peerEntries: isTraced && withPeer ? entriesRead(rsync, process.env, log) : undefined,
    };
  } finally {
    bench.close();
  }
}

// Started by itself, under strace: one run of the mirror that lies there.
const traced = process.env['BENCH_MIRROR'];
if (traced !== undefined && process.argv[1] === self) {
  const entry = mirrorEntry.parse({
    ...{ name: 'mirror', kind: 'mirror', machine: 'here', workload: 'bench', to: join(traced, 'copies') },
    from: { folder: join(traced, 'share'), journal: join(traced, 'journal') },
  });
  const world = worldWith();
  const context = { timeZone: 'UTC', now: world.clock.now(), layers: [] };
  await drive({ run: 'traced', world, taken: join(traced, 'taken') }, mirror.protect(entry, context).steps, 'keep');
}
