// A folder of a machine, by rsync: of one with a shell, of one that serves rsync only, or of a disk of the machine itself.
import { dirname, join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { must } from '../common/commands.ts';
import { checkDestination } from '../common/points/destination.ts';
import { manifestText } from '../common/points/manifest.ts';
import { manifestName, partialFolder } from '../common/points/places.ts';
import { type Rsync, type Rsynced, rsyncBetween } from '../common/rsync/between.ts';
import { onlyBelow } from '../common/rsync/pattern.ts';
import { treeName } from '../common/trees/generation/parts.ts';
import { apart, differing, whole } from './differing.ts';
import { type Ends, isFakeSuper, isPull } from './ends.ts';
import { carryHoles, comparedHoles, speaksOfHoles } from './holes.ts';
import { checkMark } from './mark.ts';
import { diskUse } from './physical.ts';
import { attemptName, idOf, markName, prefixOf, unverifiedName } from './places.ts';
import { rateOf } from './rate.ts';
import { emptied, fetchPicture, type Reader } from './reader.ts';
import type { OffsiteEntry } from './schema.ts';
import { sendingFailed } from './sending-failed.ts';
import type { Spot, Target, Working } from './target.ts';

type Rsyncing = Ends & Readonly<{ target: Machine }>;

export function rsyncTarget(entry: OffsiteEntry, ends: Rsyncing, working: Working): Target {
  const { near, target } = ends;
  const { signal, progress, work, run } = working;
  const prefix = prefixOf(entry);
  const served = target.rsyncOnly;
  const at = ({ layer, name }: Spot) => join(prefix, layer, name);
  /** Where it is written: nobody's copy until it has its name. */
  const writing = (spot: Spot) =>
    served === undefined && run !== undefined ? partialFolder(join(prefix, spot.layer), run, spot.name) : at(spot);
  const far = isPull(ends) ? ends.source : target;
  const direction = isPull(ends) ? 'pull' : 'push';
  const limit = bandwidth(entry);
  const faked = async (here: boolean) => ((await isFakeSuper(ends)) ? [here ? '--fake-super' : '-M--fake-super'] : []);
  const go = (over: Pick<Rsync, 'from' | 'to' | 'options' | 'what'> & Partial<Rsync>): Promise<Rsynced> =>
    rsyncBetween({ near, far, direction, signal, progress, ...over });
  const put = async (from: string, folder: string, options: readonly string[], linkDest: readonly string[]) => {
    const fake = await faked(isPull(ends) || near.name === target.name);
    const sent = await go({
      ...{ from: `${from}/`, to: `${folder}/`, linkDest, what: 'sending' },
      options: [...whole, ...options, ...fake, ...limit, '--mkpath'],
    });
    if (sent.exitCode !== 0) throw sendingFailed(target.name, folder, sent);
  };
  const holes = async () => speaksOfHoles(near, target, ends.source) && !(await isFakeSuper(ends));
  const reader = async (): Promise<Reader> =>
    served === undefined
      ? { files: target.files, folder: prefix, whole: true }
      : fetchPicture({ near, far: target, folder: prefix, work: join(work, 'seen'), signal });
  const add = async (folder: string, name: string, text: string) => {
    if (served === undefined) return target.files.write(join(folder, name), text, 0o600);
    const alone = join(work, 'alone');
    await emptied(near, alone);
    await near.files.write(join(alone, name), text, 0o600);
    await put(alone, folder, ['--omit-dir-times'], []);
  };
  return {
    ...{ where: target.name, at: prefix, yields: served === undefined, reads: served?.reads !== false },
    nameFor: (id, of) => (served === undefined ? id : attemptName(id, of)),
    reader,
    check: async () => {
      if (served === undefined) {
        await checkDestination(target, { to: entry.to ?? '/', name: entry.name, mounted_at: entry.mounted_at });
        for (const folder of [entry.to ?? '/', prefix]) await target.files.makeFolder(folder, 0o700);
      } else if (!served.appends && direction === 'push') throw addsNothing(target.name);
      if (served?.reads === false) return;
      await checkMark(entry, ends, await reader(), working.world, (text) => add(prefix, markName, text));
    },
    room: async () => (served === undefined ? (await target.files.space(prefix)).free : undefined),
    basesThere: async (layer, bases) => {
      if (served !== undefined) return bases;
      const there: string[] = [];
      for (const name of bases) if ((await target.files.info(at({ layer, name }))) !== undefined) there.push(name);
      return there;
    },
    send: async (from, spot, bases, byContent = false) => {
      if (served === undefined) await target.files.makeFolder(join(prefix, spot.layer), 0o700);
      const linkDest = bases.map((name) => at({ ...spot, name }));
      if (await holes()) {
        const side = { machine: isPull(ends) ? ends.source : near, folder: from };
        await carryHoles(entry, side, { machine: target, folder: writing(spot) }, { working, bases });
      }
      // rrsync does not know of nanoseconds: what was written twice within a second would be taken for the same by its time and size.
      const sure = linkDest.length > 0 && (byContent || served !== undefined) ? ['--checksum'] : [];
      await put(from, writing(spot), [...apart, ...sure, '--stats'], linkDest);
    },
    written: (spot) => (served === undefined ? { machine: target, folder: writing(spot) } : undefined),
    differences: async (from, spot, { except, timeless, known }) => {
      const here = { machine: isPull(ends) ? ends.source : near, folder: from };
      const there = { machine: target, folder: writing(spot) };
      const holey = (await holes()) ? await comparedHoles(here, there, signal) : { compared: [], differ: [] };
      const before = known.map((name) => ({ here: join(dirname(from), idOf(name)), there: at({ ...spot, name }) }));
      const asked =
        served === undefined
          ? { from: `${from}/`, to: `${there.folder}/`, fake: await faked(isPull(ends) || near.name === target.name) }
          : // What may only add cannot be asked: the other key reads, and it is compared here, where nothing is written.
            { from: `${there.folder}/`, to: `${from}/`, fake: await faked(false), direction: 'pull' as const };
      const compare = async ({ fake, ...sides }: typeof asked, options: readonly string[]): Promise<string> => {
        const compared = await go({ ...sides, options: [...options, ...fake], what: 'reading back' });
        if (compared.exitCode !== 0) throw sendingFailed(target.name, there.folder, compared);
        return compared.output;
      };
      const skipped = [...except, ...holey.compared];
      const differ = await differing({
        ...{ near, here, there, skipped, timeless, before, work: join(work, 'unshared'), signal },
        compare: (options) => compare(asked, options),
      });
      return [...differ, ...holey.differ];
    },
    seal: async (spot, manifest, verified) => {
      const folder = writing(spot);
      if (served === undefined) await must(target, ['sync', '--file-system', '--', folder], { signal });
      await add(folder, verified ? manifestName : unverifiedName, manifestText(manifest));
      if (folder !== at(spot)) await target.files.rename(folder, at(spot));
    },
    physical: async (spot, bases) => {
      const folders = bases.map((name) => at({ ...spot, name }));
      return served === undefined ? diskUse(target, at(spot), folders, signal) : undefined;
    },
    giveUp: async (spot) => {
      if (served === undefined && writing(spot) !== at(spot)) await target.files.remove(writing(spot));
    },
    sizeOf: async (spot, only) => {
      if (served === undefined)
        return diskUse(target, only === undefined ? at(spot) : join(at(spot), treeName, only), [], signal);
      const options = [...whole, '--dry-run', '--stats', ...chosen(only), ...(await faked(false))];
      const asked = { from: `${at(spot)}/`, to: `${work}/none/`, direction: 'pull', far: target } as const;
      const counted = await go({ ...asked, options, what: 'counting' });
      const size = /Total file size: ([\d,]+)/.exec(counted.output)?.[1];
      return size === undefined ? undefined : Number(size.replaceAll(',', ''));
    },
    fetch: async (spot, to, only) => {
      const options = [...whole, ...chosen(only), ...(await faked(near.name === target.name)), ...limit];
      const asked = { from: `${at(spot)}/`, to: `${to}/`, direction: 'pull', far: target } as const;
      if (speaksOfHoles(near, target) && !(await isFakeSuper(ends))) {
        const within = only === undefined ? '' : Buffer.from(join(treeName, only)).toString('latin1');
        await carryHoles(
          entry,
          { machine: target, folder: at(spot) },
          { machine: near, folder: to },
          { working, within },
        );
      }
      const fetched = await go({ ...asked, options, what: 'fetching' });
      if (fetched.exitCode !== 0) throw sendingFailed(near.name, to, fetched);
    },
  };
}

const chosen = (only: string | undefined): readonly string[] =>
  only === undefined ? [] : onlyBelow(`/${treeName}`, only);

/** In KiB a second, as rsync has it; at least one. */
const bandwidth = ({ bandwidth: declared }: OffsiteEntry): readonly string[] => {
  const rate = declared === undefined ? undefined : rateOf(declared);
  return rate === undefined ? [] : [`--bwlimit=${Math.max(1, Math.round(rate / 1024))}`];
};

const addsNothing = (where: string): Fault =>
  new Fault('ssh-key-missing', {
    where: shown(where),
    says: 'the estate gives no key that may add there',
    remedy: 'write it as `rsync: { append: { file: ... } }` of the machine',
    exit: 'invalid',
  });
