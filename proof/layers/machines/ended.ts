// A run that is cancelled, and one whose worker and supervisor are killed: what it had started on the machine ends as well.
import { readdirSync, readFileSync } from 'node:fs';
import { goneWithin, processesWith } from '../../../src/machines/processes.test-support.ts';
import { kill, type Started, until } from '../../../test/e2e/estate.test-support.ts';
import { seen } from '../../declare/world.ts';
import type { Report } from '../../report.ts';
import { type Places, type Way, ways } from './places.ts';

export async function proveEnded(report: Report, places: Places): Promise<void> {
  for (const way of ways) await proveCancelled(report, places, way);
  for (const way of ways) await proveKilled(report, places, way);
}

/** A run whose command hangs there, seen among all processes. */
async function hung({ estate, hang, hanging }: Places, way: Way): Promise<Readonly<{ started: Started; run: string }>> {
  hang(true);
  const newest = () => estate.journal((runs) => runs[0]?.id);
  const before = newest();
  const started = estate.start('run', `check-${way}`, '--now');
  const run = await until('the run', () => (newest() === before ? undefined : newest()));
  while ((await processesWith(hanging)) === 0)
    if (started.process.exitCode !== null) throw new Error(`it ended before it hung: ${started.output()}`);
  return { started, run };
}

async function proveCancelled(report: Report, places: Places, way: Way): Promise<void> {
  const { estate, hang, hanging, sshd } = places;
  const { started, run } = await hung(places, way);
  const found = await processesWith(hanging);
  const keys = holdersOf(sshd.key.split('\n')[2] ?? '');
  const cancelled = await estate.type('cancel', run);
  await started.ended;
  const gone = await goneWithin(20_000, hanging);
  hang(false);
  report.row(
    `holdfast cancel ends what hangs on the machine by ${way}`,
    `holdfast run check-${way}; ${cancelled.command}`,
    '/proc: the command is gone',
    (found > 0 && gone && cancelled.status !== 1) || seen(cancelled, `${found} found, gone: ${gone}`),
  );
  report.row(
    `no private key stands in an argument or an environment meanwhile, by ${way}`,
    `holdfast run check-${way}`,
    '/proc/*/cmdline and environ',
    keys.length === 0 || new Error(`processes ${keys.join()}`),
  );
  report.control(
    'what hangs, not seen among all processes',
    found > 0 && holdersOf(`HOME=${process.env['HOME']}`).length > 0,
  );
}

async function proveKilled(report: Report, places: Places, way: Way): Promise<void> {
  const { estate, hang, hanging } = places;
  const { started, run } = await hung(places, way);
  kill('both', started, run);
  await started.ended;
  hang(false);
  const next = await estate.type('run', `check-${way}`, '--now');
  const gone = await goneWithin(60_000, hanging);
  const state = estate.journal((runs) => runs.find(({ id }) => id === run)?.state);
  report.row(
    `kill -9 of worker and supervisor: what hangs on the machine by ${way} ends, and the next run is as ever`,
    `holdfast run check-${way}; kill -9; again`,
    '/proc: the command is gone; the journal',
    (gone && state === 'aborted' && next.status === 3) || seen(next, `gone: ${gone}, ${state}`),
  );
}

/** Processes with the text in their arguments or environment. */
function holdersOf(text: string): readonly string[] {
  const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid);
  return pids.filter((pid) =>
    ['cmdline', 'environ'].some((file) => {
      try {
        return readFileSync(`/proc/${pid}/${file}`, 'latin1').includes(text);
      } catch {
        return false;
      }
    }),
  );
}
