// The step `host-config.copy`: archives what was gathered, encrypts it on the host itself where that is declared, and brings it
// into a point. Each run makes its own point, also when nothing has changed: a point is a few megabytes, stands by itself, and
// says by its time that the configuration was as it is in it. What changed since the last one stands in the log of the run.
import { join } from 'node:path';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { Part } from '../../model/restore-point.ts';
import { absent } from '../../model/step.ts';
import { versionOf } from '../common/commands.ts';
import { asGiven, givenOf } from '../common/given.ts';
import { checkPrivate, checkRoom } from '../common/points/destination.ts';
import { encryptedName, encryptFile } from '../common/points/encryption.ts';
import { proveWritten, writtenPart } from '../common/points/part.ts';
import { beginPoint, pointPlace, probeSealed, removePartial, seal, sealedResult } from '../common/points/sealing.ts';
import type { Listed } from '../common/trees/listed.ts';
import { partNames } from '../common/trees/parts.ts';
import { withoutAttributes, writeListing } from '../common/trees/write-listing.ts';
import { archiveTree, unreadable } from './archive-tree.ts';
import { changesSince, fingerprints, logChanges, rememberEntries } from './changes.ts';
import { copyGiven } from './given.ts';
import { itemsOf } from './items.ts';
import { stagingOf } from './staging.ts';

function placed(context: StepContext) {
  const given = givenOf(copyGiven, context.step);
  const place = pointPlace(context, given.entry, given.id);
  return { ...given, place, staging: stagingOf(context.world.machine(given.entry.machine), given.entry, context.run) };
}
type Copying = ReturnType<typeof placed>;

export const copyKind: StepKind = {
  name: 'host-config.copy',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const copying = placed(context);
    const { entry, place, staging, items } = copying;
    const { signal, progress } = context;
    const entries: Listed[] = [];
    const reading = { machine: staging.machine, tree: staging.tree, work: staging.work, signal, progress };
    const listing = await writeListing({ ...reading, damaged: unreadable }, staging.out, (one) => entries.push(one));
    await archiveTree(staging, listing.counts.entries - listing.counts.devices, signal);
    const now = await fingerprints(staging, entries, context);
    const names = await encrypted(copying, [partNames.contents, partNames.listing], signal);
    await beginPoint(place, context);
    await checkPrivate(place.machine, entry);
    const parts = await moved(copying, names, context);
    const [tar, age] = await Promise.all(['tar', 'age'].map((tool) => versionOf(staging.machine, tool)));
    const manifest = await seal(place, context, {
      takenAt: copying.takenAt,
      source: { machine: entry.machine, ...copying.source },
      counts: listing.counts,
      parts,
      details: {
        attributes_listed: listing.attributes,
        items: items.map(asGiven),
        ...(entry.encrypt_to === undefined ? {} : { encrypt_to: entry.encrypt_to }),
      },
      tools: { tar, ...(entry.encrypt_to === undefined ? {} : { age }) },
      policy: copying.policy,
      sinceBoot: copying.since_boot,
    });
    const changes = changesSince(context, entry.name, now, unknownOf(copying));
    logChanges(context, changes);
    rememberEntries(context, entry.name, manifest.id, now);
    const { since, added, changed, gone } = changes;
    const counts = { since: since ?? null, added: added.length, changed: changed.length, gone: gone.length };
    const degraded = listing.attributes ? [] : [withoutAttributes];
    return { result: { ...sealedResult(manifest, place.sealed), changes: counts }, degraded };
  },

  probe: (context) => probeSealed(placed(context).place),
  release: (context) => removePartial(placed(context).place),
  undo: (context) => removePartial(placed(context).place),
};

/** The names of what leaves the host: as it is, or encrypted there. */
async function encrypted({ entry, staging }: Copying, names: readonly string[], signal: AbortSignal) {
  const { machine, out } = staging;
  if (entry.encrypt_to === undefined) return names;
  for (const name of names) {
    await encryptFile(machine, join(out, name), join(out, encryptedName(name)), entry.encrypt_to, signal);
    await machine.files.remove(join(out, name));
  }
  return names.map(encryptedName);
}

async function moved({ place, staging }: Copying, names: readonly string[], context: StepContext) {
  const { signal } = context;
  const sizes = await Promise.all(names.map((name) => staging.machine.files.info(join(staging.out, name))));
  const bytes = sizes.reduce((sum, info) => sum + (info?.size ?? 0), 0);
  await checkRoom(place.machine.files, place.partial, bytes);
  const parts: Part[] = [];
  for (const name of names) {
    const pieces = staging.machine.files.source(join(staging.out, name), { signal });
    parts.push(await writtenPart(place.machine, join(place.partial, name), pieces));
  }
  for (const part of parts) await proveWritten(place.machine, join(place.partial, part.name), part, context);
  return parts;
}

/** Where nothing is known of a path: what was there was not taken, and so is not gone. */
function unknownOf({ entry, items }: Copying): readonly string[] {
  const untaken = new Set(items.filter(({ fate }) => fate === 'failed').map(({ name }) => name));
  const failed = itemsOf(entry).filter(({ name }) => untaken.has(name));
  const folders = { 'luks headers': 'luks', 'volume groups': 'lvm', 'partition tables': 'partitions' } as const;
  return failed.flatMap(({ paths, databases, takes, commands }) => [
    ...[...paths, ...databases].map((path) => `files${path}`),
    ...(takes === undefined ? [] : [folders[takes]]),
    ...Object.keys(commands).map((name) => `said/${name}`),
  ]);
}
