// The plan of bringing databases back: as files, beside the live ones under a new name, or in their place. Pure.

import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { Note, Refusal } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Json } from '../../values/canonical.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { beside, databaseTargets } from '../common/dumps/database-targets.ts';
import { missingIn, takenIn } from '../common/dumps/taken.ts';
import { isFolder, meantIn, planUnpack, withoutTarget } from '../common/dumps/unpack-plan.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { aboutAccounts, sameAccount } from './accounts-sql.ts';
import { accountsItem } from './inventory.ts';
import type { RestoreGiven } from './restore-given.ts';
import { refusalOf } from './restore-refusals.ts';
import { restoreSteps } from './restore-steps.ts';
import type { MysqlEntry } from './schema.ts';
import { type Scouted, scouted as scoutedSchema } from './scout.ts';

export const restoreTargets = databaseTargets('sql');

export function planRestore(
  entry: MysqlEntry,
  wish: RestoreWish,
  context: LayerContext,
  scouted: Json = null,
): Planned {
  const { target, point } = wish;
  if (target === undefined)
    return refused(withoutTarget(entry, '--to live, --to database/NAME with --only DATABASE, or --to /FOLDER'));
  if (isFolder(target)) return planUnpack(entry, { ...wish, target });
  if (target !== 'live' && !target.startsWith(beside)) return refused(unclear(entry, target));
  const server = scoutedSchema.parse(scouted);
  const meant = meantIn(wish);
  if ('code' in meant) return refused(meant);
  const dumps = meant.filter(({ form }) => form === 'sql');
  const name = target === 'live' ? undefined : target.slice(beside.length);
  const databases = dumps.map((taken) => ({
    ...{ taken, name: name ?? taken.name },
    there: server.databases.some((one) => one.name === (name ?? taken.name)),
  }));
  const refusal = refusalOf(entry, wish, server, databases, name);
  if (refusal !== undefined) return refused(refusal);
  const accounts = missingAccounts(point, server);
  const given: RestoreGiven = {
    ...{ entry, points: pointsMachine(entry), folder: point.folder, databases, planned: context.now },
    ...(accounts === undefined || accounts.missing.length === 0 ? {} : { accounts }),
  };
  const { steps, notes } = restoreSteps(given, server, point, context);
  return { steps, notes: [...notes, ...notesOn(entry, point, wish, server)], refusals: [] };
}

const refused = (refusal: Refusal): Planned => ({ steps: [], notes: [], refusals: [refusal] });

function missingAccounts({ manifest }: RestorePoint, { accounts: there }: Scouted): RestoreGiven['accounts'] {
  const taken = takenIn(manifest).find(({ name, form }) => name === accountsItem && form === 'accounts.sql');
  if (taken === undefined || there === null) return undefined;
  const missing = aboutAccounts
    .parse(taken.about)
    .accounts.filter((one) => !there.some((other) => sameAccount(one, other)));
  return { taken, missing: missing.map(({ user, host }) => ({ user, host })) };
}

const unclear = ({ name }: MysqlEntry, target: string): Refusal => ({
  subject: ref('layer', name),
  code: 'target-unclear',
  says: `${shown(target)} is neither \`live\`, nor database/NAME, nor an absolute folder`,
  remedy: 'write --to live, --to database/NAME, or --to /FOLDER',
});

function notesOn(
  entry: MysqlEntry,
  { manifest }: RestorePoint,
  { only }: RestoreWish,
  { accounts }: Scouted,
): readonly Note[] {
  const subject = ref('layer', entry.name);
  const missing = only === undefined ? missingIn(manifest) : [];
  return [
    ...missing.map(
      ({ name }): Note => ({
        ...{ subject, level: 'warning' },
        says: `${shown(name)} is not in this point, since it could not be dumped that night: it stays as it is`,
      }),
    ),
    ...(accounts === null
      ? [
          {
            ...{ subject, level: 'warning' as const },
            says: 'the login may not see which accounts the server has: none is made, though the point may have some',
          },
        ]
      : []),
  ];
}
