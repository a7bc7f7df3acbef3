// Vaults for one test, and what is asked of a run on them; all of it is closed when the test is over.
import assert from 'node:assert/strict';
import { afterEach } from 'node:test';
import { Fault } from '../../fault.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { Outcome } from '../common/driver.test-support.ts';
import { type Place, placeOn } from './place.test-support.ts';
import { Cluster, type StandIn, type Standing, startVault } from './stand-in.test-support.ts';

export const code =
  (wanted: string, says: RegExp = /./) =>
  (error: unknown): boolean => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, wanted, error.says);
    assert.match(`${error.says}; ${error.remedy}`, says);
    return true;
  };

/** The dump failed, alone as it is: there is no point of it. */
export async function dumpFails(running: Promise<Outcome>, wanted: string, says?: RegExp): Promise<void> {
  const { failed } = await running;
  code(wanted, says)(Object.values(failed)[0]);
}

export const small = () => new Cluster('one', { 'kv/shop': 'monday' });

export async function newest(place: Place): Promise<RestorePoint> {
  const point = (await place.points()).findLast(({ held }) => held === undefined);
  assert.ok(point !== undefined);
  return point;
}

export type Served = Readonly<{
  /** what else is to be closed */
  open: (() => unknown)[];
  served(cluster: Cluster, more?: Partial<Standing>): Promise<StandIn>;
  placed(server: Pick<StandIn, 'url' | 'fingerprint'>, more?: Record<string, unknown>): Place;
}>;

/** For the whole of a `describe`. */
export function serving(): Served {
  const open: (() => unknown)[] = [];
  afterEach(async () => {
    for (const close of open.splice(0).reverse()) await close();
  });
  return {
    open,
    served: async (cluster, more = {}) => {
      const server = await startVault({ cluster, ...more });
      open.push(server.close);
      return server;
    },
    placed: (server, more = {}) => {
      const place = placeOn(server, more);
      open.push(place.close);
      return place;
    },
  };
}
