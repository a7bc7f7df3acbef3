// What a server of some version can do is asked by name. The table says with which version a thing came.
import type { Product } from './api.ts';
import table from './features.json' with { type: 'json' };

export type Version = Readonly<{ text: string; parts: readonly number[] }>;

/** `9.1.2`, `8.4-1`, `4.2.3`; parts that are no number end it. */
export function parseVersion(text: string): Version {
  const numbers = /^\d+(?:[.-]\d+)*/.exec(text.trim())?.[0] ?? '';
  return { text, parts: numbers === '' ? [] : numbers.split(/[.-]/).map(Number) };
}

export function atLeast(version: Version, floor: string): boolean {
  for (const [at, wanted] of parseVersion(floor).parts.entries()) {
    const had = version.parts[at] ?? 0;
    if (had !== wanted) return had > wanted;
  }
  return true;
}

export type FeatureOf<P extends Product> = keyof (typeof table)[P];

export function supports<P extends Product>(product: P, version: Version, feature: FeatureOf<P>): boolean {
  const features: Readonly<Record<PropertyKey, string>> = table[product];
  const floor = features[feature];
  return floor !== undefined && atLeast(version, floor);
}

/** Everything of the table that a server of this version can do. */
export const featuresOf = (product: Product, version: Version): ReadonlySet<string> =>
  new Set(Object.keys(table[product]).filter((feature) => supports(product, version, feature as never)));
