// The step `lvm-thin.snapshot`: the volumes of one workload, snapshotted, verified and sealed. What is sealed stays, whatever
// becomes of the run; what is not is nobody's restore point, and is removed by whoever finishes the run.

import type * as z from 'zod';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import { type ItemResult, withItemResults } from '../../model/item-results.ts';
import { formatDuration, milliseconds } from '../../values/duration.ts';
import type { Instant } from '../../values/instant.ts';
import { count, cut, shown } from '../../values/text.ts';
import { givenOf } from '../common/given.ts';
import { listVolumes, lvmDeadline, lvmEnvironment } from '../common/lvm/list.ts';
import { originWord, snapshotName } from '../common/lvm/names.ts';
import { removeVolume } from '../common/lvm/remove.ts';
import type { Volume } from '../common/lvm/report.ts';
import { type Snapshot, sinceBootText, snapshotsIn } from '../common/lvm/snapshots.ts';
import { whyInARow } from '../common/lvm/together.ts';
import { pointId } from '../common/points/places.ts';
import { snapshotGiven } from './given.ts';
import { poolDevice, poolFault } from './pool.ts';
import { type Moment, readAnswer, type Taken } from './snapshot-answer.ts';
import { snapshotArgv, type Taking } from './snapshot-argv.ts';

type Given = z.infer<typeof snapshotGiven>;

/** A full pool is full for all the others, too: they are refused by what the first of them has seen. */
const stopped = new WeakMap<World, Map<string, Fault>>();
const keyOf = ({ machine, vg, pool }: Given): string => `${machine}/${vg}/${pool}`;

export const thereIsRoom = 'there is room in the pool, as far as this run knows';

export const snapshotKind: StepKind = {
  name: 'lvm-thin.snapshot',

  observe: async ({ step, world }) => {
    const fault = stopped.get(world)?.get(keyOf(givenOf(snapshotGiven, step)));
    if (fault !== undefined) throw fault;
    return thereIsRoom;
  },

  do: async (context): Promise<Done> => {
    const given = givenOf(snapshotGiven, context.step);
    const taken = context.world.clock.now();
    const taking = takingOf(given, context, taken);
    for (const { name } of taking.volumes) context.take('snapshot', `${given.vg}/${name}`);
    const { signal, world } = context;
    const options = { env: lvmEnvironment, deadline: lvmDeadline, signal };
    const ended = await world.machine(given.machine).run(snapshotArgv(taking), options);
    const answer = readAnswer(ended.stdout, given.vg, taking.volumes);
    refuseWithoutRoom(given, answer, ended.stderr, context);
    if (answer.moment !== undefined) context.log(momentText(answer.moment, answer.skew));
    const done = outcome(given, taking, taken, answer);
    if (answer.sealed.length < taking.volumes.length) await removeUnsealed(context);
    return done;
  },

  probe: async (context) => {
    const given = givenOf(snapshotGiven, context.step);
    const sealed = snapshotsIn(await mine(given, context)).sealed;
    const all = sealed.length === given.volumes.length;
    return all
      ? {
          answer: 'done',
          evidence: `sealed: ${sealed.map(({ lv }) => lv).join(', ')}`,
          result: resultOf(given, sealed),
        }
      : { answer: 'not done', evidence: `${sealed.length} of ${given.volumes.length} snapshots are sealed` };
  },

  undo: (context) => removeUnsealed(context),
};

async function removeUnsealed(context: StepContext): Promise<void> {
  const given = givenOf(snapshotGiven, context.step);
  const volumes = await mine(given, context);
  const sealed = new Set(snapshotsIn(volumes).sealed.map(({ lv }) => lv));
  const machine = context.world.machine(given.machine);
  for (const volume of volumes) if (!sealed.has(volume.name)) await removeVolume(machine, volume, context.signal);
}

/** What this run has made for this step, sealed or not. */
async function mine(given: Given, { world, run, signal }: StepContext): Promise<readonly Volume[]> {
  const names = new Set(given.volumes.map(({ uuid }) => snapshotName(run, uuid)));
  const volumes = await listVolumes(world.machine(given.machine), given.vg, signal);
  return volumes.filter(({ name }) => names.has(name));
}

