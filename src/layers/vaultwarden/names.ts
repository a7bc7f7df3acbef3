// What lies in a data folder, by name (Vaultwarden's wiki, "Backing up your vault", and its config.rs). Pure.

export const database = 'db.sqlite3';
const beside = ['-wal', '-shm', '-journal'].map((suffix) => `${database}${suffix}`);
/** What a restore makes, beside the data that it replaces. */
const isOwn = (name: string): boolean => name.startsWith('.holdfast-');

/**
 * `database`: it and what SQLite keeps beside it, none of which is ever copied as a file. `regenerable`: made anew by Vaultwarden
 * itself. `foreign`: nobody here knows what it is.
 */
export type Sort = 'database' | 'taken' | 'regenerable' | 'own' | 'foreign';

function sortOf(name: string, also: readonly string[]): Sort {
  if (name === database || beside.includes(name)) return 'database';
  if (isOwn(name)) return 'own';
  if (/^rsa_key(\.[A-Za-z0-9._-]+)?$/.test(name) || ['attachments', 'sends', 'config.json'].includes(name))
    return 'taken';
  if (also.includes(name)) return 'taken';
  if (['icon_cache', 'tmp'].includes(name)) return 'regenerable';
  return 'foreign';
}

/** Names as they are on the disk: bytes. */
export type Names = Readonly<Record<Sort, readonly Buffer[]>>;

export function sorted(names: readonly Buffer[], also: readonly string[]): Names {
  const of = (sort: Sort) => names.filter((name) => sortOf(name.toString(), also) === sort);
  return {
    database: of('database'),
    taken: of('taken'),
    regenerable: of('regenerable'),
    own: of('own'),
    foreign: of('foreign'),
  };
}

/** Of what is replaced by a restore in place, and of what replaces it. */
export const replaced = ({ database: files, taken }: Names): readonly string[] =>
  [...files, ...taken].map((name) => name.toString());
/** What may lie beside any database: what is there when the plan is made may not be all that is there when it is done. */
export const always = [database, ...beside];

/** What is left out, for whoever asks how bytes go. */
export const leftOut = ['icon_cache', 'tmp'].map((name) => ({
  what: `${name}/`,
  reason: 'Vaultwarden makes it anew',
  regenerable: true,
}));
