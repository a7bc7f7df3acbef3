// The way of each byte: gaps, copies made twice into one place, one owner per prefix. The authority is what `find` and `ls` have there.

import { estateIn } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import type { Report } from '../report.ts';
import { here } from './look.ts';

const layer = (name: string, more: object) => ({
  ...{
    name,
    kind: 'files',
    machine: 'here',
    workload: 'photos',
    from: { folders: [{ folder: 'FOLDER/photos' }] },
    to: 'FOLDER/disk',
    keep: { keep_last: 3 },
  },
  ...more,
});
const away = {
  name: 'away',
  kind: 'offsite',
  machine: 'here',
  workload: 'photos',
  points_of: ['files'],
  to: 'FOLDER/far',
  to_machine: 'there',
  staging: 'FOLDER/staging',
  keep: { keep_last: 3 },
};

async function routesOf(layers: readonly object[], workloads: readonly string[] = ['photos']) {
  const estate = estateIn(
    JSON.stringify({
      estate: 'ways',
      machines: [
        { name: 'here', local: true },
        { name: 'there', local: true },
      ],
      workloads: workloads.map((name) => ({ name })),
      layers,
    }),
    'ways',
  );
  try {
    here(
      `mkdir -p ${estate.folder}/photos ${estate.folder}/disk ${estate.folder}/far; echo 1 >${estate.folder}/photos/1`,
    );
    const before = here(`cd ${estate.folder}; find . ! -path './state*' -printf '%p %C@\\n' | sort`);
    const said = await estate.type('routes');
    return {
      said,
      text: said.stdout + said.stderr,
      folder: estate.folder,
      wrote: here(`cd ${estate.folder}; find . ! -path './state*' -printf '%p %C@\\n' | sort`) !== before,
    };
  } finally {
    estate.close();
  }
}

export async function proveRoutes(report: Report): Promise<void> {
  report.section('The way of each byte: gaps, duplicates, one owner per prefix');
  const whole = await routesOf([layer('files', {}), away]);
  report.row(
    'each byte’s way to each copy, and nothing is written by asking',
    whole.said.command,
    'find -printf %C@ before and after',
    holds(
      {
        'the first copy': whole.text.includes(`${whole.folder}/disk`),
        'the second': whole.text.includes(`${whole.folder}/far`),
        'nothing written': !whole.wrote,
      },
      whole.text.slice(-900),
    ),
  );
  const lacking = await routesOf([layer('files', {})], ['photos', 'mail']);
  report.row(
    'a workload that nothing carries is a gap, by its name',
    lacking.said.command,
    'the estate',
    /mail/.test(lacking.text) || seen(lacking.said),
  );
  report.control('a gap that is said where there is none', !/mail/.test(whole.text));
  const twice = await routesOf([layer('files', {}), layer('again', {})]);
  const said = /is carried twice to/;
  report.row(
    'the same bytes carried twice into one place',
    twice.said.command,
    'the estate',
    said.test(twice.text) || new Error(twice.text.slice(-900)),
  );
  report.control(
    'a copy that is called made twice where it is made once',
    !said.test((await routesOf([layer('files', {})])).text),
  );
  const owned = await routesOf([layer('files', {}), { ...away, to: 'FOLDER/disk/files' }]);
  report.row(
    'rule 3: one layer inside the folder of another is refused, under whatever name the machine goes',
    owned.said.command,
    'its exit code',
    (owned.said.status === 65 && !owned.wrote) || seen(owned.said),
  );
  const beside = await routesOf([layer('files', {}), { ...away, to: 'FOLDER/disk/beside' }]);
  report.control('two layers beside each other that are refused', beside.said.status === 0 || beside.said.status === 2);
}
