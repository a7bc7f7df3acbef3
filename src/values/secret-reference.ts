// Where a secret is kept. The estate holds references only; the five kinds are told apart by their one key.
import { z } from 'zod';

export const secretReference = z.union([
  z.strictObject({ env: z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'is no name of an environment variable') }),
  z.strictObject({ file: z.string().min(1) }),
  z.strictObject({ command: z.array(z.string()).min(1) }),
  z.strictObject({ vault: z.string().regex(/^[^#\s]+#[^#\s]+$/, 'is written `path#key`') }),
  z.strictObject({ systemd: z.string().regex(/^[A-Za-z0-9._-]+$/, 'is the name of a credential of the unit') }),
]);
export type SecretReference = z.infer<typeof secretReference>;

/** How a reference is named where the secret itself may not be: `file ruapehu.token`. */
export function nameOfReference(reference: SecretReference): string {
  if ('env' in reference) return `env ${reference.env}`;
  if ('file' in reference) return `file ${reference.file}`;
  if ('command' in reference) return `command ${reference.command[0]}`;
  if ('vault' in reference) return `vault ${reference.vault}`;
  return `systemd ${reference.systemd}`;
}
