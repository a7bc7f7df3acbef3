// A remote of rclone(1). It keeps neither owners nor links, so that only flat points and packs go there; what was sent is read back.
import { join } from 'node:path';
import { Fault } from '../../fault.ts';
import type { Argv, Ended, Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { manifestText } from '../common/points/manifest.ts';
import { holdName, manifestName } from '../common/points/places.ts';
import { fullOr } from '../common/records.ts';
import { checkMark } from './mark.ts';
import { attemptName, markName, prefixOf, unverifiedName } from './places.ts';
import { rateOf } from './rate.ts';
import { emptied, type Reader } from './reader.ts';
import type { OffsiteEntry } from './schema.ts';
import type { Spot, Target, Working } from './target.ts';

const apart = [manifestName, unverifiedName, holdName].flatMap((name) => ['--exclude', `/${name}`]);
/** rclone(1): 3 and 4 say that a folder or file is not there. */
const isAbsent = ({ exitCode }: Ended): boolean => exitCode === 3 || exitCode === 4;

export function rcloneTarget(entry: OffsiteEntry, near: Machine, working: Working): Target {
  const { signal, progress, work, world } = working;
  const prefix = prefixOf(entry);
  const at = ({ layer, name }: Spot) => `${prefix}/${layer}/${name}`;
  const rate = entry.bandwidth === undefined ? undefined : rateOf(entry.bandwidth);
  const settings = [
    ...(entry.rclone_config === undefined ? [] : ['--config', entry.rclone_config]),
    ...(rate === undefined ? [] : ['--bwlimit', `${Math.max(1, Math.round(rate))}B`]),
  ];
  const ask = async (what: string, words: readonly string[]): Promise<Ended> => {
    const argv: Argv = ['rclone', ...words, ...settings];
    const { stdout, ended } = near.stream(argv, { signal });
    let output = '';
    let done = 0;
    for await (const chunk of stdout) {
      done += chunk.length;
      if (output.length < 4 * 1024 * 1024) output += Buffer.from(chunk).toString();
      progress({ done, unit: 'bytes', what });
    }
    return { ...(await ended), stdout: output };
  };
  const must = async (what: string, words: readonly string[]): Promise<Ended> => {
    const ended = await ask(what, words);
    if (ended.exitCode === 0) return ended;
    throw failed(prefix, ended);
  };
  const reader = async (): Promise<Reader> => {
    const seen = join(work, 'seen');
    await emptied(near, seen);
    const listed = await ask('reading manifests', ['lsf', '--recursive', '--max-depth=2', '--dirs-only', prefix]);
    if (isAbsent(listed)) return { files: near.files, folder: seen, whole: false };
    if (listed.exitCode !== 0) throw failed(prefix, listed);
    const names = [manifestName, unverifiedName, holdName].map((name) => `/*/*/${name}`);
    const wanted = [`/${markName}`, ...names].flatMap((name) => ['--include', name]);
    await must('reading manifests', ['copy', prefix, seen, ...wanted]);
    for (const folder of listed.stdout.split('\n').filter((line) => line !== ''))
      await near.run(['mkdir', '--parents', '--', join(seen, folder)]);
    return { files: near.files, folder: seen, whole: false };
  };
  const add = async (to: string, name: string, text: string) => {
    const alone = join(work, 'alone');
    await emptied(near, alone);
    await near.files.write(join(alone, name), text, 0o600);
    await must('sealing', ['copyto', '--immutable', join(alone, name), `${to}/${name}`]);
    const back = await must('sealing', ['cat', `${to}/${name}`]);
    if (back.stdout !== text) throw failed(`${to}/${name}`, { ...back, stderr: 'it is not what was written there' });
  };
  return {
    ...{ where: near.name, at: prefix, yields: false, reads: true },
    nameFor: attemptName,
    reader,
    check: async () => {
      await checkMark(entry, { near, source: near, target: undefined }, await reader(), world, (text) =>
        add(prefix, markName, text),
      );
    },
    room: async () => {
      const { exitCode, stdout } = await ask('asking for room', ['about', '--json', prefix]);
      const free = exitCode === 0 ? (JSON.parse(stdout) as { free?: unknown }).free : undefined;
      return typeof free === 'number' ? free : undefined;
    },
    basesThere: async () => [],
    send: async (from, spot) => {
      await must('sending', ['copy', '--immutable', from, at(spot), ...apart]);
    },
    written: () => undefined,
    differences: async (from, spot) => {
      const compared = (more: readonly string[]) =>
        ask('reading back', ['check', '--combined', '-', from, at(spot), ...apart, ...more]);
      const quick = await compared([]);
      // Some remotes know no digest: then everything is read.
      const blind = /hashes? could not be checked/.test(quick.stderr) && !/\b0 hashes could not/.test(quick.stderr);
      const { exitCode, stdout, ...ended } = blind ? await compared(['--download']) : quick;
      const lines = stdout.split('\n').filter((line) => line !== '' && !line.startsWith('= '));
      if (exitCode !== 0 && lines.length === 0) throw failed(at(spot), { exitCode, stdout, ...ended });
      return lines;
    },
    seal: (spot, manifest, verified) => add(at(spot), verified ? manifestName : unverifiedName, manifestText(manifest)),
    physical: async () => undefined,
    giveUp: async () => {},
    sizeOf: async (spot) => {
      const { exitCode, stdout } = await ask('counting', ['size', '--json', at(spot)]);
      const size = exitCode === 0 ? (JSON.parse(stdout) as { bytes?: unknown }).bytes : undefined;
      return typeof size === 'number' ? size : undefined;
    },
    fetch: async (spot, to) => {
      await must('fetching', ['copy', at(spot), to]);
    },
  };
}

function failed(where: string, ended: Ended): Fault {
  const words = lastWords({ ...ended, stdout: '' });
  const fault = new Fault('offsite-not-sent', {
    where: shown(where),
    says: `rclone: ${words}`,
    remedy: 'try it by hand: `rclone lsd REMOTE:`; what is missing is sent by the next run',
  });
  return fullOr(fault, words, where);
}
