// Whether a run may say that it left nothing behind.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { benchFor, planOf, put, putKind, shelf } from '../../test/engine-world.ts';
import { Fault } from '../fault.ts';
import { carryOut } from './engine.ts';
import { isLedBack } from './outcome.ts';

const fails = () => Promise.reject(new Fault('disk-error', { where: 'shelf', says: 'it broke', remedy: 'mend it' }));

describe('a restore that failed', () => {
  for (const [undoing, led] of [
    ['and could be led back is led back', true],
    ['and could not be led back does not say that it was', false],
  ] as const)
    it(undoing, async () => {
      const kind = putKind(shelf(), { swap: { before: fails } });
      const plan = planOf([put('safety'), put('swap', { after: ['safety'] })], 'lead back');
      const bench = benchFor(plan, [led ? kind : { ...kind, undo: fails }]);
      await carryOut(bench, plan);
      assert.equal(isLedBack(bench.journal.entries('run-1')), led);
    });
});
