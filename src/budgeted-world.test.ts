import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { planOf, put } from '../test/engine-world.ts';
import { unreachableWorld } from '../test/unreachable-world.ts';
import { withinBudget } from './budgeted-world.ts';
import { openJournal } from './journal/journal.ts';
import { localMachine } from './machines/local.ts';
import { systemClock } from './values/instant.ts';
import type { OpenWorld } from './world.ts';

const world: OpenWorld = {
  ...unreachableWorld(),
  machine: (name) => localMachine({ name, clock: systemClock }),
  endLeftovers: async () => [],
  [Symbol.asyncDispose]: async () => {},
};

describe('the budget of a schedule', () => {
  it('holds on every machine of the run, and on none of a run without one', async () => {
    const nice = async (one: OpenWorld) => (await one.machine('here').run(['nice'])).stdout.trim();
    assert.equal(await nice(withinBudget(world, { nice: 7 })), '7');
    assert.equal(await nice(withinBudget(world, undefined)), await nice(world));
  });

  it('is with the run in the journal, where its worker finds it', () => {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-budget-'));
    const journal = openJournal(folder, systemClock);
    try {
      const at = systemClock.now();
      const budget = { nice: 7, io: 'idle', limit: '20 MiB' } as const;
      journal.begin({
        ...{
          id: 'run-1',
          job: 'run:a',
          startedBy: 'test',
          startedAt: at,
          supervisor: 1,
          plan: planOf([put('a')]),
          budget,
        },
        ...{
          connections: { pve: [], pbs: [], machines: [], kubernetes: [] },
          consent: { upTo: 'adds', confirmed: [] },
        },
      });
      assert.deepEqual(journal.charge('run-1')?.budget, budget);
    } finally {
      journal.close();
      rmSync(folder, { recursive: true });
    }
  });
});
