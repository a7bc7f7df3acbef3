// The layer `files` as an operator starts it, `holdfast run` and its start-up included, against rsync with a sync, rsnapshot, restic and borg:
// 100,000 small files and 2,000 of 1 MB, a first run and an unchanged one. Sources are in the page cache for all of them.
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { median, milliseconds, type Row } from './bench.ts';
import { type Cost as Costs, cost as costOf, inWords as inWordsOf, middle as middleOf, pairedRatio } from './cost.ts';
import { installed } from './installed.ts';

/** What a limit is set against takes part in all of them, the others in the first three. */
const rounds = 5;
const limited = ['holdfast', 'rsync', 'rsnapshot'];

type Cost = Costs & Readonly<{ inodes: number }>;
type Tool = Readonly<{ name: string; first: readonly string[]; again: readonly string[]; begin(): void }>;

const sets = {
  'of 100,000 small files': `perl -e 'for my $d (0..999) { mkdir "$ARGV[0]/$d"; for my $f (0..99) { open(my $out, ">", "$ARGV[0]/$d/$f"); print $out "$d $f ", "x" x ($d * $f % 2000) } }'`,
  'of 2,000 files of 1 MB': `perl -e 'open(my $in, "<", "/dev/urandom"); for my $f (0..1999) { sysread($in, my $some, 1e6); open(my $out, ">", "$ARGV[0]/$f"); print $out $some }'`,
} as const;

export async function filesRows(): Promise<readonly Row[]> {
  if (process.getuid?.() !== 0) throw new Error('bench files needs root: owners are kept');
  return Object.entries(sets).flatMap(([name, make]) => onNewDisk((base) => rowsOf(base, name, make)));
}

/**
 * A new file system for each set, and nothing is removed in it: ext4 looks at each inode that went in the last minutes before it takes
 * one, so whoever comes after a removal of 100,000 files pays for it (35 s for 4 s of work, seen here).
 */
function onNewDisk(work: (base: string) => readonly Row[]): readonly Row[] {
  const outer = mkdtempSync(join(tmpdir(), 'holdfast-bench-files-'));
  const [image, base] = [join(outer, 'disk'), join(outer, 'mounted')];
  mkdirSync(base);
  try {
    const made = ['-q', '-F', '-t', 'ext4', '-N', '4000000', '-E', 'lazy_itable_init=0,lazy_journal_init=0'];
    execFileSync('truncate', ['-s', '60G', image]);
    execFileSync('mke2fs', [...made, image]);
    execFileSync('mount', ['-o', 'loop', image, base]);
    return work(base);
  } finally {
    spawnSync('umount', [base]);
    rmSync(outer, { recursive: true, force: true });
  }
}

function rowsOf(base: string, name: string, make: string): readonly Row[] {
  const source = join(base, 'source');
  rmSync(source, { recursive: true, force: true });
  mkdirSync(source);
  execFileSync('sh', ['-c', `${make} "$1"; sync; sleep 3`, 'sh', source]);
  const costs = new Map<string, { first: Cost[]; again: Cost[] }>();
  for (let round = 0; round < rounds; round += 1) {
    const place = join(base, `round-${round}`);
    mkdirSync(place);
    const tools = toolsIn(place, source).filter(({ name: tool }) => round < 3 || limited.includes(tool));
    // Who comes first finds the disk as the one before left it: every second round goes the other way.
    for (const tool of round % 2 === 0 ? tools : tools.toReversed()) {
      const of = costs.get(tool.name) ?? { first: [], again: [] };
      costs.set(tool.name, of);
      tool.begin();
      execFileSync('sync');
      of.first.push(cost(place, tool.first));
      of.again.push(cost(place, tool.again));
    }
  }
  const of = (tool: string, turn: 'first' | 'again') => middle(costs.get(tool)?.[turn] ?? []);
  const ratio = (tool: string, turn: 'first' | 'again') =>
    pairedRatio(costs.get('holdfast')?.[turn] ?? [], costs.get(tool)?.[turn] ?? []);
  const said = (turn: 'first' | 'again') =>
    [...costs.keys()].map((tool) => `${tool}: ${inWords(of(tool, turn))}`).join('; ');
  const [first, again, rsync] = [of('holdfast', 'first'), of('holdfast', 'again'), of('rsync', 'first')];
  const small = name.includes('small');
  const other = small ? 'rsnapshot' : 'rsync';
  const peer = of(other, 'again');
  // Start-up counts where there is little else to do: 0.7 s of it may be over rsync's own time.
  const limit = small ? 1 : Math.round(((peer.wall + 700) / peer.wall) * 100) / 100;
  return [
    {
      ...{ name: `first run ${name}`, ours: milliseconds(first.wall) },
      ...{ peer: `rsync, sync: ${milliseconds(rsync.wall)}`, ratio: ratio('rsync', 'first') },
      ...{ limit: 1.15, extra: said('first') },
    },
    {
      ...{ name: `unchanged run ${name}`, ours: milliseconds(again.wall), ratio: ratio(other, 'again'), limit },
      ...{ peer: `${small ? 'rsnapshot' : 'rsync, sync'}: ${milliseconds(peer.wall)}`, extra: said('again') },
    },
  ];
}

