// What a refusal means, by its status and its words: nothing in PVE maps "not found" to 404, and conflicts are 500 (facts:
// pve-api section 1 and 12, pbs-api section 1). The first rule that fits counts. Words are looked for anywhere in the text,
// since PVE puts `update storage failed: ` and its like before them.
import type { Said } from './error-text.ts';

export const refusalCodes = [
  'credentials-refused',
  'permission-missing',
  'changed-meanwhile',
  'object-exists',
  'server-busy',
  'object-not-found',
  'parameter-refused',
  'server-unreachable',
  'server-error',
] as const;
export type RefusalCode = (typeof refusalCodes)[number];

type Rule = Readonly<
  { code: RefusalCode; remedy: string } & ({ status: readonly number[] } | { words: RegExp }) & {
      only?: 'pve' | 'pbs';
      /** the words count under this status only */
      under?: number;
    }
>;

const rules: readonly Rule[] = [
  {
    code: 'credentials-refused',
    status: [401],
    remedy:
      'see whether the token still exists there, is enabled and has not expired, and whether its secret is the one in the estate',
  },
  {
    code: 'object-not-found',
    words: /\(pool '[^']*' does not exist\)/,
    remedy: 'correct the name, or make the pool first',
  },
  {
    code: 'permission-missing',
    words: /Only root may set this option|only root@pam may/,
    remedy: 'only root@pam itself may set this, no token may: set it on the node, or leave it out of the estate',
  },
  { code: 'permission-missing', status: [403], remedy: 'give the login a role that allows this call' },
  {
    code: 'permission-missing',
    words: /^(?:permission check failed|missing permissions? )/i,
    only: 'pbs',
    remedy: 'give the login a role that allows this call',
  },
  {
    code: 'changed-meanwhile',
    words: /detected modified configuration/,
    remedy: 'someone else has changed that file: plan again, and look at what is different',
  },
  {
    code: 'server-busy',
    words: /got lock request timeout/,
    remedy: 'another change held the lock for ten seconds and nothing was changed: try again',
  },
  {
    code: 'server-busy',
    words: /no quorum/,
    remedy: 'the cluster has no quorum and nothing was changed: bring its nodes back (`pvecm status` shows them)',
  },
  {
    code: 'server-busy',
    words: /can't lock file|unable to acquire \w* ?\w* ?lock|\b(?:VM|CT) is locked|already running/i,
    remedy: 'something else works on it: see the running tasks there, then try again',
  },
  {
    code: 'object-exists',
    words: /already (?:exists|defined)/,
    remedy:
      'something of that name is there already: plan again, and see whether it is the one you mean; where the plan does not show it, it is of another type, or the login may not see it (it needs Datastore.Audit there)',
  },
  {
    code: 'object-not-found',
    words: /Cannot find datastore '/,
    remedy:
      'the login of the storage must see the datastore: correct its name, or give the login (a token and its user) a role on /datastore/NAME there',
  },
  {
    code: 'object-not-found',
    words:
      /storage '[^']*' does not exist|Configuration file '[^']*' does not exist|No such job|no such vzdump job|no such task|hostname lookup '[^']*' failed/,
    only: 'pve',
    remedy: 'it is gone, or its name is another: plan again',
  },
  {
    code: 'server-error',
    words: /^(?:path|method) .*not (?:found|implemented)/i,
    remedy: 'the server does not know this call: see which version it runs',
  },
  { code: 'object-not-found', status: [404], only: 'pbs', remedy: 'it is gone, or its name is another: plan again' },
  {
    code: 'object-not-found',
    words: /no such |does not exist|unknown (?:id|user|token|remote|datastore)/i,
    only: 'pbs',
    under: 400,
    remedy: 'it is gone, or its name is another: plan again',
  },
  {
    code: 'parameter-refused',
    status: [400, 413, 414],
    remedy: 'correct the value in the estate; if it looks right, the server is of a version that does not take it',
  },
  {
    code: 'parameter-refused',
    words:
      /missing value for required option|unexpected property|can't change value of fixed parameter|unable to delete required option|no such option|no options specified|contains a line feed|cannot set and delete property|for data too large|JSON formatted encryption key/,
    remedy: 'correct the value in the estate; if it looks right, the server is of a version that does not take it',
  },
  {
    code: 'server-unreachable',
    status: [502, 503, 504, 595, 596, 597, 598, 599],
    remedy: 'the server answers, the node or service behind it does not: see whether that one is up',
  },
  { code: 'server-error', status: [501], remedy: 'the server does not know this call: see which version it runs' },
];

export type Judged = Readonly<{ code: RefusalCode; remedy: string }>;

export function judged(said: Said): Judged {
  const texts = [said.text, ...Object.values(said.errors)];
  const rule = rules.find(
    (candidate) =>
      (candidate.only ?? said.product) === said.product &&
      (candidate.under ?? said.status) === said.status &&
      ('status' in candidate
        ? candidate.status.includes(said.status)
        : texts.some((text) => candidate.words.test(text))),
  );
  return (
    rule ?? { code: 'server-error', remedy: "read the server's own words; its log (journalctl) on that host says more" }
  );
}
