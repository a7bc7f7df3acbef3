// What a tool needs to log in, in a file of its own on the machine that it runs on: in memory where there is such a folder, for its owner
// alone, and gone with the step. Never in an argument or an environment, which others on that machine may read.
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import type { StepContext, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';

/** Where a file of a moment may lie: the first of them that is there and may be written to. */
const places = ['/dev/shm', '/run', '/tmp'] as const;

/** Whose file it is: a step of a run, which announces it, or a look before there is a run. */
export type Owner = Readonly<{ run: string; path: string; take?(what: string, name: string): void }>;

const folderIn = (place: string, { run, path }: Owner): string =>
  join(place, `.holdfast-${run}-${Buffer.from(path).toString('base64url').slice(0, 60)}`);

/** In two of these places everybody may make folders: one that somebody else made first would let him swap the file in it. */
const ownFolder = `mkdir -m 0700 -- "$1" 2>/dev/null && exit
[ -d "$1" ] && [ ! -L "$1" ] && [ "$(stat -c '%u %a' -- "$1")" = "$(id -u) 700" ]`;

/** @returns the path of the file */
export async function keptForNow(machine: Machine, name: string, content: string, owner: Owner): Promise<string> {
  for (const place of places) {
    const folder = folderIn(place, owner);
    owner.take?.('file to log in with', folder);
    if ((await machine.run(['sh', '-c', ownFolder, 'sh', folder])).exitCode !== 0) continue;
    await machine.files.write(join(folder, name), content, 0o600);
    return join(folder, name);
  }
  throw new Fault('no-place-for-credentials', {
    where: machine.name,
    says: `none of ${places.join(', ')} can be written to there`,
    remedy: 'run the layer from a machine that reaches the server over the network, with the same tools',
  });
}

export async function removeKept(machine: Machine, owner: Owner): Promise<void> {
  for (const place of places) await machine.files.remove(folderIn(place, owner));
}

const looks = 'look-';
/** A look that was killed could not remove its own; none takes an hour. */
const removeOldLooks = `for place in ${places.join(' ')}; do
  find "$place" -maxdepth 1 -type d -name '.holdfast-${looks}*' -user "$(id -u)" -mmin +60 -exec rm -rf -- {} + 2>/dev/null
done
true`;

/** For a look before there is a run: what it keeps there is its own, whoever else looks at the same time, and gone with it. */
export async function whileLooking<Found>(
  machine: Machine,
  path: string,
  look: (owner: Owner) => Promise<Found>,
): Promise<Found> {
  const owner = { run: `${looks}${randomUUID()}`, path };
  try {
    await machine.run(['sh', '-c', removeOldLooks]);
    return await look(owner);
  } finally {
    await removeKept(machine, owner);
  }
}

/** A step that was given back already is not given back again when it is undone: what undoing takes, it gives back itself. */
export const thenReleased =
  (
    undo: NonNullable<StepKind['undo']>,
    release: (context: StepContext) => Promise<void>,
  ): NonNullable<StepKind['undo']> =>
  async (context, fate) => {
    try {
      await undo(context, fate);
    } finally {
      await release(context);
    }
  };
