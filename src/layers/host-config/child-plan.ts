// What is to be done with what was gathered: one copy, and after it the removal of each point that retention lets go, unless
// something that this host must have is missing. Pure.
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import type { Instant, SinceBoot } from '../../values/instant.ts';
import type { Keep } from '../../values/retention.ts';
import { count, shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { lane, pointId, pointRef } from '../common/points/places.ts';
import { decidePruning } from '../common/points/prune-decision.ts';
import { pruneSteps } from '../common/points/prune-step.ts';
import { remarkOnOthers } from '../common/points/source.ts';
import type { ItemFate } from './gather.ts';
import { hostRef } from './host.ts';
import type { HostConfigEntry } from './schema.ts';

export type Gathered = Readonly<{
  entry: HostConfigEntry;
  timeZone: string;
  run: RunId;
  now: Instant;
  sinceBoot: SinceBoot | undefined;
  source: Readonly<{ machine_id: string }>;
  items: readonly ItemFate[];
  points: readonly RestorePoint[];
}>;

export function childPlan(gathered: Gathered): ChildPlan {
  const { entry, timeZone, run, now, sinceBoot, source, items, points } = gathered;
  const subject = hostRef(entry.machine);
  const fresh = { id: pointId(now, run), takenAt: now, source, run, sinceBoot };
  const pruning = decidePruning(entry, points, fresh, timeZone);
  const lacks = lacking(items);
  const copy = copyStep(gathered, fresh.id, pruning.policy);
  const prunes = lacks.length > 0 ? [] : pruneSteps({ entry, source, after: [copy.id] }, pruning.remove);
  const remarks = [
    ...notThere(items),
    ...(lacks.length > 0 && pruning.remove.length > 0 ? [keptFor(lacks)] : []),
    ...remarkOnOthers(points, source, 'another installation (another machine-id)'),
    ...pruning.remarks,
  ];
  const taken = items.filter(({ fate }) => fate === 'taken');
  return {
    because: [
      `${count(taken.length, 'item')} of ${items.length} gathered: ${taken.map(({ name }) => name).join(', ')}`,
    ],
    steps: [copy, ...prunes],
    notes: remarks.map((remark): Note => ({ subject, ...remark })),
    afterFailure: 'keep',
  };
}

/** What this host must have, and the point has not. */
const lacking = (items: readonly ItemFate[]): readonly string[] =>
  items.filter(({ required, fate }) => required && fate !== 'taken').map(({ name }) => name);

/** For the run: it is degraded by what a host like this must have and has not, and by what is there and could not be taken. */
export const missingParts = (items: readonly ItemFate[]): readonly string[] =>
  items
    .filter(({ required, fate }) => fate === 'failed' || (required && fate === 'not there'))
    .map(({ name, fate, says }) => `${name}: ${says ?? `${fate}, and a host of these roles has it`}`);

type Remark = Pick<Note, 'level' | 'says'>;

function notThere(items: readonly ItemFate[]): readonly Remark[] {
  const names = items.filter(({ required, fate }) => !required && fate === 'not there').map(({ name }) => name);
  return names.length === 0 ? [] : [{ level: 'info', says: `this host has none of: ${names.join(', ')}` }];
}

const keptFor = (lacks: readonly string[]): Remark => ({
  level: 'warning',
  says: `no older point is removed, because this one lacks ${lacks.join(', ')}`,
});

function copyStep({ entry, items, now, sinceBoot, source }: Gathered, id: string, policy: Keep | undefined): Step {
  return {
    id: 'copy',
    kind: 'host-config.copy',
    subject: pointRef(entry.name, id),
    act: 'create',
    title: `copy the configuration of ${entry.machine} into restore point ${id}`,
    because: [
      entry.encrypt_to === undefined
        ? `it goes to ${shown(entry.to)} as it is`
        : `it is encrypted to ${count(entry.encrypt_to.length, 'recipient')} before it leaves ${entry.machine}`,
    ],
    changes: [],
    after: [],
    lanes: [lane(pointsMachine(entry), entry.to)],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({ entry, id, takenAt: now, source, items, policy, since_boot: sinceBoot }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(30),
  };
}
