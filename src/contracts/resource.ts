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
import type { Secret } from '../values/secret.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import type { StepKind } from './step-kind.ts';

export type Fields = Readonly<Record<string, Json>>;

/** One declared thing on one server. */
export type Declared<Item = Fields> = Readonly<{
  server: string;
  name: string;
  item: Item;
  /** secrets the server wants together with it, by the server's own parameter name */
  secrets: Readonly<Record<string, SecretReference>>;
  /** where it stands in the estate */
  place: string;
  notes: readonly Omit<Note, 'subject'>[];
}>;

export type Decided =
  | Readonly<{ act: 'none' }>
  | Readonly<{
      act: 'create' | 'update';
      /** where a better word than the act's exists: S1's `Enabled storage …` */
      verb?: 'enable' | 'disable';
      because: readonly string[];
      changes: readonly Change[];
      risk: Risk;
    }>
  | Readonly<{ act: 'refuse'; code: string; says: string; remedy: string }>;

/** Where a kind's declarations stand in the estate. */
export type Section<Part> =
  | Readonly<{
      at: 'top';
      key: string;
      schema: ZodType<Part>;
      declare(part: Part, estate: Estate): readonly Declared[];
    }>
  | Readonly<{
      at: 'datastore';
      key: string;
      schema: ZodType<Part>;
      declare(part: Part, estate: Estate, server: PbsServer, datastore: Datastore): readonly Declared[];
    }>;

export type ResourceOf<Part> = Readonly<{
  name: string;
  /** as in a sentence: `storage`, `prune job` */
  title: string;
  product: 'pve' | 'pbs';
  /** resources that must be in place before */
  after: readonly string[];
  /** the file on the server in which it stands: nothing else may be written to it at the same time */
  configFile: string;
  section: Section<Part>;
  /** the whole collection, in one call */
  read(api: ProxmoxApi, signal?: AbortSignal): Promise<Collection>;
  decide(declared: Declared, found: Found | undefined): Decided;
  /** secrets are revealed inside the port only */
  create(api: ProxmoxApi, wanted: Written, signal: AbortSignal): Promise<void>;
  update(api: ProxmoxApi, wanted: Written, found: Found, options: WriteOptions): Promise<void>;
  remove(api: ProxmoxApi, found: Found, options: WriteOptions): Promise<void>;
  /** which of the declared secrets a create (nothing found) or an update would send */
  sends(declared: Pick<Declared, 'item' | 'secrets'>, found: Found | undefined): readonly string[];
}>;

/** `digest` belongs to the collection in which `found` was seen; absent where the server offers none. */
export type WriteOptions = Readonly<{ signal: AbortSignal; digest?: string | undefined }>;

/** What is written: the declared fields, and the secrets that go with them, already bound to this server. */
export type Written = Readonly<{
  name: string;
  fields: Fields;
  secrets: Readonly<Record<string, Secret>>;
}>;

export type ResourceKind = ResourceOf<unknown> & Readonly<{ stepKinds: readonly StepKind[] }>;

/** Everything an estate declares of the servers' configuration, resource by resource. */
export type Desired = Readonly<{
  declared: readonly (Declared & Readonly<{ kind: string }>)[];
  digest: Digest;
}>;
