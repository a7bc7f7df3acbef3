// 3.10: one run of a job at a time, and jobs on one disk one after the other, whoever starts them.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { database } from '../../../src/layers/common/sqlite/databases.test-support.ts';
import { estateIn, until, workerOf } from '../../../test/e2e/estate.test-support.ts';
import { seen } from '../../declare/world.ts';
import type { Report } from '../../report.ts';
import { pointsIn } from '../place.ts';

const job = (name: string) =>
  `  - { name: ${name}, kind: sqlite, machine: here, workload: apps, from: { folder: FOLDER/${name} }, to: FOLDER/copies, keep: { keep_last: 5 } }\n`;
const text = `
estate: lanes
machines: [{ name: here, local: true }]
workloads: [{ name: apps }]
layers:
${job('one')}${job('two')}`;

export async function provePlaces(report: Report): Promise<void> {
  report.section('3.10 Two starts at once');
  const estate = estateIn(text, 'lanes');
  try {
    for (const name of ['one', 'two']) {
      mkdirSync(join(estate.folder, name));
      database(join(estate.folder, name, 'a.db'), 100_000);
    }
    const started = estate.start('run', 'one', '--now');
    const run = await until('the run', () => estate.journal((runs) => runs[0]?.id));
    // Held, so that it still runs when the second one comes.
    const worker = await until('its worker', () => workerOf(run));
    process.kill(worker, 'SIGSTOP');
    const second = await estate.type('run', 'one', '--now');
    process.kill(worker, 'SIGCONT');
    const ended = await started.ended;
    report.row(
      '3.10 a second start of a running job is refused with the name of the first, and touches nothing of it',
      second.command,
      'its exit code; ls of the points',
      (second.status === 75 &&
        second.stderr.includes(run) &&
        ended === 0 &&
        pointsIn(join(estate.folder, 'copies/one')).length === 1) ||
        seen(second, started.output()),
    );
    const both = ['one', 'two'].map((name) => estate.start('run', name, '--now'));
    const codes = await Promise.all(both.map((each) => each.ended));
    const spans = estate.journal((runs, entriesOf) =>
      runs.slice(0, 2).map(({ id }) => {
        const copying = entriesOf(id).filter(({ path }) => path.startsWith('look>copy'));
        return [copying.find(({ event }) => event === 'trying')?.at ?? '', copying.at(-1)?.at ?? ''] as const;
      }),
    );
    const [later = ['', ''], earlier = ['', '']] = [...(spans ?? [])].sort(([a], [b]) => (a < b ? 1 : -1));
    report.row(
      '3.10 two jobs that write to one disk go one after the other',
      'holdfast run one --now & holdfast run two --now',
      'the times of their steps in the journal; ls of the points',
      (codes.every((code) => code === 0) && later[0] !== '' && later[0] >= earlier[1]) ||
        new Error(
          `${codes.join()} ${JSON.stringify(spans)} ${both.map((each) => each.output().slice(-300)).join('\n')}`,
        ),
    );
    report.control(
      'one of them that was not done',
      pointsIn(join(estate.folder, 'copies/two')).length === 1 &&
        pointsIn(join(estate.folder, 'copies/one')).length === 2,
    );
  } finally {
    estate.close();
  }
}
