// One simulated server: its state, its faults, its tasks and its port.
import type { Certificate } from './certificate.ts';
import type { Chance } from './chance.ts';
import { type FaultBoard, faultBoard } from './faults/board.ts';
import { withChunkStore } from './faults/chunk-store.ts';
import type { Product } from './front/call.ts';
import { type FrontParts, frontOf } from './front/front.ts';
import { type Listener, listenOn } from './front/listener.ts';
import type { RequestLog } from './front/request-log.ts';
import type { Delays } from './host-parts.ts';
import { note, notePbs } from './journal.ts';
import type { PbsHost } from './pbs/host.ts';
import { pbsProduct } from './pbs/product.ts';
import type { PbsState } from './pbs/state.ts';
import { pveHandlers } from './pve/handlers.ts';
import type { PveHost } from './pve/host.ts';
import { pveProduct } from './pve/server.ts';
import type { PveState } from './pve/state.ts';
import { type KnownSecrets, shelf } from './shelf.ts';
import { stoppedWords } from './tasks/stopped.ts';
import { pbsUpid, pveUpid, type Task } from './tasks/task.ts';
import { runTasks, type TaskSettings, type Tasks } from './tasks/tasks.ts';
import { ticketOffice } from './tickets.ts';

/** What all servers of a lab share. */
export type LabParts = Readonly<{
  now: () => number;
  chance: Chance;
  delays: Delays;
  taskSeconds: number;
  known: KnownSecrets;
  log: RequestLog;
  closing: AbortSignal;
}>;

type OfAny = Readonly<{
  name: string;
  certificate: Certificate;
  board: FaultBoard;
  tasks: Tasks;
  listener: Listener;
}>;
export type PveServer = OfAny & Readonly<{ product: 'pve'; host: PveHost }>;
export type PbsServer = OfAny & Readonly<{ product: 'pbs'; host: PbsHost }>;
export type Server = PveServer | PbsServer;

export type ServerParts<State> = Readonly<{
  name: string;
  certificate: Certificate;
  state: State;
  /** `token USER@REALM!NAME` and `password USER@REALM` */
  secrets: Readonly<Record<string, string>>;
}>;

export const urlOf = ({ listener }: Pick<Server, 'listener'>): string => `https://127.0.0.1:${listener.port}`;

export async function startPve(
  lab: LabParts,
  parts: ServerParts<PveState>,
  pbsAt: PveHost['pbsAt'],
): Promise<PveServer> {
  const upid = { upidOf: pveUpid, prefix: () => '', stopped: stoppedWords.pve, heard: inPveJournal(lab, parts.state) };
  const common = commonParts(lab, parts, upid);
  const { fingerprint } = parts.certificate;
  const tickets = ticketOffice('PVE', lab.now, lab.known);
  const host: PveHost = { ...common, state: parts.state, tickets, pbsAt, fingerprint };
  const listener = await listenOn(parts.certificate, serveOf(lab, parts.name, pveProduct(host, pveHandlers), host));
  return { ...named(parts), board: host.board, tasks: host.tasks, listener, product: 'pve', host };
}

export async function startPbs(
  lab: LabParts,
  parts: ServerParts<PbsState>,
  peer: NonNullable<PbsHost['peer']>,
): Promise<PbsServer> {
  const stamp = (now: number) => `${new Date(now).toISOString().slice(0, 19)}+00:00: `;
  const upid = { upidOf: pbsUpid, prefix: stamp, stopped: stoppedWords.pbs, heard: inPbsJournal(lab, parts.state) };
  const common = commonParts(lab, parts, upid);
  const { fingerprint } = parts.certificate;
  const tickets = ticketOffice('PBS', lab.now, lab.known);
  const host: PbsHost = { ...common, state: parts.state, tickets, peer, fingerprint };
  const listener = await listenOn(
    parts.certificate,
    serveOf(lab, parts.name, withChunkStore(host, pbsProduct(host)), host, inStorm(lab, parts.state)),
  );
  return { ...named(parts), board: host.board, tasks: host.tasks, listener, product: 'pbs', host };
}

const inPveJournal =
  ({ now }: LabParts, { journal }: PveState) =>
  ({ upid, user, exitStatus }: Task): void => {
    const text = exitStatus === undefined ? `starting task ${upid}` : `end task ${upid} ${exitStatus}`;
    note(journal, { at: now(), unit: 'pvedaemon', text: `<${user}> ${text}` });
  };

// Of tasks that go well the journal of a PBS has nothing.
const inPbsJournal =
  ({ now }: LabParts, state: PbsState) =>
  ({ exitStatus = 'OK' }: Task): void => {
    if (exitStatus !== 'OK' && !exitStatus.startsWith('WARNINGS: '))
      notePbs(state, now(), 'proxmox-backup-proxy', `TASK ERROR: ${exitStatus}`);
  };

// The proxy asks for the address of a client that has hung up already.
const inStorm =
  ({ now }: LabParts, state: PbsState): FrontParts['noticed'] =>
  ({ name }) => {
    const text = 'Failed to get api service: Transport endpoint is not connected (os error 107)';
    if (name === 'start-storm') notePbs(state, now(), 'proxmox-backup-proxy', text);
  };

const named = ({ name, certificate }: ServerParts<unknown>) => ({ name, certificate });

const serveOf = (
  lab: LabParts,
  server: string,
  product: Product,
  { board }: { board: FaultBoard },
  noticed?: FrontParts['noticed'],
) =>
  frontOf({
    server,
    product,
    board,
    log: lab.log,
    closing: lab.closing,
    ...(noticed === undefined ? {} : { noticed }),
  });

type Wording = Pick<TaskSettings, 'upidOf' | 'prefix' | 'stopped'> & Required<Pick<TaskSettings, 'heard'>>;

function commonParts(lab: LabParts, parts: ServerParts<PveState | PbsState>, wording: Wording) {
  const { now, chance, delays, taskSeconds: seconds, known, closing } = lab;
  const board = faultBoard();
  const secrets = shelf(known);
  for (const [name, value] of Object.entries(parts.secrets)) secrets.put(name, value);
  const { node, tasks: list } = parts.state;
  const tasks = runTasks({ node, list, board, seconds, now, closing, ...wording });
  return { tasks, board, chance, secrets, delays, now };
}
