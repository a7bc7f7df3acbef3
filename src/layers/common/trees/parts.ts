// The parts of a point that holds a tree, as a restore reads them: whole, proved with their last byte, and opened where they
// were encrypted to a recipient (points/encryption.ts).
import { createHash } from 'node:crypto';
import { join } from 'node:path';
import type { Machine } from '../../../machines/machine.ts';
import type { Manifest, Part } from '../../../model/restore-point.ts';
import type { Secret } from '../../../values/secret.ts';
import { decrypted, encryptedName } from '../points/encryption.ts';
import { partOf, provePart } from '../points/point-proof.ts';

export const partNames = { contents: 'contents.tar', devices: 'devices.tar', listing: 'listing.ndjson' } as const;

export type AtHand = Readonly<{
  machine: Machine;
  /** of the point */
  folder: string;
  manifest: Manifest;
  /** what opens its parts, where they are encrypted */
  identity: Secret | undefined;
}>;

/** How long a part is on the disk, and so about how long it is. */
export const partNamed = (manifest: Manifest, name: string): Part =>
  manifest.parts.find((part) => part.name === encryptedName(name)) ?? partOf(manifest, name);

/** @throws Fault `point-damaged` behind its last byte, where it is not what was sealed */
export async function* provenPart(point: AtHand, name: string, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  const { machine, folder, manifest, identity } = point;
  const sealed = partNamed(manifest, name);
  const path = join(folder, sealed.name);
  if (sealed.name !== name) return yield* decrypted(machine, path, identity, signal);
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of machine.files.source(path, { signal })) {
    hash.update(piece);
    bytes += piece.length;
    yield piece;
  }
  provePart(folder, sealed, { name, bytes, sha256: hash.digest('hex') });
}
