// How a login is shown to a server (facts: pve-api section 1, pbs-api section 1): a token in a header, or a ticket in a cookie
// with a second token on writes. Nothing is revealed here: a header is text around secrets, and http.ts puts them in.
import { Fault } from '../fault.ts';
import { minutes } from '../values/duration.ts';
import { between, type Clock, type Instant } from '../values/instant.ts';
import { Secret } from '../values/secret.ts';
import type { Product, Verb } from './api.ts';
import { isRow, text } from './decode.ts';

export type Auth =
  | Readonly<{ kind: 'token'; id: string; secret: Secret }>
  | Readonly<{ kind: 'ticket'; username: string; password: Secret }>;

export const identityOf = (auth: Auth): string => (auth.kind === 'token' ? auth.id : auth.username);

/** A header's value: `before`, then the secret, URL-encoded where the server decodes it. */
export type SecretHeader = Readonly<{ name: string; before: string; secret: Secret; encoded: boolean }>;

export interface Session {
  headers(verb: Verb): Promise<readonly SecretHeader[]>;
  /** the server no longer takes what it was shown */
  refused(): void;
}

export function tokenSession(product: Product, id: string, secret: Secret): Session {
  const header: SecretHeader = {
    name: 'authorization',
    before: product === 'pve' ? `PVEAPIToken=${id}=` : `PBSAPIToken=${id}:`,
    secret,
    encoded: product === 'pbs',
  };
  return { headers: async () => [header], refused: () => undefined };
}

type Ticket = Readonly<{ ticket: Secret; csrf: Secret; since: Instant }>;

// A ticket lives two hours. One that is older than this is replaced by logging in again: the password is at hand, and an
// old ticket may have died while the machine slept.
const fresh = minutes(90);

type Login = () => Promise<unknown>;

export function ticketSession(
  server: Readonly<{ product: Product; name: string; audience: string }>,
  clock: Clock,
  login: Login,
): Session {
  let held: Ticket | undefined;
  let asking: Promise<Ticket> | undefined;
  const logIn = async () => {
    held = ticketIn(server, await login(), clock.now());
    return held;
  };
  const current = async (): Promise<Ticket> => {
    const age = held === undefined ? undefined : between(held.since, clock.now());
    // A clock that went back makes the age negative: nothing is known then.
    if (held !== undefined && age !== undefined && age >= 0 && age < fresh) return held;
    asking ??= logIn().finally(() => {
      asking = undefined;
    });
    return asking;
  };
  return {
    headers: async (verb) => {
      const { ticket, csrf } = await current();
      const cookie = {
        name: 'cookie',
        before: `${cookies[server.product]}=`,
        secret: ticket,
        encoded: server.product === 'pbs',
      };
      return verb === 'get'
        ? [cookie]
        : [cookie, { name: 'CSRFPreventionToken', before: '', secret: csrf, encoded: false }];
    },
    refused: () => {
      held = undefined;
    },
  };
}

const cookies = { pve: 'PVEAuthCookie', pbs: 'PBSAuthCookie' } as const satisfies Record<Product, string>;

function ticketIn(
  server: Readonly<{ product: Product; name: string; audience: string }>,
  data: unknown,
  since: Instant,
): Ticket {
  const answer = isRow(data) ? data : {};
  const ticket = text(answer.ticket);
  const csrf = text(answer.CSRFPreventionToken);
  const where = `${server.name} (${server.audience}), login`;
  if (answer.NeedTFA !== undefined || ticket?.startsWith('PBS:!tfa!'))
    throw new Fault('credentials-refused', {
      where,
      says: 'the login wants a second factor',
      remedy: 'use an API token: it needs no second factor, and can be given few rights',
    });
  if (ticket === undefined || csrf === undefined)
    throw new Fault('answer-not-understood', {
      where,
      says: 'the login was answered without a ticket',
      remedy: 'see whether `url` names the server itself, and not a proxy before it',
    });
  return {
    ticket: new Secret(`the ticket of ${server.name}`, ticket, server.audience),
    csrf: new Secret(`the CSRF token of ${server.name}`, csrf, server.audience),
    since,
  };
}
