// The layer `postgres`: every database of a server and its roles, dumped, counted and sealed (docs/layers/postgres.md).
import { defineLayer } from '../../contracts/layer.ts';
import { dumpLayer } from '../common/dumps/layer.ts';
import { safetyKind } from '../common/dumps/safety-step.ts';
import { credentialsKind } from './credentials.ts';
import { postgresDumps } from './dumps.ts';
import { loadKind } from './load.ts';
import { proveKind } from './prove.ts';
import { planRestore, restoreTargets } from './restore-plan.ts';
import { rolesKind } from './roles.ts';
import { routesOf } from './routes.ts';
import { type PostgresEntry, postgresEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';
import { settleKind } from './settle.ts';
import { swapKind } from './swap.ts';

export const postgres = defineLayer<PostgresEntry>(
  dumpLayer<PostgresEntry>({
    dumps: postgresDumps,
    schema: postgresEntry,
    routes: routesOf,
    targets: restoreTargets,
    holdsPaths: true,
    scout: scoutRestore,
    restore: planRestore,
    stepKinds: [
      safetyKind(postgresDumps, postgresEntry),
      ...[proveKind, rolesKind, loadKind, credentialsKind, swapKind, settleKind],
    ],
  }),
);
