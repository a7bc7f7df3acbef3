// Who works for whom, as the kernel has it.
import { readdirSync, readFileSync } from 'node:fs';

/** The process's children, their children, and so on. */
export function processesBelow(pid: number): readonly number[] {
  return childrenOf(pid).flatMap((child) => [child, ...processesBelow(child)]);
}

/** Of each of its threads: a process that Node starts belongs to the thread that started it. */
export function childrenOf(pid: number): readonly number[] {
  try {
    return readdirSync(`/proc/${pid}/task`).flatMap((task) =>
      readFileSync(`/proc/${pid}/task/${task}/children`, 'utf8')
        .split(' ')
        .filter((word) => word !== '')
        .map(Number),
    );
  } catch {
    return [];
  }
}
