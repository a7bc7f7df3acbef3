// What became of one database.
import type { Checked } from './check.ts';

/**
 * `whole`: consistent and sound. `unchecked`: consistent, and the check did not come to its end. `plain`: only the bytes of its files,
 * taken as they lay there. `damaged`: SQLite says that it is not sound; the bytes of its files are kept.
 */
export const states = ['whole', 'unchecked', 'plain', 'damaged'] as const;
export type State = (typeof states)[number];

/** Which file of a point holds what: the database, and with plain bytes what lay beside it. */
export type Files = Readonly<{ database: string; log?: string; journal?: string }>;

export type Copied = Readonly<{
  state: State;
  /** in words: `online backup`, `bytes, then the log replayed in the copy` */
  how: string;
  files: Files;
  checked: Checked | undefined;
  /** of everything but `whole`: why */
  says: string | undefined;
}>;

export const filesOf = (name: string): Required<Files> => ({
  database: `${name}.sqlite`,
  log: `${name}.wal`,
  journal: `${name}.journal`,
});
