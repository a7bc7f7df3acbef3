// The dump of one database, in one transaction of its own, so that nobody waits for it.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Ended } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import type { Item, ItemFacts, Taking } from '../common/dumps/dump.ts';
import { wholly } from '../common/dumps/end-mark.ts';
import { argvOf, type Connection, optionsOf } from './connection.ts';
import { faultOf } from './faults.ts';
import { type Grants, weaknesses } from './grants.ts';
import { type Scanned, Scanner } from './scan.ts';
import { known, type Tool } from './tools.ts';
import { holdsRows, lostIn, type Witness, witnessOf } from './witness.ts';

export type Dumping = Readonly<{ connection: Connection; dumper: Tool; grants: Grants; isMaria: boolean }>;

const wanted = [
  ...['--single-transaction', '--quick', '--routines', '--events', '--triggers', '--hex-blob', '--no-tablespaces'],
  ...['--set-gtid-purged=OFF', '--column-statistics=0', '--comments', '--max-allowed-packet=1073741824'],
  // An option file of the machine may say any of these, and the dump would be without its rows, or another SQL.
  ...[
    '--skip-no-data',
    '--skip-no-create-info',
    '--skip-compact',
    '--skip-force',
    '--skip-replace',
    '--skip-insert-ignore',
  ],
];

export async function takeSchema(
  { connection, dumper, grants, isMaria }: Dumping,
  { name }: Item,
  context: Pick<StepContext, 'signal'>,
): Promise<Taking> {
  const before = await witnessOf(connection, name, context);
  // Without --databases: no CREATE DATABASE and no USE, so that it can come back under another name.
  const argv = argvOf(connection, dumper, [...known(dumper, wanted), '--', name]);
  const failed = (ended: Ended) => {
    const fault = faultOf(connection, name, 'dump', ended);
    return fault.code === 'database-missing' && /['"\\\n\r]/.test(name) ? unspeakable(name, fault) : fault;
  };
  const stream = wholly(connection.machine, argv, optionsOf(connection, context.signal), failed);
  const scanner = new Scanner();
  const dump = async function* () {
    for await (const chunk of stream) {
      scanner.take(chunk);
      if (scanner.isEndless) throw cutShort(name, 'the end of a line, for megabytes');
      yield chunk;
    }
  };
  return {
    dump: dump(),
    facts: async () => {
      const found = scanner.end();
      if (!found.begun) throw cutShort(name, 'its first line, though it ended well');
      if (!found.whole) throw cutShort(name, 'its last line, though it ended well');
      const after = await witnessOf(connection, name, context);
      const lost = lostIn(found, before, after);
      if (lost.length > 0) throw incomplete(name, lost);
      return factsOf(found, after, weaknesses(grants, name, isMaria));
    },
    close: async () => {},
  };
}

function factsOf(
  found: Scanned,
  { tables: engines, charset, collation }: Witness,
  degraded: readonly string[],
): ItemFacts {
  const { views, triggers, routines, events, schema } = found;
  const tables = Object.fromEntries(Object.entries(found.tables).filter(([name]) => holdsRows(engines.get(name))));
  const each = Object.values(tables);
  const others = Object.entries({ views, triggers, routines, events }).filter(([, number]) => number > 0);
  return {
    counts: {
      rows: each.reduce((all, rows) => all + rows, 0),
      tables: Object.keys(found.tables).length,
      filled: each.filter((rows) => rows > 0).length,
      ...Object.fromEntries(others),
    },
    ...{ schema, tables, degraded },
    about: { charset, collation },
  };
}

/** mariadb-dump 10.11 asks for a name that it has put backslashes into, as soon as there is an event in it. */
const unspeakable = (name: string, { where, says }: Fault): Fault =>
  new Fault('dump-failed', {
    where,
    says: `${says}; a tool may not find a database with a quote, a backslash or a line break in its name that has events`,
    remedy: `see whether ${shown(name)} is there; then give it a name without them, or try a newer tool`,
  });

const cutShort = (name: string, without: string): Fault =>
  new Fault('dump-cut-short', {
    where: name,
    says: `the dump is without ${without}`,
    remedy: 'see which program it is that answers to that name on the machine, and run it by hand',
  });

const incomplete = (name: string, lost: readonly string[]): Fault =>
  new Fault('dump-incomplete', {
    where: name,
    says: `the dump ended well, and is without ${lost.join(', ')}, which the server has`,
    remedy: 'see what the login may read, and whether an option file of the machine leaves something out',
  });
