// The step `mysql.credentials`: accounts that a restore has made get the password that their applications know today.
import type { Done, StepKind } from '../../contracts/step-kind.ts';
import { sameAccount } from './accounts-sql.ts';
import { ask } from './ask.ts';
import { audience } from './connection.ts';
import { givenIn, observePoint, release, restoringIn } from './restoring.ts';
import { account, literal } from './sql.ts';

export const credentialsKind: StepKind = {
  name: 'mysql.credentials',
  observe: observePoint,

  do: async (context): Promise<Done> => {
    const given = givenIn(context);
    const connection = await restoringIn(given, context);
    const made = (given.entry.credentials ?? []).filter((one) =>
      given.accounts?.missing.some((other) => sameAccount(one, other)),
    );
    for (const one of made) {
      const secret = (await context.world.secret(one.password, audience)).revealTo(audience);
      await ask(connection, `ALTER USER ${account(one)} IDENTIFIED BY ${literal(secret)};`, context, 'accounts');
    }
    return { result: { accounts: made.map(({ user, host }) => `${user}@${host}`) } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'setting a password twice does no harm' }),
  release,
};
