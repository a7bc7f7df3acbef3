// The layer at work on a real server, with everything else in a temp folder that is gone after.
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerContext, Planned, RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import { Secret } from '../../values/secret.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { planDumps } from '../common/dumps/plan.ts';
import { mysql } from './layer.ts';
import { planRestore } from './restore-plan.ts';
import { type MysqlEntry, mysqlEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';
import type { MariadbServer } from './server.test-support.ts';

export type Place = Readonly<{
  folder: string;
  copies: string;
  entry: MysqlEntry;
  world: World;
  /** the run that a name stands for */
  runOf(run: string): RunId;
  protect(run: string, more?: Partial<Driven>): Promise<Outcome>;
  planned(point: RestorePoint, wish: Partial<RestoreWish>): Promise<Planned>;
  restore(run: string, point: RestorePoint, wish: Partial<RestoreWish>, more?: Partial<Driven>): Promise<Outcome>;
  points(): Promise<readonly RestorePoint[]>;
  /** unfinished folders, and files to log in with; nothing where nothing is left */
  left(): readonly string[];
  close(): void;
}>;

/** @param more of the entry; `secrets` are passwords by the file that they are said to lie in */
export function placeOn(server: Pick<MariadbServer, 'port' | 'password'>, more: Record<string, unknown> = {}): Place {
  // Files to log in with lie in a folder of the machine, under names of the run and the layer: other tests have theirs there, too.
  const tag = randomBytes(4).toString('hex');
  const name = `databases-${tag}`;
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-my-'));
  const [copies, taken] = [join(folder, 'copies'), join(folder, 'taken')];
  mkdirSync(taken);
  const { server: own = {}, secrets = {}, ...others } = more;
  const known = secrets as Readonly<Record<string, string>>;
  const entry = mysqlEntry.parse({
    ...{ name, kind: 'mysql', machine: 'here', workload: 'apps', to: copies, keep: { keep_last: 3 } },
    server: { host: '127.0.0.1', port: server.port, user: 'admin', password: { file: '/run/my' }, ...(own as object) },
    ...others,
  });
  const base = worldWith();
  const world: World = {
    ...base,
    secret: async (reference, audience) =>
      new Secret('my', ('file' in reference ? known[reference.file] : undefined) ?? server.password, audience),
    recall: () => undefined,
    remember: () => {},
  };
  const context: LayerContext = { timeZone: 'UTC', now: world.clock.now(), layers: [] };
  const runOf = (run: string) => `${run}-${tag}` as RunId;
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    ...{ run: runOf(run), world, taken, ...others },
  });
  const planned = async (point: RestorePoint, wish: Partial<RestoreWish>) => {
    const full = { point, target: 'live', ...wish };
    return planRestore(entry, full, context, await scoutRestore(entry, full, world, new AbortController().signal));
  };
  return {
    ...{ folder, copies, entry, world, planned, runOf },
    protect: (run, others) => drive(driven(run, others), planDumps(entry, context).steps, 'keep'),
    restore: async (run, point, wish, others) => {
      const { steps, refusals } = await planned(point, wish);
      if (refusals.length > 0) throw new Error(refusals.map(({ code, says }) => `${code}: ${says}`).join('; '));
      return drive(driven(run, others), steps, 'lead back');
    },
    points: () => mysql.points(entry, world),
    left: () => [
      ...readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => /\.(partial|removing|holdfast)-|^taken\/./.test(name)),
      ...['/dev/shm', '/run', '/tmp'].flatMap((place) =>
        readdirSync(place).filter(
          (found) => found.includes(tag) || found.endsWith(Buffer.from(name).toString('base64url')),
        ),
      ),
    ],
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
