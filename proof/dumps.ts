// `npm run proof:dumps [-- --full] [-- --only PART]`: databases of real servers taken, proved, wrecked, brought back, and asked by their
// own clients, as a user types it.
import { appsParts } from './dumps/apps-parts.ts';
import { proveEtcd } from './dumps/etcd.ts';
import { proveEtcdFaults } from './dumps/etcd-faults.ts';
import { mysqlParts } from './dumps/mysql-parts.ts';
import { provePostgres } from './dumps/postgres.ts';
import { provePostgresFaults } from './dumps/postgres-faults.ts';
import { provePostgresKills } from './dumps/postgres-kills.ts';
import { proveRedis } from './dumps/redis.ts';
import { proveRedisFaults } from './dumps/redis-faults.ts';
import { proveStoresKills } from './dumps/stores-kills.ts';
import { type Parts, proveParts } from './parts.ts';

const lanes: readonly Parts[] = [
  { postgres: provePostgres, 'postgres-faults': provePostgresFaults, 'postgres-kills': provePostgresKills },
  mysqlParts,
  { redis: proveRedis, 'redis-faults': proveRedisFaults, 'stores-kills': proveStoresKills },
  { etcd: proveEtcd, 'etcd-faults': proveEtcdFaults },
  appsParts,
];

await proveParts('proof:dumps', lanes, {});