const middle = (all: readonly Cost[]): Cost => ({
  ...middleOf(all),
  inodes: median(all.map(({ inodes }) => inodes)),
});

const inWords = (of: Cost): string => `${inWordsOf(of)}, ${of.inodes} inodes`;

function cost(base: string, argv: readonly string[]): Cost {
  const before = inodesIn(base);
  const costs = costOf(base, argv, { HOME: base, RESTIC_PASSWORD: 'x', BORG_PASSPHRASE: 'x' });
  return { ...costs, inodes: inodesIn(base) - before };
}

const inodesIn = (folder: string): number =>
  Number(execFileSync('df', ['--output=iused', folder], { encoding: 'utf8' }).split('\n')[1]);

function toolsIn(base: string, source: string): readonly Tool[] {
  const all = [
    holdfast(base, source),
    rsync(base, source),
    rsnapshot(base, source),
    repository(base, source, 'restic', ['init', '-q', '-r'], ['backup', '-q', '-r']),
    borg(base, source),
  ];
  return all.filter(({ name }) => {
    const there = name === 'holdfast' || spawnSync('sh', ['-c', `command -v ${name}`]).status === 0;
    if (!there) console.error(`  ${name} is not installed: it is left out`);
    return there;
  });
}

const making = (folder: string) => () => void mkdirSync(folder, { mode: 0o700 });

function holdfast(base: string, source: string): Tool {
  const to = join(base, 'holdfast');
  const estate = join(base, 'estate.yaml');
  writeFileSync(
    estate,
    `estate: bench\nmachines: [{ name: here, local: true }]\nworkloads: [{ name: data }]\nlayers:\n  - { name: files, kind: files, machine: here, workload: data, from: { folders: [{ folder: ${source} }] }, to: ${to}/points, keep: { keep_last: 9 } }\n`,
  );
  const run = [installed(dirname(base)), '--estate', estate, '--state', join(to, 'state'), 'run', 'files', '--yes'];
  return { name: 'holdfast', first: run, again: run, begin: making(to) };
}

function rsync(base: string, source: string): Tool {
  const to = join(base, 'rsync');
  const copy = `rsync -aHAXS --numeric-ids`;
  return {
    name: 'rsync',
    first: ['sh', '-c', `${copy} "$1/" "$2/1/" && sync -f "$2"`, 'sh', source, to],
    again: ['sh', '-c', `${copy} --link-dest=../1 "$1/" "$2/2/" && sync -f "$2"`, 'sh', source, to],
    begin: making(to),
  };
}

function rsnapshot(base: string, source: string): Tool {
  const to = join(base, 'rsnapshot');
  const file = join(base, 'rsnapshot.conf');
  const lines = [
    ...[
      'config_version\t1.2',
      `snapshot_root\t${to}/`,
      'cmd_cp\t/bin/cp',
      'cmd_rm\t/bin/rm',
      'cmd_rsync\t/usr/bin/rsync',
    ],
    ...[
      'retain\tdaily\t5',
      'rsync_long_args\t--delete --numeric-ids --relative --delete-excluded -HAXS',
      `backup\t${source}/\there/`,
    ],
  ];
  writeFileSync(file, `${lines.join('\n')}\n`);
  const run = ['rsnapshot', '-c', file, 'daily'];
  return { name: 'rsnapshot', first: run, again: run, begin: making(to) };
}

function repository(
  base: string,
  source: string,
  name: string,
  init: readonly string[],
  backup: readonly string[],
): Tool {
  const to = join(base, name);
  const run = [name, ...backup, to, source];
  const begin = () => {
    making(to)();
    spawnSync(name, [...init, to], { env: { ...process.env, HOME: base, RESTIC_PASSWORD: 'x' }, stdio: 'ignore' });
  };
  return { name, first: run, again: run, begin };
}

function borg(base: string, source: string): Tool {
  const to = join(base, 'borg');
  const run = ['sh', '-c', 'borg create "$1::$(date +%s%N)" "$2"', 'sh', to, source];
  const begin = () => {
    spawnSync('borg', ['init', '--encryption=none', to], { env: { ...process.env, HOME: base }, stdio: 'ignore' });
  };
  return { name: 'borg', first: run, again: run, begin };
}
