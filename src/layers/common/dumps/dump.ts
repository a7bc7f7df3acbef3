// What a kind of server brings so that its dumps are taken, proved and kept: everything else is the same for all of them.
import type { StepContext } from '../../../contracts/step-kind.ts';
import type { Json } from '../../../values/canonical.ts';
import type { DumpEntry } from './entry.ts';

/** What becomes one part: a database, all roles, a whole store. */
export type Item = Readonly<{
  /** as an operator calls it, unique in its layer */
  name: string;
  /** how it is written: the last part of a file name, `dump`, `sql`, `rdb` */
  form: string;
  /** what it may come to, where the server says so */
  bytes?: number | undefined;
  /** its own program packs it: nothing else does */
  packed?: true | undefined;
}>;

export type Looked = Readonly<{
  /** of the server, for the manifest: its version, what it calls itself */
  server: Readonly<Record<string, Json>>;
  items: readonly Item[];
  excluded: readonly Readonly<{ name: string; because: string }>[];
  /** what an operator should know, and no run fails by */
  warnings: readonly string[];
}>;

/** What is known of a dump beside its bytes. Numbers only where they were counted. */
export type ItemFacts = Readonly<{
  /** `rows`, `tables`, `filled` (tables with rows), `keys`: as the kind has them */
  counts: Readonly<Record<string, number>>;
  /** digest of how its data is laid out */
  schema?: string | undefined;
  /** the same as long as nothing changes: for what has one size whatever is written to it */
  content?: string | undefined;
  /** rows of each table, for comparing what comes back */
  tables?: Readonly<Record<string, number>> | undefined;
  /** what its kind must know to bring it back, beside the dump itself */
  about?: Json | undefined;
  /** what is weaker than promised, in words */
  degraded?: readonly string[] | undefined;
}>;

export type Taking = Readonly<{
  dump: AsyncIterable<Uint8Array>;
  /** after the dump was read to its end. @throws Fault where it is no whole one */
  facts(): Promise<ItemFacts>;
  /** gives back what it holds of the server; also where the dump failed */
  close(): Promise<void>;
}>;

export interface Session {
  take(item: Item): Promise<Taking>;
  /** names and versions of what took the dumps */
  tools(): Promise<Readonly<Record<string, string | undefined>>>;
}

export type Dumps<Entry extends DumpEntry> = Readonly<{
  kind: Entry['kind'];
  /**
   * known by what cannot repeat: points of one server take each other's place
   *
   * @param server as `look` found it
   */
  source(entry: Entry, server: Readonly<Record<string, Json>>): Readonly<Record<string, string>>;
  /** what there is to dump. @throws Fault where the server does not answer, or refuses */
  look(entry: Entry, context: StepContext): Promise<Looked>;
  /** what all dumps of one run share; what it takes on a machine is announced with `context.take` first */
  open(entry: Entry, context: StepContext): Promise<Session>;
  /** gives back what a run took on machines; may be another process than the one that took it, and be called twice */
  release(entry: Entry, context: StepContext): Promise<void>;
  /** faults after which no other database of the same server is tried */
  gone: readonly string[];
}>;
