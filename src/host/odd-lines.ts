// A file, or a line of one, that could not be understood is said: what it would have told is unknown.
import { Fault } from '../fault.ts';
import type { Reader } from './reader.ts';

export function sayOddLines(reader: Reader, file: string, oddLines: readonly number[], hides: string): void {
  if (oddLines.length === 0) return;
  const some = oddLines.slice(0, 5).join(', ');
  const lines = oddLines.length === 1 ? `line ${some}` : `lines ${some}${oddLines.length > 5 ? ' and more' : ''}`;
  reader.missed(
    file,
    new Fault('host-lines-not-understood', {
      where: file,
      says: `${lines} could not be understood`,
      remedy: `look at ${lines} of ${file}; what Proxmox does not understand either, it passes over`,
    }),
    hides,
  );
}

export function sayOddFile(reader: Reader, file: string, says: string, hides: string): void {
  const remedy = `look at ${file} on the host, and mend it`;
  reader.missed(file, new Fault('host-file-odd', { where: file, says, remedy }), hides);
}
