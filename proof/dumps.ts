// `npm run proof:dumps [-- --full] [-- --only PART]`: databases of real servers taken, proved, wrecked, brought back, and asked by their
// own clients, as a user types it.
import { appsParts } from './dumps/apps-parts.ts';
import { mysqlParts } from './dumps/mysql-parts.ts';
import { provePostgres } from './dumps/postgres.ts';
import { provePostgresFaults } from './dumps/postgres-faults.ts';
import { provePostgresKills } from './dumps/postgres-kills.ts';
import { type Parts, proveParts } from './parts.ts';

const lanes: readonly Parts[] = [
  { postgres: provePostgres, 'postgres-faults': provePostgresFaults, 'postgres-kills': provePostgresKills },
  mysqlParts,
  appsParts,
];

await proveParts('proof:dumps', lanes, {});
