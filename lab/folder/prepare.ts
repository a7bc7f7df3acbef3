// The folder before the lab starts: it must be the lab's to write into, and nobody must take an old lab.json for a new one.
import { accessSync, constants, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../src/fault.ts';

/** Whoever finds both has a lab's folder before him. */
const marks = ['requests.ndjson', 'pbs-pihanga.key'];

const another = 'name an empty folder, or one that is not there yet: holdfast lab --dir FOLDER';

/** Rejects with a Fault where the folder is somebody's own, or a lab runs in it. */
export async function prepareFolder(dir: string): Promise<void> {
  const names = namesIn(dir);
  if (names.length > 0 && !marks.every((mark) => names.includes(mark)))
    throw new Fault('lab-folder-in-use', {
      where: dir,
      says: `there are files in it that no lab wrote (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''})`,
      remedy: another,
      exit: 'misused',
    });
  const running = await runningIn(dir);
  if (running !== undefined)
    throw new Fault('lab-running', {
      where: dir,
      says: `a lab runs in it already (process ${running})`,
      remedy: 'use that one, stop it first, or name another folder',
      exit: 'locked',
    });
  rmSync(join(dir, 'lab.json'), { force: true });
  writeFileSync(join(dir, 'requests.ndjson'), '');
}

function namesIn(dir: string): readonly string[] {
  try {
    const found = statSync(dir, { throwIfNoEntry: false });
    if (found === undefined) mkdirSync(dir, { recursive: true, mode: 0o755 });
    const names = readdirSync(dir);
    accessSync(dir, constants.W_OK | constants.X_OK);
    return names;
  } catch (thrown) {
    const { code } = thrown as NodeJS.ErrnoException;
    if (code === 'ENOTDIR')
      throw new Fault('lab-folder-in-use', { where: dir, says: 'it is no folder', remedy: another, exit: 'misused' });
    const says = `it cannot be made or written to (${code})`;
    throw new Fault('misused', { where: dir, says, remedy: another, exit: 'misused', cause: thrown });
  }
}

/** The process of the lab that answers there; what a killed one left behind answers nobody. */
async function runningIn(dir: string): Promise<number | undefined> {
  try {
    const { control, pid } = JSON.parse(readFileSync(join(dir, 'lab.json'), 'utf8'));
    const answer = await fetch(`${control}/faults`, { signal: AbortSignal.timeout(2000) });
    return answer.ok ? Number(pid) : undefined;
  } catch {
    return undefined;
  }
}
