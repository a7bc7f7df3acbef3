// A machine of the estate behind its gate: the keys of the roles, and what the gate there was made for.
import { rm } from 'node:fs/promises';
import { snapshotScript } from './layers/lvm-thin/snapshot-script.ts';
import { type GateMachine, gateMachine } from './machines/gate/gate-machine.ts';
import { gateOpening } from './machines/gate/gate-ssh.ts';
import { type GateSettings, gateFolder, runPlaces } from './machines/gate/table.ts';
import { privateFolder, type Ssh } from './machines/ssh.ts';
import type { GateAccess, SshAccess } from './model/estate.ts';
import type { Secret } from './values/secret.ts';
import type { SecretReference } from './values/secret-reference.ts';

/**
 * Texts that layers hand to `sh -c`, by the name of their verb in the gate's table: they are installed beside the gate, and started
 * there by name.
 */
const gateScripts: Readonly<Record<string, string>> = { 'take-snapshots': snapshotScript };

export const gateSettings = ({ user, volume_groups }: Pick<GateAccess, 'user' | 'volume_groups'>): GateSettings => ({
  volumeGroups: volume_groups,
  place: runPlaces,
  scripts: gateScripts,
  folder: gateFolder(user),
});

type Own = Pick<Ssh, 'name' | 'clock' | 'run' | 'world' | 'local'> &
  Readonly<{ secret(reference: SecretReference, audience: string): Promise<Secret> }>;

export function gated(
  { secret, local, ...own }: Own,
  { host, port, host_key: hostKey }: SshAccess,
  access: GateAccess,
  jump: Ssh['jump'],
): GateMachine {
  const address = { host, port, user: access.user, hostKey };
  const audience = `${host}:${port}`;
  let folder: Promise<string> | undefined;
  const made = (): Promise<string> => {
    folder ??= privateFolder(address);
    return folder;
  };
  const machine = gateMachine({
    ...{ ...own, begin: local.begin, settings: gateSettings(access), user: access.user },
    opening: (role) =>
      gateOpening(
        {
          ...{ name: own.name, local, address, jump, folder: made },
          key: async (of) => (await secret(access[of], audience)).revealTo(audience),
        },
        role,
      ),
  });
  return {
    ...machine,
    [Symbol.asyncDispose]: async () => {
      await machine[Symbol.asyncDispose]();
      if (folder !== undefined) await rm(await folder, { recursive: true, force: true });
    },
  };
}
