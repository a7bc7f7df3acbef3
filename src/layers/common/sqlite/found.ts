// A database file as it was found, with everything besides its content that must survive.
import { isUtf8 } from 'node:buffer';
import { shown } from '../../../values/text.ts';
import { type Header, readHeader } from './header.ts';

export type Found = Readonly<{
  /** below the folder that was searched; bytes, because a file system knows no other names */
  path: Buffer;
  /** permission bits, octal */
  mode: string;
  uid: number;
  gid: number;
  size: number;
  /** seconds since 1970 with nine digits behind the point */
  modified: string;
  /** sizes of the files beside it; undefined where there is none */
  beside: Beside;
  header: Header;
}>;

export type Beside = Readonly<{ log: number | undefined; index: number | undefined; journal: number | undefined }>;

/** What SQLite adds to the name of a database for the files that belong to it. */
export const suffixes = { log: '-wal', index: '-shm', journal: '-journal' } as const;

/** For people. */
export const nameOf = ({ path }: Pick<Found, 'path'>): string => shown(path.toString());

/** As JSON holds it: what is no UTF-8 stands in base64. */
export const pathFields = (path: Buffer): Readonly<{ path: string }> | Readonly<{ path_base64: string }> =>
  isUtf8(path) ? { path: path.toString() } : { path_base64: path.toString('base64') };

/** A line of the search: what find(1) said of the file, then what perl read of it, then its name, which may hold anything. */
export function foundIn(record: Buffer): Found {
  const end = record.indexOf('/');
  const fields = record.subarray(0, end).toString('latin1').split(' ');
  const [mode = '', uid, gid, size, modified = '', log, index, journal, header = ''] = fields;
  if (end === -1 || fields.length !== 9) throw new Error(`the search wrote a line that was not asked for: ${record}`);
  return {
    path: Buffer.from(record.subarray(end + 1)),
    mode: mode.padStart(4, '0'),
    uid: Number(uid),
    gid: Number(gid),
    size: Number(size),
    // find(1) writes a tenth digit behind the nanoseconds.
    modified: modified.slice(0, -1),
    beside: { log: sizeIn(log), index: sizeIn(index), journal: sizeIn(journal) },
    header: readHeader(Buffer.from(header, 'hex')),
  };
}

const sizeIn = (written: string | undefined): number | undefined =>
  written === undefined || written === '' || written === '-' ? undefined : Number(written);
