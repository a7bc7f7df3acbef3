// Where commands are looked for: the system's own folders, whatever the environment of whoever started Holdfast says.
import { accessSync, constants } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { Fault } from '../fault.ts';
import { shown } from '../values/text.ts';

export const searchFolders = ['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'];
export const searchPath = searchFolders.join(':');

/** @throws Fault `command-missing` */
export function findCommand(command: string, machine: string, folders: readonly string[] = searchFolders): string {
  const candidates = isAbsolute(command) ? [command] : folders.map((folder) => join(folder, command));
  const found = command.includes('/') && !isAbsolute(command) ? undefined : candidates.find(executable);
  if (found !== undefined) return found;
  throw missing(command, machine);
}

export const missing = (command: string, machine: string): Fault =>
  new Fault('command-missing', {
    where: machine,
    says: `there is no command ${shown(command)}`,
    remedy: `install the package that brings it (\`apt-file search bin/${shown(command)}\` names it)`,
  });

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}
