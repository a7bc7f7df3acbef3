// What changed since the last point. The host's files hold secrets, and an encrypted point cannot be read back here: so what is
// remembered of each entry is a keyed digest, which tells whether it is the same and nothing else.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import type { PointId } from '../../model/restore-point.ts';
import { canonical } from '../../values/canonical.ts';
import { Secret } from '../../values/secret.ts';
import { count, shown } from '../../values/text.ts';
import { split } from '../common/records.ts';
import { type Listed, pathOf } from '../common/trees/listed.ts';
import type { Staging } from './staging.ts';

const remembered = z.object({ point: z.string(), entries: z.record(z.string(), z.string()) });
type Entries = ReadonlyMap<string, string>;

export type Changes = Readonly<{
  /** the point compared with; undefined where there is none to compare with */
  since: PointId | undefined;
  added: readonly string[];
  changed: readonly string[];
  gone: readonly string[];
}>;

/** By path in latin1, so that names of any bytes stay apart. Folders' times are no change of the configuration. */
export async function fingerprints(
  { machine, tree }: Staging,
  listed: readonly Listed[],
  { world, signal }: StepContext,
): Promise<Entries> {
  const argv = ['find', tree, '-type', 'f', '-exec', 'sha256sum', '--zero', '--', '{}', '+'] as const;
  const contents = new Map<string, string>();
  const { stdout, ended } = machine.stream(argv, { signal });
  for await (const record of split(stdout, 0)) {
    const line = record.toString('latin1');
    contents.set(line.slice(66 + Buffer.byteLength(tree) + 1), line.slice(0, 64));
  }
  await ended;
  const entries = new Map<string, string>();
  for (const entry of listed) {
    const { type, mode, uid, gid, target, target_base64, attributes } = entry;
    const path = pathOf(entry).toString('latin1');
    const content = contents.get(path);
    const text = canonical({ type, mode, uid, gid, target, target_base64, attributes, content });
    entries.set(path, (await world.keyedDigest(new Secret('an entry', text, 'comparing'))).slice(0, 32));
  }
  return entries;
}

const nameIn = (layer: string): string => `host-config ${layer}`;

/** @param unknown below which paths nothing was taken in this run, so that nothing is known of them */
export function changesSince({ world }: StepContext, layer: string, now: Entries, unknown: readonly string[]): Changes {
  const before = remembered.safeParse(world.recall(nameIn(layer))?.value);
  if (!before.success) return { since: undefined, added: [], changed: [], gone: [] };
  const { point: since, entries } = before.data;
  const isUnknown = (path: string) => unknown.some((one) => path === one || path.startsWith(`${one}/`));
  return {
    since,
    added: [...now.keys()].filter((path) => entries[path] === undefined),
    changed: [...now].filter(([path, digest]) => (entries[path] ?? digest) !== digest).map(([path]) => path),
    gone: Object.keys(entries).filter((path) => !now.has(path) && !isUnknown(path)),
  };
}

export const rememberEntries = ({ world }: StepContext, layer: string, point: PointId, entries: Entries): void =>
  world.remember(nameIn(layer), { point, entries: Object.fromEntries(entries) });

const most = 50;
const readable = (path: string): string => shown(Buffer.from(path, 'latin1').toString());

export function logChanges({ log }: Pick<StepContext, 'log'>, { since, added, changed, gone }: Changes): void {
  const nothing = added.length + changed.length + gone.length === 0;
  if (since === undefined) log('no earlier point is remembered that it could be compared with');
  else if (nothing) log(`nothing changed since ${since}`);
  if (nothing) return;
  log(`since ${since}: ${count(changed.length, 'entry', 'entries')} changed, ${added.length} new, ${gone.length} gone`);
  for (const [what, paths] of Object.entries({ changed, new: added, gone })) {
    for (const path of paths.slice(0, most)) log(`${what} ${readable(path)}`);
    if (paths.length > most) log(`${what}: ${paths.length - most} more`);
  }
}
