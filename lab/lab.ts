// A simulated estate on this machine: two PVE hosts and a PBS that answer as real ones do, over real HTTPS on loopback.
import { randomUUID } from 'node:crypto';
import { resolve } from 'node:path';
import type { Fingerprint } from '../src/values/fingerprint.ts';
import { selfSigned } from './certificate.ts';
import { chanceFrom } from './chance.ts';
import { type Control, openControl } from './control/control.ts';
import type { FaultOptions } from './faults/board.ts';
import type { FaultName } from './faults/catalogue.ts';
import { type FaultSetter, faultSetter } from './faults/setter.ts';
import { prepareFolder } from './folder/prepare.ts';
import { takeDown, writeFolder } from './folder/write.ts';
import { requestLog } from './front/request-log.ts';
import { firstPbsState } from './pbs/first.ts';
import type { PbsState } from './pbs/state.ts';
import { firstPveState, opsToken, storageLogin } from './pve/first.ts';
import type { Delays } from './pve/host.ts';
import type { PveState } from './pve/state.ts';
import { type LabParts, type PbsServer, type PveServer, type Server, startPbs, startPve, urlOf } from './server.ts';
import { knownSecrets } from './shelf.ts';

export type LabOptions = Readonly<{
  /** the folder it writes its estate into: empty, not there yet, or that of a lab before */
  dir: string;
  /** how long a task takes, a backup all of its guests together; 5 without */
  taskSeconds?: number;
  /** milliseconds; a lab says no at once unless told otherwise */
  delays?: Partial<Delays>;
  /** as `9.1.2` and `4.2.3` */
  versions?: Readonly<{ pve?: string; pbs?: string }>;
  /** decides the order of lists, which is random on a real server */
  seed?: number;
}>;

export type LabServer = Readonly<{
  url: string;
  /** of the certificate it shows while it is well */
  fingerprint: Fingerprint;
  product: 'pve' | 'pbs';
  /** all it holds but its secrets; what is changed here is changed there */
  state: PveState | PbsState;
}>;

export interface Lab {
  readonly dir: string;
  readonly servers: Readonly<Record<string, LabServer>>;
  /** where other processes set faults and look at the state, over plain HTTP */
  readonly control: string;
  /** names of the files in `dir` */
  readonly files: readonly string[];
  /** Rejects for a server or a fault that there is not, and for options that make no sense. */
  fault(server: string, name: FaultName, options?: FaultOptions): Promise<void>;
  /** every fault of every server is over */
  clear(): Promise<void>;
  /** ends everything, and takes lab.json away; the other files stay */
  close(): Promise<void>;
}

/** Rejects with a Fault where the folder is somebody's own, or a lab runs in it. */
export async function startLab(options: LabOptions): Promise<Lab> {
  const dir = resolve(options.dir);
  await prepareFolder(dir);
  const known = knownSecrets();
  const closing = new AbortController();
  const parts = partsFor(dir, options, known, closing.signal);
  const started: Server[] = [];
  let control: Control | undefined;
  let faults: FaultSetter | undefined;
  const close = async (): Promise<void> => {
    takeDown(dir);
    closing.abort();
    faults?.forget();
    await control?.close();
    await Promise.all(started.map(({ listener }) => listener.shut()));
    await Promise.all(started.map(({ tasks }) => tasks.ended()));
  };
  try {
    const secrets = { ruapehu: randomUUID(), hikurangi: randomUUID(), pihanga: randomUUID(), storage: randomUUID() };
    const servers = await startServers(parts, options, secrets, started);
    faults = faultSetter(servers, parts.now);
    control = await openControl({ servers, faults, redact: known.redact });
    const files = writeFolder({ dir, servers, secrets, control: control.url });
    return {
      dir,
      servers: Object.fromEntries(servers.map((server) => [server.name, shown(server)])),
      control: control.url,
      files,
      fault: faults.set,
      clear: faults.clear,
      close,
    };
  } catch (thrown) {
    await close();
    throw thrown;
  }
}

export type LabSecrets = Readonly<Record<'ruapehu' | 'hikurangi' | 'pihanga' | 'storage', string>>;

function partsFor(
  dir: string,
  { taskSeconds = 5, delays, seed = 1 }: LabOptions,
  known: LabParts['known'],
  closing: AbortSignal,
): LabParts {
  // A task in a list of timers would keep a process alive for no one; the listeners do that.
  const now = () => Date.now();
  const log = requestLog(resolve(dir, 'requests.ndjson'), now, known.redact);
  const none: Delays = { unauthorized: 0, forbidden: 0, lock: 0 };
  return { now, chance: chanceFrom(seed), delays: { ...none, ...delays }, taskSeconds, known, log, closing };
}

async function startServers(
  lab: LabParts,
  { versions = {} }: LabOptions,
  secrets: LabSecrets,
  started: Server[],
): Promise<readonly Server[]> {
  const kept = <Kind extends Server>(server: Kind): Kind => {
    started.push(server);
    return server;
  };
  const pihanga: PbsServer = kept(
    await startPbs(lab, {
      name: 'pihanga',
      certificate: selfSigned('localhost', lab.now()),
      state: firstPbsState({ now: lab.now(), node: 'pihanga', ...version(versions.pbs) }),
      secrets: {
        'token holdfast@pbs!ops': secrets.pihanga,
        [`token ${storageLogin}`]: secrets.storage,
        // A login by password is there to be tried out: the word is that of the token.
        'password holdfast@pbs': secrets.pihanga,
      },
    }),
  );
  const { port } = pihanga.listener;
  const pbs = { port, fingerprint: pihanga.certificate.fingerprint };
  const pbsAt = (server: string, at: number) =>
    at === port && ['127.0.0.1', 'localhost'].includes(server) ? pihanga.host : undefined;
  const pve = async (node: 'ruapehu' | 'hikurangi'): Promise<PveServer> => {
    const state = firstPveState({ node, pbs, ...version(versions.pve) });
    const ofStorages = state.storages.filter(({ type }) => type === 'pbs').map(({ storage }) => storage);
    return kept(
      await startPve(
        lab,
        {
          name: node,
          certificate: selfSigned('localhost', lab.now()),
          state,
          secrets: {
            [`token ${opsToken}`]: secrets[node],
            'password holdfast@pve': secrets[node],
            ...Object.fromEntries(ofStorages.map((storage) => [`storage ${storage}.pw`, secrets.storage])),
          },
        },
        pbsAt,
      ),
    );
  };
  return [await pve('ruapehu'), await pve('hikurangi'), pihanga];
}

const version = (wanted: string | undefined) => (wanted === undefined ? {} : { version: wanted });

const shown = (server: Server): LabServer => ({
  url: urlOf(server),
  fingerprint: server.certificate.fingerprint,
  product: server.product,
  state: server.host.state,
});
