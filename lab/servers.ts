// The servers of the lab, as they are when it starts: two hosts and a PBS, or the whole estate of three, two and an S3 service.
import { randomUUID } from 'node:crypto';
import { selfSigned } from './certificate.ts';
import { fullPveState } from './full/host.ts';
import type { HostName } from './full/nights.ts';
import { copyPbsState, mainPbsState, syncLogin } from './full/pbs.ts';
import { secretName } from './pbs/config-file.ts';
import { firstPbsState } from './pbs/first.ts';
import type { PbsHost } from './pbs/host.ts';
import type { PbsState } from './pbs/state.ts';
import { firstPveState, opsToken, storageLogin } from './pve/first.ts';
import type { PveState } from './pve/state.ts';
import { type S3Server, startS3 } from './s3/server.ts';
import { type LabParts, type PbsServer, type PveServer, type Server, startPbs, startPve } from './server.ts';

export type LabSize = 'small' | 'full';

/** By the name of their file without its ending. */
export type LabSecrets = Readonly<Record<string, string>>;

const secretNames: Readonly<Record<LabSize, readonly string[]>> = {
  small: ['ruapehu', 'hikurangi', 'pbs-pihanga', 'storage'],
  full: ['ruapehu', 'pihanga', 'hikurangi', 'pbs-pihanga', 'pbs-taupo', 'storage', 'sync', 's3'],
};

export const newSecrets = (size: LabSize): LabSecrets =>
  Object.fromEntries(secretNames[size].map((name) => [name, randomUUID()]));

/** As `9.2.11` and `4.2.3`. */
export type Versions = Readonly<{ pve?: string; pbs?: string }>;

/** In the order they are told of: the PVE hosts, then what they write to. */
export type Started = Readonly<{ servers: readonly Server[]; s3: S3Server | undefined }>;

type Starting = Readonly<{
  lab: LabParts;
  secrets: LabSecrets;
  versions: Versions;
  /** is told of each that runs: it has to be ended, also where a later one does not start */
  kept: (one: Server | S3Server) => void;
}>;

export const startServers = (size: LabSize, starting: Starting): Promise<Started> =>
  size === 'full' ? startFull(starting) : startSmall(starting);

async function startSmall(starting: Starting): Promise<Started> {
  const { lab, versions } = starting;
  const state = firstPbsState({ now: lab.now(), node: 'pbs-pihanga', ...version(versions.pbs) });
  const pbs = await startOnePbs(starting, state, [], {});
  const hosts = (['ruapehu', 'hikurangi'] as const).map((node) =>
    firstPveState({ node, pbs: at(pbs), ...version(versions.pve) }),
  );
  return { servers: [...(await startHosts(starting, hosts, [pbs])), pbs], s3: undefined };
}

async function startFull(starting: Starting): Promise<Started> {
  const { lab, secrets, versions, kept } = starting;
  const now = lab.now();
  const state = { product: 's3' as const, accessKey: 'LABACCESSKEY', region: 'lab-1', buckets, objects };
  const s3 = await startS3({ ...lab, name: 's3', secret: secrets['s3'] ?? '', state: structuredClone(state) });
  lab.known.add(secrets['s3'] ?? '');
  kept(s3);
  const known = { now, ...version(versions.pbs) };
  // Each may meet the other, also the one that starts later.
  const peers: PbsServer[] = [];
  const main = await startOnePbs(starting, mainPbsState(known), peers, {
    [`token ${syncLogin}`]: secrets['sync'] ?? '',
  });
  const second = copyPbsState(known, at(main), main.host.state.snapshots);
  const copy = await startOnePbs(starting, second, peers, {
    [secretName('remote', 'pbs-pihanga', 'password')]: secrets['sync'] ?? '',
  });
  const names: readonly HostName[] = ['ruapehu', 'pihanga', 'hikurangi'];
  const hosts = names.map((node) => fullPveState({ node, now, pbs: at(main), ...version(versions.pve) }));
  return { servers: [...(await startHosts(starting, hosts, [main, copy])), main, copy], s3 };
}

const buckets = [{ name: 'pbs-offsite' }, { name: 'somebody-elses' }];
const objects = { 'somebody-elses/.in-use': 'their-datastore' };
const version = (wanted: string | undefined) => (wanted === undefined ? {} : { version: wanted });
const at = ({ listener, certificate }: PbsServer) => ({ port: listener.port, fingerprint: certificate.fingerprint });

const loopback = ['127.0.0.1', 'localhost'];
const pbsAmong =
  (servers: readonly PbsServer[]) =>
  (server: string, port: number): PbsHost | undefined =>
    servers.find(({ listener }) => loopback.includes(server) && listener.port === port)?.host;

async function startOnePbs(
  { lab, secrets, kept }: Starting,
  state: PbsState,
  peers: PbsServer[],
  more: Readonly<Record<string, string>>,
): Promise<PbsServer> {
  const own = secrets[state.node] ?? '';
  const parts = {
    name: state.node,
    certificate: selfSigned('localhost', lab.now()),
    state,
    secrets: {
      'token holdfast@pbs!ops': own,
      [`token ${storageLogin}`]: secrets['storage'] ?? '',
      // To try a login by password out: the word is that of the token.
      'password holdfast@pbs': own,
      ...more,
    },
  };
  const server = await startPbs(lab, parts, pbsAmong(peers));
  peers.push(server);
  kept(server);
  return server;
}

async function startHosts(
  starting: Starting,
  states: readonly PveState[],
  pbs: readonly PbsServer[],
): Promise<readonly PveServer[]> {
  const hosts: PveServer[] = [];
  for (const state of states) hosts.push(await startHost(starting, state, pbs));
  return hosts;
}

async function startHost(
  { lab, secrets, kept }: Starting,
  state: PveState,
  pbs: readonly PbsServer[],
): Promise<PveServer> {
  const own = secrets[state.node] ?? '';
  const onPbs = state.storages.filter(({ type }) => type === 'pbs');
  const parts = {
    name: state.node,
    certificate: selfSigned('localhost', lab.now()),
    state,
    secrets: {
      [`token ${opsToken}`]: own,
      'password holdfast@pve': own,
      ...Object.fromEntries(onPbs.map(({ storage }) => [`storage ${storage}.pw`, secrets['storage'] ?? ''])),
    },
  };
  const server = await startPve(lab, parts, pbsAmong(pbs));
  kept(server);
  return server;
}
