// Each source followed to every copy of it: the copy that one layer makes is what the next one reads. Pure.
import type { Carrier, NotCarried, Route, RouteSource, RouteTarget } from '../model/route.ts';
import { feeds, goesOn, type Leg, type SameHost } from '../model/route-graph.ts';
import { type Apart, apart, type Surroundings } from './place.ts';
import { sourceText } from './words.ts';

export type Copy = Readonly<{
  number: number;
  /** the number of the copy it is made from; 0: the original */
  from: number;
  carrier: string;
  kind: string;
  writes: RouteTarget;
  /** what is left of everything, step by step from the original */
  parts: readonly string[];
  schedule: string | undefined;
  /** from the original */
  apart: Apart;
}>;

export type Way = Readonly<{
  source: RouteSource;
  says: string;
  workloads: readonly string[];
  copies: readonly Copy[];
  leftOut: readonly (NotCarried & Readonly<{ by: string }>)[];
  /** carriers whose copies lie in it, beside whatever else does */
  holds: readonly string[];
}>;

type CarrierLeg = Leg & Readonly<{ of: Carrier }>;

export const legsOf = (carriers: readonly Carrier[]): readonly CarrierLeg[] =>
  carriers.flatMap((of) => of.routes.map((route) => ({ carrier: of.name, route, of })));

export function followAll(carriers: readonly Carrier[], around: Surroundings): readonly Way[] {
  const legs = legsOf(carriers);
  return originalsIn(legs, around.hostOf).map((source) => wayOf(source, legs, around));
}

/** What no copy of ours is; one that holds copies beside other things is one, too. */
function originalsIn(legs: readonly CarrierLeg[], hostOf: SameHost): readonly RouteSource[] {
  const found = new Map<string, RouteSource>();
  for (const { route } of legs)
    for (const source of route.reads)
      if (source.what !== 'points' && !legs.some((leg) => isCopyItself(leg, source, hostOf)))
        found.set(keyOf(source, hostOf), found.get(keyOf(source, hostOf)) ?? source);
  return [...found.values()];
}

/** What lies in the folder that is read is but a part of what is read. */
function isCopyItself(leg: Leg, source: RouteSource, hostOf: SameHost): boolean {
  const feeding = feeds(leg, source, hostOf);
  if (feeding === 'part') return true;
  const { writes } = leg.route;
  return feeding === 'whole' && 'at' in writes && 'at' in source && writes.at === source.at;
}

const keyOf = (source: RouteSource, hostOf: SameHost): string =>
  JSON.stringify('on' in source ? { ...source, on: hostOf(source.on) } : source);

function wayOf(source: RouteSource, legs: readonly CarrierLeg[], around: Surroundings): Way {
  const { hostOf, placeOf } = around;
  const key = keyOf(source, hostOf);
  const origin = placeOf(source);
  const copies: Copy[] = [];
  const leftOut: (NotCarried & { by: string })[] = [];
  const workloads = new Set<string>();
  const passed = new Set<CarrierLeg>();
  // What two copies are made from the same way on is two copies there; only a circle ends it.
  const add = (leg: CarrierLeg, from: number, parts: readonly string[], before: readonly CarrierLeg[]): void => {
    if (before.includes(leg)) return;
    const way = [...before, leg];
    passed.add(leg);
    const { name: carrier, kind, schedule, workload } = leg.of;
    const number = copies.length + 1;
    const carried = [...parts, ...partOf(leg.route)];
    const { writes } = leg.route;
    copies.push({
      number,
      from,
      carrier,
      kind,
      writes,
      parts: carried,
      schedule,
      apart: apart(origin, placeOf(writes)),
    });
    leftOut.push(...leg.route.leftOut.map((one) => ({ ...one, by: carrier })));
    if (workload !== undefined && from === 0) workloads.add(workload);
    for (const next of legs) if (goesOn(leg, next, hostOf)) add(next, number, carried, way);
  };
  for (const leg of legs) if (leg.route.reads.some((one) => keyOf(one, hostOf) === key)) add(leg, 0, [], []);
  const holds = legs
    .filter((leg) => feeds(leg, source, hostOf) !== undefined && !passed.has(leg))
    .map(({ carrier }) => carrier);
  return { source, says: sourceText(source), workloads: [...workloads], copies, leftOut, holds: [...new Set(holds)] };
}

const partOf = ({ carries }: Route): readonly string[] => (carries === 'everything' ? [] : [carries.part]);
