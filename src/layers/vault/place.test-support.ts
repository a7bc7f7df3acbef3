// The layer at work on a stand-in, with everything else in a temp folder that is gone after.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { LayerContext, RestoreWish } from '../../contracts/layer.ts';
import type { Remembered, World } from '../../contracts/world.ts';
import type { RestorePoint } from '../../model/restore-point.ts';
import type { RunId } from '../../model/run.ts';
import { milliseconds } from '../../values/duration.ts';
import { type Clock, systemClock } from '../../values/instant.ts';
import { Secret } from '../../values/secret.ts';
import { type Driven, drive, type Outcome, worldWith } from '../common/driver.test-support.ts';
import { planDumps } from '../common/dumps/plan.ts';
import { vault } from './layer.ts';
import { planRestore } from './restore-plan.ts';
import { type VaultEntry, vaultEntry } from './schema.ts';
import { scoutRestore } from './scout.ts';
import type { StandIn } from './stand-in.test-support.ts';

/** A second of waiting is over at once, and counts as a minute. */
function hurried(): Clock {
  let ahead = 0;
  return {
    ...systemClock,
    monotonic: () => systemClock.monotonic() + ahead,
    sleep: async (duration, signal) => {
      if (duration > 1000) return systemClock.sleep(duration, signal);
      ahead += 60_000;
      return systemClock.sleep(milliseconds(0), signal);
    },
  };
}

export type Place = Readonly<{
  folder: string;
  copies: string;
  entry: VaultEntry;
  world: World;
  protect(run: string, more?: Partial<Driven>): Promise<Outcome>;
  restore(run: string, point: RestorePoint, wish: Partial<RestoreWish>, more?: Partial<Driven>): Promise<Outcome>;
  planned(point: RestorePoint, wish: Partial<RestoreWish>): Promise<ReturnType<typeof planRestore>>;
  driven(run: string, more?: Partial<Driven>): Driven;
  points(): Promise<readonly RestorePoint[]>;
  /** what is unfinished; nothing where nothing is left */
  left(): readonly string[];
  close(): void;
}>;

/** @param more `token` and `restore_token`: the tokens themselves */
export function placeOn(server: Pick<StandIn, 'url' | 'fingerprint'>, more: Record<string, unknown> = {}): Place {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-vault-'));
  const [copies, taken] = [String(more['to'] ?? join(folder, 'copies')), join(folder, 'taken')];
  mkdirSync(taken);
  const { token = 'hvs.backup-token', restore_token = 'hvs.restore-token', clock = hurried(), ...others } = more;
  const entry = vaultEntry.parse({
    ...{ name: 'secrets', kind: 'vault', machine: 'here', workload: 'vault', to: copies, keep: { keep_last: 3 } },
    ...{ url: server.url, ...(server.fingerprint === undefined ? {} : { fingerprint: server.fingerprint }) },
    ...{ token: { file: '/run/take' }, restore_as: { token: { file: '/run/restore' } } },
    ...others,
  });
  const memory = new Map<string, Remembered>();
  const world: World = {
    ...worldWith(clock as Clock),
    secret: async (reference, audience) =>
      new Secret(
        'file',
        String('file' in reference && reference.file === '/run/take' ? token : restore_token),
        audience,
      ),
    recall: (what) => memory.get(what),
    remember: (what, value) => void memory.set(what, { value, at: systemClock.now() }),
  };
  const contextOf = (): LayerContext => ({ timeZone: 'UTC', now: world.clock.now(), layers: [] });
  const driven = (run: string, own: Partial<Driven> = {}): Driven => ({
    ...{ run: run as RunId, world, taken, ...own },
  });
  const planned = async (point: RestorePoint, wish: Partial<RestoreWish>) => {
    const full = { point, target: 'live', ...wish };
    const found = await scoutRestore(entry, full, world, new AbortController().signal);
    return planRestore(entry, full, contextOf(), found);
  };
  return {
    ...{ folder, copies, entry, world, planned, driven },
    protect: (run, own) => drive(driven(run, own), planDumps(entry, contextOf()).steps, 'keep'),
    restore: async (run, point, wish, own) => {
      const { steps, refusals } = await planned(point, wish);
      if (refusals.length > 0) throw new Error(refusals.map(({ code, says }) => `${code}: ${says}`).join('; '));
      return drive(driven(run, own), steps, 'lead back');
    },
    points: () => vault.points(entry, world),
    left: () =>
      existsSync(copies)
        ? readdirSync(copies, { recursive: true })
            .map(String)
            .filter((name) => /\.(partial|removing|holdfast)-/.test(name))
        : [],
    close: () => rmSync(folder, { recursive: true, force: true }),
  };
}