function takingOf(given: Given, { run, world }: StepContext, taken: Instant): Taking {
  const sinceBoot = world.clock.sinceBoot?.();
  const [first] = given.volumes;
  const group = !given.together ? {} : { group: pointId(taken, run, originWord(first?.uuid ?? '')) };
  const common = {
    ...{ run, taken, layer: given.layer, ...group },
    ...(sinceBoot === undefined ? {} : { sinceBoot: sinceBootText(sinceBoot) }),
  };
  return {
    ...{
      vg: given.vg,
      pool: given.pool,
      data_at_most: given.data_at_most,
      metadata_at_most: given.metadata_at_most,
      taken,
      together: given.together,
      hold: milliseconds(!given.together || given.one_moment === 'never' ? 0 : given.hold_at_most),
    },
    volumes: given.volumes.map((one) => ({
      ...{ origin: one.lv, originUuid: one.uuid, bytes: one.bytes, name: snapshotName(run, one.uuid) },
      tags: { ...one.tags, ...common, point: pointId(taken, run, originWord(one.uuid)) },
    })),
  };
}

function refuseWithoutRoom(given: Given, { pool, unread, full }: Taken, stderr: string, { world }: StepContext): void {
  const where = `${given.vg}/${given.pool}`;
  if (pool === undefined)
    throw new Fault('pool-unread', {
      where: shown(where),
      says: `how full it is cannot be read (${cut(shown(unread ?? stderr.trim()), 300) || 'no answer'}); no snapshot was taken`,
      remedy: `see \`dmsetup status ${poolDevice(given.vg, given.pool)}\` there; a pool that is not active is activated with \`lvchange -ay ${where}\``,
    });
  if (!full) return;
  const fault = poolFault(pool, given, where, given.volumes.length);
  if (fault === undefined) throw new Error(`${where}: the machine and we judge its room differently`);
  const known = stopped.get(world) ?? new Map<string, Fault>();
  stopped.set(world, known.set(keyOf(given), fault));
  throw fault;
}

/** One that failed does not take the others of its step with it: each is a good point of its own volume. */
function outcome(given: Given, taking: Taking, taken: Instant, answer: Taken): Done {
  const { sealed, failed, skew, moment } = answer;
  const items = given.volumes.map((one, nth): ItemResult => {
    const name = taking.volumes[nth]?.name ?? '';
    if (sealed.includes(name)) return { name: one.name, workload: one.workload, done: true, takenAt: taken };
    const says = failed.get(name) || 'it was not reached';
    return { name: one.name, workload: one.workload, done: false, says: cut(shown(says), 400) };
  });
  const bad = items.filter(({ done }) => !done);
  if (bad.length === items.length)
    throw new Fault('snapshot-failed', {
      where: bad.map(({ name }) => shown(name)).join(', '),
      says: bad.map(({ says }) => says).join('; '),
      remedy: 'see what LVM says there (`lvs -a`, `dmesg`); the next run begins with it, and nothing was removed',
    });
  const points = taking.volumes
    .filter(({ name }) => sealed.includes(name))
    .map(({ name, tags }) => ({ lv: name, point: tags.point ?? '' }));
  return {
    result: withItemResults(
      {
        points,
        ...(skew === undefined ? {} : { skew_ms: skew }),
        ...(moment === undefined ? {} : { together: moment }),
      },
      { items },
    ),
    degraded: [
      ...bad.map(({ name, says }) => `${shown(name)}: ${says}`),
      ...(given.one_moment === 'required' && moment?.oneMoment === false
        ? [`${given.volumes.map(({ name }) => shown(name)).join(', ')}: ${momentText(moment, skew)}`]
        : []),
    ],
  };
}

/** The machine's words are cut: they hold names of processes, which anybody may choose. */
function momentText(moment: Moment, skew: number | undefined): string {
  if (moment.oneMoment)
    return moment.held === 0
      ? 'taken in one moment: nobody had them open for writing'
      : `taken in one moment: ${count(moment.held, 'writer')} stood still for ${formatDuration(milliseconds(moment.heldFor))}`;
  const detail = moment.detail === '' ? '' : ` (${cut(shown(moment.detail), 200)})`;
  return `${whyInARow(skew, moment.because)}${detail}`;
}

function resultOf(given: Given, sealed: readonly Snapshot[]) {
  const points = sealed.map(({ lv, point }) => ({ lv, point }));
  const items = given.volumes.map(({ name, workload }) => ({ name, workload, done: true, takenAt: sealed[0]?.taken }));
  const skew = sealed[0]?.skew;
  return withItemResults({ points, ...(skew === undefined ? {} : { skew_ms: skew }) }, { items });
}
