// Logins by password: a ticket for the cookie and a token for the header, both for two hours.
import { randomBytes } from 'node:crypto';
import type { KnownSecrets } from './shelf.ts';

export type Ticket = Readonly<{ ticket: string; csrf: string; user: string; until: number }>;

export interface Tickets {
  issue(user: string): Ticket;
  valid(ticket: string): Ticket | undefined;
}

const twoHours = 7_200_000;

/** @param word how the product's tickets begin: PVE or PBS */
export function ticketOffice(word: 'PVE' | 'PBS', now: () => number, known: KnownSecrets): Tickets {
  const issued = new Map<string, Ticket>();
  return {
    issue: (user) => {
      const stamp = Math.floor(now() / 1000)
        .toString(16)
        .toUpperCase();
      const ticket = `${word}:${user}:${stamp}::${randomBytes(32).toString('base64')}`;
      const csrf = `${stamp}:${randomBytes(32).toString('base64')}`;
      const made = { ticket, csrf, user, until: now() + twoHours };
      known.add(ticket);
      known.add(csrf);
      issued.set(ticket, made);
      return made;
    },
    valid: (ticket) => {
      const found = issued.get(ticket);
      return found !== undefined && found.until > now() ? found : undefined;
    },
  };
}

/** The value of a cookie, decoded. */
export function cookie(header: string | undefined, name: string): string | undefined {
  for (const part of (header ?? '').split(';')) {
    const [found, value] = part.trim().split(/=(.*)/s);
    if (found !== name || value === undefined) continue;
    try {
      return decodeURIComponent(value);
    } catch {
      return value;
    }
  }
  return undefined;
}
