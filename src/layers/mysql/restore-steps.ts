// The steps of a restore as data: what each of them says to whoever agrees to it. Pure.

import type { LayerContext } from '../../contracts/layer.ts';
import type { Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Step } from '../../model/step.ts';
import { ref } from '../../values/ref.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { count, shown } from '../../values/text.ts';
import { chained, ofOne, type Said } from '../common/dumps/restore-chain.ts';
import { asGiven } from '../common/given.ts';
import { sameAccount } from './accounts-sql.ts';
import type { RestoreGiven } from './restore-given.ts';
import type { Scouted } from './scout.ts';

export function restoreSteps(
  given: RestoreGiven,
  server: Scouted,
  { manifest }: RestorePoint,
  { timeZone }: LayerContext,
): Readonly<{ steps: readonly Step[]; notes: readonly Note[] }> {
  const { entry, databases, accounts } = given;
  const replaced = databases.filter(({ there }) => there);
  const credentials = (entry.credentials ?? []).filter((one) =>
    accounts?.missing.some((other) => sameAccount(one, other)),
  );
  const { accounts: _, ...alone } = given;
  const of = (which: number) => ({
    subject: ref('database', entry.name, databases[which]?.name ?? ''),
    given: asGiven(ofOne(alone, which)),
  });
  const said: readonly Said[] = [
    ...(replaced.length === 0 ? [] : [safetyStep(given, server, timeZone)]),
    ...(accounts === undefined ? [] : [accountsStep(accounts.missing, manifest.takenAt)]),
    ...databases.flatMap((one, which) => (one.there ? [{ ...loadStep(one, which), ...of(which) }] : [])),
    ...(credentials.length === 0 ? [] : [credentialsStep(credentials.map(({ user }) => user))]),
    ...databases.map((one, which) => ({ ...replaceStep(one, which, server), ...of(which) })),
    ...(accounts === undefined ? [] : [grantsStep]),
    settleStep,
  ];
  const steps = chained(said, given, manifest);
  return { steps, notes: notesOn(given, credentials) };
}

/** The dump of a run, of what is about to be replaced alone; held, so that no retention takes it. */
function safetyStep({ entry, databases, planned }: RestoreGiven, server: Scouted, timeZone: string): Said {
  const replaced = databases.filter(({ there }) => there);
  const items = replaced.map(({ name }) => ({
    ...{ name, form: 'sql' },
    bytes: server.databases.find((one) => one.name === name)?.bytes ?? 0,
  }));
  return {
    ...{ id: 'safety', kind: 'mysql.safety', risk: 'adds' },
    title: `dump what ${replaced.map(({ name }) => shown(name)).join(', ')} ${replaced.length === 1 ? 'holds' : 'hold'} now into a restore point of its own, held against retention`,
    because: ['a restore can be a mistake, too, and this is what leads back'],
    given: asGiven({ entry, timeZone, planned, items, server: { version: server.version.text } }),
  };
}

const accountsStep = (missing: readonly Readonly<{ user: string; host: string }>[], takenAt: string): Said => ({
  ...{ id: 'accounts', kind: 'mysql.accounts', risk: 'adds' },
  title: `make ${count(missing.length, 'account')} that the server does not have: ${missing.map(({ user }) => shown(user)).join(', ')}`,
  because: [`what is brought back belongs to them; they get the passwords that they had at ${takenAt}`],
});

const loadStep = ({ taken, name }: RestoreGiven['databases'][number], which: number): Said => ({
  ...{ id: `load-${which}`, kind: 'mysql.load', risk: 'adds' },
  title: `load ${shown(taken.name)} (${formatSize(bytes(taken.bytes))}) into a new database, and count its rows`,
  because: [`a dump that is not whole, or that the login may not load, interrupts nobody who uses ${shown(name)}`],
});

const credentialsStep = (users: readonly string[]): Said => ({
  ...{ id: 'credentials', kind: 'mysql.credentials', risk: 'changes' },
  title: `give ${users.map(shown).join(', ')} the password that the estate names`,
  because: ['a dump has the passwords of its own day: the applications know newer ones'],
});

function replaceStep(
  { name, there, taken }: RestoreGiven['databases'][number],
  which: number,
  { sessions, sees_sessions }: Scouted,
): Said {
  const who = sessions
    .filter(({ database }) => database === name)
    .map((one) => `${shown(one.user)} from ${shown(one.address)} (${count(one.count, 'connection')})`);
  const unseen = sees_sessions ? '; now there is none' : '; the login may not see whether there is one (PROCESS)';
  return {
    ...{ id: `replace-${which}`, kind: 'mysql.replace', risk: there ? 'destroys' : 'adds' },
    title: there
      ? `drop ${shown(name)}, and load it anew from the dump`
      : `load ${shown(taken.name)} (${formatSize(bytes(taken.bytes))}) into the new database ${shown(name)}, and count its rows`,
    because: [
      there
        ? 'a database has no rename here: its triggers, views and routines cannot be moved'
        : 'there is none of that name',
    ],
    ...(there
      ? {
          means: [
            `every connection to ${shown(name)} is ended${who.length === 0 ? unseen : `: ${who.join('; ')}`}`,
            'until it is loaded, whoever uses it finds tables that are not there: stop it before',
          ],
        }
      : {}),
  };
}

const grantsStep: Said = {
  ...{ id: 'grants', kind: 'mysql.grants', risk: 'adds' },
  title: 'give the new accounts what they may do with single tables and routines',
  because: ['those are there only now'],
};

/** Only what has a name of this run: what was there before went with the step that was agreed to by its name. */
const settleStep: Said = {
  ...{ id: 'settle', kind: 'mysql.settle', risk: 'changes', wayBack: 'one-way' },
  title: 'remove what the restore made for itself',
  because: ['everything is in its place; what was there before stays in the restore point that was taken first'],
};

function notesOn(
  { entry, accounts, databases }: RestoreGiven,
  known: readonly Readonly<{ user: string; host: string }>[],
) {
  const subject = ref('layer', entry.name);
  const unknown = (accounts?.missing ?? []).filter((one) => !known.some((other) => sameAccount(one, other)));
  const used = databases.filter(({ there }) => there);
  return [
    ...(unknown.length === 0
      ? []
      : [
          {
            ...{ subject, level: 'warning' as const },
            says: `${unknown.map(({ user }) => shown(user)).join(', ')}: applications that got a newer password since cannot log in; name it in \`credentials\``,
          },
        ]),
    ...used.map(
      ({ name }): Note => ({
        ...{ subject, level: 'info' },
        says: `start what uses ${shown(name)} when it is done: some programs keep what they have read before`,
      }),
    ),
  ];
}
