// examples/s3: what each of its jobs would do tonight, and when each is due, as an operator would read it.
import assert from 'node:assert/strict';
import { join, resolve } from 'node:path';
import { it } from 'node:test';
import { readEstate } from '../src/estate/read.ts';
import { planningIn, planOf } from '../src/job-plan.ts';
import { kinds } from '../src/kinds.ts';
import { localMachine } from '../src/machines/local.ts';
import { planAsText } from '../src/plan/plan-text.ts';
import { type Clock, instantAt, systemClock } from '../src/values/instant.ts';
import { plain } from '../src/values/paint.ts';
import { withoutDigest } from './planned-from-nothing.ts';

const root = resolve(import.meta.dirname, '..');
const still: Clock = { ...systemClock, now: () => instantAt(Date.UTC(2026, 10, 21, 20, 14, 7)) };

it('examples/s3 is whole: every layer has a job that can be planned, and every job a schedule', async (t) => {
  const { files } = localMachine({ name: 'this machine', clock: systemClock });
  const estate = await readEstate(join(root, 'examples', 's3', 'estate.yaml'), { files, kinds });
  const planning = planningIn(estate, still);
  const plans = estate.layers.map(({ name }) => planOf(estate, name, planning).plan);
  for (const { refusals, steps } of plans) {
    assert.deepEqual(refusals, []);
    assert.ok(steps.length > 0);
  }
  assert.deepEqual(estate.schedules.map(({ job }) => job).toSorted(), estate.layers.map(({ name }) => name).toSorted());
  const text = plans.map((plan) => withoutDigest(planAsText(plan, plain))).join('\n\n');
  t.assert.fileSnapshot(`${text}\n`, join(root, 'test', 'golden', 's3.jobs.txt'), { serializers: [String] });
});
