// A point's manifest. It is written last, and its folder gets its final name after that: what has it is whole.
import { join } from 'node:path';
import * as z from 'zod';
import { Fault } from '../../../fault.ts';
import type { Files } from '../../../machines/machine.ts';
import type { Manifest } from '../../../model/restore-point.ts';
import { canonical, digestOf, type Json } from '../../../values/canonical.ts';
import { type Instant, parseInstant } from '../../../values/instant.ts';
import { cut, shown } from '../../../values/text.ts';
import { manifestName } from './places.ts';

const instant = z.custom<Instant>(
  (text) => typeof text === 'string' && parseInstant(text) === text,
  'is no time in UTC',
);
const json: z.ZodType<Json> = z.json();
const amount = z.int().nonnegative();

const manifestSchema: z.ZodType<Manifest> = z.strictObject({
  format: z.literal(1),
  id: z.string().min(1),
  layer: z.string(),
  kind: z.string(),
  workload: z.string(),
  takenAt: instant,
  sealedAt: instant,
  run: z.string(),
  source: z.record(z.string(), json),
  counts: z.record(z.string(), amount),
  parts: z
    .array(
      z.strictObject({
        // Names of parts become paths.
        name: z.string().regex(/^[a-z][a-z0-9.]*$/),
        bytes: amount,
        sha256: z.string().regex(/^[0-9a-f]{64}$/),
      }),
    )
    .min(1),
  details: z.record(z.string(), json),
  tools: z.record(z.string(), z.string()),
});

const limit = 1024 * 1024;

/** The manifest, or in words why there is none to go by. */
export async function readManifest(
  files: Files,
  folder: string,
  name = manifestName,
): Promise<Manifest | Readonly<{ problem: string }>> {
  let content: Uint8Array | undefined;
  try {
    content = await files.read(join(folder, name), limit);
  } catch (error) {
    if (error instanceof Fault) return { problem: `its ${name} cannot be read: ${error.says}` };
    throw error;
  }
  if (content === undefined) return { problem: `it has no ${name}, so it was never sealed` };
  return parseManifest(Buffer.from(content).toString());
}

function parseManifest(text: string): Manifest | Readonly<{ problem: string }> {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return { problem: `its ${manifestName} is no JSON` };
  }
  const parsed = manifestSchema.safeParse(value);
  if (parsed.success && isAsSealed(parsed.data, text)) return parsed.data;
  if (parsed.success) return { problem: `its ${manifestName} is not as it was sealed: something changed it since` };
  const says = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`).join('; ');
  return { problem: `its ${manifestName} is not as this Holdfast writes them: ${cut(shown(says), 300)}` };
}

/** Puts the manifest's own digest into it, so that no byte of it (a time that retention goes by) changes unnoticed. */
export const withSeal = (manifest: Manifest): Manifest => ({
  ...manifest,
  details: { ...manifest.details, seal: digestOf(manifest) },
});

function isAsSealed(manifest: Manifest, text: string): boolean {
  const { seal, ...details } = manifest.details;
  return seal === digestOf({ ...manifest, details }) && text === manifestText(manifest);
}

export const manifestText = (manifest: Manifest): string =>
  `${JSON.stringify(JSON.parse(canonical(manifest)), null, 2)}\n`;
