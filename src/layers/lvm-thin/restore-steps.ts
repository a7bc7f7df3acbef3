// The steps of a restore as data: what each of them says to whoever agrees to it.
import type { RestorePoint } from '../../model/restore-point.ts';
import { absent, type Expectation, type Step } from '../../model/step.ts';
import { digestOf } from '../../values/canonical.ts';
import { minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { count, shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { allLanes } from '../common/lvm/lanes.ts';
import { pointRef, volumeRef } from '../common/lvm/snapshots.ts';
import { liveOf, type Quieted, type SwapGiven } from './swap/given.ts';
import { essenceOf, type Scouted } from './swap/scout.ts';

type Said = Pick<Step, 'id' | 'kind' | 'title' | 'because' | 'risk'> &
  Partial<Pick<Step, 'means' | 'expects' | 'subject' | 'lanes'>>;

/** One after the other: each relies on what the one before has proven. */
function inOrder(
  given: SwapGiven,
  subject: Step['subject'],
  said: readonly (Said & { which?: number })[],
): readonly Step[] {
  const lanes = [
    `${given.machine}:/dev/${given.vg}/${given.live?.lv ?? given.target ?? given.point.lv}`,
    ...(given.cluster?.workloads ?? []).map((one) => `${given.cluster?.name} ${one.kind} ${one.namespace}/${one.name}`),
  ];
  return said.map(({ which, lanes: more = [], ...step }, index) => ({
    subject,
    act: 'do',
    changes: [],
    after: said.slice(index - 1, index).map(({ id }) => id),
    lanes: [...lanes, ...more],
    needs: [],
    expects: [],
    given: asGiven({ ...given, ...(which === undefined ? {} : { which }) }),
    wayBack: 'undo',
    expands: false,
    patience: minutes(20),
    ...step,
  }));
}

const named = ({ kind, namespace, name }: Quieted): string => shown(`${kind} ${namespace}/${name}`);

export function restoreSteps(given: SwapGiven, scouted: Scouted, { manifest }: RestorePoint): readonly Step[] {
  const { vg, point, cluster } = given;
  const live = liveOf(given);
  const subject = volumeRef(given.machine, vg, live.lv);
  const workloads = cluster?.workloads ?? [];
  const where = `${vg}/${live.lv}`;
  const users = scouted.cluster?.workloads ?? [];
  const expects: readonly Expectation[] = [
    pointStays(given),
    {
      subject,
      says: 'the volume, and who uses it with how many replicas, are as they were when this was planned',
      digest: digestOf(essenceOf(live.uuid, users)),
    },
  ];
  return inOrder(given, subject, [
    {
      ...{ id: 'prepare', kind: 'lvm-thin.prepare', risk: 'adds', expects },
      title: `copy the restore point ${shown(point.id)} (a thin copy, the point stays as it is)`,
      because: [`it was chosen; it was taken at ${manifest.takenAt} and sealed at ${manifest.sealedAt}`],
    },
    {
      ...{ id: 'check', kind: 'lvm-thin.check', risk: 'none' },
      title: 'check the file system of the copy',
      because: ['a broken one must be known before anybody is interrupted'],
    },
    ...workloads.map((workload, which) => quiesce(workload, which, where)),
    {
      ...{ id: 'detach', kind: 'lvm-thin.detach', risk: 'interrupts' },
      title: `wait until nobody holds ${where}, at most 10 minutes, and deactivate it`,
      because: ['no pod, no node, no mapper and no process may have it open when it is replaced'],
    },
    {
      ...{ id: 'safety', kind: 'lvm-thin.safety', risk: 'adds' },
      title: `keep what ${where} holds now as a restore point of its own, held against retention`,
      because: ['a restore can be a mistake, too'],
    },
    {
      ...{ id: 'swap', kind: 'lvm-thin.swap', risk: 'interrupts' },
      // Between the two names there is no volume for a nightly run to find.
      lanes: allLanes(given.machine, vg),
      title: `put the copy in the place of ${where}, by two renames`,
      because: [`everything else knows the volume by its name${cluster === null ? '' : ', the cluster too'}`],
    },
    ...workloads.map((workload, which) => resume(workload, which)),
    {
      ...{ id: 'verify', kind: 'lvm-thin.verify', risk: 'none' },
      title: workloads.some(({ replicas }) => replicas > 0)
        ? 'wait until it is ready on what was brought back, at most 10 minutes'
        : 'prove that the copy has the name',
      because: ['what does not run is no restore: everything then leads back to how it was'],
    },
    {
      ...{ id: 'tidy', kind: 'lvm-thin.tidy', risk: 'none' },
      title: given.keep_old
        ? `settle it: from here on nothing is led back; the volume of before stays, under a name that begins with hf_`
        : `settle it: from here on nothing is led back; the volume of before is removed, its content stays in the safety point`,
      because: ['it runs again'],
    },
  ]);
}

const pointStays = ({ point }: SwapGiven): Expectation => ({
  subject: pointRef(point.layer, point.id),
  says: 'the restore point is there',
  digest: digestOf(point.uuid),
});

function quiesce(workload: Quieted, which: number, where: string): Said & { which: number } {
  const { replicas } = workload;
  return {
    ...{ id: `quiesce-${which}`, kind: 'lvm-thin.quiesce', risk: replicas === 0 ? 'none' : 'interrupts', which },
    subject: workloadRef(workload),
    title: `scale ${named(workload)} to 0, from ${count(replicas, 'replica')}`,
    because: [`it uses ${where}`],
    ...(replicas === 0
      ? {}
      : {
          means: [
            `${named(workload)} is interrupted: for about 1 to 3 minutes, most of it the end and the start of its pods`,
          ],
        }),
  };
}

const resume = (workload: Quieted, which: number): Said & { which: number } => ({
  ...{ id: `resume-${which}`, kind: 'lvm-thin.resume', risk: 'none', which },
  subject: workloadRef(workload),
  title: `scale ${named(workload)} back to ${count(workload.replicas, 'replica')}`,
  because: ['so many there were before'],
});

const workloadRef = ({ kind, namespace, name }: Quieted) => ref(kind.toLowerCase(), namespace, name);

/** A volume of its own: nobody is interrupted, nothing is replaced. */
export function copySteps(given: SwapGiven): readonly Step[] {
  const where = `${given.vg}/${given.target}`;
  const subject = volumeRef(given.machine, given.vg, given.target ?? '');
  return inOrder(given, subject, [
    {
      ...{ id: 'prepare', kind: 'lvm-thin.prepare', risk: 'adds', expects: [pointStays(given)] },
      title: `copy the restore point ${shown(given.point.id)} (a thin copy, the point stays as it is)`,
      because: ['it was chosen'],
    },
    {
      ...{ id: 'check', kind: 'lvm-thin.check', risk: 'none' },
      title: 'check the file system of the copy',
      because: ['what is broken is not brought back'],
    },
    {
      ...{ id: 'name', kind: 'lvm-thin.name', risk: 'adds' },
      title: `call the copy ${where}, and activate it`,
      because: ['it is whole'],
      expects: [{ subject, says: `there is no volume ${where}`, digest: absent }],
    },
  ]);
}
