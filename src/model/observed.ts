// What the world says, in the estate's words. A reading that failed is a reading: "unknown" is never shown as "absent".
import type { FaultRecord } from '../fault.ts';
import { type Digest, digestOf, type Json } from '../values/canonical.ts';
import type { Instant } from '../values/instant.ts';

export type Found = Readonly<{
  /** the name within its collection: a storage's id, a prune job's id */
  name: string;
  /** normalised: sets sorted, property strings parsed, defaults left out, so that equal means equal */
  value: Readonly<Record<string, Json>>;
  /** the datastore it was found in, where the server has a list in each */
  within?: string;
}>;

/** A whole collection, and the digest of the file it stands in, by which the server refuses a write that comes too late. */
export type Collection = Readonly<{ found: readonly Found[]; digest?: string | undefined }>;

/** One collection of one server, read once. */
export type Reading = Readonly<{
  kind: string;
  server: string;
  at: Instant;
  answer: { found: readonly Found[] } | { fault: FaultRecord };
}>;

export type Observed = Readonly<{
  at: Instant;
  readings: readonly Reading[];
  /** of servers that must have a feature; `unknown` where they could not be asked */
  versions: ReadonlyMap<string, ServerVersion>;
}>;
/** As the server writes it, and what it can do of what was asked for. */
export type ServerVersion = Readonly<{ text: string; features: ReadonlySet<string> }>;

/** When it was read does not belong to what was read. */
export const digestOfObserved = (observed: Observed): Digest =>
  digestOf(observed.readings.map(({ kind, server, answer }) => ({ kind, server, answer })));

export const readingOf = (observed: Observed, kind: string, server: string): Reading | undefined =>
  observed.readings.find((reading) => reading.kind === kind && reading.server === server);
