// The step `files.weeks`: has each week's link lead to its newest restore point, and removes links that lead nowhere. It comes after the
// seal and after what retention removes, works from what is there then, and may be done twice.
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { absent, type Step, type StepId } from '../../model/step.ts';
import { minutes } from '../../values/duration.ts';
import { ref } from '../../values/ref.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { asGiven, givenOf } from '../common/given.ts';
import { checkDestination } from '../common/points/destination.ts';
import { lane } from '../common/points/places.ts';
import { readPoints } from '../common/points/points.ts';
import { isOf } from '../common/points/source.ts';
import { keyOfTree, labelOfTree } from '../common/sources/source.ts';
import { weeksGiven } from './given.ts';
import type { FilesEntry } from './schema.ts';
import { type Source, weekNameOf } from './source.ts';
import { weekLinks } from './weeks.ts';

/** `$1` the folder of the weeks, `$2` the name below each, then each week with what its link leads to. A link is replaced in one rename. */
const script = `set -u -f
umask 077
mkdir -p -- "$1" && cd -- "$1" || exit 1
name=$2
shift 2
weeks=' '
while [ $# -gt 0 ]; do
  weeks="$weeks$1 "
  if [ "$(readlink -- "$1/$name")" != "$2" ]; then
    mkdir -p -- "$(dirname -- "$1/$name")" && rm -f -- "$1/$name.new" && ln -s -- "$2" "$1/$name.new" &&
      mv --no-target-directory -- "$1/$name.new" "$1/$name" || exit 1
  fi
  shift 2
done
set +f
for week in [0-9][0-9][0-9][0-9]-[0-9][0-9]; do
  case $weeks in *" $week "*) continue ;; esac
  [ ! -L "$week/$name" ] || rm -f -- "$week/$name" || exit 1
  [ ! -d "$week" ] || rmdir --parents --ignore-fail-on-non-empty -- "$(dirname -- "$week/$name")" 2>/dev/null || :
done
`;

export function weeksStep(
  entry: FilesEntry,
  timeZone: string,
  source: Source,
  after: readonly StepId[],
): readonly Step[] {
  if (entry.week_links === undefined) return [];
  return [
    {
      id: 'weeks',
      kind: 'files.weeks',
      subject: ref('folder', entry.machine, entry.week_links),
      act: 'do',
      title: `link each week's newest restore point of ${labelOfTree(source)} in ${shown(entry.week_links)}`,
      because: ['the point is sealed, and what retention let go is removed'],
      changes: [],
      after,
      lanes: [lane(entry.machine, entry.week_links)],
      risk: 'adds',
      needs: [],
      expects: [],
      given: asGiven({ entry, timeZone, source }),
      wayBack: 'undo',
      expands: false,
      patience: minutes(10),
    },
  ];
}

export const weeksKind: StepKind = {
  name: 'files.weeks',
  observe: async () => absent,

  do: async (context: StepContext): Promise<Done> => {
    const { entry, timeZone, source } = givenOf(weeksGiven, context.step);
    const machine = context.world.machine(entry.machine);
    const root = entry.week_links;
    if (root === undefined) throw new Error('a plan brought no folder for the links');
    await checkDestination(machine, entry);
    const { points } = await readPoints(machine, entry);
    const own = points.filter(({ manifest }) => isOf(manifest, keyOfTree(source, entry)));
    const name = weekNameOf(source);
    const links = weekLinks(own, { root, name, timeZone });
    const words = links.flatMap(({ week, target }) => [week, target]);
    const ended = await machine.run(['sh', '-c', script, 'sh', root, name, ...words], { signal: context.signal });
    if (ended.exitCode !== 0) throw notLinked(root, lastWords(ended));
    return { result: { weeks: links.map(({ week }) => week) } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'links are made from what is there, and may be made again' }),
};

const notLinked = (root: string, says: string): Fault =>
  new Fault('week-not-linked', {
    where: shown(root),
    says: `the restore point is sealed, and its week's link could not be set: ${says}`,
    remedy: 'see what else is in that folder: it belongs to this layer alone; the next run sets the link',
  });
