// 3.7 MariaDB, killed or interrupted in the middle of what takes long: so many bytes into a load, and by Ctrl-C.
import { kill, tries, until } from '../../test/e2e/estate.test-support.ts';
import { victims } from '../layers/killed-run.ts';
import { pointsIn } from '../layers/place.ts';
import type { Report } from '../report.ts';
import { back, pictureOf } from './mysql-databases.ts';
import { bytesIn, type Swept, settledAs, ward, wrongIn } from './mysql-killing.ts';

/** In the middle of what takes long: so many bytes into what is loaded to be counted, and into the live one. */
export async function proveShares(report: Report, swept: Swept, full: boolean): Promise<void> {
  const { estate, copies, point } = swept;
  const size = bytesIn(swept, /^shop$/);
  for (const [step, like] of [
    ['load-0', /^holdfast.*loaded$/],
    ['replace-0', /^shop$/],
  ] as const)
    for (const share of full ? [0.1, 0.4, 0.7] : [0.4])
      for (const victim of victims) {
        swept.makeToday();
        const known = estate.journal((runs) => runs[0]?.id);
        const started = estate.start(...back('shop', '--point', point));
        const id = await tries(estate, started, step, known);
        const over = () => started.process.exitCode !== null;
        if (step === 'replace-0')
          await until('the live one is dropped', () => over() || bytesIn(swept, like) < size * share);
        await until(`${share} of it is loaded`, () => over() || bytesIn(swept, like) >= size * share);
        if (!over()) kill(victim, started, id);
        await started.ended;
        await estate.type('cancel', id);
        const state = estate.journal((runs) => runs.find((one) => one.id === id)?.state);
        const wrong = [...wrongIn(swept, id, state), ...(state === 'aborted' ? [] : [`state ${state}`])];
        report.row(
          `kill -9 of ${victim}, mysql.${step.replace(/-0$/, '')} at ${share * 100} %`,
          `holdfast ${back('shop').join(' ')}; kill -9; holdfast cancel ${id}`,
          'mariadb: every row; ps, find, ls /dev/shm',
          settledAs(wrong, `${pointsIn(copies).length} points`),
        );
      }
}

/** Ctrl-C is no crash: it leads back before the command ends. */
export async function proveInterrupted(report: Report, swept: Swept): Promise<void> {
  const { estate, point } = swept;
  for (const step of ['safety', 'load-0', 'replace-0']) {
    swept.makeToday();
    const known = estate.journal((runs) => runs[0]?.id);
    const started = estate.start(...back('shop', '--point', point));
    const id = await tries(estate, started, step, known);
    started.process.kill('SIGINT');
    const status = await started.ended;
    const state = estate.journal((runs) => runs.find((one) => one.id === id)?.state);
    report.row(
      `3.15 interrupted (Ctrl-C) at ${step}: what was there is there again before the command ends`,
      `holdfast ${back('shop').join(' ')}; kill -INT`,
      'mariadb: every row; ps, find, ls /dev/shm',
      settledAs([...wrongIn(swept, id, state), ...(status === 130 ? [] : [`exit ${status}`])], `state ${state}`),
    );
  }
  swept.makeToday();
  const whole = await estate.type(...back('shop', '--point', point));
  report.control(
    'a restore that always leads back',
    whole.status === 0 && pictureOf(swept.server, 'shop') === swept.good && ward(swept) === '1',
  );
}
