// The lane of a vault, a Vaultwarden and programs.
import type { Parts } from '../parts.ts';
import { proveAppsKills } from './apps-kills.ts';
import { proveCommand } from './command.ts';
import { proveCommandContent } from './command-content.ts';
import { proveCommandFaults } from './command-faults.ts';
import { proveCommandKilled } from './command-killed.ts';
import { proveCommandPassing } from './command-passing.ts';
import { proveVault } from './vault.ts';
import { proveVaultFaults } from './vault-faults.ts';
import { proveVaultLost } from './vault-lost.ts';
import { proveVaultServers } from './vault-servers.ts';
import { proveVaultSizes } from './vault-sizes.ts';
import { proveVaultwarden } from './vaultwarden.ts';
import { proveVaultwardenEncrypted } from './vaultwarden-encrypted.ts';
import { proveVaultwardenFaults } from './vaultwarden-faults.ts';
import { proveVaultwardenKills } from './vaultwarden-kills.ts';
import { proveVaultwardenLive } from './vaultwarden-live.ts';
import { proveVaultwardenRefused } from './vaultwarden-refused.ts';

export const appsParts: Parts = {
  ...{ vault: proveVault, 'vault-lost': proveVaultLost, 'vault-faults': proveVaultFaults },
  ...{ 'vault-servers': proveVaultServers, 'vault-sizes': proveVaultSizes },
  ...{ vaultwarden: proveVaultwarden, 'vaultwarden-encrypted': proveVaultwardenEncrypted },
  ...{ 'vaultwarden-live': proveVaultwardenLive, 'vaultwarden-faults': proveVaultwardenFaults },
  ...{ 'vaultwarden-refused': proveVaultwardenRefused, 'vaultwarden-kills': proveVaultwardenKills },
  ...{ command: proveCommand, 'command-passing': proveCommandPassing, 'command-content': proveCommandContent },
  ...{ 'command-faults': proveCommandFaults, 'command-killed': proveCommandKilled },
  'apps-kills': proveAppsKills,
};
