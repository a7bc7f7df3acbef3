// 3.7 Programs whose output is kept as it came, whatever they are called and given, and given back to the programs that take it in.
// sqlite3, cmp, zstd and ls are asked.
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { seen } from '../declare/world.ts';
import { holds, sameList } from '../layers/holds.ts';
import { sh, sqlite, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { backWith, heldIn, manifestOf, newestOf, partOf, run, words } from './apps.ts';
import { asked, type CommandPlace, commandPlace, fillShop, shopIn, shopRows } from './command-place.ts';

export async function proveCommand(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Any program that writes its data to its standard output');
  await proveShop(report);
  await proveNames(report, full);
}

async function proveShop(report: Report): Promise<void> {
  const place = commandPlace((folder) => [shopIn(folder)]);
  const { estate, copies, folder } = place;
  const shop = shopIn(folder).name;
  try {
    fillShop(folder);
    const taken = await estate.type(...run);
    const point = newestOf(copies);
    const by = tried('sh', [
      '-c',
      `zstd -dc '${partOf(copies, point, shop)}' | cmp - /dev/fd/3 3<<EOF
$(sqlite3 '${folder}/shop.db' .dump)
EOF`,
    ]);
    const lines = sh(`sqlite3 shop.db .dump | wc -l`, folder);
    report.row(
      '3.7 a database, written out: byte by byte what its program writes, its lines counted',
      taken.command,
      'zstd -dc, cmp, wc -l',
      (taken.status === 0 &&
        by.status === 0 &&
        `${manifestOf(copies, point).details.items[0]?.counts['rows']}` === lines) ||
        seen(taken, by.says, lines),
    );
    const good = shopRows(folder);
    sqlite(
      join(folder, 'shop.db'),
      "DELETE FROM orders WHERE id > 1500; UPDATE orders SET text = 'x' WHERE id = 7; DROP VIEW large",
    );
    const wrecked = shopRows(folder);
    report.control('a database that was wrecked', wrecked !== good);
    await proveBack(report, place, { point, good, wrecked });
    const target = join(folder, 'files');
    const files = await estate.type('restore', 'app', '--point', point, '--to', target, '--yes');
    sh(`cat files/*.sql | sqlite3 -bail other.db; mkdir -p other; mv other.db other/shop.db`, folder);
    report.row(
      '3.15 as a file, that its own program reads',
      files.command,
      asked,
      (files.status === 0 && shopRows(join(folder, 'other')) === good) || seen(files),
    );
    sqlite(join(folder, 'other/shop.db'), 'DELETE FROM orders WHERE id = 3');
    report.control('one row less', shopRows(join(folder, 'other')) !== good);
  } finally {
    place.close();
  }
}

type Known = Readonly<{ point: string; good: string; wrecked: string }>;

async function proveBack(
  report: Report,
  { estate, copies, folder }: CommandPlace,
  { point, good, wrecked }: Known,
): Promise<void> {
  const back = backWith(shopIn(folder).name);
  const steps = [
    ['given back to the program that takes it in', () => point, good],
    [
      'what was there before is a point that is held, and comes back, too',
      () => heldIn(copies).at(-1) ?? 'none',
      wrecked,
    ],
    ['and back again', () => point, good],
  ] as const;
  for (const [what, from, expected] of steps) {
    const done = await estate.type(...back(from()));
    report.row(`3.15 ${what}`, done.command, asked, (done.status === 0 && shopRows(folder) === expected) || seen(done));
  }
  sh('rm shop.db; sqlite3 shop.db "CREATE TABLE emptied (x)"', folder);
  const empty = await estate.type(...back(point));
  report.row(
    '3.15 into a place that has nothing',
    empty.command,
    asked,
    (empty.status === 0 && shopRows(folder) === good) || seen(empty),
  );
}

/** Arguments and names that a shell would take apart; a thousand of them. */
async function proveNames(report: Report, full: boolean): Promise<void> {
  const odd = `$(touch /tmp/holdfast-proof-${process.pid}); 'a' "b" \\ * ünï\nsecond line|`;
  const names = ['plain', ' blank ', `it's "quoted"; $(x)`, '../../up', 'ünï/cödé', '-rf', '*'];
  const many = full ? Array.from({ length: 1000 }, (_, nth) => `many ${nth}`) : [];
  const place = commandPlace(() => [
    ...names.map((name) => ({ name, command: ['printf', '%s', `${odd}${name}`] })),
    ...many.map((name) => ({ name, command: ['echo', name] })),
  ]);
  const { estate, copies, folder } = place;
  try {
    const taken = await estate.type(...run);
    const point = newestOf(copies);
    const { items } = manifestOf(copies, point).details;
    const same = items.filter(
      ({ name, part }) =>
        sh(`zstd -dc '${part}'; printf x`, join(copies, point)).replace(/x$/, '').trimEnd() ===
        (many.includes(name) ? name : `${odd}${name}`).trimEnd(),
    );
    report.row(
      `3.7 ${items.length} programs are ${items.length} parts, whatever they are called and are given; no shell reads an argument`,
      taken.command,
      'zstd -t, zstd -dc, ls',
      holds(
        {
          'exit code 0': taken.status === 0,
          'each by its name': sameList(
            items.map(({ name }) => name),
            [...names, ...many],
          ),
          'each with its output': same.length === items.length,
          'whole for zstd': tried('sh', ['-ec', `zstd -tq '${join(copies, point)}'/d*.zst`]).status === 0,
          'nothing was run': !existsSync(`/tmp/holdfast-proof-${process.pid}`),
        },
        words(taken).slice(-500),
      ),
    );
    const target = join(folder, 'one');
    const one = await estate.type(
      'restore',
      'app',
      '--point',
      point,
      '--only',
      names[2] ?? '',
      '--to',
      target,
      '--yes',
    );
    const [file = ''] = sh('ls', target).split('\n');
    report.row(
      '3.15 one of them alone, by its name',
      one.command,
      'ls, cat',
      (one.status === 0 && readFileSync(join(target, file), 'utf8') === `${odd}${names[2]}` && !file.includes('\n')) ||
        seen(one, file),
    );
    report.control(
      'a name that is not there',
      (await estate.type('restore', 'app', '--only', 'nobody', '--to', `${target}2`, '--yes')).status !== 0,
    );
  } finally {
    place.close();
  }
}
