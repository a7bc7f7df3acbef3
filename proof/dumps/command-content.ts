// 3.7 What programs wrote: what went to zero is a finding, a full disk is called one, a damaged dump is given to no program, and one that
// cannot take in what it is given is led back.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { seen } from '../declare/world.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { backWith, failedRow, heldIn, newestOf, partOf, run, smallDisk, words } from './apps.ts';
import { commandPlace } from './command-place.ts';

export async function proveCommandContent(report: Report): Promise<void> {
  report.section('3.7 What programs wrote');
  await proveContent(report);
  await proveFullDisk(report);
  await proveTakers(report);
}

/** Rule 10. */
async function proveContent(report: Report): Promise<void> {
  for (const [what, change, says] of [
    ['emptied', ': >users', /users has (no|1) rows, and had 400/],
    ['halved', 'head -150 users >less; mv less users', /users has 151 rows, and had 400/],
    ['frozen, though it used to change', '', /the same in every dump/],
  ] as const) {
    const place = commandPlace(
      (folder) => [
        {
          name: 'users',
          command: ['sh', '-c', 'cat "$1"; echo "# end"', 'sh', join(folder, 'users')],
          count_lines: true,
        },
      ],
      {
        keep: { keep_last: what.startsWith('frozen') ? 20 : 2 },
        judgement: { unchanged: '1ms' },
      },
    );
    const { estate, copies, folder } = place;
    try {
      const fill = (rows: number) => sh(`seq 1 ${rows} | sed 's/^/user /' >users`, folder);
      // What never changed does not freeze.
      for (let day = what.startsWith('frozen') ? 0 : 4; day < 5; day += 1) {
        fill(395 + day);
        await estate.type(...run);
      }
      const last = newestOf(copies);
      if (change !== '') sh(change, folder);
      const nights = [];
      for (let night = 0; night < 3; night += 1) nights.push(await estate.type(...run));
      const lines = sh(`zstd -dc '${partOf(copies, last, 'users')}' | wc -l`);
      report.row(
        `3.7 a list that is ${what}: each night says so, and the last good point is held`,
        nights[0]?.command ?? '',
        'ls of the points, zstd -dc, wc -l',
        (nights.every((one) => one.status === 3 && says.test(words(one))) &&
          heldIn(copies).includes(last) &&
          lines === '400') ||
          seen(...nights, `${lines} ${heldIn(copies).join()}`),
      );
      fill(401);
      report.control(`a suspicion that never ends (${what})`, (await estate.type(...run)).status === 0);
    } finally {
      place.close();
    }
  }
}

async function proveFullDisk(report: Report): Promise<void> {
  const place = commandPlace(() => [{ name: 'large', command: ['sh', '-c', 'head -c 30000000 /dev/urandom'] }], {
    to: 'FOLDER/small/copies',
  });
  const { estate, folder } = place;
  const disk = smallDisk(estate, 64, 24_000_000);
  try {
    const full = await estate.type(...run);
    const left = sh(`find small -name '.partial*' | wc -l`, folder) === '0' ? [] : ['.partial'];
    failedRow(
      report,
      'a full disk at the target is called one, and nothing half is left',
      'find, df',
      full,
      /disk-full|no-room/,
      left,
    );
    disk.free();
    report.control('a disk that is full for ever', (await estate.type(...run)).status === 0);
  } finally {
    disk.close();
    place.close();
  }
}

async function proveTakers(report: Report): Promise<void> {
  const place = commandPlace((folder) =>
    ['a', 'b'].map((name) => ({
      ...{ name, command: ['cat', join(folder, name)] },
      restore_command: [
        'sh',
        '-c',
        'cat >"$1"; ! rm "$2" 2>/dev/null || { echo "no room in here" >&2; exit 1; }',
        'sh',
        join(folder, name),
        join(folder, `breaks-${name}`),
      ],
    })),
  );
  const { estate, copies, folder } = place;
  const both = () => sh('cat a b', folder);
  const write = (day: string) => {
    for (const name of ['a', 'b']) writeFileSync(join(folder, name), `${day} ${name}\n`.repeat(5000));
  };
  try {
    write('monday');
    const monday = both();
    await estate.type(...run);
    const point = newestOf(copies);
    const back = backWith('a', 'b');
    write('tuesday');
    const tuesday = both();
    for (const which of ['a', 'b']) {
      writeFileSync(join(folder, `breaks-${which}`), '');
      const failed = await estate.type(...back(point));
      report.row(
        `3.15 the program that takes in '${which}' fails: both are given what was there before`,
        failed.command,
        'cat of both',
        (failed.status === 1 && /no room in here/.test(words(failed)) && both() === tuesday) || seen(failed),
      );
    }
    const part = partOf(copies, point, 'b');
    for (const [how, script] of [
      ['zeros in its middle', `dd if=/dev/zero of="$1" bs=1 seek=60 count=20 conv=notrunc status=none`],
      ['another end', `printf xxxx | dd of="$1" bs=1 seek=$(($(stat -c %s "$1") - 4)) conv=notrunc status=none`],
    ] as const) {
      sh(`cp -a '${part}' '${folder}/kept'; set -- '${part}'; ${script}`);
      const refused = await estate.type(...back(point));
      report.row(
        `3.15 a dump with ${how} is given to no program; what was given before it is led back`,
        refused.command,
        'cat of both',
        (refused.status === 1 && both() === tuesday) || seen(refused),
      );
      sh(`cp -a '${folder}/kept' '${part}'`);
    }
    const good = await estate.type(...back(point));
    report.control('a program that never takes anything in', good.status === 0 && both() === monday);
    place.declare(['a', 'b'].map((name) => ({ name, command: ['cat', join(folder, name)] })));
    const nobody = await estate.type(...back(point));
    report.row(
      '3.15 where the estate names nobody that takes it in, that is said before anything is done',
      nobody.command,
      'cat of both',
      (nobody.status === 1 && /nothing-takes-it|no `restore_command`/.test(words(nobody)) && both() === monday) ||
        seen(nobody),
    );
  } finally {
    place.close();
  }
}
