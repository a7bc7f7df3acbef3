// The plan of one run of a layer of dumps: a look at the server, and what follows from it. Pure.
import type { LayerContext, Planned } from '../../../contracts/layer.ts';
import type { ChildPlan, Note } from '../../../model/plan.ts';
import type { RunId } from '../../../model/run.ts';
import type { Step } from '../../../model/step.ts';
import { minutes } from '../../../values/duration.ts';
import { between, type Instant, type SinceBoot } from '../../../values/instant.ts';
import { ref } from '../../../values/ref.ts';
import { count, shown } from '../../../values/text.ts';
import { parseTimeSpan } from '../../../values/time-span.ts';
import { asGiven } from '../given.ts';
import { lookStep } from '../look-step.ts';
import { pointsMachine } from '../points/entry.ts';
import { inTheClear } from '../points/in-the-clear.ts';
import { lane, layerFolder, pointId, pointRef } from '../points/places.ts';
import type { Looked } from './dump.ts';
import type { DumpEntry } from './entry.ts';

export function planDumps(entry: DumpEntry, { timeZone }: Pick<LayerContext, 'timeZone'>): Planned {
  const look = lookStep(entry, {
    title: `ask ${entry.kind} on ${entry.machine} what there is, and dump it into a restore point in ${shown(layerFolder(entry))}`,
    given: { timeZone },
    patience: minutes(10),
  });
  const notes = inTheClear(entry, 'what their applications keep secret, password hashes too');
  return { steps: [look], notes, refusals: [] };
}

export type Seen = Readonly<{
  entry: DumpEntry;
  timeZone: string;
  looked: Looked;
  run: RunId;
  now: Instant;
  sinceBoot: SinceBoot | undefined;
  /** when a point of this layer was last brought back on a server of its own */
  provedAt: Instant | undefined;
}>;

export function childPlan(seen: Seen): ChildPlan {
  const { entry, looked } = seen;
  const { items, excluded, warnings } = looked;
  const subject = ref('layer', entry.name);
  const dump = dumpStep(seen);
  const { workload } = entry;
  return {
    because: [`there ${items.length === 1 ? 'is' : 'are'} ${count(items.length, 'thing')} to dump`],
    steps: [dump, ...proveSteps(seen)],
    notes: warnings.map((says): Note => ({ subject, level: 'warning', says })),
    afterFailure: 'alone',
    itemResults: {
      expected: items.map(({ name }) => ({ name, workload, step: dump.id })),
      excluded: excluded.map((one) => ({ ...one, workload })),
    },
  };
}

function dumpStep({ entry, timeZone, looked, run, now, sinceBoot }: Seen): Step {
  const { server, items } = looked;
  const id = pointId(now, run);
  const names = items.map(({ name }) => shown(name));
  const some = names.length > 4 ? `${names.slice(0, 3).join(', ')} and ${names.length - 3} more` : names.join(', ');
  return {
    id: 'dump',
    kind: `${entry.kind}.dump`,
    subject: pointRef(entry.name, id),
    act: 'create',
    title: `dump ${some} into restore point ${id}`,
    because: [`what answers is ${String(server['version'] ?? Object.values(server)[0])}`],
    changes: [],
    after: [],
    lanes: [lane(pointsMachine(entry), entry.to)],
    risk: 'adds',
    needs: [],
    expects: [],
    given: asGiven({ entry, timeZone, id, takenAt: now, since_boot: sinceBoot, server, items }),
    wayBack: 'undo',
    expands: true,
    patience: minutes(30),
  };
}

/** A dump that nobody ever brought back is a hope. */
function proveSteps({ entry, now, run, provedAt }: Seen): readonly Step[] {
  const every = entry.prove === undefined ? undefined : parseTimeSpan(entry.prove.every);
  if (entry.prove === undefined || typeof every !== 'number') return [];
  if (provedAt !== undefined && between(provedAt, now) < every) return [];
  const id = pointId(now, run);
  const on = entry.prove.on ?? pointsMachine(entry);
  return [
    {
      id: 'prove',
      kind: `${entry.kind}.prove`,
      subject: pointRef(entry.name, id),
      act: 'do',
      title: `bring it back on a server of its own on ${on}, count what is in it, and remove that server`,
      because: [
        provedAt === undefined
          ? 'none of its points was ever brought back'
          : `the last one was on ${provedAt.slice(0, 10)}`,
      ],
      changes: [],
      after: ['dump'],
      lanes: [lane(on, entry.prove.staging)],
      risk: 'adds',
      needs: [],
      expects: [],
      given: asGiven({ entry, id }),
      wayBack: 'undo',
      expands: false,
      patience: minutes(60),
    },
  ];
}
