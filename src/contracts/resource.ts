// Something that is configured on a PVE or PBS server: a storage entry, a prune job. A resource says how it is declared, how
// its collection is read, and, purely, what would have to change; creating, updating, probing, reading back and undoing are
// the same for all of them (resource-steps.ts).
import type { ZodType } from 'zod';
import type { Datastore, Estate, PbsServer } from '../model/estate.ts';
import type { Collection, Found } from '../model/observed.ts';
import type { Note } from '../model/plan.ts';
import type { Change, Risk } from '../model/step.ts';
import type { ProxmoxApi } from '../proxmox/api.ts';
import type { Digest, Json } from '../values/canonical.ts';
import type { Ref } from '../values/ref.ts';
import type { Secret } from '../values/secret.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import type { StepKind } from './step-kind.ts';

export type Fields = Readonly<Record<string, Json>>;

/** One declared thing on one server. */
export type Declared<Item = Fields> = Readonly<{
  server: string;
  name: string;
  item: Item;
  /** secrets the server wants together with it, by the server's own parameter name; it never gives them back */
  secrets: Readonly<Record<string, SecretReference>>;
  /** where secrets that the server makes are written to, by parameter name: always files */
  saves?: Readonly<Record<string, SecretReference>>;
  /** where keys lie that Holdfast itself makes at their first use, before any server has them */
  makes?: Readonly<Record<string, SecretReference>>;
  /** the datastore it stands in, where the server has a list of its own in each */
  within?: string;
  /** subjects that must be in place before: another server's datastore, the token it logs in with */
  needs?: readonly Ref[];
  /** where it stands in the estate */
  place: string;
  notes: readonly Omit<Note, 'subject'>[];
}>;

export type Decided =
  | Readonly<{ act: 'none' }>
  | Readonly<{
      /** `replace`: removed and made anew, since the server never changes one of its fields */
      act: 'create' | 'update' | 'replace';
      /** where a better word than the act's exists: S1's `Enabled storage …` */
      verb?: 'enable' | 'disable';
      because: readonly string[];
      changes: readonly Change[];
      risk: Risk;
    }>
  | Readonly<{ act: 'refuse'; code: string; says: string; remedy: string }>;

/** The keys of a kind's own section, as the estate spells them, each with its schema. */
type Shape<Part> = Readonly<{ [Key in keyof Part]-?: ZodType<Part[Key]> }>;
/** What an estate file would say of what was found: the values of the section's keys, defaults left out. */
export type Written = Readonly<Record<string, Json>>;

/** Where a kind's declarations stand in the estate, and the way back: what `import` writes there. */
export type Section<Part> =
  | Readonly<{
      at: 'top';
      shape: Shape<Part>;
      declare(part: Part, estate: Estate): readonly Declared[];
      write(found: readonly FoundOn[]): Written;
    }>
  | Readonly<{
      at: 'pbs';
      shape: Shape<Part>;
      declare(part: Part, estate: Estate, server: PbsServer): readonly Declared[];
      write(found: readonly FoundOn[]): Written;
    }>
  | Readonly<{
      at: 'datastore';
      shape: Shape<Part>;
      declare(part: Part, estate: Estate, server: PbsServer, datastore: Datastore): readonly Declared[];
      write(found: readonly FoundOn[], datastore: string): Written;
    }>;
/** Found on one of the estate's servers; where the section stands in a server, all of them are that server's. */
export type FoundOn = Found & Readonly<{ server: string }>;

export type ResourceOf<Part> = Readonly<{
  name: string;
  /** as in a sentence: `storage`, `prune job` */
  title: string;
  product: 'pve' | 'pbs';
  /** resources on the same server that are made before it, and removed after it */
  after: readonly string[];
  /** the file on the server in which it stands: nothing else may be written to it at the same time */
  configFile: string;
  section: Section<Part>;
  /** read on every server of its product, so that one that is silent is known to be */
  everywhere?: true;
  /** the kind in each of which it is listed, and with one call each: `pbs-datastore` */
  within?: string;
  /** the feature a server must have to know it at all: a key of proxmox/features.json */
  feature?: string;
  /** the features that an item asks for beyond that */
  features?(item: Fields): readonly string[];
  /** the whole collection, in one call; one call for each datastore of `within` where it is kept there */
  read(api: ProxmoxApi, options: ReadOptions): Promise<Collection>;
  decide(declared: Declared, found: Found | undefined): Decided;
  /** secrets are revealed inside the port only */
  create(api: ProxmoxApi, wanted: Wanted, signal: AbortSignal): Promise<Made>;
  update(api: ProxmoxApi, wanted: Wanted, found: Found, options: WriteOptions): Promise<Made>;
  remove(api: ProxmoxApi, found: Found, options: WriteOptions): Promise<void>;
  /** which of the declared secrets a create (nothing found) or an update would send */
  sends(declared: Pick<Declared, 'item' | 'secrets'>, found: Found | undefined): readonly string[];
  /** the fingerprint of the key that is gone for ever with a removal, or with a change, unless it is kept elsewhere */
  losesKey?(found: Found, change: Readonly<{ resend: readonly string[] }> | undefined): string | undefined;
}>;

export type ReadOptions = Readonly<{ signal?: AbortSignal | undefined; within: readonly string[] }>;

/** `digest` belongs to the collection in which `found` was seen; absent where the server offers none. */
export type WriteOptions = Readonly<{
  signal: AbortSignal;
  digest?: string | undefined;
  /** secrets that are written again though no field asks for it: another one is declared than was last written */
  resend?: readonly string[];
  /** secrets that the server is to make anew: what it made before was lost before it was saved */
  renew?: readonly string[];
  /** one line for the log of the run: what cannot be read again after a write */
  log?: ((line: string) => void) | undefined;
}>;

/** What is written: the declared fields, and the secrets that go with them, already bound to this server. */
export type Wanted = Readonly<{
  name: string;
  fields: Fields;
  secrets: Readonly<Record<string, Secret>>;
}>;

/** Secrets the server made, given out this once, by parameter name: they are saved before anything else is done. */
export type Made = Readonly<Record<string, Secret>>;
export const madeNothing: Made = {};

export type ResourceKind = ResourceOf<unknown> & Readonly<{ stepKinds: readonly StepKind[] }>;

/** Everything an estate declares of the servers' configuration, resource by resource. */
export type Desired = Readonly<{
  declared: readonly (Declared & Readonly<{ kind: string }>)[];
  digest: Digest;
}>;
