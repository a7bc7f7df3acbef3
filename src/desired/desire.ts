// estate -> desired: what the servers should hold, said by each kind of resource from its own section. Pure.
import type { Declared, Desired, ResourceKind } from '../contracts/resource.ts';
import type { Estate } from '../model/estate.ts';
import { isCalendarProblem } from '../values/calendar.ts';
import { calendarLint } from '../values/calendar-lint.ts';
import { parseCalendar } from '../values/calendar-parse.ts';
import { digestOf } from '../values/canonical.ts';

export function desire(estate: Estate, resources: readonly ResourceKind[]): Desired {
  const declared = resources.flatMap((resource) =>
    declarations(resource, estate).map((one) => ({
      ...one,
      notes: [...one.notes, ...traps(one)],
      kind: resource.name,
    })),
  );
  // Where it stands in the file does not count: moving a line changes no plan.
  const digest = digestOf(
    declared.map(({ kind, server, name, item, secrets, saves = {}, makes = {} }) => ({
      ...{ kind, server, name, item, secrets, saves },
      ...(Object.keys(makes).length === 0 ? {} : { makes }),
    })),
  );
  return { declared, digest };
}

/** Schedules that mean another time than they seem to. */
function traps({ item }: Declared): Declared['notes'] {
  return ['schedule', 'gc'].flatMap((field) => {
    const written = item[field];
    if (typeof written !== 'string' || written === '') return [];
    const event = parseCalendar(written);
    if (isCalendarProblem(event)) return [];
    return calendarLint(event).map(({ says }) => ({
      level: 'warning' as const,
      says: `its ${field} ${written}: ${says}`,
    }));
  });
}

type Holder = Readonly<Record<string, unknown>>;

function declarations({ section }: ResourceKind, estate: Estate): readonly Declared[] {
  const keys = Object.keys(section.shape);
  /** Undefined where the estate says nothing of the kind there. */
  const partOf = (holder: Holder): unknown => {
    const said = keys.filter((key) => holder[key] !== undefined);
    return said.length === 0 ? undefined : Object.fromEntries(said.map((key) => [key, holder[key]]));
  };
  const within = <At extends Holder>(holder: At, declare: (part: unknown) => readonly Declared[]) => {
    const part = partOf(holder);
    return part === undefined ? [] : declare(part);
  };
  switch (section.at) {
    case 'top':
      return within(estate.sections, (part) => section.declare(part, estate));
    case 'pbs':
      return estate.pbs.flatMap((server) => within(server, (part) => section.declare(part, estate, server)));
    case 'datastore':
      return estate.pbs.flatMap((server) =>
        server.datastores.flatMap((datastore) =>
          within(datastore, (part) => section.declare(part, estate, server, datastore)),
        ),
      );
  }
}
