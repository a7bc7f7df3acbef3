// The layer `etcd`: snapshots of a cluster, proved and sealed (docs/layers/etcd.md).
import { defineLayer } from '../../contracts/layer.ts';
import { dumpLayer } from '../common/dumps/layer.ts';
import { safetyKind } from '../common/dumps/safety-step.ts';
import { startKind, stopKind } from '../common/service/steps.ts';
import { buildKind } from './build.ts';
import { compareKind } from './compare.ts';
import { etcdDumps } from './dumps.ts';
import { planSnapshots } from './plan.ts';
import { planRestore, restoreTargets } from './restore-plan.ts';
import { servingIn } from './restoring.ts';
import { routesOf } from './routes.ts';
import { type EtcdEntry, etcdEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';
import { stageKind } from './stage.ts';

export const etcd = defineLayer<EtcdEntry>({
  ...dumpLayer({
    dumps: etcdDumps,
    schema: etcdEntry,
    routes: routesOf,
    targets: restoreTargets,
    scout: scoutRestore,
    restore: planRestore,
    stepKinds: [
      safetyKind(etcdDumps, etcdEntry),
      ...[buildKind, stageKind, stopKind('etcd.stop', servingIn), startKind('etcd.start', servingIn), compareKind],
    ],
  }),
  protect: planSnapshots,
});
