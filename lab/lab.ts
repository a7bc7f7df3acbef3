// A simulated estate on this machine: PVE hosts and PBS that answer as real ones do, over real HTTPS on loopback.
import { resolve } from 'node:path';
import type { Fingerprint } from '../src/values/fingerprint.ts';
import { chanceFrom } from './chance.ts';
import { type Control, openControl } from './control/control.ts';
import type { FaultOptions } from './faults/board.ts';
import type { FaultName } from './faults/catalogue.ts';
import { type FaultSetter, faultSetter } from './faults/setter.ts';
import { prepareFolder } from './folder/prepare.ts';
import { type S3At, shownS3, takeDown, writeFolder } from './folder/write.ts';
import { requestLog } from './front/request-log.ts';
import { type LabHost, startHost } from './host/host.ts';
import type { Delays } from './host-parts.ts';
import type { PbsState } from './pbs/state.ts';
import type { PveState } from './pve/state.ts';
import type { S3Server } from './s3/server.ts';
import { type LabParts, type Server, urlOf } from './server.ts';
import { type LabSize, newSecrets, startServers, type Versions } from './servers.ts';
import { knownSecrets } from './shelf.ts';

export type LabOptions = Readonly<{
  /** the folder it writes its estate into: empty, not there yet, or that of a lab before */
  dir: string;
  /** `small` (two hosts and a PBS) without; `full`: three hosts, two PBS, an S3 service, months behind them */
  size?: LabSize;
  /** a host beside them, with a cluster's volumes on its thin pool and an estate for it (`volumes.yaml`); none without */
  volumes?: boolean;
  /** how long a task takes, a backup all of its guests together; 5 without */
  taskSeconds?: number;
  /** milliseconds; a lab says no at once unless told otherwise */
  delays?: Partial<Delays>;
  versions?: Versions;
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
  /** of the full lab; the secret key is in `s3.token` */
  readonly s3: S3At | undefined;
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
  const started: (Server | S3Server)[] = [];
  let host: LabHost | undefined;
  let control: Control | undefined;
  let faults: FaultSetter | undefined;
  const end = async (): Promise<void> => {
    takeDown(dir);
    closing.abort();
    faults?.forget();
    await control?.close();
    await host?.close();
    await Promise.all(started.map(({ listener }) => listener.shut()));
    await Promise.all(started.map((one) => (one.product === 's3' ? undefined : one.tasks.ended())));
  };
  // Once: by then another lab may be in the folder.
  let ended: Promise<void> | undefined;
  const close = (): Promise<void> => {
    ended ??= end();
    return ended;
  };
  try {
    const { size = 'small', versions = {} } = options;
    const secrets = newSecrets(size);
    const kept = (one: Server | S3Server): void => void started.push(one);
    const { servers, s3 } = await startServers(size, { lab: parts, secrets, versions, kept });
    if (options.volumes === true) host = await startHost(dir);
    faults = faultSetter([...servers, ...(host === undefined ? [] : [host])], parts.now);
    control = await openControl({ servers, faults, redact: known.redact });
    const files = writeFolder({ dir, servers, secrets, s3, host, control: control.url });
    return {
      dir,
      servers: Object.fromEntries(servers.map((server) => [server.name, shown(server)])),
      s3: s3 === undefined ? undefined : shownS3(s3),
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

function partsFor(
  dir: string,
  { taskSeconds = 5, delays, seed = 1 }: LabOptions,
  known: LabParts['known'],
  closing: AbortSignal,
): LabParts {
  const now = () => Date.now();
  const log = requestLog(resolve(dir, 'requests.ndjson'), now, known.redact);
  const none: Delays = { unauthorized: 0, forbidden: 0, lock: 0 };
  return { now, chance: chanceFrom(seed), delays: { ...none, ...delays }, taskSeconds, known, log, closing };
}

const shown = (server: Server): LabServer => ({
  url: urlOf(server),
  fingerprint: server.certificate.fingerprint,
  product: server.product,
  state: server.host.state,
});
