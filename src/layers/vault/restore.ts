// The step `vault.restore`: the snapshot goes to the server that leads, and is done when that server answers again, unsealed, with what
// was in it. It is read whole before anything is sent.
import type { Done, StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { minutes } from '../../values/duration.ts';
import { inPlaceKind, type Putting } from '../common/dumps/in-place.ts';
import { loginWith, type Said, serverAt, tokenFor, wordsOf } from './asking.ts';
import { type RestoreGiven, restoreGiven } from './restore-given.ts';
import { paths, policyLine, refusedFault } from './rights.ts';
import type { VaultEntry, VaultNode } from './schema.ts';
import { restoreToken } from './scout.ts';
import { plant } from './sentinel.ts';
import { passingSnapshot } from './snapshot.ts';
import { activeNode, isSealed } from './standing.ts';
import { untilTaken } from './until-taken.ts';
import { rememberVault } from './which-vault.ts';

export const restoreKind = inPlaceKind<RestoreGiven>({ name: 'vault.restore', schema: restoreGiven, put });

type Putted = Pick<Done, 'result' | 'degraded'>;

async function put(given: RestoreGiven, putting: Putting, context: StepContext): Promise<Putted> {
  const { entry, cluster } = given;
  const { index } = await read(putting, entry);
  const { node } = await activeNode(entry, context);
  const token = await tokenFor(node, restoreToken(entry), context);
  const server = await serverAt(entry.name, node, context);
  let sentinel: string | undefined;
  try {
    sentinel = await plant(server, token, context.run);
    await putting.begins();
    context.log(`the snapshot (index ${index}) goes to ${node.url}`);
    const answer = await server.line.ask({
      ...{ method: 'POST', path: `/v1/${pathOf(given)}`, login: loginWith(token), body: putting.dump() },
      ...{ headers: { 'content-type': 'application/gzip' }, silence: minutes(10), signal: context.signal },
    });
    if (answer.status !== 200 && answer.status !== 204) {
      const said = await wordsOf(entry.name, answer);
      // It looks at a snapshot before it takes it in: what it refuses has changed nothing.
      if (said.status < 500 || said.status === 503) await putting.spared();
      if (said.status === 403) throw await refusedFault(server, token, policyLine(pathOf(given), 'update'), said.text);
      throw failed(entry, node, said);
    }
  } finally {
    await server.line.close();
  }
  const expected = putting.back ? cluster.now : cluster.of;
  const done = await untilTaken({ entry, token: restoreToken(entry), sentinel, expected, index }, context);
  rememberVault(entry, expected, context);
  return done;
}

const pathOf = ({ force }: RestoreGiven): string => (force ? paths.force : paths.take);

/** What is damaged is never sent: a server that refuses it has been troubled for nothing. */
async function read({ dump }: Putting, { name }: VaultEntry): Promise<Readonly<{ index: number }>> {
  const { pieces, meta } = passingSnapshot(dump(), name);
  for await (const _ of pieces);
  return meta();
}

function failed(entry: VaultEntry, node: VaultNode, { status, text }: Said): Fault {
  if (status === 503) return isSealed(entry, node);
  if (/could not verify hash file/.test(text))
    return new Fault('other-unseal-keys', {
      where: entry.name,
      says: `the server took nothing in: ${text}`,
      remedy: 'the snapshot is of a vault with other unseal keys: have those at hand, and restore with --to live-force',
    });
  return new Fault('restore-refused', {
    where: `${entry.name} (${node.url})`,
    says: `it answers ${status}: ${text}`,
    remedy: 'see the log of the server',
  });
}
