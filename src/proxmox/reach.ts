// How far one gets on the way to a server without a login: its name, its port, TLS, the certificate it really shows. Nothing
// but a TLS greeting is ever sent from here. Each stage has its own patience, so that what is dead delays nobody else.
import { Resolver, lookup as systemLookup } from 'node:dns/promises';
import { isIP, connect as openSocket, type Socket } from 'node:net';
import { type TLSSocket, connect as tlsConnect } from 'node:tls';
import type { Fault } from '../fault.ts';
import { type Duration, formatDuration, seconds } from '../values/duration.ts';
import { type Fingerprint, parseFingerprint } from '../values/fingerprint.ts';
import { type Clock, type Instant, instantAt } from '../values/instant.ts';
import { type Connecting, trustedConnector } from './certificate.ts';
import { connectionFault } from './unreachable.ts';

export type LookedUp = Readonly<{ addresses: readonly string[] }> | Readonly<{ failed: string }>;

/** Texts of the certificate are the server's own words. */
export type Certificate = Readonly<{
  fingerprint: Fingerprint;
  subject: string;
  issuer: string;
  /** host names and addresses it is for */
  names: readonly string[];
  from: Instant;
  until: Instant;
}>;

export type Knocked =
  | Readonly<{ kind: 'closed'; says: string }>
  | Readonly<{ kind: 'no-tls'; says: string }>
  | Readonly<{ kind: 'served'; certificate: Certificate }>;

export type Door = Readonly<{ host: string; port: number; addresses: readonly string[] }>;

export interface Reach {
  /** as this machine's own programs look a name up: hosts file first, then the name servers */
  lookUp(host: string): Promise<LookedUp>;
  knock(door: Door): Promise<Knocked>;
  /** what a connection that has to be trusted would say, without sending anything; undefined: it would be trusted */
  verdict(to: Omit<Connecting, 'clock' | 'timeout' | 'closing'>): Promise<Fault | undefined>;
}

/** `lookup` and `asked`: the two ways to look a name up; the machine's own where they are left out. */
export type ReachParts = Readonly<{
  clock: Clock;
  patience?: Duration;
  lookup?: (host: string) => Promise<readonly string[]>;
  asked?: (host: string) => Promise<readonly string[]>;
}>;

export function reach(parts: ReachParts): Reach {
  const { clock, patience = seconds(5) } = parts;
  return {
    lookUp: (host) => lookUp(host, patience, parts),
    knock: (door) => knock(door, clock, patience),
    verdict: (to) =>
      new Promise((resolve) => {
        const closing = new AbortController();
        const connector = trustedConnector({ ...to, clock, timeout: patience, closing: closing.signal });
        const separator = to.audience.lastIndexOf(':');
        const [hostname, port] = [to.audience.slice(0, separator), to.audience.slice(separator + 1)];
        connector(
          { hostname: bare(hostname), port, protocol: 'https:' } as Parameters<typeof connector>[0],
          (fault, socket) => {
            socket?.destroy();
            resolve(fault === null ? undefined : (fault as Fault));
          },
        );
      }),
  };
}

/** A host as DNS and sockets take it: an IPv6 address without its brackets. */
export const bare = (host: string): string => host.replace(/^\[(.*)\]$/, '$1');

const late = Symbol('late');

