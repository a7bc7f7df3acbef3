// The steps of a restore as data: what each of them says to whoever agrees to it. Pure.

import type { LayerContext } from '../../contracts/layer.ts';
import type { Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Step } from '../../model/step.ts';
import { ref } from '../../values/ref.ts';
import { bytes, formatSize } from '../../values/size.ts';
import { count, shown } from '../../values/text.ts';
import { chained, namedBy, ofOne, type Said } from '../common/dumps/restore-chain.ts';
import { asGiven } from '../common/given.ts';
import type { RestoreGiven } from './restore-given.ts';
import type { Scouted } from './scout.ts';

export function restoreSteps(
  given: RestoreGiven,
  server: Scouted,
  { manifest }: RestorePoint,
  { timeZone, now }: LayerContext,
): Readonly<{ steps: readonly Step[]; notes: readonly Note[] }> {
  const { entry, databases, roles, keep_old } = given;
  const replaced = databases.filter(({ there }) => there);
  const credentials = (entry.credentials ?? []).filter(({ role }) => roles?.missing.includes(role));
  const { roles: _, ...alone } = given;
  const of = (which: number) => ({
    subject: ref('database', entry.name, databases[which]?.name ?? ''),
    given: asGiven(ofOne(alone, which)),
  });
  const said: readonly Said[] = [
    ...(replaced.length === 0 || keep_old ? [] : [safetyStep(given, server, timeZone, now)]),
    ...(roles === undefined ? [] : [rolesStep(roles.missing, manifest.takenAt)]),
    ...databases.map((one, which) => ({ ...loadStep(one, which), ...of(which) })),
    ...(credentials.length === 0 ? [] : [credentialsStep(credentials.map(({ role }) => role))]),
    ...databases.map((one, which) => ({ ...swapStep(one, which, server), ...of(which) })),
    ...(replaced.length === 0 || keep_old
      ? []
      : [{ ...settleStep(replaced.map(({ name }) => name)), subject: namedBy(entry, replaced) }]),
  ];
  const steps = chained(said, given, manifest);
  return {
    steps,
    notes: notesOn(
      given,
      credentials.map(({ role }) => role),
    ),
  };
}

/** The dump of a run, of what is about to be replaced alone; held, so that no retention takes it. */
function safetyStep({ entry, databases }: RestoreGiven, server: Scouted, timeZone: string, planned: string): Said {
  const replaced = databases.filter(({ there }) => there);
  const items = replaced.map(({ name }) => ({
    ...{ name, form: 'dump' },
    bytes: server.databases.find((one) => one.name === name)?.bytes ?? 0,
  }));
  const version = `PostgreSQL ${Math.floor(server.number / 10_000)}.${server.number % 10_000}`;
  return {
    ...{ id: 'safety', kind: 'postgres.safety', risk: 'adds' },
    title: `dump what ${replaced.map(({ name }) => shown(name)).join(', ')} ${replaced.length === 1 ? 'holds' : 'hold'} now into a restore point of its own, held against retention`,
    because: ['a restore can be a mistake, too'],
    given: asGiven({ entry, timeZone, planned, items, server: { version } }),
  };
}

const rolesStep = (missing: readonly string[], takenAt: string): Said => ({
  ...{ id: 'roles', kind: 'postgres.roles', risk: 'adds' },
  title: `make ${count(missing.length, 'role')} that the server does not have: ${missing.map(shown).join(', ')}`,
  because: [`what is brought back belongs to them; they get the passwords that they had at ${takenAt}`],
});

const loadStep = ({ taken, name }: RestoreGiven['databases'][number], which: number): Said => ({
  ...{ id: `load-${which}`, kind: 'postgres.load', risk: 'adds' },
  title: `load ${shown(taken.name)} (${formatSize(bytes(taken.bytes))}) into a new database, and count its rows`,
  because: [`nobody sees it until it is called ${shown(name)}: a dump that is not whole interrupts nobody`],
});

const credentialsStep = (roles: readonly string[]): Said => ({
  ...{ id: 'credentials', kind: 'postgres.credentials', risk: 'changes' },
  title: `give ${roles.map(shown).join(', ')} the password that the estate names`,
  because: ['a dump has the passwords of its own day: the applications know newer ones'],
});

function swapStep({ name, there }: RestoreGiven['databases'][number], which: number, { databases }: Scouted): Said {
  const sessions = databases.find((one) => one.name === name)?.sessions ?? [];
  const who = sessions.map(
    (one) =>
      `${one.application === '' ? 'somebody' : shown(one.application)} (${shown(one.user ?? '')} from ${shown(one.address)}, ${count(one.count, 'connection')})`,
  );
  return {
    ...{ id: `swap-${which}`, kind: 'postgres.swap', risk: there ? 'interrupts' : 'adds' },
    title: there
      ? `put it in the place of ${shown(name)}, by two renames in one transaction`
      : `call it ${shown(name)}`,
    because: [there ? 'the one of before stays until everything is done' : 'its rows are those of the dump'],
    ...(there
      ? {
          means: [
            `every connection to ${shown(name)} is ended${who.length === 0 ? '; now there is none' : `: ${who.join('; ')}`}`,
          ],
        }
      : {}),
  };
}

const settleStep = (names: readonly string[]): Said => ({
  ...{ id: 'settle', kind: 'postgres.settle', risk: 'destroys', wayBack: 'one-way' },
  title: `remove what ${names.map(shown).join(', ')} held before; it stays in the restore point that was taken first`,
  because: ['everything is in its place; `--keep-old` keeps it as a database beside'],
});

function notesOn({ entry, roles, databases }: RestoreGiven, known: readonly string[]): readonly Note[] {
  const subject = ref('layer', entry.name);
  const unknown = (roles?.missing ?? []).filter((role) => !known.includes(role));
  return [
    ...(unknown.length === 0
      ? []
      : [
          {
            ...{ subject, level: 'warning' as const },
            says: `${unknown.map(shown).join(', ')}: applications that got a newer password since cannot log in; name it in \`credentials\``,
          },
        ]),
    ...databases
      .filter(({ there }) => there)
      .map(
        ({ name }): Note => ({
          ...{ subject, level: 'info' },
          says: `restart what uses ${shown(name)} when it is done: some programs keep what they have read before`,
        }),
      ),
  ];
}
