// Which programs of PostgreSQL are used: pg_dump refuses a server that is newer than itself, and what it writes may be too new for
// an older one. So it is the oldest that is not older than the server.
import * as z from 'zod';
import type { Machine } from '../../machines/machine.ts';

/** Where Debian and the packages of PostgreSQL itself have each version beside the others. */
const script = `for each in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin; do [ ! -x "$each/pg_dump" ] || printf '%s\\n' "$each"; done`;

const version = z.coerce.number().int();

/** @returns a folder; undefined where the machine has only those that it finds by itself */
export async function programsFor(
  machine: Pick<Machine, 'run'>,
  server: number,
  signal: AbortSignal,
): Promise<string | undefined> {
  const { stdout } = await machine.run(['sh', '-c', script], { signal });
  return stdout
    .split('\n')
    .flatMap((folder) => {
      const parsed = version.safeParse(/(?:postgresql\/|pgsql-)(\d+)\/bin$/.exec(folder)?.[1]);
      return parsed.success ? [{ folder, version: parsed.data }] : [];
    })
    .filter((one) => one.version >= server)
    .sort((one, other) => one.version - other.version)[0]?.folder;
}
