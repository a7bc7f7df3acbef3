// 3.3: each run a generation of its own; what has not changed is one file on the disk, and no older generation is written to again.
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { seen } from '../../declare/world.ts';
import { holds } from '../../layers/holds.ts';
import { pointsIn, sh } from '../../layers/place.ts';
import { at, unlessFaked } from '../../layers/schedules/at.ts';
import type { Report } from '../../report.ts';
import { differences, here } from '../look.ts';
import { everything, type FilesPlace, filesPlace, run } from './place.ts';

/** Content, and everything that stat knows but how many names a file has and when that number changed. */
const picture = (tree: string): string =>
  here(`cd ${tree}; find . -printf '%p %y %m %U:%G %s %T@ %l %i\\n' | sort; find . -type f -print0 | sort -z | xargs -0 sha256sum
    find . ! -type l -print0 | sort -z | xargs -0 getfacl -n; find . -print0 | sort -z | xargs -0 getfattr -h -d -m - 2>/dev/null`);

export async function proveGenerations(report: Report): Promise<void> {
  const place = filesPlace();
  try {
    here(
      `cd ${place.data}; ${everything}; mkdir many; cd many; seq 2000 | xargs -n1 sh -c 'echo $0 >$0'; dd if=/dev/urandom of=large bs=1M count=20 status=none`,
    );
    await proveLinked(report, place);
    await proveUntouched(report, place);
    await proveWeeks(report, place);
    await proveKept(report);
  } finally {
    place.estate.close();
  }
}

async function proveLinked(report: Report, place: FilesPlace): Promise<void> {
  const ran = [await place.run(), await place.run()];
  const [first = '', second = ''] = place.trees();
  // Each file as inode and name: what is in both is one file on the disk.
  const inodes = (tree: string) => here(`cd ${tree}; find . -type f -printf '%i %p\\n' | LC_ALL=C sort`);
  const taken = Number(here(`du -k ${first} ${second} | grep -aE '${second}$' | cut -f1`));
  report.row(
    '3.3 an unchanged run: a generation of its own, whose every file is the one of the generation before',
    `${ran[0]?.command}; ${ran[1]?.command}`,
    'stat %i of each file in both; du of both together; diff, getfacl, getfattr, find -printf against the source',
    holds(
      {
        'both runs': ran.every(({ status }) => status === 0),
        'the same inodes': inodes(first) === inodes(second) && inodes(first).split('\n').length > 2000,
        'folders only': taken < 200,
        'as its source': differences(here, place.data, second) === '',
      },
      `${taken} KiB; ${ran.map(({ stderr }) => stderr).join()} ${differences(here, place.data, second).slice(0, 300)}`,
    ),
  );
}

/** Every sort of change, the flaw of rsnapshot among them: an attribute that changes must not reach the older generation. */
const changes = `chmod 700 one/two/2; setfattr -n user.note -v changed many/1; setfacl -m u:77:r many/2; chown 5:6 many/3; touch many/4; echo more >>many/5
rm many/6; mv many/7 many/renamed; printf x | dd of=many/large bs=1 seek=5 conv=notrunc status=none; cp -p many/8 many/9.new; mv many/9.new many/9
touch -r many/10 /tmp/hf-proof-time-$$; printf Y >many/10; touch -r /tmp/hf-proof-time-$$ many/10; rm /tmp/hf-proof-time-$$; setfattr -x user.empty .; rm 'one/two/hard'; mkdir deep; mv many/11 deep/
rm link; mkdir link; rm pipe; echo now >pipe; chmod 4755 many/12; chattr +d many/13 2>/dev/null || true`;

async function proveUntouched(report: Report, place: FilesPlace): Promise<void> {
  const before = place.trees();
  const pictures = before.map(picture);
  here(`cd ${place.data}; ${changes}`);
  const ran = await place.run();
  const now = place.trees();
  const newest = now.at(-1) ?? '/nowhere';
  const wrong = ran.status === 0 ? differences(here, place.data, newest) : 'not done';
  report.row(
    '3.3 every sort of change is in the next generation: content under the same time and size, mode, ACL, xattr, owner, rename, a folder for a link',
    ran.command,
    'diff -r, getfacl, getfattr, find -printf against the source',
    (wrong === '' && now.length === before.length + 1) || seen(ran, wrong),
  );
  report.row(
    '3.3 and no older generation is rewritten by it',
    ran.command,
    'sha256sum, stat, getfacl and getfattr of each older generation, before and after',
    before.every((tree, index) => picture(tree) === pictures[index]) || new Error('an older generation has changed'),
  );
  const shared = here(`stat -c %i ${before.at(-1)}/many/100 ${newest}/many/100 | uniq | wc -l`);
  report.row('3.3 what did not change is still one file', ran.command, 'stat %i', shared === '1');
  const [one = ''] = before;
  // As a tool does it that links first and then sets attributes: the generations before have them, too.
  const flawed = join(place.estate.folder, 'as-rsnapshot');
  here(`cp -al ${one} ${flawed}; chmod 640 ${flawed}/many/20`);
  report.control('a tool that changes attributes of what is linked', picture(one) !== pictures[0]);
  here(`chmod --reference=${place.data}/many/20 ${one}/many/20; rm -r ${flawed}`);
}

