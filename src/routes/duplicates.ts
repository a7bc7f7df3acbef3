// The same bytes twice in one place: paid for twice, and lost together. A copy of a copy is none, as long as it lies on another disk;
// nor is a copy of a part beside one of everything, which is there for another reason (a dump beside a snapshot). Pure.
import type { Note } from '../model/plan.ts';
import type { Carrier, RouteSource } from '../model/route.ts';
import type { SameHost } from '../model/route-graph.ts';
import { isWithin } from '../model/route-graph.ts';
import { shown } from '../values/text.ts';
import { type Copy, followAll, legsOf, type Way } from './follow.ts';
import type { Place, Surroundings } from './place.ts';
import { carrierRef, sourceText, targetText } from './words.ts';

export function duplicatesIn(carriers: readonly Carrier[], around: Surroundings): readonly Note[] {
  const ways = followAll(carriers, around);
  const told = new Set<string>();
  const notes = [...ways.flatMap((way) => withinWay(way, around)), ...betweenSources(carriers, around)];
  return notes.filter(({ subject, says }) => !told.has(`${subject} ${says}`) && told.add(`${subject} ${says}`));
}

function withinWay({ says, copies }: Way, around: Surroundings): readonly Note[] {
  return copies.flatMap((copy, index) =>
    copies.slice(0, index).flatMap((earlier): Note[] => {
      const where = together(earlier, copy, copies, around);
      if (where === undefined || earlier.parts.join() !== copy.parts.join()) return [];
      const what = copy.parts.length === 0 ? says : `${copy.parts.join(', ')} of ${says}`;
      return [
        {
          subject: carrierRef(copy),
          level: 'warning',
          says: `${shown(what)} is carried twice to ${where}: by ${shown(earlier.carrier)} into ${shown(targetText(earlier.writes))}, and by it into ${shown(targetText(copy.writes))}. What takes one takes the other: leave one out, or give it another host`,
        },
      ];
    }),
  );
}

function together(one: Copy, other: Copy, copies: readonly Copy[], { placeOf }: Surroundings): string | undefined {
  const [first, second] = [placeOf(one.writes), placeOf(other.writes)];
  const sameDisk = first.disk !== undefined && first.disk === second.disk;
  if (sameDisk) return `the disk at ${first.disk}`;
  if (isMadeFrom(other, one, copies)) return undefined;
  return differs(first, second) ? undefined : first.host;
}

/** Two disks of one host, declared as such, are two places. */
const differs = (one: Place, other: Place): boolean =>
  one.host === undefined ||
  one.host !== other.host ||
  (one.disk !== undefined && other.disk !== undefined && one.disk !== other.disk);

function isMadeFrom(copy: Copy, ancestor: Copy, copies: readonly Copy[]): boolean {
  for (let at: Copy | undefined = copy; at !== undefined; at = copies.find(({ number }) => number === at?.from))
    if (at.from === ancestor.number) return true;
  return false;
}

/** One folder within another, one job for all guests beside one for some: not the same source, and the same bytes. */
function betweenSources(carriers: readonly Carrier[], around: Surroundings): readonly Note[] {
  const legs = legsOf(carriers).filter(({ route }) => route.carries === 'everything');
  return legs.flatMap((leg, index) =>
    legs.slice(0, index).flatMap((earlier): Note[] => {
      const [one, other] = [around.placeOf(earlier.route.writes), around.placeOf(leg.route.writes)];
      if (leg.carrier === earlier.carrier || differs(one, other)) return [];
      const shared = leg.route.reads.find((source) =>
        earlier.route.reads.some((before) => overlap(before, source, around.hostOf)),
      );
      if (shared === undefined) return [];
      return [
        {
          subject: carrierRef({ kind: leg.of.kind, carrier: leg.carrier }),
          level: 'warning',
          says: `bytes of ${shown(sourceText(shared))} are carried to ${one.host} by ${shown(earlier.carrier)}, too: by that into ${shown(targetText(earlier.route.writes))}, by this into ${shown(targetText(leg.route.writes))}. Leave them out of one`,
        },
      ];
    }),
  );
}

/** Sources that are the very same are told of by their way. */
function overlap(one: RouteSource, other: RouteSource, hostOf: SameHost): boolean {
  if (one.what === 'guests' && other.what === 'guests') return one.on === other.on && guestsOverlap(one, other);
  if ((one.what !== 'folder' && one.what !== 'file') || (other.what !== 'folder' && other.what !== 'file'))
    return false;
  if (hostOf(one.on) !== hostOf(other.on) || one.at === other.at) return false;
  return isWithin(one.at, other.at) || isWithin(other.at, one.at);
}

type Guests = RouteSource & Readonly<{ what: 'guests' }>;

function guestsOverlap(one: Guests, other: Guests): boolean {
  if (JSON.stringify(one) === JSON.stringify(other)) return false;
  if (one.node !== undefined && other.node !== undefined && one.node !== other.node) return false;
  // Who is in a pool only PVE knows, and what is not known is not claimed.
  const [first, second] = [one.select, other.select];
  if (typeof first !== 'string' && 'pool' in first) return false;
  if (typeof second !== 'string' && 'pool' in second) return false;
  if (typeof first !== 'string' && 'guests' in first) return first.guests.some((guest) => takes(second, guest));
  if (typeof second !== 'string' && 'guests' in second) return second.guests.some((guest) => takes(first, guest));
  return true;
}

function takes(select: Guests['select'], guest: number): boolean {
  if (typeof select === 'string') return true;
  if ('all_but' in select) return !select.all_but.includes(guest);
  return 'guests' in select && select.guests.includes(guest);
}
