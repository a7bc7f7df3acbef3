// What a restore relies on of a point: its manifest, and parts that are bit for bit what was sealed.
import { join } from 'node:path';
import { Fault } from '../../../fault.ts';
import type { Files } from '../../../machines/machine.ts';
import type { Manifest, Part } from '../../../model/restore-point.ts';
import { shown } from '../../../values/text.ts';
import { readManifest } from './manifest.ts';

const remedy = 'restore another point; hold or keep this one until it is known what damaged it';

export async function manifestIn(files: Files, folder: string): Promise<Manifest> {
  const manifest = await readManifest(files, folder);
  if (!('problem' in manifest)) return manifest;
  throw new Fault('point-damaged', { where: shown(folder), says: manifest.problem, remedy });
}

export function partOf(manifest: Manifest, name: string): Part {
  const part = manifest.parts.find((one) => one.name === name);
  if (part !== undefined) return part;
  throw new Fault('point-damaged', { where: manifest.id, says: `it has no part ${name}`, remedy });
}

export function provePart(folder: string, sealed: Part, found: Part): void {
  if (found.bytes === sealed.bytes && found.sha256 === sealed.sha256) return;
  throw new Fault('point-damaged', {
    where: shown(join(folder, sealed.name)),
    says: `its SHA-256 is ${found.sha256} (${found.bytes} bytes), sealed was ${sealed.sha256} (${sealed.bytes} bytes)`,
    remedy,
  });
}
