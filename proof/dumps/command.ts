// 3.7 Programs whose output is kept: as it came, through to the disk, with secrets that nobody sees; and given back to the programs that
// take it in. sqlite3, cmp, zstd, ls and /proc are asked.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seen } from '../declare/world.ts';
import { holds, sameList } from '../layers/holds.ts';
import { sh, sqlite, tried } from '../layers/place.ts';
import type { Report } from '../report.ts';
import {
  backWith,
  heldIn,
  manifestOf,
  newestOf,
  partOf,
  peakOf,
  pointsOf,
  run,
  secretFile,
  watchingFor,
  words,
} from './apps.ts';
import { asked, type CommandPlace, commandPlace, fillShop, shopIn, shopRows } from './command-place.ts';

export async function proveCommand(report: Report, full: boolean): Promise<void> {
  report.section('3.7 Any program that writes its data to its standard output');
  await proveShop(report);
  await proveNames(report, full);
  await proveSecrets(report);
  await proveHuge(report, full);
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
    sh(`sqlite3 -bail other.db <files/*.sql; mkdir -p other; mv other.db other/shop.db`, folder);
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

async function proveSecrets(report: Report): Promise<void> {
  const canary = `canary-${process.pid}`;
  const place = commandPlace((folder) => [
    {
      ...{ name: 'login', command: [join(folder, 'programs', 'dump')], as: 'nobody' },
      secrets: [{ name: 'PASSWORD', from: { file: 'FOLDER/password' } }],
      restore_command: [join(folder, 'programs', 'takes')],
    },
    {
      name: 'fails',
      command: [join(folder, 'programs', 'says')],
      secrets: [{ name: 'PASSWORD', from: { file: 'FOLDER/password' } }],
    },
  ]);
  const { estate, copies, folder } = place;
  try {
    secretFile(estate, 'password', `${canary} it's "a" \\ $(x)`);
    sh(`chmod 755 . programs; mkdir in; chmod 777 in`, folder);
    // Each stays until somebody has seen it; what it is given it shows as a digest.
    place.script(
      'dump',
      `id -un; printf %s "$PASSWORD" | sha256sum; for n in $(seq 1 40); do cat /proc/self/status >/dev/null; done`,
    );
    place.script('takes', `{ printf %s "$PASSWORD" | sha256sum; cat; } >'${folder}/in/got'`);
    place.script('says', `echo "login with $PASSWORD refused" >&2; exit 1`);
    const taking = await watchingFor([canary], estate.type(...run));
    const output = sh(`zstd -dc '${partOf(copies, newestOf(copies), 'login')}'`);
    const digest = sh('printf %s "$(cat password)" | sha256sum', folder);
    const strangers = taking.environ.filter(
      (line) => !line.includes(join(folder, 'programs')) && !/^(cat|sha256sum|seq|id) ?/.test(line),
    );
    report.row(
      '3.7 a secret reaches its program to the last byte, as the account it is to be; in no argument, in no other environment',
      taking.result.command,
      '/proc/*/cmdline and environ; sha256sum',
      holds(
        {
          'the one that fails is named': taking.result.status === 3 && /fails is missing/.test(words(taking.result)),
          'to the last byte': output === `nobody\n${digest}`,
          'in no argument': taking.argv.length === 0,
          'in no other environment': strangers.length === 0,
          'its worker was seen': taking.workers > 0,
        },
        `${output} ${taking.argv.join('|')} ${strangers.join('|')} ${words(taking.result).slice(-400)}`,
      ),
    );
    report.row(
      '3.7 what a program says of its secret gets into no log, journal or point',
      `grep -rF SECRET ${folder}`,
      'grep; the words of the run',
      /login with \[secret\] refused/.test(words(taking.result)) &&
        sh(`grep -rlF '${canary}' . `, folder) === './password',
    );
    const restored = await watchingFor(
      [canary],
      estate.type(...backWith('login')(newestOf(copies), '--only', 'login')),
    );
    report.row(
      '3.15 and the program that takes it in gets it, too, before the dump',
      restored.result.command,
      '/proc/*/cmdline; cat',
      (restored.result.status === 0 &&
        restored.argv.length === 0 &&
        readFileSync(join(folder, 'in/got'), 'utf8').startsWith(`${digest}\nnobody\n`)) ||
        seen(restored.result),
    );
    writeFileSync(join(folder, 'leak'), canary);
    report.control('a secret that lies in one more file', sh(`grep -rlF '${canary}' . | wc -l`, folder) === '2');
  } finally {
    place.close();
  }
}

async function proveHuge(report: Report, full: boolean): Promise<void> {
  const megabytes = full ? 4096 : 700;
  const stream = `head -c ${megabytes}M /dev/zero | tr '\\0' 'x'`;
  const place = commandPlace((folder) => [
    {
      ...{ name: 'huge', command: ['sh', '-c', stream], count_lines: true, ends_with: 'xxxx' },
      restore_command: ['sh', '-c', 'sha256sum >"$1"', 'sh', join(folder, 'sum')],
    },
  ]);
  const { estate, copies, folder } = place;
  try {
    const taking = await peakOf(estate, /^look>dump$/, run);
    const point = newestOf(copies);
    const size = () => sh(`zstd -dc '${partOf(copies, point, 'huge')}' | wc -c`);
    report.row(
      `3.7 ${megabytes} MB pass through a worker that never had more than ${taking.megabytes} MB`,
      `holdfast ${run.join(' ')}`,
      `/proc/PID/status: VmHWM, ${taking.looks} times; zstd -dc, wc -c`,
      (taking.status === 0 &&
        taking.looks > 3 &&
        taking.megabytes > 0 &&
        taking.megabytes < 150 &&
        size() === `${megabytes * 1024 * 1024}`) ||
        new Error(`exit ${taking.status}; ${taking.megabytes} MB, ${taking.looks} looks; ${taking.said.slice(-400)}`),
    );
    const giving = await peakOf(estate, /^restore-0$/, backWith('huge')(point));
    report.row(
      `3.15 and back, through one that never had more than ${giving.megabytes} MB`,
      `holdfast ${backWith('huge')(point).join(' ')}`,
      `/proc/PID/status: VmHWM, ${giving.looks} times; sha256sum`,
      (giving.status === 0 &&
        giving.looks > 3 &&
        giving.megabytes > 0 &&
        giving.megabytes < 150 &&
        readFileSync(join(folder, 'sum'), 'utf8') === `${sh(`${stream} | sha256sum`)}\n`) ||
        new Error(`exit ${giving.status}; ${giving.megabytes} MB, ${giving.looks} looks; ${giving.said.slice(-400)}`),
    );
    report.control('no memory at all', taking.megabytes > 20 && pointsOf(copies).length === 2);
  } finally {
    place.close();
  }
}
