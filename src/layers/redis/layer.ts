// The layer `redis`: all that a Redis server holds, dumped, proved and sealed (docs/layers/redis.md).
import { defineLayer } from '../../contracts/layer.ts';
import { dumpLayer } from '../common/dumps/layer.ts';
import { safetyKind } from '../common/dumps/safety-step.ts';
import { startKind, stopKind } from '../common/service/steps.ts';
import { compareKind, saveKind } from './compare.ts';
import { redisDumps } from './dumps.ts';
import { planRestore, restoreTargets } from './restore-plan.ts';
import { servingIn } from './restoring.ts';
import { routesOf } from './routes.ts';
import { type RedisEntry, redisEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';
import { stageKind } from './stage.ts';

export const redis = defineLayer<RedisEntry>(
  dumpLayer({
    dumps: redisDumps,
    schema: redisEntry,
    routes: routesOf,
    targets: restoreTargets,
    scout: scoutRestore,
    restore: planRestore,
    stepKinds: [
      safetyKind(redisDumps, redisEntry),
      ...[stageKind, saveKind, stopKind('redis.stop', servingIn), startKind('redis.start', servingIn), compareKind],
    ],
  }),
);
