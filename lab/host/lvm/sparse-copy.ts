// A copy that leaves holes where there is nothing but zeros: a snapshot of a nearly empty volume takes next to no room.
import { closeSync, ftruncateSync, openSync, readSync, writeSync } from 'node:fs';

const piece = 64 * 1024;

export function sparseCopy(from: string, to: string): void {
  const source = openSync(from, 'r');
  try {
    const target = openSync(to, 'wx', 0o600);
    try {
      const buffer = Buffer.alloc(piece);
      const nothing = Buffer.alloc(piece);
      let at = 0;
      for (let read = readSync(source, buffer, 0, piece, at); read > 0; read = readSync(source, buffer, 0, piece, at)) {
        if (buffer.compare(nothing, 0, read, 0, read) !== 0) writeSync(target, buffer, 0, read, at);
        at += read;
      }
      ftruncateSync(target, at);
    } finally {
      closeSync(target);
    }
  } finally {
    closeSync(source);
  }
}
