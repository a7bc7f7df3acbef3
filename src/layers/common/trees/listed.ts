// One file, folder, link ... of a tree with everything that must survive, as a line of listing.ndjson and as a record of find(1).
import { isUtf8 } from 'node:buffer';
import * as z from 'zod';

const letters = { f: 'file', d: 'folder', l: 'link', p: 'fifo', s: 'socket', b: 'block', c: 'character' } as const;
const types = Object.values(letters);

/** `path` is '' for the root of the tree. What is no UTF-8 stands in base64 beside it. */
export const listed = z.strictObject({
  path: z.string().optional(),
  path_base64: z.string().optional(),
  type: z.enum(types),
  /** octal, with setuid, setgid and sticky */
  mode: z.string(),
  uid: z.int(),
  gid: z.int(),
  size: z.int(),
  /** seconds since 1970 with nine digits behind the point */
  modified: z.string(),
  links: z.int(),
  /** the same for every name of one file */
  file: z.string(),
  target: z.string().optional(),
  target_base64: z.string().optional(),
  /** values in hex, as getfattr writes them; absent where there are none, or nobody could look */
  attributes: z.record(z.string(), z.string()).optional(),
});
export type Listed = z.infer<typeof listed>;

/**
 * A path never holds two slashes in a row, so they end it: records sorted by their bytes are sorted by path, on every tree in
 * the same order. What a link points to may hold anything but a NUL, and stands last.
 */
export const recordFormat = '%P//%y %m %U %G %s %T@ %n %D:%i %l\\0';
export const pathEnd = Buffer.from('//');

export const keyOf = (record: Buffer): Buffer => record.subarray(0, record.indexOf(pathEnd) + pathEnd.length);

export function listedOf(record: Buffer): Listed {
  const end = record.indexOf(pathEnd);
  const fields = splitFields(record.subarray(end + pathEnd.length), 8);
  const [letter, mode, uid, gid, size, modified, links, file, target = Buffer.alloc(0)] = fields;
  const shape = { letter, mode, uid, gid, size, modified, target };
  const entry = end === -1 ? undefined : listedWith(record.subarray(0, end), shape, Number(links), String(file));
  if (entry === undefined) throw new Error(`find(1) wrote a record that was not asked for: ${record}`);
  return entry;
}

/** @param shape the fields of a record that say what it is, without which file and how many links */
export function listedIn(
  path: Buffer,
  shape: Buffer,
  { links, file }: Readonly<{ links: number; file: string }>,
): Listed | undefined {
  const [letter, mode, uid, gid, size, modified, target = Buffer.alloc(0)] = splitFields(shape, 6);
  return listedWith(path, { letter, mode, uid, gid, size, modified, target }, links, file);
}

type Shape = Readonly<Record<'letter' | 'mode' | 'uid' | 'gid' | 'size' | 'modified', Buffer | undefined>> &
  Readonly<{ target: Buffer }>;

function listedWith(path: Buffer, shape: Shape, links: number, file: string): Listed | undefined {
  const type = letters[String(shape.letter) as keyof typeof letters];
  if (type === undefined || shape.modified === undefined) return undefined;
  return {
    ...named('path', path),
    type,
    mode: String(shape.mode).padStart(4, '0'),
    uid: Number(shape.uid),
    gid: Number(shape.gid),
    // What a folder's size is, is the file system's own business.
    size: type === 'folder' ? 0 : Number(shape.size),
    // find(1) writes a tenth digit behind the nanoseconds.
    modified: String(shape.modified).slice(0, -1),
    links: type === 'folder' ? 1 : links,
    file,
    ...(type === 'link' ? named('target', shape.target) : {}),
  };
}

const space = 0x20;

function splitFields(rest: Buffer, before: number): Buffer[] {
  const fields: Buffer[] = [];
  let from = 0;
  while (fields.length < before) {
    const at = rest.indexOf(space, from);
    if (at === -1) break;
    fields.push(rest.subarray(from, at));
    from = at + 1;
  }
  return [...fields, rest.subarray(from)];
}

const named = (key: 'path' | 'target', bytes: Buffer): Partial<Listed> =>
  isUtf8(bytes) ? { [key]: bytes.toString() } : { [`${key}_base64`]: bytes.toString('base64') };

export const pathOf = ({ path, path_base64 }: Listed): Buffer =>
  path === undefined ? Buffer.from(path_base64 ?? '', 'base64') : Buffer.from(path);

/** In a sorted listing, whichever comes first. */
export const byPath = (one: Listed, other: Listed): number =>
  Buffer.compare(Buffer.concat([pathOf(one), pathEnd]), Buffer.concat([pathOf(other), pathEnd]));
