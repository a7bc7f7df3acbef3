// The lane of a vault, a Vaultwarden and programs.
import type { Parts } from '../parts.ts';
import { proveAppsKills } from './apps-kills.ts';
import { proveCommand } from './command.ts';
import { proveCommandContent } from './command-content.ts';
import { proveCommandFaults } from './command-faults.ts';
import { proveCommandPassing } from './command-passing.ts';
import { proveVault } from './vault.ts';
import { proveVaultFaults } from './vault-faults.ts';
import { proveVaultServers } from './vault-servers.ts';
import { proveVaultwarden } from './vaultwarden.ts';
import { proveVaultwardenFaults } from './vaultwarden-faults.ts';
import { proveVaultwardenKills } from './vaultwarden-kills.ts';
import { proveVaultwardenLive } from './vaultwarden-live.ts';
import { proveVaultwardenRefused } from './vaultwarden-refused.ts';

export const appsParts: Parts = {
  ...{ vault: proveVault, 'vault-faults': proveVaultFaults, 'vault-servers': proveVaultServers },
  ...{ vaultwarden: proveVaultwarden, 'vaultwarden-live': proveVaultwardenLive },
  ...{ 'vaultwarden-faults': proveVaultwardenFaults, 'vaultwarden-refused': proveVaultwardenRefused },
  ...{ command: proveCommand, 'command-passing': proveCommandPassing },
  ...{ 'command-faults': proveCommandFaults, 'command-content': proveCommandContent },
  'vaultwarden-kills': proveVaultwardenKills,
  'apps-kills': proveAppsKills,
};
