// The steps `mysql.accounts` and `mysql.grants`: accounts that the point has and the server has not, and what they may do with tables and
// routines, once those are there. Accounts that are there keep what they have.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { cut, shown } from '../../values/text.ts';
import { opened } from '../common/dumps/opened.ts';
import { forAge } from '../common/points/encryption.ts';
import {
  type Account,
  aboutAccounts,
  named,
  type Statements,
  sameAccount,
  spoken,
  statementsFor,
} from './accounts-sql.ts';
import { ask } from './ask.ts';
import type { Connection } from './connection.ts';
import { accountsName, type RestoreGiven, settledName } from './restore-given.ts';
import { drop, givenIn, namesThere, observePoint, release, restoringIn, undoing } from './restoring.ts';
import { identifier } from './sql.ts';
import { accountsOn } from './take-accounts.ts';

/** Those of the point that were not there when it was planned. */
function wantedIn({ accounts }: RestoreGiven): readonly Account[] {
  if (accounts === undefined) return [];
  const { accounts: all } = aboutAccounts.parse(accounts.taken.about);
  return all.filter((one) => accounts.missing.some((other) => sameAccount(one, other)));
}

async function statementsIn(
  { accounts, entry, points, folder }: RestoreGiven,
  context: StepContext,
): Promise<Statements> {
  if (accounts === undefined) return { create: [], grants: [], late: [] };
  const identity = entry.identity && (await context.world.secret(entry.identity, forAge));
  const opening = { machine: context.world.machine(points), folder, taken: accounts.taken, identity };
  const text: Buffer[] = [];
  for await (const piece of opened(opening, context)) text.push(Buffer.from(piece));
  return statementsFor(Buffer.concat(text).toString(), aboutAccounts.parse(accounts.taken.about), accounts.missing);
}

async function thereOf(connection: Connection, wanted: readonly Account[], context: StepContext) {
  const isMaria = /maria/i.test((await ask(connection, 'SELECT VERSION();', context))[0]?.[0] ?? '');
  const all = await accountsOn(connection, isMaria, context);
  return wanted.filter((one) => all.some((other) => sameAccount(one, other)));
}

export const accountsKind: StepKind = {
  name: 'mysql.accounts',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const wanted = wantedIn(given);
    const { create, grants } = await statementsIn(given, context);
    const connection = await restoringIn(given, context);
    const there = await thereOf(connection, wanted, context);
    if (there.length > 0) throw madeMeanwhile(given, there);
    const mark = accountsName(context.run);
    context.take('mark that accounts are made', mark);
    await ask(connection, `CREATE DATABASE ${identifier(mark)};`, context);
    await ask(connection, [...create, ...grants].join('\n'), context, 'accounts');
    const left = wanted.length - (await thereOf(connection, wanted, context)).length;
    if (left > 0) throw notMade(given);
    return { result: { accounts: wanted.map(spoken) } };
  },

  probe: async (context) => {
    const wanted = wantedIn(givenIn(context));
    const there = await thereOf(await restoringIn(givenIn(context), context), wanted, context);
    // What they may do comes behind all of them, and nobody sees from outside whether it did.
    return { answer: 'not done', evidence: `${there.length} of ${wanted.length} are there` };
  },

  undo: undoing(async (context) => {
    const given = givenIn(context);
    const connection = await restoringIn(given, context);
    const mark = accountsName(context.run);
    const settled = settledName(context.run);
    const marks = await namesThere(connection, [mark, settled], context);
    if (!marks.has(mark) || marks.has(settled)) return;
    for (const one of await thereOf(connection, wantedIn(given), context))
      await ask(connection, `DROP ${one.role ? 'ROLE' : 'USER'} ${named(one)};`, context, spoken(one));
    await drop(connection, mark, context);
  }),
  release,
};

export const grantsKind: StepKind = {
  name: 'mysql.grants',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const { late } = await statementsIn(given, context);
    const connection = await restoringIn(given, context);
    const degraded: string[] = [];
    for (const statement of late) {
      try {
        await ask(connection, statement, context, 'accounts');
      } catch (error) {
        context.signal.throwIfAborted();
        if (!(error instanceof Fault) || error.code !== 'statement-refused') throw error;
        degraded.push(`${shown(cut(statement.trim(), 200))} could not be given: ${error.says}`);
      }
    }
    return { result: { given: late.length - degraded.length }, degraded };
  },

  probe: async () => ({ answer: 'not done', evidence: 'to grant twice does no harm' }),
  release,
};

const madeMeanwhile = ({ entry }: RestoreGiven, there: readonly Account[]): Fault =>
  new Fault('database-changed', {
    where: entry.name,
    says: `${there.map((one) => shown(spoken(one))).join(', ')} was made since this was planned`,
    remedy: 'make a new plan and look at it: nothing was replaced',
  });

const notMade = ({ entry }: RestoreGiven): Fault =>
  new Fault('role-not-made', {
    where: entry.name,
    says: 'the point does not say how an account was made',
    remedy: 'make it by hand (CREATE USER), then restore again',
  });
