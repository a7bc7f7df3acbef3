// `npm run proof:dumps [-- --full] [-- --only PART]`: databases of real servers taken, proved, wrecked, brought back, and asked by their
// own clients, as a user types it.
import { proveAppsKills } from './dumps/apps-kills.ts';
import { proveCommand } from './dumps/command.ts';
import { proveCommandContent } from './dumps/command-content.ts';
import { proveCommandFaults } from './dumps/command-faults.ts';
import { proveCommandPassing } from './dumps/command-passing.ts';
import { provePostgres } from './dumps/postgres.ts';
import { provePostgresFaults } from './dumps/postgres-faults.ts';
import { provePostgresKills } from './dumps/postgres-kills.ts';
import { proveVault } from './dumps/vault.ts';
import { proveVaultFaults } from './dumps/vault-faults.ts';
import { proveVaultServers } from './dumps/vault-servers.ts';
import { proveVaultwarden } from './dumps/vaultwarden.ts';
import { proveVaultwardenFaults } from './dumps/vaultwarden-faults.ts';
import { proveVaultwardenKills } from './dumps/vaultwarden-kills.ts';
import { proveVaultwardenLive } from './dumps/vaultwarden-live.ts';
import { proveVaultwardenRefused } from './dumps/vaultwarden-refused.ts';
import { type Parts, proveParts } from './parts.ts';

const lanes: readonly Parts[] = [
  { postgres: provePostgres, 'postgres-faults': provePostgresFaults, 'postgres-kills': provePostgresKills },
  {
    ...{ vault: proveVault, 'vault-faults': proveVaultFaults, 'vault-servers': proveVaultServers },
    ...{ vaultwarden: proveVaultwarden, 'vaultwarden-live': proveVaultwardenLive },
    ...{ 'vaultwarden-faults': proveVaultwardenFaults, 'vaultwarden-refused': proveVaultwardenRefused },
    ...{ command: proveCommand, 'command-passing': proveCommandPassing },
    ...{ 'command-faults': proveCommandFaults, 'command-content': proveCommandContent },
    'vaultwarden-kills': proveVaultwardenKills,
    'apps-kills': proveAppsKills,
  },
];

await proveParts('proof:dumps', lanes, {});
