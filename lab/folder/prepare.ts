// The folder before the lab starts: it must be the lab's to write into, and nobody must take an old lab.json for a new one.
import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Fault } from '../../src/fault.ts';

/** Whoever finds both has a lab's folder before him. */
const marks = ['requests.ndjson', 'pihanga.key'];

/** Rejects with a Fault where the folder is somebody's own, or a lab runs in it. */
export async function prepareFolder(dir: string): Promise<void> {
  const names = namesIn(dir);
  if (names.length > 0 && !marks.every((mark) => names.includes(mark)))
    throw new Fault('lab-folder-in-use', {
      where: dir,
      says: `there are files in it that no lab wrote (${names.slice(0, 3).join(', ')}${names.length > 3 ? ', ...' : ''})`,
      remedy: 'name an empty folder, or one that is not there yet: holdfast lab --dir FOLDER',
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
  const found = statSync(dir, { throwIfNoEntry: false });
  if (found === undefined) mkdirSync(dir, { recursive: true, mode: 0o755 });
  else if (!found.isDirectory())
    throw new Fault('lab-folder-in-use', {
      where: dir,
      says: 'it is no folder',
      remedy: 'name an empty folder, or one that is not there yet: holdfast lab --dir FOLDER',
      exit: 'misused',
    });
  return readdirSync(dir);
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
