// What a plan says of routes, where any layer is declared: one line, each thing that is wrong, and each disk that is soon full as runs
// have seen it. Nothing is asked for it.
import type { Holdfast } from './holdfast.ts';
import type { Estate } from './model/estate.ts';
import type { Note } from './model/plan.ts';
import { tally } from './routes/routes-text.ts';
import { plannedDays, type Target } from './routes/targets.ts';
import { routesDeclared } from './routes-now.ts';
import { targetsSeen } from './targets-now.ts';
import { ref } from './values/ref.ts';
import { count } from './values/text.ts';
import type { OpenWorld } from './world.ts';

export function routeNotes(
  holdfast: Pick<Holdfast, 'look' | 'surroundings'>,
  world: Pick<OpenWorld, 'recall'>,
  estate: Estate,
): readonly Note[] {
  if (estate.layers.length === 0) return [];
  const { at, carriers, histories, routed } = routesDeclared(holdfast, estate);
  const { gaps, duplicates, circles, overdue } = routed;
  const targets = targetsSeen(world, estate, carriers, histories, at);
  const wrong = [...gaps, ...duplicates, ...circles, ...overdue].filter(({ level }) => level === 'warning');
  const says = `routes: ${tally(routed, targets)} \`holdfast routes\` shows each, and looks at the disks`;
  return [{ subject: ref('estate', estate.name), level: 'info', says }, ...wrong, ...targets.flatMap(noteOn)];
}

function noteOn({ says: target, space, daysToFull }: Target): readonly Note[] {
  if (daysToFull === undefined || daysToFull > plannedDays || 'unknown' in space) return [];
  const says = `as last seen (${space.at}) it is full in ${count(daysToFull, 'day')}: \`holdfast routes\` says what would give room`;
  return [{ subject: ref('disk', target), level: 'warning', says }];
}
