// What goes on from where: the copy that one route makes is what another reads. Pure.
import type { NotCarried, Route, RouteSource, RouteTarget } from './route.ts';

/** @returns the same word for every name of one host */
export type SameHost = (name: string) => string;

export type Leg = Readonly<{ carrier: string; route: Route }>;

/** `whole`: everything that was written is read; `part`: only what lies in a folder of it. */
export type Feeding = 'whole' | 'part';

export function feeds(from: Leg, source: RouteSource, hostOf: SameHost): Feeding | undefined {
  const { carrier, route } = from;
  if (source.what === 'points') return source.of === carrier ? 'whole' : undefined;
  const { writes } = route;
  if (writes.what === 'folder' && (source.what === 'folder' || source.what === 'file'))
    return hostOf(writes.on) === hostOf(source.on) ? relation(writes.at, source.at) : undefined;
  if (writes.what === 'datastore' && source.what === 'datastore' && writes.on !== undefined)
    return hostOf(writes.on) === hostOf(source.on) ? relation(writes.at, source.at) : undefined;
  return undefined;
}

function relation(written: string, read: string): Feeding | undefined {
  if (isWithin(written, read)) return 'whole';
  return isWithin(read, written) ? 'part' : undefined;
}

export const isWithin = (inner: string, outer: string): boolean =>
  inner === outer || inner.startsWith(outer.endsWith('/') ? outer : `${outer}/`);

/** Left out by its path: then what lies there is not read, though it lies in what is read. */
const isLeftOut = (written: RouteTarget, source: RouteSource, leftOut: readonly NotCarried[]): boolean =>
  written.what === 'folder' &&
  source.what === 'folder' &&
  leftOut.some(({ what }) => {
    const path = what.replace(/\/+$/, '');
    return isWithin(
      written.at,
      path.startsWith('/') && isWithin(path, source.at) ? path : `${source.at}/${path.replace(/^\/+/, '')}`,
    );
  });

export const goesOn = (from: Leg, to: Leg, hostOf: SameHost): boolean =>
  to.route.reads.some(
    (source) => feeds(from, source, hostOf) !== undefined && !isLeftOut(from.route.writes, source, to.route.leftOut),
  );

/** Copies that are read again by what they were made from: each round makes more of them. Each circle once, by its carriers. */
export function circlesIn(legs: readonly Leg[], hostOf: SameHost): readonly (readonly string[])[] {
  const next = new Map(legs.map((leg) => [leg, legs.filter((other) => goesOn(leg, other, hostOf))]));
  const found = new Map<string, readonly string[]>();
  const settled = new Set<Leg>();
  const walk = (leg: Leg, path: readonly Leg[]): void => {
    const at = path.indexOf(leg);
    if (at >= 0) {
      const circle = path.slice(at).map(({ carrier }) => carrier);
      found.set(circle.toSorted().join('\0'), [...new Set(circle)]);
      return;
    }
    if (settled.has(leg)) return;
    for (const other of next.get(leg) ?? []) walk(other, [...path, leg]);
    settled.add(leg);
  };
  for (const leg of legs) walk(leg, []);
  return [...found.values()];
}
