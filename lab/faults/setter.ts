// Sets and clears the faults of all servers: most wait on a server's board until they are met, two are done to its port.
import * as z from 'zod';
import { selfSigned } from '../certificate.ts';
import type { LabHost } from '../host/host.ts';
import { notePbs } from '../journal.ts';
import type { Server } from '../server.ts';
import type { FaultOptions, FaultSeen } from './board.ts';
import { type FaultName, faultCatalogue, faultNames, isFaultName } from './catalogue.ts';
import { bringAbout } from './effects.ts';

export interface FaultSetter {
  /** Rejects, and says why in words, where there is no such server or fault, or an option makes no sense. */
  set(server: string, name: string, options?: FaultOptions): Promise<void>;
  clear(): Promise<void>;
  /** the services of a PBS, as with systemctl: ends what lives as long as a process */
  restarted(server: string): void;
  present(): Readonly<Record<string, readonly FaultSeen[]>>;
  /** the clocks of faults that end by themselves */
  forget(): void;
}

const isExpression = (text: string): boolean => {
  try {
    return new RegExp(text) instanceof RegExp;
  } catch {
    return false;
  }
};

export const faultOptions = z.strictObject({
  count: z.int().min(1).optional(),
  seconds: z.number().positive().max(86_400).optional(),
  path: z.string().refine(isExpression, 'is no regular expression').optional(),
  method: z.enum(['GET', 'POST', 'PUT', 'DELETE']).optional(),
  milliseconds: z.number().min(0).max(86_400_000).optional(),
  bytes: z.int().min(1).optional(),
  object: z.string().min(1).optional(),
});

type Faulty = Server | LabHost;

export function faultSetter(servers: readonly Faulty[], now: () => number): FaultSetter {
  const timers = new Set<NodeJS.Timeout>();
  const undone = new Map<string, () => void>();
  const undo = (on: string, name: string): void => {
    undone.get(`${on} ${name}`)?.();
    undone.delete(`${on} ${name}`);
  };
  const set = async (on: string, name: string, options: FaultOptions = {}): Promise<void> => {
    const server = serverOf(servers, on);
    if (!isFaultName(name)) throw new Error(`there is no fault '${name}': they are ${faultNames.join(', ')}`);
    refuseSenseless(server, name, options);
    undo(on, name);
    const back =
      server.product === 'host' ? server.bringAbout(name, options.object) : bringAbout(server, name, options, now());
    undone.set(`${on} ${name}`, back);
    server.board.add(name, options);
    if (server.product !== 'host') {
      if (name === 'down') await server.listener.shut();
      if (name === 'certificate-changed') server.listener.show(selfSigned('localhost', now()));
    }
    if (options.seconds === undefined) return;
    const timer = setTimeout(() => {
      timers.delete(timer);
      // Nobody waits for this: a port that cannot be opened again is told on the errors' side.
      undo(on, name);
      end(server, name).catch((thrown: unknown) => process.emitWarning(`${on} stays ${name}: ${String(thrown)}`));
    }, options.seconds * 1000);
    timers.add(timer.unref());
  };
  const forget = (): void => {
    for (const timer of timers) clearTimeout(timer);
    timers.clear();
  };
  return {
    set,
    clear: async () => {
      forget();
      for (const server of servers) {
        for (const { name } of server.board.seen()) {
          undo(server.name, name);
          await end(server, name);
        }
      }
    },
    restarted: (on) => {
      const server = serverOf(servers, on);
      if (server.product !== 'pbs') throw new Error(`${on} is a PVE host: the lab restarts the services of a PBS only`);
      const text = 'Stopped proxmox-backup-proxy.service - Proxmox Backup API Proxy Server.';
      notePbs(server.host.state, now(), 'systemd', text);
      notePbs(server.host.state, now(), 'systemd', text.replace('Stopped', 'Started'));
      // A service that starts anew opens the disk that is there now.
      server.board.remove('stale-nfs');
    },
    present: () => Object.fromEntries(servers.map(({ name, board }) => [name, board.seen()])),
    forget,
  };
}

function serverOf(servers: readonly Faulty[], on: string): Faulty {
  const server = servers.find((one) => one.name === on);
  if (server === undefined)
    throw new Error(`there is no server '${on}': they are ${servers.map((one) => one.name).join(', ')}`);
  return server;
}

async function end(server: Faulty, name: FaultName): Promise<void> {
  if (server.product !== 'host') {
    if (name === 'down') await server.listener.open();
    if (name === 'certificate-changed') server.listener.show(server.certificate);
  }
  server.board.remove(name);
}

function refuseSenseless({ product }: Pick<Faulty, 'product'>, name: FaultName, options: FaultOptions): void {
  const { at, on } = faultCatalogue[name];
  if (!(on as readonly string[]).includes(product))
    throw new Error(`a ${product === 'host' ? 'host of volumes' : `${product} server`} has no '${name}'`);
  const read = faultOptions.safeParse(options);
  if (!read.success) throw new Error(z.prettifyError(read.error));
  const aboutRequests = (['count', 'path', 'method'] as const).find((option) => options[option] !== undefined);
  if (at === 'listener' && aboutRequests !== undefined)
    throw new Error(`'${name}' is about the whole port: it takes no '${aboutRequests}'`);
  if ((at === 'state' || at === 'host') && aboutRequests !== undefined)
    throw new Error(`'${name}' is about no request: it takes no '${aboutRequests}'`);
}
