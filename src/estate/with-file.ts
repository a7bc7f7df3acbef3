// Files as they would be with one more written: an estate is read before it lies anywhere.
import { resolve } from 'node:path';
import type { EstateFiles } from './source.ts';

export function withFile(files: EstateFiles, path: string, text: string): EstateFiles {
  const bytes = Buffer.from(text);
  const isIt = (asked: string): boolean => resolve(asked) === resolve(path);
  return {
    info: async (asked) => {
      if (!isIt(asked)) return files.info(asked);
      const none = { mode: 0o644, uid: 0, gid: 0, modified: 0, device: 0, inode: 0, links: 1, target: undefined };
      return { type: 'file', size: bytes.length, ...none };
    },
    read: async (asked, limit) => (isIt(asked) ? bytes : files.read(asked, limit)),
    list: (folder) => files.list(folder),
  };
}
