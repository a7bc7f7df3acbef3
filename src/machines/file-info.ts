// What stat(1) of coreutils or busybox prints, read.
import { isUtf8 } from 'node:buffer';
import { Fault } from '../fault.ts';
import { shown } from '../values/text.ts';
import type { FileInfo } from './machine.ts';

/** stat(2)'s S_IFMT */
const types = new Map<number, FileInfo['type']>([
  [0o010000, 'fifo'],
  [0o020000, 'character'],
  [0o040000, 'folder'],
  [0o060000, 'block'],
  [0o100000, 'file'],
  [0o120000, 'link'],
  [0o140000, 'socket'],
]);

/** Mode in hex, size, uid, gid, modified, device, inode, links, one blank after each; then a link's target. */
export const statFormat = '%f %s %u %g %.9Y %d %i %h ';

/** @param printed each byte as one character (latin1) */
export function infoOf(printed: string, path: string): FileInfo {
  const [mode = '', size, uid, gid, modified, device, inode, links, ...rest] = printed.split(' ');
  const raw = Number.parseInt(mode, 16);
  const type = types.get(raw & 0o170000);
  const numbers = [size, uid, gid, modified, device, inode, links].map(Number);
  if (type === undefined || numbers.some(Number.isNaN)) throw unreadable(path, printed);
  const [sized = 0, user = 0, group = 0, time = 0, dev = 0, ino = 0, count = 0] = numbers;
  return {
    ...{ type, size: sized, mode: raw & 0o7777, uid: user, gid: group, modified: time * 1000, device: dev },
    ...{ inode: ino, links: count, target: type === 'link' ? targetOf(rest.join(' '), path) : undefined },
  };
}

function targetOf(printed: string, path: string): string {
  const target = Buffer.from(printed, 'latin1');
  if (isUtf8(target)) return target.toString();
  throw new Fault('name-not-utf8', {
    where: shown(path),
    says: `what it points to is no UTF-8: ${shown(printed)}`,
    remedy: 'make the link anew, with a name in UTF-8',
  });
}

const unreadable = (path: string, printed: string): Fault =>
  new Fault('file-error', {
    where: shown(path),
    says: `its stat command printed what cannot be understood: ${shown(printed.slice(0, 200))}`,
    remedy: 'install coreutils there',
  });
