// The snapshot of a vault, as it comes.
import { Fault } from '../../fault.ts';
import type { Taking } from '../common/dumps/dump.ts';
import { loginWith, type Server, serverAt, tokenFor, type Watched, wordsOf } from './asking.ts';
import { watchfully } from './cut-short.ts';
import { paths, policyLine, refusedFault } from './rights.ts';
import type { VaultEntry, VaultNode } from './schema.ts';
import { passingSnapshot } from './snapshot.ts';
import { activeNode, declared, isSealed, notRaft } from './standing.ts';

const line = policyLine(paths.take, 'read');

export async function takeSnapshot(entry: VaultEntry, watched: Watched): Promise<Taking> {
  const { server, body } = await begun(entry, (await activeNode(entry, watched)).node, watched);
  const { pieces, meta } = passingSnapshot(watchfully(body, entry.name), entry.name);
  return {
    dump: pieces,
    facts: async () => {
      const { index, term, version } = meta();
      return { counts: { index }, about: { index, term, version } };
    },
    close: () => server.line.close(),
  };
}

type Begun = Readonly<{ server: Server; body: AsyncIterable<Uint8Array> }>;

/** The lead may change between two questions: it is followed once, to an address of the estate. */
async function begun(entry: VaultEntry, node: VaultNode, watched: Watched, isSecond = false): Promise<Begun> {
  const server = await serverAt(entry.name, node, watched);
  try {
    const token = await tokenFor(node, entry.token, watched);
    const path = `/v1/${paths.take}`;
    const answer = await server.line.ask({ method: 'GET', path, login: loginWith(token), signal: watched.signal });
    if (answer.status === 200) return { server, body: answer.body };
    if (answer.status === 307 && !isSecond) {
      const leads = declared(entry, answer.location ?? '');
      await server.line.close();
      return await begun(entry, leads, watched, true);
    }
    const { status, text } = await wordsOf(entry.name, answer);
    if (status === 403) throw await refusedFault(server, token, line, text);
    throw failed(entry, node, status, text);
  } catch (error) {
    await server.line.close();
    throw error;
  }
}

function failed(entry: VaultEntry, node: VaultNode, status: number, text: string): Fault {
  if (status === 503) return isSealed(entry, node);
  if (/raft storage is not in use/.test(text)) return notRaft(entry, text);
  return new Fault('dump-failed', {
    where: `${entry.name} (${node.url})`,
    says: `it answers ${status}: ${text}`,
    remedy: 'see the log of the server',
  });
}
