// One dump of all that a server holds.
import type { StepContext } from '../../contracts/step-kind.ts';
import type { Machine } from '../../machines/machine.ts';
import type { ItemFacts, Taking } from '../common/dumps/dump.ts';
import { wholly } from '../common/dumps/end-mark.ts';
import { copied } from '../common/dumps/opened.ts';
import { type Checked, checking } from './checker.ts';
import { argvOf, type Client, faultOf, optionsOf, whereOf } from './client.ts';
import { type Info, infoWhereAllowed, keyspaceOf } from './info.ts';
import { passing, type Seen } from './rdb.ts';
import { notTheFile, savedFile } from './saved-file.ts';
import type { RedisEntry } from './schema.ts';

type Taken = Readonly<{ client: Client; way: RedisEntry['way']; checker: Machine | undefined }>;

export async function takeAll({ client, way, checker }: Taken, context: StepContext): Promise<Taking> {
  const where = `${client.entry.name}: ${whereOf(client.entry.server)}`;
  const info = await infoWhereAllowed(client, context);
  const dump = way === 'bgsave' ? await fromDisk(client, context) : { pieces: byReplication(client, context) };
  const whole = passing(dump.pieces, where);
  const read = checker && checking(whole.pieces, checker, where, context.signal);
  return {
    dump: read?.pieces ?? whole.pieces,
    facts: async () => {
      const seen = whole.seen();
      const { notBefore = 0 } = dump;
      const madeAt = Number(seen.header.facts['ctime'] ?? 0);
      if (madeAt < notBefore)
        throw notTheFile(client, `the file was made at ${instantOf(madeAt)}, before the save that was asked for`);
      return factsOf(seen, await read?.checked(), info);
    },
    close: async () => read?.close(),
  };
}

const instantOf = (at: number): string => new Date(at * 1000).toISOString();

type Dump = Readonly<{ pieces: AsyncIterable<Uint8Array>; notBefore?: number }>;

const byReplication = (client: Client, { signal }: StepContext): AsyncIterable<Uint8Array> =>
  wholly(client.machine, argvOf(client, ['--rdb', '-']), optionsOf(client, signal), (ended) =>
    faultOf(client, 'redis-cli --rdb', ended),
  );

async function fromDisk(client: Client, context: StepContext): Promise<Dump> {
  const { path, notBefore } = await savedFile(client, context);
  return { pieces: copied(client.machine.files.source(path, { signal: context.signal })), notBefore };
}

/** What the checker has counted is what the dump holds; INFO is of a moment before it. */
function factsOf({ header, checksum, content }: Seen, checked: Checked | undefined, info: Info | undefined): ItemFacts {
  const said = info && keyspaceOf(info);
  // One that chooses what to evict writes beside each key for how long nobody has read it.
  const staysAsItIs = !/l[rf]u/.test(info?.['maxmemory_policy'] ?? '');
  const counted = checked !== undefined && 'keys' in checked ? checked : undefined;
  const known = counted ?? said;
  const unproved = checksum === 'none' && counted === undefined;
  return {
    counts: known === undefined ? {} : { keys: known.keys, expires: known.expires },
    ...(said === undefined ? {} : { tables: said.databases }),
    ...(staysAsItIs ? { content } : {}),
    about: { format: header.version, made_by: header.facts['redis-ver'] ?? 'not said', counted: counted !== undefined },
    degraded: [
      ...(known === undefined
        ? ['nobody could count its keys: grant the login +info, or install redis-check-rdb (redis-tools)']
        : []),
      ...(unproved
        ? [
            'nothing proves that it is whole: the server writes no checksum (`rdbchecksum no`), and nobody could read it',
          ]
        : []),
    ],
  };
}