/** The result, or `late` when the patience is over; what goes on afterwards is told so by the signal, and not waited for. */
async function within<Result>(
  clock: Clock,
  patience: Duration,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | typeof late> {
  const over = new AbortController();
  const sleeping = clock.sleep(patience, over.signal).then(
    () => late,
    () => late,
  );
  try {
    return (await Promise.race([work(over.signal), sleeping])) as Result | typeof late;
  } finally {
    over.abort();
  }
}

// getaddrinfo has two threads for all lookups of a process, and cannot be stopped: two dead names would hold up all others.
// So the name servers are asked directly at the same time, and count where the usual way is silent.
async function lookUp(host: string, patience: Duration, parts: ReachParts): Promise<LookedUp> {
  const name = bare(host);
  if (isIP(name) !== 0) return { addresses: [name] };
  const { clock, lookup = usualWay, asked = nameServers } = parts;
  const direct = asked(name).catch((): readonly string[] => []);
  try {
    const usual = await within(clock, patience, () => lookup(name));
    if (usual !== late) return { addresses: usual };
    const found = await within(clock, seconds(0), () => direct);
    if (found !== late && found.length > 0) return { addresses: found };
    return { failed: `no answer within ${formatDuration(patience)}` };
  } catch (error) {
    return { failed: wordsOf(error) };
  }
}

const usualWay = async (host: string): Promise<readonly string[]> => [
  ...new Set((await systemLookup(host, { all: true })).map(({ address }) => address)),
];

async function nameServers(host: string): Promise<readonly string[]> {
  const resolver = new Resolver({ timeout: 2000, tries: 2 });
  const answers = await Promise.allSettled([resolver.resolve4(host), resolver.resolve6(host)]);
  return answers.flatMap((answer) => (answer.status === 'fulfilled' ? answer.value : []));
}

const dnsWords: Readonly<Record<string, string>> = {
  ENOTFOUND: 'the name is not known',
  ENODATA: 'the name has no address',
  EAI_AGAIN: 'the name server does not answer',
};

const wordsOf = (error: unknown): string => {
  const { code = '', message = String(error) } = error as NodeJS.ErrnoException;
  return dnsWords[code] ?? message;
};

async function knock(door: Door, clock: Clock, patience: Duration): Promise<Knocked> {
  const opened = await within(clock, patience, (signal) => opening(door, signal));
  if (opened === late) return { kind: 'closed', says: `no connection within ${formatDuration(patience)}` };
  if (!('socket' in opened)) return { kind: 'closed', says: opened.says };
  const greeted = await within(clock, patience, (signal) => greeting(door, opened.socket, signal));
  opened.socket.destroy();
  if (greeted === late) return { kind: 'no-tls', says: `no TLS handshake within ${formatDuration(patience)}` };
  return greeted;
}

const wordsFor = ({ host, port }: Door, error: unknown): string =>
  connectionFault({ product: 'pbs', name: host, audience: `${host}:${port}` }, error).says;

function opening(door: Door, signal: AbortSignal): Promise<{ socket: Socket } | { says: string }> {
  return new Promise((resolve) => {
    const addresses = door.addresses.map((address) => ({ address, family: isIP(address) }));
    const socket = openSocket({
      host: bare(door.host),
      port: door.port,
      // The addresses that were looked up before, and are shown: no second lookup could give others.
      lookup: (_, options, done) => {
        const [first] = addresses;
        if (options.all) done(null, addresses);
        else done(null, first?.address ?? '', first?.family ?? 4);
      },
    });
    socket.once('connect', () => resolve({ socket }));
    socket.on('error', (error) => resolve({ says: wordsFor(door, error) }));
    signal.addEventListener('abort', () => {
      if (socket.connecting) socket.destroy();
    });
  });
}

function greeting(door: Door, socket: Socket, signal: AbortSignal): Promise<Knocked> {
  return new Promise((resolve) => {
    const host = bare(door.host);
    const secure = tlsConnect({
      socket,
      host,
      servername: isIP(host) === 0 ? host : '',
      ALPNProtocols: ['http/1.1'],
      minVersion: 'TLSv1.2',
      rejectUnauthorized: false,
    });
    const settle = (knocked: Knocked) => {
      resolve(knocked);
      secure.destroy();
    };
    secure.once('secureConnect', () => {
      const certificate = certificateOf(secure);
      settle(
        certificate === undefined
          ? { kind: 'no-tls', says: 'it shows no certificate' }
          : { kind: 'served', certificate },
      );
    });
    secure.on('error', (error) => settle({ kind: 'no-tls', says: wordsFor(door, error) }));
    secure.on('close', () => settle({ kind: 'no-tls', says: 'the connection was cut during the handshake' }));
    signal.addEventListener('abort', () => secure.destroy());
  });
}

function certificateOf(socket: TLSSocket): Certificate | undefined {
  const served = socket.getPeerX509Certificate();
  const fingerprint = parseFingerprint(served?.fingerprint256 ?? '');
  if (served === undefined || fingerprint === undefined) return undefined;
  return {
    fingerprint,
    subject: oneLine(served.subject),
    issuer: oneLine(served.issuer),
    names: (served.subjectAltName ?? '').split(', ').filter((name) => name !== ''),
    from: instantAt(Date.parse(served.validFrom)),
    until: instantAt(Date.parse(served.validTo)),
  };
}

const oneLine = (name: string | undefined): string => (name ?? '').split('\n').reverse().join(', ');
