// Every kind of thing that can be declared, through its whole life: made, spelled otherwise by somebody else, changed, given up
// field by field, left out of the estate, removed. The authority is what the lab holds.
import type { Answered, Estate } from '../../test/e2e/estate.test-support.ts';
import type { Report } from '../report.ts';
import type { Held, Kind } from './kind.ts';
import { kindsOf } from './kinds-table.ts';
import { grantEverything, seen, type World, worldOf } from './world.ts';

export async function proveKinds(report: Report): Promise<void> {
  report.section('1.1, 1.5, 1.6 Every kind of thing: made, changed, unset, spelled otherwise, left, removed');
  const world = await worldOf({ taskSeconds: 0 });
  try {
    await grantEverything(world);
    // A storage that PVE prunes needs a login that may.
    const prunes = { path: '/datastore/pbs-datastore', role: 'DatastorePowerUser' };
    await world.change({ server: 'pbs-pihanga', kind: 'acl', name: 'holdfast@pbs!storage', set: prunes });
    for (const kind of kindsOf(world))
      await proveKind(report, world, kind).catch((error: Error) =>
        report.row(`${kind.what}: the proof ended before its end`, 'the rows above', 'itself', error),
      );
  } finally {
    await world.stop();
  }
}

type Life = Readonly<{
  report: Report;
  world: World;
  kind: Kind;
  estate: Estate;
  declare(text: string | undefined): Estate;
}>;

async function proveKind(report: Report, world: World, kind: Kind): Promise<void> {
  const name = kind.what.replaceAll(/[^a-z0-9]+/gi, '-');
  const text = (entry: string | undefined) => `estate: ${name}\n${kind.text(entry)}`;
  const estate = world.estate(text(undefined));
  const declare = (entry: string | undefined) => world.estate(text(entry), estate);
  const life: Life = { report, world, kind, estate, declare };
  const before = await kind.held(world);
  report.control(`a ${kind.what} that was there before it was declared`, before === undefined);
  await proveStage(life, 'created', kind.created);
  if (kind.otherwise !== undefined) await proveOtherwise(life, kind.otherwise);
  if (kind.changed !== undefined) await proveStage(life, 'changed', kind.changed);
  if (kind.unset !== undefined) await proveStage(life, 'unset', kind.unset);
  await proveRemoved(life);
}

async function proveStage({ report, world, kind, declare }: Life, verb: string, stage: Stage): Promise<void> {
  const estate = declare(stage.entry);
  const applied = await estate.type('apply', '--yes');
  const held = await kind.held(world);
  const wrong = differences(held, stage.holds);
  const settled = await estate.type('plan', '--detailed-exitcode');
  report.row(
    `${kind.row} ${kind.what} ${verb}`,
    applied.command,
    "the lab's own state; a plan without changes",
    (applied.status === 0 && held !== undefined && wrong === '' && settled.status === 0) ||
      seen(wrong, applied, settled),
  );
}
type Stage = Kind['created'];

async function proveOtherwise({ report, world, kind, estate }: Life, { same, other }: NonNullable<Kind['otherwise']>) {
  await world.change(same);
  const plan = await estate.type('plan', '--detailed-exitcode');
  report.row(
    `${kind.row} ${kind.what} that somebody spells otherwise is no change`,
    plan.command,
    "exit code 0, after a foreign hand wrote the same in other words into the lab's state",
    plan.status === 0 || seen(JSON.stringify(same), plan),
  );
  await world.change(other);
  const differs = await estate.type('plan', '--detailed-exitcode');
  report.control(`a ${kind.what} that somebody really changed, taken for the same`, differs.status === 2);
}

async function proveRemoved({ report, world, kind, declare }: Life): Promise<void> {
  const estate = declare(undefined);
  const stays = await estate.type('apply', '--yes');
  report.control(
    `a ${kind.what} left out of the estate and removed without --prune`,
    stays.status === 0 && (await kind.held(world)) !== undefined && /stays until you say `--prune`/.test(stays.stdout),
  );
  const removed = await pruned(estate);
  const held = await kind.held(world);
  report.row(
    `${kind.row} ${kind.what} removed`,
    removed.command,
    "the lab's own state",
    (removed.status === 0 && held === undefined) || seen(JSON.stringify(held), removed),
  );
}

/** `apply --prune`, agreeing by name to each thing that the plan removes. */
async function pruned(estate: Estate): Promise<Answered> {
  const plan = await estate.type('--json', 'plan', '--prune');
  const { steps } = JSON.parse(plan.stdout) as { steps: readonly { subject: string; kind: string }[] };
  const subjects = steps.filter((step) => step.kind.endsWith('.remove')).map(({ subject }) => subject);
  return estate.type('apply', '--yes', '--prune', ...subjects.flatMap((subject) => ['--confirm', subject]));
}

const differences = (held: Held | undefined, wanted: Held): string =>
  Object.entries(wanted)
    .filter(([key, value]) => JSON.stringify(held?.[key]) !== JSON.stringify(value))
    .map(([key, value]) => `${key}: ${JSON.stringify(held?.[key])} there, ${JSON.stringify(value)} wanted`)
    .join('; ');
