// The three servers of the lab, as they are when it starts.
import { randomUUID } from 'node:crypto';
import { selfSigned } from './certificate.ts';
import { firstPbsState } from './pbs/first.ts';
import { firstPveState, opsToken, storageLogin } from './pve/first.ts';
import { type LabParts, type PbsServer, type PveServer, type Server, startPbs, startPve } from './server.ts';

export type LabSecrets = Readonly<Record<'ruapehu' | 'hikurangi' | 'pihanga' | 'storage', string>>;
export const newSecrets = (): LabSecrets => ({
  ruapehu: randomUUID(),
  hikurangi: randomUUID(),
  pihanga: randomUUID(),
  storage: randomUUID(),
});

/** As `9.2.11` and `4.2.3`. */
export type Versions = Readonly<{ pve?: string; pbs?: string }>;

/**
 * The PVE hosts, then the PBS that they write to.
 * @param kept is told of each that runs: it has to be ended, also where a later one does not start
 */
export async function startServers(
  lab: LabParts,
  secrets: LabSecrets,
  versions: Versions,
  kept: (server: Server) => void,
): Promise<readonly Server[]> {
  const pihanga = await startPihanga(lab, secrets, versions);
  kept(pihanga);
  const ruapehu = await startHost(lab, 'ruapehu', secrets, versions, pihanga);
  kept(ruapehu);
  const hikurangi = await startHost(lab, 'hikurangi', secrets, versions, pihanga);
  kept(hikurangi);
  return [ruapehu, hikurangi, pihanga];
}

const version = (wanted: string | undefined) => (wanted === undefined ? {} : { version: wanted });

const startPihanga = (lab: LabParts, secrets: LabSecrets, { pbs }: Versions): Promise<PbsServer> =>
  startPbs(lab, {
    name: 'pihanga',
    certificate: selfSigned('localhost', lab.now()),
    state: firstPbsState({ now: lab.now(), node: 'pihanga', ...version(pbs) }),
    secrets: {
      'token holdfast@pbs!ops': secrets.pihanga,
      [`token ${storageLogin}`]: secrets.storage,
      // To try a login by password out: the word is that of the token.
      'password holdfast@pbs': secrets.pihanga,
    },
  });

function startHost(
  lab: LabParts,
  node: 'ruapehu' | 'hikurangi',
  secrets: LabSecrets,
  { pve }: Versions,
  pihanga: PbsServer,
): Promise<PveServer> {
  const { port } = pihanga.listener;
  const state = firstPveState({
    node,
    pbs: { port, fingerprint: pihanga.certificate.fingerprint },
    ...version(pve),
  });
  const onPbs = state.storages.filter(({ type }) => type === 'pbs');
  const parts = {
    name: node,
    certificate: selfSigned('localhost', lab.now()),
    state,
    secrets: {
      [`token ${opsToken}`]: secrets[node],
      'password holdfast@pve': secrets[node],
      ...Object.fromEntries(onPbs.map(({ storage }) => [`storage ${storage}.pw`, secrets.storage])),
    },
  };
  const isPihanga = (server: string, at: number): boolean => at === port && ['127.0.0.1', 'localhost'].includes(server);
  return startPve(lab, parts, (server, at) => (isPihanga(server, at) ? pihanga.host : undefined));
}
