// Whose the folder at the target is. Two machines that send into one would each take the other's copies for its own; and where the mark
// that was there is gone, it is not the disk that it was.
import { join } from 'node:path';
import * as z from 'zod';
import type { World } from '../../contracts/world.ts';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import type { Ends } from './ends.ts';
import { markName, prefixOf } from './places.ts';
import type { Reader } from './reader.ts';
import type { OffsiteEntry } from './schema.ts';

const marked = z.object({ owner: z.string() });
const memoryOf = ({ name }: OffsiteEntry): string => `offsite mark ${name}`;

async function ownerOf({ owner }: OffsiteEntry, { near }: Pick<Ends, 'near'>): Promise<string> {
  if (owner !== undefined) return owner;
  const id = Buffer.from((await near.files.read('/etc/machine-id', 100)) ?? '')
    .toString()
    .trim();
  return id === '' ? near.name : id;
}

/** @param write puts the mark there, where nobody's is yet */
export async function checkMark(
  entry: OffsiteEntry,
  ends: Ends,
  { files, folder }: Reader,
  world: World,
  write: (text: string) => Promise<void>,
): Promise<void> {
  const owner = await ownerOf(entry, ends);
  const place = `${prefixOf(entry)}${ends.target === undefined ? '' : ` on ${ends.target.name}`}`;
  const content = await files.read(join(folder, markName), 4096);
  const text = `${JSON.stringify({ owner })}\n`;
  const known = world.recall(memoryOf(entry))?.value;
  if (content === undefined) {
    if (known === place) throw markGone(place, text);
    await write(text);
  } else {
    const found = ownerIn(Buffer.from(content).toString());
    if (found !== owner) throw ownedByOther(place, found, owner);
  }
  if (known !== place) world.remember(memoryOf(entry), place);
}

function ownerIn(text: string): string {
  try {
    return marked.parse(JSON.parse(text)).owner;
  } catch {
    return 'somebody whose mark cannot be read';
  }
}

const markGone = (place: string, text: string): Fault =>
  new Fault('offsite-mark-gone', {
    where: shown(place),
    says: `its file ${markName} was there and is not any more: its disk is not mounted, or somebody has emptied it. Nothing was sent`,
    remedy: `mount the disk there; if it is a new one, put the file back: ${shown(text.trim())}`,
  });

const ownedByOther = (place: string, found: string, owner: string): Fault =>
  new Fault('offsite-owned-by-other', {
    where: shown(place),
    says: `it is the folder of ${shown(found)}, and this is ${shown(owner)}; nothing was sent`,
    remedy: `give this layer another name or another \`to\`; if this machine takes the place of that one, set \`owner: ${shown(found)}\``,
  });
