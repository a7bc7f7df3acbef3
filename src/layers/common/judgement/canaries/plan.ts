// The plans of `holdfast canaries`: one step each. Pure.
import type { Planned } from '../../../../contracts/layer.ts';
import { absent, type Step } from '../../../../model/step.ts';
import { digestOf } from '../../../../values/canonical.ts';
import { minutes } from '../../../../values/duration.ts';
import { ref } from '../../../../values/ref.ts';
import { count, shown } from '../../../../values/text.ts';
import { asGiven } from '../../given.ts';
import { lane } from '../../points/places.ts';
import type { Planted } from './canaries.ts';

export type CanaryPlace = Readonly<{ layer: string; machine: string; folder: string }>;

/** Two in each: one that comes first, one that comes last. */
const folders = 16;

export function planPlanting(place: CanaryPlace, planted: Planted | undefined): Planned {
  if (planted !== undefined && planted.planting === undefined)
    return {
      steps: [],
      notes: [],
      refusals: [
        {
          subject: ref('layer', place.layer),
          code: 'canaries-planted',
          says: `${count(planted.paths.length, 'canary', 'canaries')} were planted before`,
          remedy: `to plant others, first \`holdfast canaries remove ${place.layer}\``,
        },
      ],
    };
  const title = `plant canaries in at most ${folders} folders below ${shown(place.folder)}: ordinary documents that nobody needs`;
  const because = ['whoever changes files one after the other meets one early, and each run looks at them'];
  return { steps: [stepOf(place, planted, 'canary.plant', title, because)], notes: [], refusals: [] };
}

export function planRemoving(place: CanaryPlace, planted: Planted | undefined): Planned {
  if (planted === undefined) return { steps: [], notes: [], refusals: [] };
  const many = count(planted.paths.length, 'canary', 'canaries');
  const title = `remove ${many} below ${shown(planted.folder)}, where they are as they were planted`;
  return { steps: [stepOf(place, planted, 'canary.remove', title, ['it was asked for'])], notes: [], refusals: [] };
}

function stepOf(
  { layer, machine, folder }: CanaryPlace,
  planted: Planted | undefined,
  kind: 'canary.plant' | 'canary.remove',
  title: string,
  because: readonly string[],
): Step {
  const subject = ref('canaries', layer);
  return {
    ...{ id: kind === 'canary.plant' ? 'plant' : 'remove', kind, subject, act: 'do', title, because },
    ...{ changes: [], after: [], lanes: [lane(machine, folder)], needs: [], expands: false, patience: minutes(10) },
    risk: kind === 'canary.plant' ? 'adds' : 'changes',
    expects: [
      {
        subject,
        says: 'which canaries there are is as it was',
        digest: planted === undefined ? absent : digestOf(planted),
      },
    ],
    given: asGiven({ layer, machine, folder, folders }),
    wayBack: kind === 'canary.plant' ? 'undo' : 'one-way',
  };
}
