// The layer `mysql`: every database of a server of MariaDB or MySQL and its accounts, dumped, counted and sealed (docs/layers/mysql.md).
import { defineLayer } from '../../contracts/layer.ts';
import { dumpLayer } from '../common/dumps/layer.ts';
import { accountsKind, grantsKind } from './accounts.ts';
import { credentialsKind } from './credentials.ts';
import { mysqlDumps } from './dumps.ts';
import { loadKind } from './load.ts';
import { replaceKind } from './replace.ts';
import { planRestore, restoreTargets } from './restore-plan.ts';
import { routesOf } from './routes.ts';
import { safetyKind } from './safety.ts';
import { type MysqlEntry, mysqlEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';
import { settleKind } from './settle.ts';

export const mysql = defineLayer<MysqlEntry>(
  dumpLayer<MysqlEntry>({
    dumps: mysqlDumps,
    schema: mysqlEntry,
    routes: routesOf,
    targets: restoreTargets,
    holdsPaths: true,
    scout: scoutRestore,
    restore: planRestore,
    stepKinds: [safetyKind, accountsKind, loadKind, credentialsKind, replaceKind, grantsKind, settleKind],
  }),
);
