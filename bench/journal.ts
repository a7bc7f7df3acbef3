// Steps per second through the engine and its journal, against two bare SQLite commits per step with the same durability.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { carryOut } from '../src/apply/engine.ts';
import type { StepKind } from '../src/contracts/step-kind.ts';
import { absent } from '../src/model/step.ts';
import { benchFor, planOf, put } from '../test/engine-world.ts';
import { paired, type Row, timed } from './bench.ts';

const steps = 500;

const nothing: StepKind = {
  name: 'put',
  observe: async () => absent,
  do: async () => ({ result: null }),
  probe: async () => ({ answer: 'not done', evidence: '' }),
};

async function engine(): Promise<number> {
  // One lane, as everything that writes into one config file of a server.
  const plan = planOf(Array.from({ length: steps }, (_, index) => put(`step${index}`, { lanes: ['one'] })));
  const bench = benchFor(plan, [nothing]);
  const spent = await timed(() => carryOut(bench, plan));
  bench.journal.close();
  rmSync(bench.state, { recursive: true });
  return spent;
}

async function bare(): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  const database = new DatabaseSync(join(folder, 'bare.db'));
  database.exec('PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE entries (body TEXT) STRICT');
  const insert = database.prepare('INSERT INTO entries VALUES (?)');
  const spent = await timed(() => {
    for (let index = 0; index < steps * 2; index += 1) insert.run('{"event":"done","result":null}');
  });
  database.close();
  rmSync(folder, { recursive: true });
  return spent;
}

export async function journalRows(): Promise<readonly Row[]> {
  const { ours, peer } = await paired(5, engine, bare);
  const perSecond = (spent: number): string => `${Math.round((steps / spent) * 1000)} steps/s`;
  return [
    {
      ...{ name: 'steps through engine and journal', ratio: ours / peer, limit: 2 },
      ...{ ours: perSecond(ours), peer: `two bare commits each: ${perSecond(peer)}` },
      extra: `${steps} steps, synchronous=FULL`,
    },
  ];
}
