// The way of bytes: what a layer reads, and where what it makes of that lies. Routes are declared, so they are known before
// anything has run; what really lies there is the catalogue's to say.

/** Machines and servers go by their names in the estate, paths are absolute. */
export type RouteSource = Readonly<
  | { what: 'folder'; on: string; at: string }
  /** one file, such as an image; or a pattern of names as a shell has it */
  | { what: 'file'; on: string; at: string }
  /** volumes of a thin pool: `in` is VG/POOL, `named` a pattern of their names */
  | { what: 'volumes'; on: string; in: string; named: string }
  /** what makes a machine the one it is, its guests' data apart */
  | { what: 'host'; on: string }
  | { what: 'firewall'; on: string }
  /** of a server or a store that `on` reaches, as an operator calls it: `PostgreSQL at db.lan` */
  | { what: 'databases'; on: string; of: string }
  /** guests of a PVE server, or of one node of it */
  | { what: 'guests'; on: string; node?: string | undefined; select: GuestSelection }
  /** of a PBS; `at` is STORE or STORE/NAMESPACE */
  | { what: 'datastore'; on: string; at: string }
  /** the sealed points of another layer of the estate */
  | { what: 'points'; of: string }
>;

export type GuestSelection =
  | 'all'
  | Readonly<{ all_but: readonly number[] } | { guests: readonly number[] } | { pool: string }>;

export type RouteTarget = Readonly<
  /** `disk`: where the disk behind it is mounted, as far as that is declared */
  | { what: 'folder'; on: string; at: string; disk?: string | undefined }
  /** as rclone names it: REMOTE:PATH */
  | { what: 'remote'; at: string }
  /** snapshots beside their originals: `in` is VG/POOL */
  | { what: 'volumes'; on: string; in: string }
  /** `on` is undefined for a PBS that the estate knows by its address alone, which then stands in `at` */
  | { what: 'datastore'; on: string | undefined; at: string }
  /** of a PVE server, where the estate does not say what is behind it */
  | { what: 'storage'; on: string; at: string }
>;

/** Left out on purpose, and who decided so. */
export type NotCarried = Readonly<{
  /** as an operator calls it: `namespace dbaas`, `*.tmp`, `cache/` */
  what: string;
  reason: string;
  owner?: string | undefined;
  review_by?: string | undefined;
  /** it can be made anew, so that no copy of it is missed */
  regenerable: boolean;
}>;

export type Route = Readonly<{
  /** several where one run makes one kind of copy of several sources */
  reads: readonly RouteSource[];
  writes: RouteTarget;
  /** all bytes of what it reads, or a part of them, in words: `SQLite databases` */
  carries: 'everything' | Readonly<{ part: string }>;
  leftOut: readonly NotCarried[];
}>;

/** Whatever carries bytes: a layer, a backup job of PVE, a sync job of a PBS. */
export type Carrier = Readonly<{
  /** as the estate calls it; a sync job as SERVER/JOB */
  name: string;
  /** of a layer its kind; else `backup job` or `sync job` */
  kind: string;
  workload: string | undefined;
  /** in words; undefined where it never starts by itself */
  schedule: string | undefined;
  routes: readonly Route[];
}>;
