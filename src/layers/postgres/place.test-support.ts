// The layer at work on a real server, with everything else in a temp folder that is gone after.
import { mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerContext, RestoreWish } from '../../contracts/layer.ts';
import type { World } from '../../contracts/world.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import { Secret } from '../../values/secret.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { planDumps } from '../common/dumps/plan.ts';
import { postgres } from './layer.ts';
import { planRestore } from './restore-plan.ts';
import { type PostgresEntry, postgresEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';
import type { PostgresServer } from './server.test-support.ts';

/** Files to log in with lie where those of every test on this machine do. */
export const ownRun = (run: string): RunId => `${run}p${process.pid}` as RunId;

export type Place = Readonly<{
  folder: string;
  copies: string;
  entry: PostgresEntry;
  world: World;
  protect(run: string, more?: Partial<Driven>): Promise<Outcome>;
  restore(run: string, point: RestorePoint, wish: Partial<RestoreWish>, more?: Partial<Driven>): Promise<Outcome>;
  points(): Promise<readonly RestorePoint[]>;
  /** unfinished folders, and files to log in with; nothing where nothing is left */
  left(): readonly string[];
  close(): void;
}>;

export function placeOn(server: Pick<PostgresServer, 'port' | 'password'>, more: Record<string, unknown> = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-pg-'));
  const [copies, taken] = [join(folder, 'copies'), join(folder, 'taken')];
  mkdirSync(taken);
  const { server: own = {}, ...others } = more;
  const entry = postgresEntry.parse({
    ...{ name: 'databases', kind: 'postgres', machine: 'here', workload: 'apps', to: copies, keep: { keep_last: 3 } },
    server: { host: '127.0.0.1', port: server.port, password: { file: '/run/pg' }, ...(own as object) },
    ...others,
  });
  const base = worldWith();
  const world: World = {
    ...base,
    secret: async (_, audience) => new Secret('pg', server.password, audience),
    recall: () => undefined,
    remember: () => {},
  };
  const context: LayerContext = { timeZone: 'UTC', now: world.clock.now(), layers: [] };
  const driven = (run: string, others: Partial<Driven> = {}): Driven => ({
    ...{ run: ownRun(run), world, taken, ...others },
  });
  return {
    ...{ folder, copies, entry, world },
    protect: (run, others) => drive(driven(run, others), planDumps(entry, context).steps, 'keep'),
    restore: async (run, point, wish, others) => {
      const full = { point, target: 'live', ...wish };
      const scouted = await scoutRestore(entry, full, world, new AbortController().signal);
      const { steps, refusals } = planRestore(entry, full, context, scouted);
      if (refusals.length > 0) throw new Error(refusals.map(({ code, says }) => `${code}: ${says}`).join('; '));
      return drive(driven(run, others), steps, 'lead back');
    },
    points: () => postgres.points(entry, world),
    left: () => [
      ...readdirSync(folder, { recursive: true })
        .map(String)
        .filter((name) => /\.(partial|removing|holdfast)-|^taken\/./.test(name)),
      ...['/dev/shm', '/run', '/tmp'].flatMap((place) =>
        readdirSync(place).filter((name) => name.startsWith('.holdfast-') && name.includes(`p${process.pid}-`)),
      ),
    ],
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
