// The named formats of PVE's schema: what is wrong with a text, as PVE says it, or undefined.
import { isCalendarProblem } from '../../src/values/calendar.ts';
import { parseCalendar } from '../../src/values/calendar-parse.ts';
import { privilegesOf } from './roles.ts';

type Check = (text: string) => string | undefined;

const fits =
  (form: RegExp, problem: (text: string) => string): Check =>
  (text) =>
    form.test(text) ? undefined : problem(text);

const hostName = '(?:[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?\\.)*[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?';
const ipv6 = '[0-9a-fA-F:]*:[0-9a-fA-F:.]+';
const contentTypes = ['images', 'rootdir', 'vztmpl', 'iso', 'backup', 'snippets', 'import', 'none'];

// VM.Monitor is that of 8 and older.
const knownPrivileges = [...privilegesOf('9.0'), 'VM.Monitor'];

const checks: Readonly<Record<string, Check>> = {
  'pve-configid': fits(/^[a-z][a-z0-9_-]+$/i, (text) => `invalid configuration ID '${text}'`),
  'pve-storage-id': (text) => {
    if (text.length < 2) return `storage ID '${text}' cannot be shorter than 2 characters`;
    return /^[a-z][a-z0-9\-_.]*[a-z0-9]$/i.test(text) ? undefined : `storage ID '${text}' contains illegal characters`;
  },
  'pve-node': fits(/^[a-zA-Z0-9](?:[a-zA-Z0-9-]*[a-zA-Z0-9])?$/, () => 'value does not look like a valid node name'),
  'pve-vmid': fits(/^[1-9]\d{2,8}$/, () => 'value does not look like a valid VM ID'),
  'pve-realm': fits(/^[A-Za-z][A-Za-z0-9.\-_]+$/, () => 'value does not look like a valid realm'),
  'pve-storage-content': fits(
    new RegExp(`^(?:${contentTypes.join('|')})$`),
    (text) => `invalid content type '${text}'`,
  ),
  'pve-storage-server': fits(
    new RegExp(`^(?:${hostName}|${ipv6})$`),
    () => 'value does not look like a valid server name or IP address',
  ),
  'pve-calendar-event': (text) => {
    const read = parseCalendar(text);
    return isCalendarProblem(read) ? `unable to parse calendar event '${text}' - ${read.problem}` : undefined;
  },
  'pve-day-of-week': fits(/^(?:mon|tue|wed|thu|fri|sat|sun)$/, (text) => `invalid day '${text}'`),
  'pve-task-status-type': fits(/^(?:ok|error|warning|unknown)$/i, (text) => `invalid status '${text}'`),
  'pve-userid': fits(
    /^[^\s:/@]+@[A-Za-z][A-Za-z0-9.\-_]+$/,
    (text) => `value '${text}' does not look like a valid user name`,
  ),
  'pve-tokenid': fits(
    /^[^\s:/@]+@[A-Za-z][A-Za-z0-9.\-_]+![A-Za-z][A-Za-z0-9.\-_]+$/,
    (text) => `value '${text}' does not look like a valid token ID`,
  ),
  'pve-groupid': fits(/^[A-Za-z0-9.\-_]+$/, (text) => `group name '${text}' contains invalid characters`),
  'pve-roleid': fits(/^[A-Za-z0-9.\-_]+$/, (text) => `role name '${text}' contains invalid characters`),
  'pve-poolid': fits(/^[A-Za-z0-9.\-_/]+$/, (text) => `pool name '${text}' contains invalid characters`),
  'pve-priv': (text) => (knownPrivileges.includes(text) ? undefined : `invalid privilege '${text}'`),
  'email-opt': fits(/^$|^[^\s@]+@[^\s@]+$/, () => 'value does not look like a valid email address'),
  'email-or-username': fits(
    /^[^\s,;]+$/,
    (text) => `value '${text}' does not look like a valid email address or user name`,
  ),
};

/** Formats of properties that only storages of other types have: taken as they are. */
export const unchecked: readonly string[] = [
  'pve-dir-override-list',
  'pve-storage-options',
  'pve-storage-path',
  'pve-storage-portal-dns',
  'pve-storage-portal-dns-list',
  'pve-storage-vgname',
  'pve-volume-id',
];

export const isListFormat = (format: unknown): format is string =>
  typeof format === 'string' && format.endsWith('-list');
export const splitList = (text: string): readonly string[] => text.split(/[,;\s\0]+/).filter((part) => part !== '');
export const isChecked = (format: string): boolean => Object.hasOwn(checks, format.replace(/-list$/, ''));

export function formatProblem(format: string, text: string): string | undefined {
  const check = checks[format.replace(/-list$/, '')];
  if (check === undefined) return undefined;
  if (!isListFormat(format)) return check(text);
  return splitList(text)
    .map(check)
    .find((problem) => problem !== undefined);
}
