// The prediction against the server's own: what the plan says becomes prunable is what a dry run there would remove.
import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { it } from 'node:test';
import { type TestLab, testLab } from '../../../lab/ask.test-support.ts';
import { desire } from '../../desired/desire.ts';
import { read } from '../../estate/estate.test-support.ts';
import { guardSchema } from '../../guard/guard.ts';
import { factsOf } from '../../model/facts.ts';
import { askFacts } from '../../observed/ask-facts.ts';
import { observe } from '../../observed/observe.ts';
import { decide } from '../../plan/decide.ts';
import { weigh } from '../../plan/weigh.ts';
import { resources } from '../../resources/all.ts';
import type { Surroundings } from '../../surroundings.ts';
import { systemClock } from '../../values/instant.ts';
import { openWorld } from '../../world.ts';
import { retentionChange } from './retention-change.ts';

const pbs = 'pbs-pihanga';
const store = 'pbs-datastore';
const weighing = [retentionChange];

/** What a plan of that prune job means, and the requests it cost beyond the collections. */
async function plannedOn(lab: TestLab, job: string) {
  const connections = readFileSync(join(lab.dir, 'connections.yaml'), 'utf8');
  const [whole, head = ''] = new RegExp(`(  - name: ${pbs}\\n(?:    .*\\n)*)`).exec(connections) ?? [];
  assert.ok(whole !== undefined, 'the PBS stands in the connections');
  const file = join(lab.dir, 'own.yaml');
  writeFileSync(
    file,
    connections.replace(
      head,
      `${head}    datastores: [{ name: ${store}, namespaces: [workshop], prune: { ${job} } }]\n`,
    ),
  );
  const estate = await read(file);
  const surroundings = { clock: systemClock, env: {}, home: lab.dir, user: process.getuid?.() ?? -1 };
  await using world = openWorld(surroundings as unknown as Surroundings, estate, guardSchema.parse({}), lab.dir);
  const desired = desire(estate, resources);
  const owned = new Set<never>();
  const observed = await observe(world, { resources, desired, owned });
  const context = { byCommand: new Set<string>(), secrets: new Map(), escrow: [], notes: [], prune: false };
  const plan = decide({ estate: 'lab', desired, observed, resources, owned, ...context });
  const look = { estate, desired, observed, steps: plan.steps };
  const told = await askFacts(world, retentionChange.asks(look));
  const weighed = weigh(plan, look, weighing, factsOf(told), told);
  const step = weighed.steps.find(({ kind }) => kind === 'pbs-prune-job.create');
  return { means: step?.means ?? [], asked: told.map(({ ask }) => ask.fact) };
}

type Row = Readonly<{ keep: boolean; protected: boolean }>;

async function dryRun(lab: TestLab, namespace: string, keep: Readonly<Record<string, number>>): Promise<number> {
  const ns = namespace === '' ? {} : { ns: namespace };
  const at = `/admin/datastore/${store}`;
  const groups = (await lab.ask(pbs, 'GET', `${at}/groups`, { form: ns })).json.data as Record<string, string>[];
  const removed = await Promise.all(
    groups.map(async (group) => {
      const of = { 'backup-type': String(group['backup-type']), 'backup-id': String(group['backup-id']) };
      const { json } = await lab.ask(pbs, 'POST', `${at}/prune`, { form: { ...ns, ...of, ...keep, 'dry-run': 1 } });
      return (json.data as readonly Row[]).filter((row) => !row.keep).length;
    }),
  );
  return removed.reduce((sum, one) => sum + one, 0);
}

it('counts just what the PBS itself would remove, asked once for each namespace', async () => {
  await using lab = await testLab({ size: 'full' });
  const { means, asked } = await plannedOn(lab, 'schedule: daily, max_depth: 0, keep_daily: 5, keep_monthly: 2');
  const removed = await dryRun(lab, '', { 'keep-daily': 5, 'keep-monthly': 2 });
  assert.ok(removed > 50, 'the lab has months of backups');
  assert.match(means[0] ?? '', new RegExp(`^in ${store} ${removed} of \\d+ snapshots become prunable`));
  assert.deepEqual(asked, ['snapshots', 'time-zone']);
  const all = await plannedOn(lab, 'schedule: daily, keep_last: 100000');
  assert.match(all.means.join(), /^none of the \d+ snapshots that are there now becomes prunable$/);
  assert.deepEqual(all.asked, ['snapshots', 'snapshots', 'time-zone'], 'the namespace below was asked, too');
});
