// A world in which nothing can be reached: a test puts into it what its steps may reach, and whatever else is asked fails it.
import type { World } from '../src/contracts/world.ts';
import { type Clock, systemClock } from '../src/values/instant.ts';

export function unreachableWorld(clock: Clock = systemClock): World {
  const no = (what: string) => (): never => {
    throw new Error(`this test has no ${what}`);
  };
  return {
    clock,
    server: no('server'),
    machine: no('machine'),
    kubernetes: no('cluster'),
    secret: no('secret'),
    keepSecret: no('secret'),
    setAsideSecret: no('secret'),
    keyedDigest: no('secret'),
    recall: () => undefined,
    remember: no('memory'),
  };
}
