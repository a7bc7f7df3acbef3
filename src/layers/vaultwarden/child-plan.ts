// What is done when the live database was asked: one point. What retention then lets go is known when it is sealed. Pure.
import type { FaultRecord } from '../../fault.ts';
import type { DatabaseVerdict } from '../../model/item-results.ts';
import type { ChildPlan, Note } from '../../model/plan.ts';
import type { RunId } from '../../model/run.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import type { Instant, SinceBoot } from '../../values/instant.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { lane, pointId, pointRef } from '../common/points/places.ts';
import { leftOut } from './names.ts';
import type { VaultwardenEntry } from './schema.ts';

export type Looked = Readonly<{
  entry: VaultwardenEntry;
  timeZone: string;
  run: RunId;
  now: Instant;
  sinceBoot: SinceBoot | undefined;
  /** names in the data folder that nobody here knows */
  foreign: readonly Buffer[];
  /** what the live database said; the journal has it whatever becomes of the copy */
  verdict: DatabaseVerdict;
  problem: FaultRecord | undefined;
}>;

export function childPlan(looked: Looked): ChildPlan {
  const { entry, foreign, verdict, problem } = looked;
  const { workload } = entry;
  const subject = ref('layer', entry.name);
  const take = takeStep(looked);
  const names = foreign.slice(0, 5).map((name) => shown(name.toString()));
  const more = foreign.length > names.length ? ` and ${foreign.length - names.length} more` : '';
  const notes: Note[] =
    foreign.length === 0
      ? []
      : [
          {
            ...{ subject, level: 'info' },
            says: `not copied, since it is not known to be of Vaultwarden: ${names.join(', ')}${more}; \`also\` names what belongs to it`,
          },
        ];
  return {
    because: [problem === undefined ? 'the live database is sound' : problem.says],
    steps: [take],
    notes,
    afterFailure: 'alone',
    itemResults: {
      expected: [{ name: entry.data, workload, step: take.id }],
      excluded: leftOut.map(({ what, reason }) => ({ name: `${entry.data}/${what}`, workload, because: reason })),
      databases: [verdict],
    },
  };
}

function takeStep({ entry, timeZone, run, now, sinceBoot, problem }: Looked): Step {
  const id = pointId(now, run);
  return {
    id: 'take',
    kind: 'vaultwarden.take',
    subject: pointRef(entry.name, id),
    act: 'create',
    title: `copy the database, then attachments, sends, keys and settings, into restore point ${id}`,
    because: [problem === undefined ? 'a row that is copied finds its file that way' : problem.says],
    changes: [],
    after: [],
    lanes: [lane(pointsMachine(entry), entry.to)],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({ entry, timeZone, id, takenAt: now, since_boot: sinceBoot, problem: problem && recorded(problem) }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(30),
  };
}

const recorded = ({ code, where, says, remedy }: FaultRecord) => ({ code, where, says, remedy });
