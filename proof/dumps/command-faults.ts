// 3.7 Programs under fire: whatever a program ends with, half an output is none, and the one that failed is named.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { seen } from '../declare/world.ts';
import { holds, sameList } from '../layers/holds.ts';
import { sh } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { failedRow, manifestOf, newestOf, partOf, pointsOf, run, untouched, words } from './apps.ts';
import { commandPlace, declared, whole } from './command-place.ts';

export async function proveCommandFaults(report: Report): Promise<void> {
  report.section('3.7 Programs under fire');
  await proveBroken(report);
  await proveAllowed(report);
  await proveNothing(report);
}

const broken: Readonly<Record<string, readonly [body: string, says: RegExp]>> = {
  'ends with an error': [
    `echo '-- cluster dump'; seq 1 20000; echo 'no such table' >&2; exit 3`,
    /no such table[\s\S]*exit code 3/,
  ],
  'dies midway': [`echo '-- cluster dump'; seq 1 20000; kill -9 $$`, /exit code 137/],
  'says nothing and ends well': ['exit 0', /written nothing/],
  'is cut off and ends well': [`echo '-- cluster dump'; seq 1 20000`, /it ends with/],
  'writes zeros behind its first line': [`echo '-- cluster dump'; head -c 100000 /dev/zero`, /it ends with/],
  'writes zeros and nothing else': ['head -c 100000 /dev/zero', /it begins with/],
  'has another last line': [`echo '-- cluster dump'; seq 1 20000; echo '-- cluster dump aborted'`, /it ends with/],
  'has another first line': [`echo 'Password:'; seq 1 20000; echo '-- cluster dump complete'`, /it begins with/],
  'is far too small': [`echo '-- cluster dump'; echo '-- cluster dump complete'`, /less than/],
  'is not there': ['', /not found/],
};

async function proveBroken(report: Report): Promise<void> {
  const place = commandPlace((folder) => [
    { name: 'good', command: [join(folder, 'programs', 'good')], ...declared },
    ...Object.keys(broken).map((name, nth) => ({ name, command: [join(folder, 'programs', `p${nth}`)], ...declared })),
  ]);
  const { estate, copies, folder, script } = place;
  const names = Object.keys(broken);
  try {
    script('good', whole);
    for (const nth of names.keys()) script(`p${nth}`, whole);
    const first = await estate.type(...run);
    report.control('a check that takes no dump at all', first.status === 0);
    for (const [nth, [body]] of Object.values(broken).entries()) script(`p${nth}`, body);
    rmSync(join(folder, 'programs', `p${names.indexOf('is not there')}`));
    const bad = await estate.type(...run);
    const { items, missing = [] } = manifestOf(copies, newestOf(copies)).details;
    const said = words(bad);
    const unsaid = Object.entries(broken).filter(([name, [, says]]) => {
      const line = said.split('\n').find((one) => one.includes(`${name} is missing`)) ?? '';
      return !says.test(line);
    });
    report.row(
      `3.7 of eleven programs ten fail, each in a way of its own: each is named with its reason, the eleventh is kept`,
      bad.command,
      'the exit code, the words, the manifest, zstd -dc',
      holds(
        {
          degraded: bad.status === 3,
          'one is kept': items.map(({ name }) => name).join() === 'good',
          'as it came':
            sh(`zstd -dc '${partOf(copies, newestOf(copies), 'good')}' | tail -1`) === '-- cluster dump complete',
          'ten are named': sameList(
            missing.map(({ name }) => name),
            names,
          ),
          [`each with its reason: ${unsaid.map(([name]) => name).join()}`]: unsaid.length === 0,
        },
        said.slice(-1200),
      ),
    );
  } finally {
    place.close();
  }
}

async function proveAllowed(report: Report): Promise<void> {
  const ended = async (allowed: readonly number[], code: number) => {
    const place = commandPlace((folder) => [
      { name: 'warns', command: [join(folder, 'programs', 'warns')], ...declared, allowed_exit_codes: allowed },
    ]);
    place.script('warns', `${whole}; exit ${code}`);
    const answer = await place.estate.type(...run);
    place.close();
    return answer;
  };
  const [one, two, none] = [await ended([0, 1], 1), await ended([0, 1], 2), await ended([7], 0)];
  report.row(
    '3.7 an exit code that is allowed is well, another is not, and 0 is not where it is not allowed',
    one.command,
    'the exit codes',
    (one.status === 0 && two.status === 1 && none.status === 1 && /ended with 0/.test(words(none))) ||
      seen(one, two, none),
  );
}

async function proveNothing(report: Report): Promise<void> {
  const place = commandPlace(
    (folder) => ['one', 'two'].map((name) => ({ name, command: [join(folder, 'programs', name)] })),
    { keep: { keep_last: 1 } },
  );
  const { estate, copies, script } = place;
  try {
    for (const name of ['one', 'two']) script(name, 'date +%N');
    await estate.type(...run);
    const before = pointsOf(copies);
    script('two', 'exit 9');
    for (let night = 0; night < 3; night += 1) await estate.type(...run);
    const degraded = await estate.type(...run);
    report.row(
      '3.7 the newest point with a good one stays, with keep_last: 1, for as long as it fails',
      degraded.command,
      'ls of the points',
      (degraded.status === 3 && pointsOf(copies).includes(before[0] ?? '') && pointsOf(copies).length === 2) ||
        seen(degraded, pointsOf(copies).join()),
    );
    script('one', 'exit 9');
    const there = pointsOf(copies);
    const failed = await estate.type(...run);
    failedRow(
      report,
      'not one dump was whole: a failed run, no point, and none is removed',
      'ls',
      failed,
      /nothing-dumped/,
      untouched(place, there),
    );
    for (const name of ['one', 'two']) script(name, 'date +%N');
    const good = await estate.type(...run);
    report.control('a point that stays for ever', good.status === 0 && pointsOf(copies).length === 1);
  } finally {
    place.close();
  }
}
