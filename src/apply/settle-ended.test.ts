// What a run could not lead back, since the server was down then, is led back when somebody asks for it later; and never over what a
// later run has brought.
import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { describe, it } from 'node:test';
import { type Bench, benchFor, planOf, put, putKind, type Shelf, shelf } from '../../test/engine-world.ts';
import type { StepKind } from '../contracts/step-kind.ts';
import { Fault } from '../fault.ts';
import type { Plan } from '../model/plan.ts';
import { instantAt } from '../values/instant.ts';
import { carryOut } from './engine.ts';
import { settleEnded } from './finish-dead-runs.ts';
import { recover } from './recover.ts';

const gone = () => new Fault('server-error', { where: 'shelf', says: 'it does not answer', remedy: 'start it' });

/** A shelf that nobody reaches while it is down; it goes down when its second thing is being put there. */
function serverOf(on: Shelf): { kind: StepKind; up(): void } {
  let down = false;
  const kind = putKind(on, {
    second: {
      before: () => {
        down = true;
        throw gone();
      },
    },
  });
  const reached =
    <Given extends readonly unknown[], Answer>(work: ((...given: Given) => Promise<Answer>) | undefined) =>
    async (...given: Given): Promise<Answer> => {
      if (down || work === undefined) throw gone();
      return work(...given);
    };
  return {
    kind: { ...kind, probe: reached(kind.probe), undo: reached(kind.undo), release: reached(kind.release) },
    up: () => {
      down = false;
    },
  };
}

async function ended(work: (bench: Bench, plan: Plan, on: Shelf, up: () => void) => Promise<void>): Promise<void> {
  const on = shelf();
  const plan = planOf([put('first'), put('second', { after: ['first'] })], 'lead back');
  const server = serverOf(on);
  const bench = benchFor(plan, [server.kind]);
  try {
    await carryOut(bench, plan);
    bench.journal.finish('run-1', 'partly', '1 of 2 steps done');
    assert.deepEqual([[...on.on.keys()], [...on.taken]], [['first'], ['second']], 'it was left so');
    await work(bench, plan, on, server.up);
  } finally {
    bench.journal.close();
    rmSync(bench.state, { recursive: true });
  }
}

const settled = (bench: Bench, plan: Plan) => {
  const run = bench.journal.run('run-1');
  assert.ok(run !== undefined);
  return settleEnded(bench.journal, bench.state, run, () => recover(bench, plan));
};

describe('what a run could not lead back', () => {
  it('is led back when its server answers again; then there is nothing more to do', () =>
    ended(async (bench, plan, on, up) => {
      up();
      assert.deepEqual(await settled(bench, plan), []);
      assert.deepEqual([[...on.on.keys()], [...on.taken]], [[], []]);
      const run = bench.journal.run('run-1');
      assert.equal(run?.state, 'aborted');
      assert.match(run.summary ?? '', /^1 of 2 steps done; what was left of it was led back later$/);
      assert.equal(await settled(bench, plan), undefined);
    }));

  it('stays told while its server is down, and can be tried again', () =>
    ended(async (bench, plan, on, up) => {
      const left = await settled(bench, plan);
      assert.match(left?.join() ?? '', /first: not undone: it does not answer/);
      assert.equal(bench.journal.run('run-1')?.state, 'partly');
      up();
      assert.deepEqual(await settled(bench, plan), []);
      assert.deepEqual([...on.on.keys()], []);
    }));

  it('is left to people where a later run has done the same work', () =>
    ended(async (bench, plan, on, up) => {
      up();
      const later = { id: 'run-2', job: plan.job, startedBy: 'test', startedAt: instantAt(Date.now() + 60_000) };
      const connections = { pve: [], pbs: [], machines: [], kubernetes: [] };
      bench.journal.begin({
        ...{ ...later, supervisor: 1, plan, connections, consent: { upTo: 'adds', confirmed: [] } },
      });
      bench.journal.finish('run-2', 'refused', 'it did nothing');
      bench.journal.begin({
        ...{ ...later, id: 'run-3', supervisor: 1, plan, connections, consent: { upTo: 'adds', confirmed: [] } },
      });
      bench.journal.finish('run-3', 'done', '2 of 2');
      await assert.rejects(settled(bench, plan), (thrown: unknown) => {
        assert.ok(thrown instanceof Fault);
        assert.deepEqual([thrown.code, /^run-3 /.test(thrown.says)], ['run-overtaken', true]);
        return true;
      });
      assert.deepEqual([...on.on.keys()], ['first'], 'nothing was touched');
    }));

  it('is nothing where all went well', async () => {
    const plan = planOf([put('first')], 'lead back');
    const bench = benchFor(plan, [putKind(shelf())]);
    await carryOut(bench, plan);
    bench.journal.finish('run-1', 'done', '1 of 1');
    assert.equal(await settled(bench, plan), undefined);
    bench.journal.close();
    rmSync(bench.state, { recursive: true });
  });
});
