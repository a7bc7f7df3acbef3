// What an operator should know of what was found, in words. Pure.
import type { Note } from '../../model/plan.ts';
import type { RunId } from '../../model/run.ts';
import { formatDuration } from '../../values/duration.ts';
import { between, type Instant } from '../../values/instant.ts';
import type { Ref } from '../../values/ref.ts';
import { count, cut, shown } from '../../values/text.ts';
import { claimText } from '../common/kubernetes/cluster.ts';
import type { VolumeExclusion } from '../common/lvm/entry.ts';
import type { Snapshot } from '../common/lvm/snapshots.ts';
import { whyInARow } from '../common/lvm/together.ts';
import type { Discovered } from './discovery.ts';
import type { Asked } from './inventory.ts';
import type { LvmThinEntry } from './schema.ts';

type Says = Readonly<Pick<Note, 'level' | 'says'>>;
const warning = (says: string): Says => ({ level: 'warning', says });
const info = (says: string): Says => ({ level: 'info', says });

export function notesOn(
  subject: Ref,
  discovered: Discovered,
  asked: Asked | undefined,
  siblings: readonly string[],
  now: Instant,
): readonly Note[] {
  const all = [
    ...onCluster(asked, now),
    ...onHeldBack(discovered, asked, now),
    ...onExclusions(discovered),
    ...onOrphans(discovered),
    ...onGaps(discovered, siblings),
    ...onSkipped(discovered),
  ];
  return all.map((note) => ({ subject, ...note }));
}

const ageOf = ({ at }: Pick<Asked, 'at'>, now: Instant): string =>
  at === undefined ? 'never' : `${formatDuration(between(at, now))} ago`;

function onCluster(asked: Asked | undefined, now: Instant): readonly Says[] {
  if (asked?.silent === undefined) return [];
  const known =
    asked.inventory === undefined
      ? 'it has never answered, so nobody knows whose the volumes are'
      : `what it said ${ageOf(asked, now)} is used, and what was excluded then stays excluded`;
  return [warning(`the cluster ${asked.cluster} cannot be asked (${cut(shown(asked.silent), 300)}): ${known}`)];
}

function onHeldBack({ heldBack }: Discovered, asked: Asked | undefined, now: Instant): readonly Says[] {
  if (heldBack.length === 0 || asked === undefined) return [];
  const says =
    `${count(heldBack.length, 'volume')} not known to the cluster ${ageOf(asked, now)} ${heldBack.length === 1 ? 'is' : 'are'} left alone, ` +
    `since a namespace is excluded and nobody can tell whether ${some(heldBack.map(({ name }) => name))} belong to it`;
  return [warning(says)];
}

function onExclusions({ excluded, idle }: Discovered): readonly Says[] {
  const by = Map.groupBy(excluded, ({ exclusion }) => exclusion);
  const used = [...by].map(([exclusion, found]): Says => {
    const { reason, owner, review_by } = exclusion;
    const names = some(found.map((one) => one.found.name));
    const head = `${wordsOf(exclusion)} is excluded (${shown(reason)}; ${shown(owner)}): ${names}`;
    return found[0]?.expired === true
      ? warning(`${head}. That was to be looked at again by ${review_by}: do so, and set a new \`review_by\``)
      : info(head);
  });
  const unused = idle.map((one) =>
    warning(
      `the exclusion of ${wordsOf(one)} fits nothing, neither here nor in the cluster: see whether it is misspelt`,
    ),
  );
  return [...used, ...unused];
}

export const wordsOf = ({ namespace, claim, volume }: VolumeExclusion): string => {
  if (namespace !== undefined) return `the namespace ${shown(namespace)}`;
  return claim === undefined ? `the volume ${shown(volume ?? '')}` : `the claim ${shown(claim)}`;
};

const onOrphans = ({ orphans }: Discovered): readonly Says[] =>
  orphans.length === 0
    ? []
    : [
        warning(
          `${count(orphans.length, 'volume')} protected that nobody uses: ${some(orphans.map(({ found, because }) => `${found.volume.name}, ${because}`))}. ` +
            'Remove what is not needed, or exclude it by `volume`',
        ),
      ];

function onGaps({ gaps }: Discovered, siblings: readonly string[]): readonly Says[] {
  const missing = siblings.length === 0 ? gaps : gaps.filter(({ lv }) => lv === null);
  if (missing.length === 0) return [];
  const names = missing.map(({ claim, volume, storage_class }) => {
    const on = storage_class === null ? '' : ` (${storage_class})`;
    return `${claim === null ? volume : claimText(claim)}${on}`;
  });
  return [
    warning(
      `${count(missing.length, 'volume')} of the cluster lie${missing.length === 1 ? 's' : ''} on other storage, and this layer cannot protect ${missing.length === 1 ? 'it' : 'them'}: ${some(names)}`,
    ),
  ];
}

const onSkipped = ({ skipped }: Discovered): readonly Says[] =>
  skipped.map(({ lv, because }) => info(`${shown(lv)} is left out: ${shown(because)}`));

/** Where one moment is required, the step itself has said it. */
export function onRows({ one_moment }: LvmThinEntry, sealed: readonly Snapshot[], run: RunId): readonly Says[] {
  if (one_moment === 'required') return [];
  const groups = Map.groupBy(
    sealed.filter((one) => one.run === run && one.group !== undefined),
    ({ group }) => group,
  );
  return [...groups.values()].flatMap((taken) => {
    const [{ together, skew } = { together: undefined, skew: undefined }] = taken;
    if (together === undefined || together.oneMoment || together.because === undefined) return [];
    const names = some(taken.map(({ claim, origin }) => claim ?? origin));
    return [warning(`${names}: ${whyInARow(skew, together.because)}`)];
  });
}

const most = 8;
export const some = (names: readonly string[]): string =>
  `${names.slice(0, most).map(shown).join('; ')}${names.length > most ? `; and ${names.length - most} more` : ''}`;
