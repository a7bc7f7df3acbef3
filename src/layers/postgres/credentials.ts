// The step `postgres.credentials`: roles that a restore has made get the password that their applications know today. What the server is
// told is what it would keep of it (RFC 5803), so that no log of a statement holds a password.
import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto';
import type { Done, StepKind } from '../../contracts/step-kind.ts';
import { audience } from './connection.ts';
import { ask } from './psql.ts';
import { givenIn, observePoint, release, restoringIn } from './restoring.ts';
import { identifier, literal } from './sql.ts';

export const credentialsKind: StepKind = {
  name: 'postgres.credentials',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const { connection, from } = await restoringIn(given, context);
    const made = (given.entry.credentials ?? []).filter(({ role }) => given.roles?.missing.includes(role));
    for (const { role, password } of made) {
      const secret = (await context.world.secret(password, audience)).revealTo(audience);
      const sql = `ALTER ROLE ${identifier(role)} PASSWORD ${literal(verifierOf(secret))};`;
      await ask(connection, from, sql, context);
    }
    return { result: { roles: made.map(({ role }) => role) } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'setting a password twice does no harm' }),
  release,
};

const iterations = 4096;

/** As the server makes it of a password (20.5 of its manual); SASLprep leaves passwords of ASCII as they are, and so must others be. */
export function verifierOf(password: string, salt: Uint8Array = randomBytes(16)): string {
  const salted = pbkdf2Sync(password.normalize('NFKC'), salt, iterations, 32, 'sha256');
  const clientKey = createHmac('sha256', salted).update('Client Key').digest();
  const storedKey = createHash('sha256').update(clientKey).digest('base64');
  const serverKey = createHmac('sha256', salted).update('Server Key').digest('base64');
  return `SCRAM-SHA-256$${iterations}:${Buffer.from(salt).toString('base64')}$${storedKey}:${serverKey}`;
}
