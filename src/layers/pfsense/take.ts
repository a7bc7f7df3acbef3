// The step `pfsense.take`: a config.xml or a full archive, streamed from the firewall into a folder that is nobody's point. It becomes
// one only when it was proved to be whole; until then the last good one is the last good one.
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { Part } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import { versionOf } from '../common/commands.ts';
import { asGiven } from '../common/given.ts';
import { checkPrivate } from '../common/points/destination.ts';
import { encryptedName, encryptFile } from '../common/points/encryption.ts';
import { proveWritten } from '../common/points/part.ts';
import { beginPoint, probeSealed, removePartial, seal, sealedResult } from '../common/points/sealing.ts';
import { layOut, type Shape } from '../common/trees/laid-out.ts';
import { withoutAttributes, writeListing } from '../common/trees/write-listing.ts';
import { type Fetched, fetchArchive, fetchConfig, unlistable } from './fetch.ts';
import { sourceOf } from './given.ts';
import { placed, type Taking } from './placed.ts';

export const takeKind: StepKind = {
  name: 'pfsense.take',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const taking = placed(context);
    const { place, entry, sort } = taking;
    await beginPoint(place, context);
    await checkPrivate(place.machine, entry);
    await beginDesk(taking, context);
    const fetched = sort === 'config' ? await fetchConfig(taking, context) : await fetchArchive(taking, context);
    const listing = await listed(taking, fetched.shape, context);
    const parts = await settled(taking, [...fetched.parts, listing.part], context);
    for (const part of parts) await proveWritten(place.machine, join(place.partial, part.name), part, context);
    const manifest = await seal(place, context, await sealingOf(taking, fetched, listing, parts));
    const attributes = listing.attributes ? [] : [withoutAttributes];
    return {
      result: { ...sealedResult(manifest, place.sealed), ...fetched.facts },
      degraded: [...fetched.degraded, ...attributes],
    };
  },

  probe: (context) => probeSealed(placed(context).place),
  release: remove,
  undo: remove,
};

async function remove(context: StepContext): Promise<void> {
  const { place, secret } = placed(context);
  await removePartial(place);
  await place.machine.files.remove(secret);
}

async function beginDesk({ place: { machine }, entry, secret, out, tree, sorting }: Taking, context: StepContext) {
  if (entry.encrypt_to !== undefined) {
    context.take('folder that it is made ready in', secret);
    await machine.files.remove(secret);
    for (const folder of [secret, out]) await machine.files.makeFolder(folder, 0o700);
  }
  for (const folder of [tree, sorting]) await machine.files.makeFolder(folder, 0o700);
}

/** Laid out as a restore will lay it out: what cannot be unpacked is no point. */
async function listed(taking: Taking, shape: Shape, context: StepContext) {
  const { place, out, tree, sorting, takenAt } = taking;
  const { machine } = place;
  const { signal, progress } = context;
  const source = (name: string) => machine.files.source(join(out, name), { signal });
  if (shape.archive === undefined) await layOut({ machine, tree, shape, takenAt, source, target: tree }, context);
  return writeListing({ machine, tree, work: sorting, signal, progress, damaged: unlistable }, out);
}

async function settled({ place, entry, out }: Taking, parts: readonly Part[], { signal }: StepContext) {
  if (entry.encrypt_to === undefined) return parts;
  const { machine, partial } = place;
  const encrypted: Part[] = [];
  for (const { name } of parts) {
    const path = join(partial, encryptedName(name));
    await encryptFile(machine, join(out, name), path, entry.encrypt_to, signal);
    const hash = createHash('sha256');
    let bytes = 0;
    for await (const piece of machine.files.source(path, { signal })) {
      hash.update(piece);
      bytes += piece.length;
    }
    encrypted.push({ name: encryptedName(name), bytes, sha256: hash.digest('hex') });
  }
  return encrypted;
}

async function sealingOf(
  { entry, sort, takenAt, policy, since_boot, place }: Taking,
  { shape, facts }: Fetched,
  { counts, attributes }: Awaited<ReturnType<typeof writeListing>>,
  parts: readonly Part[],
) {
  const [tar, age] = await Promise.all(['tar', 'age'].map((tool) => versionOf(place.machine, tool)));
  return {
    takenAt,
    source: sourceOf(entry, sort),
    counts,
    parts,
    details: {
      tree: asGiven(shape),
      config: asGiven(facts),
      attributes_listed: attributes,
      ...(entry.encrypt_to === undefined ? {} : { encrypt_to: entry.encrypt_to }),
    },
    tools: { tar, ...(entry.encrypt_to === undefined ? {} : { age }) },
    policy,
    sinceBoot: since_boot,
  };
}
