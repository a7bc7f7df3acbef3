// What most commands begin with: the estate, the guard, the state folder.
import { existsSync } from 'node:fs';
import { join, resolve } from 'node:path';
import type { FinishedRun } from '../apply/finish-dead-runs.ts';
import { estatesIn } from '../apply/state.ts';
import { readEstateFile } from '../estate-file.ts';
import { Fault } from '../fault.ts';
import { readGuardFile } from '../guard-file.ts';
import { finished, type Holdfast, holdfastIn } from '../holdfast.ts';
import type { Estate, PveServer } from '../model/estate.ts';
import type { Run } from '../model/run.ts';
import { parseFingerprint } from '../values/fingerprint.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import { shown } from '../values/text.ts';
import type { Invocation } from './command.ts';
import { optionText } from './command.ts';

export type Opened = Readonly<{ holdfast: Holdfast; estate: Estate }>;

export const estatePath = ({ surroundings, given }: Invocation): string =>
  resolve(surroundings.folder, given.estate ?? 'estate.yaml');

/** Whether an estate was named, or lies where it is looked for. */
export const hasEstate = (invocation: Invocation): boolean =>
  invocation.given.estate !== undefined || existsSync(estatePath(invocation));

export const stateRoot = ({ surroundings, given }: Invocation): string =>
  resolve(
    surroundings.folder,
    given.state ??
      (surroundings.user === 0 ? '/var/lib/holdfast' : join(surroundings.home, '.local', 'state', 'holdfast')),
  );

/** For commands that only read. */
export async function open(invocation: Invocation): Promise<Opened> {
  const opened = await estateAndState(invocation);
  for (const run of opened.holdfast.due(opened.estate.name))
    invocation.say(
      `run ${run.id} (${run.job}) was interrupted: a recovery is due, and the next command that writes does it first`,
    );
  return opened;
}

/** For commands that write: what an interrupted run left behind is given back before anything is planned on top of it. */
export async function openToWrite(invocation: Invocation): Promise<Opened & { recovered: readonly FinishedRun[] }> {
  const opened = await estateAndState(invocation);
  const { holdfast, estate } = opened;
  const due = holdfast.due(estate.name);
  if (due.length === 0) return { ...opened, recovered: [] };
  for (const run of due) invocation.say(`run ${run.id} (${run.job}) was interrupted: it is finished first`);
  const recovered = await finished(holdfast, estate.name);
  for (const one of recovered) invocation.say(recoveredAsText(one));
  return { ...opened, recovered };
}

/** Runs of an estate that has another name now, or another file: nobody would look for what they left behind. */
function sayStranded(invocation: Invocation, holdfast: Holdfast, name: string): void {
  for (const other of estatesIn(holdfast.root).filter((one) => one !== name))
    for (const run of dueIn(holdfast, other))
      invocation.say(
        `run ${run.id} (${run.job}) of the estate ${shown(other)}, whose state lies beside this one's, was interrupted: a recovery is due, and the next command that writes for \`estate: ${shown(other)}\` does it first`,
      );
}

/** Another estate's state may be another user's, or of another version: that is for its own commands to say. */
function dueIn(holdfast: Holdfast, estate: string): readonly Run[] {
  try {
    return holdfast.due(estate);
  } catch {
    return [];
  }
}

function recoveredAsText({ run, left, fault }: FinishedRun): string {
  if (fault !== undefined) return `run ${run.id} could not be finished: ${fault.says}\n  do this: ${fault.remedy}`;
  return `run ${run.id}: aborted; ${left.length === 0 ? 'what it had taken was given back' : left.join('; ')}`;
}

async function estateAndState(invocation: Invocation): Promise<Opened> {
  const { surroundings, given } = invocation;
  const guard = await readGuardFile(surroundings, given.guard);
  const read = await readEstateFile(surroundings, estatePath(invocation), guard);
  const startedBy = `holdfast ${surroundings.arguments.join(' ')}`;
  const root = stateRoot(invocation);
  const holdfast = holdfastIn({ surroundings, guard, guardFile: given.guard, root, startedBy });
  sayStranded(invocation, holdfast, read.name);
  return { holdfast, estate: read };
}

/** The estate with a PVE server to plan against: its own, one from the options, or the node this command runs on. */
export function withPve(invocation: Invocation, estate: Estate): Estate {
  const url = optionText(invocation, 'pve');
  if (url !== undefined) return { ...estate, pve: [...estate.pve, notNamedYet(estate, fromOptions(invocation, url))] };
  const declares = Object.keys(estate.sections).length > 0;
  if (estate.pve.length > 0 || !declares) return estate;
  const { user, env, hostName } = invocation.surroundings;
  const pvesh = user === 0 ? onPath(env['PATH'] ?? '', 'pvesh') : undefined;
  if (pvesh !== undefined)
    return { ...estate, pve: [{ product: 'pve', name: hostName, url: `pvesh:${pvesh}`, through: 'pvesh' }] };
  throw new Fault('pve-unknown', {
    where: estate.file,
    says: 'it names no PVE server, and this is no PVE node where root could ask pvesh',
    remedy:
      'add --pve https://HOST:8006 --pve-token USER@REALM!NAME=file:PATH --pve-fingerprint SHA256, or to the file: pve: [{ name: NAME, url: "https://HOST:8006", token: { id: "USER@REALM!NAME", secret: { file: PATH } }, fingerprint: "SHA256" }]',
    exit: 'misused',
  });
}

function fromOptions(invocation: Invocation, url: string): PveServer {
  const token = optionText(invocation, 'pveToken');
  const [, id, kind, value] = /^([^=]+)=(file|env|systemd|vault):(.+)$/.exec(token ?? '') ?? [];
  const fingerprint = parseFingerprint(optionText(invocation, 'pveFingerprint') ?? '');
  if (id === undefined || kind === undefined || value === undefined)
    throw misused('--pve-token', 'it is written USER@REALM!NAME=file:PATH (or =env:NAME); the secret itself never is');
  if (fingerprint === undefined)
    throw misused('--pve-fingerprint', 'it is the SHA-256 of the certificate: 32 hex pairs with colons');
  const name = hostNameIn(url);
  const kept = kind === 'file' ? resolve(invocation.surroundings.folder, value) : value;
  const secret = { [kind]: kept } as unknown as SecretReference;
  return { product: 'pve', name, url, token: { id, secret }, fingerprint };
}

/** Under two names every change would be made there twice. */
function notNamedYet({ pve, pbs }: Estate, server: PveServer): PveServer {
  const placeOf = ({ url }: Pick<PveServer, 'url'>): string | undefined => URL.parse(url)?.host;
  const named = [...pve, ...pbs].find((one) => one.name === server.name || placeOf(one) === placeOf(server));
  if (named === undefined) return server;
  throw misused('--pve', `the estate has that server already, as ${named.name}`, 'leave --pve out');
}

/** Looked at before anything is asked or written down: what is refused here may hold a password. */
function hostNameIn(url: string): string {
  const { protocol, username, password, hostname } = URL.parse(url) ?? {};
  if (hostname !== undefined && protocol === 'https:' && username === '' && password === '') return hostname;
  throw misused('--pve', 'it is written https://HOST:8006, without a login: that goes into --pve-token');
}

export const onPath = (path: string, program: string): string | undefined =>
  path
    .split(':')
    .filter((folder) => folder.startsWith('/'))
    .map((folder) => join(folder, program))
    .find((file) => existsSync(file));

export const misused = (where: string, says: string, remedy = 'see `holdfast --help`'): Fault =>
  new Fault('misused', { where, says, remedy, exit: 'misused' });
