// What programs do to many files at once and what is no loss: a log that is emptied or begun anew when its content lies beside it, and
// loose objects of git that went into a pack. Pure, and of bounded size.
import type { Amount } from './amount.ts';

/** What is put behind the name of a log that is put aside, once or more often: `.1`, `.2.gz`, `-20261122.xz`. */
const aside = /(\.(\d{1,3}|\d{8}|gz|xz|bz2|zst|old)|-\d{8}(-?\d+)?)$/;
const looseObject = /^(.*\/|)objects\/[0-9a-f]{2}\/[0-9a-f]{38,62}$/;
const pack = /^(.*\/|)objects\/pack\/pack-[0-9a-f]+\.pack$/;

const most = 200_000;

export type Tidied = Readonly<{
  emptied(path: Buffer, bytes: number): void;
  gone(path: Buffer, bytes: number): void;
  /** new, or with another content */
  written(path: Buffer): void;
  /** emptied files that nothing was put aside of */
  lost(): Amount;
  /** loose objects that are in a pack now */
  packed(): Amount;
}>;

export function tidying(): Tidied {
  const emptied = new Map<string, number>();
  const setAside = new Set<string>();
  const loose = new Map<string, { files: number; bytes: number }>();
  const packed = new Set<string>();
  let beyond = 0;
  return {
    emptied: (path, bytes) => {
      if (emptied.size < most) emptied.set(path.toString('latin1'), bytes);
      else beyond += 1;
    },
    gone: (path, bytes) => {
      const [, repository] = looseObject.exec(path.toString('latin1')) ?? [];
      if (repository === undefined) return;
      const amount = loose.get(repository) ?? { files: 0, bytes: 0 };
      loose.set(repository, { files: amount.files + 1, bytes: amount.bytes + bytes });
    },
    written: (path) => {
      const name = path.toString('latin1');
      const log = logOf(name);
      if (log !== name && setAside.size < most) setAside.add(log);
      const [, repository] = pack.exec(name) ?? [];
      if (repository !== undefined) packed.add(repository);
    },
    lost: () => {
      const left = [...emptied].filter(([name]) => !setAside.has(name));
      return { files: left.length + beyond, bytes: left.reduce((sum, [, bytes]) => sum + bytes, 0) };
    },
    packed: () =>
      [...loose]
        .filter(([repository]) => packed.has(repository))
        .reduce((sum, [, { files, bytes }]) => ({ files: sum.files + files, bytes: sum.bytes + bytes }), {
          files: 0,
          bytes: 0,
        }),
  };
}

function logOf(name: string): string {
  const shorter = name.replace(aside, '');
  return shorter === name || shorter.endsWith('/') ? name : logOf(shorter);
}
