// A key that goes with what is removed or changed must be kept elsewhere, and must really open: else the backups made with
// it are noise (facts: pve-api section 2, "Keys get lost easily").
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Found } from '../../model/observed.ts';
import { fingerprintOfKey } from '../../proxmox/encryption-key.ts';
import { nameOfReference } from '../../values/secret-reference.ts';
import { type AnyResource, apiOf, givenOf } from './resource-step.ts';

/** @throws Fault `key-not-escrowed` before anything was written */
export async function openEscrow(
  resource: AnyResource,
  context: StepContext,
  found: Found,
  change?: Readonly<{ resend: readonly string[] }>,
): Promise<void> {
  const key = resource.losesKey?.(found, change);
  if (key === undefined) return;
  // PVE shows `1` for a key file without a fingerprint in it: no copy could be told to be that key.
  if (key === '1')
    throw new Fault('key-not-escrowed', {
      where: context.step.subject,
      says: 'its encryption key would be lost with it, and its key file names no fingerprint, so that no copy can be told to be the same key',
      remedy: `compare /etc/pve/priv/storage/${found.name}.enc of a node with your copy, then remove the entry there by hand: pvesm remove ${found.name}`,
    });
  const { audience } = await apiOf(context);
  const tried: string[] = [];
  for (const reference of givenOf(context).escrow ?? [])
    try {
      const opened = fingerprintOfKey(await context.world.secret(reference, audience), audience);
      if (opened === key) return;
      tried.push(`${nameOfReference(reference)} holds another key (${opened.slice(0, 23)}…)`);
    } catch (error) {
      tried.push(`${nameOfReference(reference)}: ${error instanceof Fault ? error.says : 'it cannot be read'}`);
    }
  throw new Fault('key-not-escrowed', {
    where: context.step.subject,
    says: `its encryption key (${key.slice(0, 23)}…) would be lost with it, and with the key every backup made with it; ${
      tried.length === 0 ? 'the estate names no place where it is kept' : tried.join('; ')
    }`,
    remedy: keepTheKey(found.name),
  });
}

const keepTheKey = (storage: string): string =>
  `copy /etc/pve/priv/storage/${storage}.enc from a node to a safe place (mode 0600), and name it in the estate: escrow: [{ file: PATH }]`;
