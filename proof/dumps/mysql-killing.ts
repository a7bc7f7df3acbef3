// What the proofs of kills of MariaDB have in common: a database as it is today and as it is in the point, and what is wrong when it is neither.
import { readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import type { MariadbServer } from '../../src/layers/mysql/server.test-support.ts';
import { type DumpPlace, hidden, leftOfRun, pictureOf } from './mysql-databases.ts';

export type Swept = DumpPlace &
  Readonly<{ server: MariadbServer; point: string; good: string; today: string; makeToday(): void }>;

export const ward = ({ server }: Swept): string => server.sql(`SELECT COUNT(*) FROM mysql.user WHERE User = 'ward'`);

/** What its own client says is not as it must be: as it was, or, where the run was done in spite of all, all of it as in the point. */
export function wrongIn(swept: Swept, id: string, state: string | undefined): readonly string[] {
  const { server, copies, good, today } = swept;
  const now = pictureOf(server, 'shop');
  const [whole, there] = [now === good, ward(swept) === '1'];
  return [
    ...(now === today || whole ? [] : ['the database is neither as before nor as in the point']),
    ...(whole === there ? [] : ['the account and the database are not of one time']),
    ...(whole || state !== 'done' ? [] : ['it is called done, and is not']),
    ...leftOfRun(id, copies).map((one) => `left: ${one}`),
    ...(hidden(server) === '' ? [] : [`left: ${hidden(server)}`]),
  ];
}

export const settledAs = (wrong: readonly string[], ...more: readonly string[]): true | Error =>
  wrong.length === 0 || new Error([...wrong, ...more].join('; ').slice(0, 1200));

export const filesIn = (folder: string): readonly string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};

/** Bytes that the engine has on the disk of the table so far; 0 where it is not there yet. */
export function bytesIn({ server }: Swept, like: RegExp): number {
  const data = server.sql('SELECT @@datadir');
  const sizes = filesIn(data)
    .filter((name) => like.test(name))
    .map((name) => statSync(join(data, name, 'people.ibd'), { throwIfNoEntry: false })?.size ?? 0);
  return Math.max(0, ...sizes);
}
