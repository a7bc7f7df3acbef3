// How a server is reached, the same for PVE and PBS. That it is pinned or verified, and that there is a login, is seen to in
// checks/connections.ts, so that it is told together with everything else.
import * as z from 'zod';
import { entryName } from '../../contracts/layer-entry.ts';
import type { Token } from '../../model/estate.ts';
import type { Identity } from '../../model/step.ts';
import { fingerprintProblem, parseFingerprint } from '../../values/fingerprint.ts';
import { secretReference } from '../../values/secret-reference.ts';
import { serverUrl } from './texts.ts';

const fingerprint = z.string().transform((written, context) => {
  const read = parseFingerprint(written);
  if (read !== undefined) return read;
  const message = `${fingerprintProblem(written)}; \`proxmox-backup-manager cert info\` or \`pvenode cert info\` on the server prints it`;
  context.addIssue({ code: 'custom', message });
  return z.NEVER;
});

const token = z
  .strictObject({
    id: z
      .string()
      .regex(/^[^\s:/!]+@[A-Za-z0-9_][A-Za-z0-9._-]*![A-Za-z0-9_][A-Za-z0-9._-]*$/, {
        error: 'is no token id; it is written USER@REALM!TOKEN, such as holdfast@pve!run',
      })
      .describe('the token, as `USER@REALM!TOKEN`'),
    secret: secretReference.describe("where the token's secret is kept"),
  })
  .describe('an API token');

const login = z
  .strictObject({
    username: z
      .string()
      .regex(/^[^\s:/!]+@[A-Za-z0-9_][A-Za-z0-9._-]*$/, {
        error: 'is no user; it is written USER@REALM, such as root@pam',
      })
      .describe('the user, as `USER@REALM`'),
    password: secretReference.describe('where the password is kept'),
  })
  .describe('a user with a password, where no token can be had');

const identities = z
  .strictObject({
    observe: token.optional().describe('reads everything, changes nothing'),
    configure: token.optional().describe('changes storages and jobs; give it to `apply` only'),
    run: token.optional().describe('starts backups'),
    drill: token.optional().describe('restores into the drill pool'),
    prune: token.optional().describe('removes restore points by hand; never resident'),
  })
  .transform((given) => given as Readonly<Partial<Record<Identity, Token>>>)
  .describe('a token for each kind of work, so that none of them can do everything');

export const connection = {
  name: entryName.describe('how the estate calls this server; unique among PVE and PBS servers'),
  url: serverUrl.describe('`https://HOST:PORT`'),
  fingerprint: fingerprint.optional().describe('SHA-256 of the certificate the server must show: 32 hex pairs'),
  trust: z
    .literal('ca', { error: 'can only be ca; a certificate of its own is pinned with fingerprint instead' })
    .optional()
    .describe('`ca`: the certificate is verified by the authorities this machine trusts'),
  token: token.optional(),
  login: login.optional(),
  identities: identities.optional(),
};
