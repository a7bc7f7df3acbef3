// What the bench of dumps asks of a kind of server.

/** A server with the database `shop`, and how one works with it by hand. */
export type Benched = Readonly<{
  /** `PostgreSQL`, with the size in GB */
  of: string;
  bytes: number;
  /** the layer, but for its name, machine, workload and folders */
  layer: Readonly<Record<string, unknown>>;
  /** scripts of bash, run in a folder of their own */
  dump: Readonly<{ says: string; script: string }>;
  plain: Readonly<{ says: string; script: string }>;
  back: Readonly<{ says: string; script: string }>;
  /** what borgmatic is told of it */
  borgmatic: Readonly<Record<string, unknown>>;
  drop(name: string): void;
  close(): Promise<void> | void;
}>;
