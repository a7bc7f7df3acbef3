// `status`: what the servers have now. The authority is the lab's state, in figures worked out here.
import type { Estate } from '../../test/e2e/estate.test-support.ts';
import type { Report } from '../report.ts';
import { hosts, seen, type World } from './world.ts';

const tebibytes = (bytes: number): string => (bytes / 1024 ** 4).toPrecision(3);

/** @param estate S0's, which is applied */
export async function proveStatus(report: Report, world: World, estate: Estate): Promise<void> {
  const { datastores } = await world.pbs('pbs-pihanga');
  const { used = 0, total = 0 } = datastores.find(({ name }) => name === 'pbs-datastore') ?? {};
  const figures = `${tebibytes(used)} TiB of ${tebibytes(total)} TiB`;
  const rowOf = (host: string, text: string) =>
    text.split('\n').find((line) => new RegExp(`${host} .*pbs-pihanga .*pbs-datastore`).test(line)) ?? '';
  const told = await estate.type('status');
  const whole = hosts.every((host) => {
    const cells = rowOf(host, told.stdout)
      .split('│')
      .map((cell) => cell.trim());
    return [host, 'pbs-pihanga', '127.0.0.1', 'pbs-datastore', 'active', figures, 'none'].every((one) =>
      cells.includes(one),
    );
  });
  report.row(
    '1.3 status: each storage with its server, datastore, namespace, state, used and total, last backup, drift',
    told.command,
    `the lab's own state: ${figures}`,
    (told.status === 0 && whole) || seen(told),
  );
  await world.change({ server: 'pihanga', storage: 'pbs-pihanga', set: { disable: 1 } });
  const off = await estate.type('status');
  await world.change({ server: 'pihanga', storage: 'pbs-pihanga', set: { disable: 0 } });
  report.control(
    'a storage that somebody switched off, shown as active and as declared',
    /disabled/.test(rowOf('pihanga', off.stdout)) && !/│ none /.test(rowOf('pihanga', off.stdout)),
  );
  await world.fault('pihanga', 'down');
  const down = await estate.type('status');
  await world.clear();
  report.control(
    'a server that cannot be asked, left out without a word',
    down.status === 3 &&
      /pihanga could not be asked/.test(down.stdout) &&
      !/Everything is as declared/.test(down.stdout),
  );
}