/** Weeks by a stepped clock. Retention trusts no clock that somebody has set, so all of them stay; then four runs by the real one. */
async function proveWeeks(report: Report, { estate, weeks, data, points }: FilesPlace): Promise<void> {
  const unless = unlessFaked();
  if (unless !== false) return report.skip('3.3 the weeks', unless);
  const linkOf = (week: string) => join(weeks, week, data);
  const days = ['2026-12-21', '2026-12-23', '2026-12-28', '2027-01-01', '2027-01-04', '2027-01-11', '2027-01-18'];
  const before = pointsIn(points).length;
  const ran = [];
  for (const day of days) {
    here(`echo ${day} >${data}/day`);
    ran.push(await at(estate, `${day} 05:00:00`).type(...run));
  }
  const wanted = [...new Set(days.map((day) => sh(`date -ud ${day} +%G-%V`)))];
  const newestOf = (week: string) => days.filter((day) => sh(`date -ud ${day} +%G-%V`) === week).at(-1);
  const told = pointsIn(weeks)
    .filter((week) => existsSync(linkOf(week)))
    .map((week) => [week, here(`cat ${linkOf(week)}/day 2>/dev/null || true`)]);
  report.row(
    '3.3 each ISO week has a link to its newest generation, over the turn of the year; a clock that was set removes nothing',
    `faketime … holdfast ${run.join(' ')}, on ${days.join(', ')}`,
    'date +%G-%V; readlink, and what stands in the file `day` behind each link; ls of the points',
    holds(
      {
        'all runs': ran.every(({ status }) => status === 0),
        'the newest four weeks': wanted.slice(-4).every((week) => told.some(([name]) => name === week)),
        'each its newest day': told.every(([week = '', day]) => !wanted.includes(week) || newestOf(week) === day),
        'nothing is removed, and why': ran.every(({ stdout, stderr }) =>
          /somebody set the clock/.test(stdout + stderr),
        ),
        'all generations': pointsIn(points).length === before + days.length,
        'no link leads nowhere': here(`find ${weeks} -type l ! -exec test -e {} ';' -print`) === '',
      },
      JSON.stringify([told, pointsIn(points), ran.filter(({ status }) => status !== 0).map(({ stderr }) => stderr)]),
    ),
  );
  report.control(
    'weeks counted by the year of the calendar',
    days.some((day) => sh(`date -ud ${day} +%G-%V`) !== sh(`date -ud ${day} +%Y-%V`)),
  );
}

/** By the real clock, which nobody sets. */
async function proveKept(report: Report): Promise<void> {
  const { run: ran, data, points, weeks, estate } = filesPlace();
  try {
    const ids: string[][] = [];
    let last = '';
    for (let nth = 1; nth <= 6; nth += 1) {
      here(`echo ${nth} >${data}/nth`);
      last = (await ran()).command;
      ids.push([...pointsIn(points)].sort());
    }
    report.row(
      '3.3 four generations are kept, the oldest goes first, and the link of the week leads to the newest',
      `six times ${last}`,
      'ls of the points; cat of a file behind the link',
      holds(
        {
          'as many as are declared': ids.map(({ length }) => length).join() === '1,2,3,4,4,4',
          'the oldest went': ids[5]?.join() === [...(ids[3]?.slice(2) ?? []), ids[4]?.at(-1), ids[5]?.at(-1)].join(),
          'the newest by the week': here(`cat ${weeks}/*${data}/nth`) === '6',
        },
        JSON.stringify(ids),
      ),
    );
    report.control('a generation that goes before it is its turn', ids[4]?.includes(ids[3]?.[1] ?? '-') === true);
  } finally {
    estate.close();
  }
}
