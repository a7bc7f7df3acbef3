// `track`: follows folders, and writes down what changes in them, until it is told to stop; `track status`: what is followed, and
// who has what of it; `track unit`: the systemd unit that does it.
import { isAbsolute, join, resolve } from 'node:path';
import { journalsIn } from '../layers/common/changes/journals.ts';
import { localMachine } from '../machines/local.ts';
import type { Listener } from '../model/change-journal.ts';
import { trackUnit } from '../service/track-unit.ts';
import { track as follow, type Tracked } from '../track/track.ts';
import { digestOfText } from '../values/canonical.ts';
import { formatSize, mebibytes, type Size } from '../values/size.ts';
import { count, shown } from '../values/text.ts';
import type { TrackAnswer } from './answers.ts';
import { type Answer, type Command, flag, type Invocation, optionList, optionText } from './command.ts';
import { misused, stateRoot } from './open.ts';
import { table } from './table.ts';

export const track: Command<TrackAnswer> = {
  name: 'track',
  says: 'write down what changes in folders, so that copies cost what changed; `track status`, `track unit`',
  run: async (invocation) => {
    const [first, ...others] = invocation.arguments;
    if (first === 'status') return statusNow(invocation, others);
    return first === 'unit' ? unit(invocation, others) : followed(invocation, invocation.arguments);
  },
};

async function followed(invocation: Invocation, words: readonly string[]): Promise<Answer<TrackAnswer>> {
  const { surroundings } = invocation;
  const { clock, stopped } = surroundings;
  const folders = tracked(invocation, words);
  const since = clock.now();
  for (const { folder, journal } of folders) invocation.say(shown(`${folder}: its journal is ${journal}`));
  await follow(folders, {
    ...{
      machine: localMachine({ name: 'this machine', clock }),
      clock,
      process: surroundings.process,
      signal: stopped,
    },
    ...{ kind: listenerOf(invocation), room: roomOf(invocation), anew: flag(invocation, 'anew') },
    say: (line) => invocation.say(shown(line)),
  });
  const value = { since, until: clock.now(), folders: folders.map(({ folder, journal }) => ({ folder, journal })) };
  return { exit: 'fine', value, text: 'Stopped; what changes from now on is looked for when it starts again.\n' };
}

async function statusNow(invocation: Invocation, words: readonly string[]): Promise<Answer<TrackAnswer>> {
  const { clock } = invocation.surroundings;
  const wanted = words.map((word) => resolve(invocation.surroundings.folder, word));
  const all = await journalsIn(localMachine({ name: 'this machine', clock }), rootOf(invocation), clock.now());
  const journals = all.filter(({ folder }) => wanted.length === 0 || wanted.includes(folder));
  const missing = wanted.filter((folder) => !journals.some((one) => one.folder === folder));
  if (missing.length > 0 || journals.length === 0)
    throw misused('track status', `no journal of ${missing.join(', ') || 'any folder'} is in ${rootOf(invocation)}`);
  const { good, bad } = invocation.paint;
  const rows = journals.map(({ folder, watch, position, size, complete, consumers, journal }) => [
    ...[shown(folder), watch.state === 'following' ? good(watch.state) : bad(watch.state), complete ?? 'never'],
    ...[String(position), formatSize(size as Size)],
    consumers
      .map(({ consumer, behind }) => `${consumer}: ${behind === 0 ? 'has all' : `${behind} behind`}`)
      .join('; ') || 'none',
    ...[watch.says, shown(journal)],
  ]);
  const head = ['folder', 'state', 'recorded until', 'records', 'size', 'consumers', 'says', 'journal'];
  const fine = journals.every(({ watch }) => watch.state === 'following');
  return { exit: fine ? 'fine' : 'failed', value: { journals }, text: `${table(head, rows)}\n` };
}

async function unit(invocation: Invocation, words: readonly string[]): Promise<Answer<TrackAnswer>> {
  const folders = tracked(invocation, words);
  const journals = rootOf(invocation);
  const listener = listenerOf(invocation);
  const text = trackUnit({
    program: invocation.surroundings.program.argv,
    journals,
    words: [
      ...folders.map(({ folder }) => folder),
      ...['--journals', journals, '--room', String(roomOf(invocation) / mebibytes(1))],
      ...(listener === 'any' ? [] : ['--listener', listener]),
      ...folders.flatMap(({ folder, excluded }) => excluded.flatMap((one) => ['--exclude', join(folder, one)])),
    ],
  });
  invocation.say(
    `as root: write it to /etc/systemd/system/holdfast-track.service, then \`systemctl enable --now holdfast-track\` (${count(folders.length, 'folder')})`,
  );
  return { exit: 'fine', value: { unit: text }, text };
}

const rootOf = (invocation: Invocation): string => {
  const given = optionText(invocation, 'journals');
  return given === undefined ? join(stateRoot(invocation), 'changes') : resolve(invocation.surroundings.folder, given);
};

function tracked(invocation: Invocation, words: readonly string[]): readonly Tracked[] {
  const here = invocation.surroundings.folder;
  if (words.length === 0) throw misused('track', 'no folder is named');
  const folders = [...new Set(words.map((word) => resolve(here, word)))];
  const excluded = optionList(invocation, 'exclude').map((one) => ({
    one,
    at: isAbsolute(one) ? resolve(one) : undefined,
  }));
  for (const { one, at } of excluded)
    if (at !== undefined && !folders.some((folder) => at.startsWith(`${folder}/`)))
      throw misused('--exclude', `${one} lies in none of the folders`);
  return folders.map((folder) => ({
    ...{ folder, journal: join(rootOf(invocation), journalName(folder)) },
    excluded: excluded.flatMap(({ one, at }) => {
      if (at === undefined) return [one.replace(/^(\.?\/)+|\/+$/g, '')];
      return at.startsWith(`${folder}/`) ? [at.slice(folder.length + 1)] : [];
    }),
  }));
}

/** Readable, and another one for every folder. */
const journalName = (folder: string): string =>
  `${
    folder
      .replace(/[^A-Za-z0-9]+/g, '-')
      .replace(/^-|-$/g, '')
      .slice(0, 80) || 'root'
  }-${digestOfText(folder).slice(0, 8)}`;

function listenerOf(invocation: Invocation): Listener | 'any' {
  const given = optionText(invocation, 'listener') ?? 'any';
  if (given === 'fanotify' || given === 'inotify' || given === 'any') return given;
  throw misused('--listener', `it is fanotify, inotify or any, not ${given}`);
}

function roomOf(invocation: Invocation): Size {
  const given = optionText(invocation, 'room') ?? '256';
  if (/^\d+$/.test(given) && Number(given) >= 16) return mebibytes(Number(given));
  throw misused('--room', `it is a number of MiB, 16 at least, not ${given}`);
}
