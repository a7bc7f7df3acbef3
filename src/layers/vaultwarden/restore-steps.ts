// The steps of a restore in place as data: what each of them says to whoever agrees to it. Pure.

import type { LayerContext, RestoreWish } from '../../contracts/layer.ts';
import type { Note } from '../../model/plan.ts';
import type { Step } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { formatSize, bytes as sizeOf } from '../../values/size.ts';
import { count, shown } from '../../values/text.ts';
import { asGiven } from '../common/given.ts';
import { asChosen } from '../common/points/expects.ts';
import { lane, targetRef } from '../common/points/places.ts';
import { serviceName } from '../common/service/service.ts';
import type { LiveGiven } from './given.ts';
import type { ScoutedLive } from './scout.ts';

type Said = Pick<Step, 'id' | 'kind' | 'title' | 'because' | 'risk'> &
  Partial<Pick<Step, 'means' | 'wayBack' | 'given'>>;

export function liveSteps(
  given: LiveGiven,
  live: ScoutedLive,
  { point: { manifest }, keepOld = false }: RestoreWish,
  { timeZone, now }: LayerContext,
): Readonly<{ steps: readonly Step[]; notes: readonly Note[] }> {
  const { entry, points } = given;
  const { data, machine } = entry;
  const isThere = live.names.length > 0;
  const called = entry.service === undefined ? '' : shown(serviceName(entry.service));
  const swap = asGiven({ machine, data, names: given.names, keep_old: keepOld });
  const { bytes = 0, files = 0 } = manifest.counts;
  const rows = Object.entries(given.rows).map(([table, number]) => `${number} ${table}`);
  const said: readonly Said[] = [
    {
      ...{ id: 'stage', kind: 'vaultwarden.stage', risk: 'adds' },
      title: `unpack ${count(files, 'file')} (${formatSize(sizeOf(bytes))}) beside what is in ${shown(data)}, compare them, and ask the database whether it is sound`,
      because: [`the point ${manifest.id} was chosen; one that is not whole interrupts nobody`],
    },
    ...(isThere && !keepOld
      ? [
          {
            ...{ id: 'safety', kind: 'vaultwarden.safety', risk: 'adds' as const },
            title: `copy what is in ${shown(data)} now into a restore point of its own, held against retention`,
            because: ['a restore can be a mistake, too; a damaged database is kept as the bytes that lie there'],
            given: asGiven({ entry, timeZone, planned: now }),
          },
        ]
      : []),
    {
      ...{ id: 'stop', kind: 'vaultwarden.stop', risk: 'interrupts' },
      title: `stop ${called}`,
      because: ['it would write into files that are not there any more'],
      means: ['nobody can log in until it runs again; clients go on with what they have'],
    },
    {
      ...{ id: 'swap', kind: 'data.swap', risk: 'changes', given: swap },
      title: `put the point in the place of what is in ${shown(data)}: the old -wal, -shm and -journal go with the old database`,
      because: ['by renames within that folder; what was there stays until Vaultwarden runs on the new'],
    },
    {
      ...{ id: 'start', kind: 'vaultwarden.start', risk: 'changes' },
      title: `start ${called}`,
      because: ['it opens what was brought back'],
    },
    {
      ...{ id: 'compare', kind: 'vaultwarden.compare', risk: 'none' },
      title: `ask the database again, where it is in use now, and count: ${rows.join(', ')}`,
      because: ['what is not sound, or has fewer, leads everything back'],
    },
    {
      ...{ id: 'settle', kind: 'data.settle', risk: keepOld ? 'changes' : 'destroys', wayBack: 'one-way', given: swap },
      title: keepOld
        ? `leave what was there in ${shown(data)}/before-RUN`
        : `remove what was in ${shown(data)} before${isThere ? '; it stays in the restore point that was taken first' : ''}`,
      because: ['Vaultwarden runs on what was brought back, and it was counted'],
    },
  ];
  const steps = said.map(
    (one, at): Step => ({
      subject: targetRef(machine, data),
      act: 'do',
      changes: [],
      after: said.slice(at - 1, at).map(({ id }) => id),
      lanes: [lane(machine, data), lane(points, entry.to)],
      needs: [],
      expects: at > 0 ? [] : [asChosen(entry, manifest)],
      given: asGiven(given),
      wayBack: 'undo',
      expands: false,
      patience: minutes(60),
      ...one,
    }),
  );
  return { steps, notes: notesOn(given, manifest.takenAt) };
}

function notesOn({ entry, seen }: LiveGiven, takenAt: string): readonly Note[] {
  const subject = ref('layer', entry.name);
  const notes: Note[] = [
    {
      ...{ subject, level: 'warning' },
      says: `what was saved in Vaultwarden since ${takenAt} is not in the point; have everybody sync, and see what their clients still have`,
    },
  ];
  if (!seen)
    notes.push({
      ...{ subject, level: 'warning' },
      says: `${entry.machine} does not see who has the database open: that Vaultwarden has stopped rests on what \`service\` says`,
    });
  return notes;
}
