// holdfast(1): which commands there are and where the rest is told. Made from the list of commands, so that it cannot go stale.
import { commands } from '../../src/cli/all.ts';
import { exitCodes } from '../../src/fault.ts';
import type { Release } from './release.ts';

export function manPageOf({ version, epoch }: Release): string {
  const date = new Date(epoch * 1000).toISOString().slice(0, 10);
  const lines = [
    `.TH HOLDFAST 1 ${date} "Holdfast ${version}" "User Commands"`,
    ...['.SH NAME', 'holdfast \\- backups as code for Proxmox'],
    ...['.SH SYNOPSIS', '.B holdfast', '[\\fIoptions\\fR] \\fIcommand\\fR [\\fIarguments\\fR]'],
    '.SH DESCRIPTION',
    'One estate file says what must survive. Holdfast configures Proxmox VE and Proxmox Backup Server to match it,',
    'runs the layers they do not have, and brings back.',
    ...['.SH COMMANDS', ...commands.flatMap(({ name, says }) => ['.TP', `.B ${typed(name)}`, typed(says)])],
    ...['.PP', typed('The options of a command: holdfast COMMAND --help.')],
    '.SH EXIT STATUS',
    ...Object.entries(exitCodes).flatMap(([name, code]) => ['.TP', `.B ${code}`, typed(name)]),
    '.SH FILES',
    ...['.TP', '.I /etc/holdfast/guard.yaml', 'what no commit to an estate may do on this machine'],
    ...['.TP', '.I /var/lib/holdfast', 'the journal, where root runs Holdfast'],
    ...['.TP', '.I /usr/share/holdfast/examples', 'estates to begin from'],
    ...['.TP', '.I /usr/share/doc/holdfast', 'the licences, and the bill of materials'],
  ];
  return `${lines.join('\n')}\n`;
}

/** As it is typed: a bare hyphen would become another character, and a line must not begin with a request of troff. */
const typed = (text: string): string =>
  text
    .replaceAll('\\', '\\e')
    .replaceAll('-', '\\-')
    .replace(/^([.'])/, '\\&$1');
