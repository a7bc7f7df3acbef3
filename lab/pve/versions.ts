// What differs between the versions of PVE that the lab can be (facts: the marks [V x.y] in pve-api; the third number from the
// changelog of pve-manager, whose version `GET /version` gives).
import { isAtLeast } from '../version.ts';

const since = {
  /** the text of an error stands in the body, not only in the reason phrase */
  'error-text-in-body': '8.3',
  /** `maxfiles` is gone */
  'no-maxfiles': '9.0',
  'guest-memory-on-host': '9.0',
  /** VM.GuestAgent.* instead of VM.Monitor */
  'guest-agent-privileges': '9.0',
  'vzdump-stop-needs-sys-modify': '9.2.8',
} as const;

/** Parameters of jobs and backups that an older server does not know. */
const parameters: Readonly<Record<string, string>> = {
  fleecing: '8.1.11',
  'notification-mode': '8.1',
  'pbs-change-detection-mode': '8.2.4',
};

export const has = (version: string, feature: keyof typeof since): boolean => isAtLeast(version, since[feature]);

/** Those of the names that such a server refuses as unknown. */
export const unknownTo = (version: string, names: readonly string[]): readonly string[] =>
  names.filter((name) => {
    if (name === 'maxfiles') return has(version, 'no-maxfiles');
    const first = Object.hasOwn(parameters, name) ? parameters[name] : undefined;
    return first !== undefined && !isAtLeast(version, first);
  });
