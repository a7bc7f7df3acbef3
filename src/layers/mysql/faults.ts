// What the tools say, as faults with names. A server speaks the language that it was told to: its numbers are the same in all of them.
import { Fault } from '../../fault.ts';
import type { Ended } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import type { Connection } from './connection.ts';

/** `ERROR 1045 (28000): ...`, `Got error: 1045: "..."`, `Couldn't execute '...': ... (1044)`, `Error 2013: ...` */
const numbers = /(?:error:? \(?|\()(\d{4})\b/gi;

export const numbersIn = (words: string): readonly number[] =>
  [...words.matchAll(numbers)].map(([, number]) => Number(number));

type Known = Readonly<{ numbers: readonly number[]; says?: RegExp; code: string; remedy: string }>;

const kinds: readonly Known[] = [
  {
    // To grant what one may not grant is answered as a login is: but a login has no line.
    ...{ numbers: [1045], says: / at line \d/, code: 'restore-not-allowed' },
    remedy:
      'give the layer `restore_as`, a login that may do this (docs/layers/mysql.md): it is used for restores only',
  },
  {
    ...{ numbers: [1045, 1130, 1251, 1524, 1698, 2054, 2059, 2061], code: 'database-login-refused' },
    remedy: 'see `user` and `password` (or `as`) of the layer, and from where the server lets that account in',
  },
  {
    ...{
      numbers: [1040, 1053, 1152, 1927, 2002, 2003, 2005, 2006, 2013, 2026, 2055, 3169],
      code: 'database-unreachable',
    },
    remedy: 'see whether the server runs, and whether `server` is what its tools on that machine need',
  },
  {
    ...{ numbers: [1227], says: /SET[_ ]USER|SUPER|SET_ANY_DEFINER|SYSTEM_USER/, code: 'definer-not-allowed' },
    remedy:
      'a view, trigger, routine or event in it belongs to another account, which only a login with SET USER may write: give the layer such a `restore_as`',
  },
  {
    ...{ numbers: [1044, 1142, 1143, 1227, 1370, 1419], code: 'dump-not-allowed' },
    remedy: 'grant the login what the page of the layer names (docs/layers/mysql.md)',
  },
  {
    ...{ numbers: [1356, 1347, 1449], code: 'view-broken' },
    remedy: 'a view, or what it is made of, is gone: make that again, or drop the view; the other databases are dumped',
  },
  {
    numbers: [126, 127, 145, 1033, 1034, 1035, 1194, 1195, 1296, 1712, 1812, 1813, 1814, 1815, 1877, 1932],
    code: 'database-damaged',
    remedy: 'this database has lost data: keep its older points, and see the log of the server and its disk',
  },
  {
    // What the engine itself found, by its own number: crashed, cut short, without its file.
    ...{ numbers: [1030], says: /\b(?:126|127|144|145|175|176|189|194)\b/, code: 'database-damaged' },
    remedy: 'this database has lost data: keep its older points, and see the log of the server and its disk',
  },
  {
    ...{ numbers: [1205], code: 'database-in-use' },
    remedy: 'somebody holds a table of it: stop what uses it (`SHOW FULL PROCESSLIST`), then try again',
  },
  {
    ...{ numbers: [1010], code: 'database-not-empty' },
    remedy:
      'see which files lie in the folder of that database below the datadir, and move those away that are of no table; then try again',
  },
  { numbers: [1049], code: 'database-missing', remedy: 'see whether it was dropped; then the next run leaves it out' },
];

const unknown = {
  dump: { code: 'dump-failed', remedy: 'see the words, and the log of the server' },
  client: { code: 'statement-refused', remedy: 'see the words, and the log of the server' },
};

/** @param program `dump`, or `client` for everything that is asked or loaded */
export function faultOf(
  { entry }: Pick<Connection, 'entry'>,
  database: string,
  program: keyof typeof unknown,
  ended: Ended,
): Fault {
  const words = lastWords(ended);
  const found = numbersIn(words);
  const { code, remedy } =
    kinds.find((one) => one.numbers.some((number) => found.includes(number)) && (one.says?.test(words) ?? true)) ??
    unknown[program];
  return new Fault(code, {
    where: `${entry.name}: ${shown(database)}`,
    says: `${program === 'dump' ? 'dumping' : 'asking'}: ${words}`,
    remedy,
  });
}
