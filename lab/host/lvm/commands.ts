// The commands of LVM and dmsetup that a PVE host is asked for, as lvm2 2.03.16 behaves: its words, its exit codes, its refusals.
import type { Group, Volume } from './group.ts';
import { fits, poolRowOf, rowOf, tableOf } from './report.ts';
import { Failed, type Words, wordsOf } from './words.ts';

export type Ended = Readonly<{ exitCode: number; stdout: string; stderr: string }>;

type Command = (group: Group, words: Words) => string;

const commands: Readonly<Record<string, Command>> = {
  lvs,
  lvcreate,
  lvchange,
  lvremove,
  lvrename,
  lvextend,
  dmsetup,
};
export const lvmCommands = Object.keys(commands);

export function lvm(group: Group, command: string, argv: readonly string[]): Ended {
  try {
    const work = commands[command];
    if (work === undefined) throw new Failed(3, `No such command '${command}'.`);
    return { exitCode: 0, stdout: work(group, wordsOf(argv)), stderr: '' };
  } catch (error) {
    if (!(error instanceof Failed)) throw error;
    const says = error.message.split('\n').map((line) => `  ${line}\n`);
    return { exitCode: error.exitCode, stdout: '', stderr: says.join('') };
  }
}

const usual = 'lv_name,vg_name,lv_attr,lv_size,pool_lv,origin,data_percent,metadata_percent';

function lvs(group: Group, { plain: [which = group.name], options }: Words): string {
  const [vg, name] = which.split('/');
  if (vg !== group.name) throw new Failed(5, `Volume group "${vg}" not found\nCannot process volume group ${vg}`);
  const fields = (options.get('-o') ?? usual).split(',');
  const sorted = [...group.volumes].sort((one, other) => (one.name < other.name ? -1 : 1));
  const all = [poolRowOf(group), ...sorted.map((volume) => rowOf(group, volume))];
  const unknown = fields.find((field) => all[0]?.[field] === undefined);
  if (unknown !== undefined) throw new Failed(3, `Unrecognised field: ${unknown}`);
  const rows = all.filter((row) => fits(row, options.get('-S')) && (name === undefined || row['lv_name'] === name));
  if (name !== undefined && rows.length === 0) throw new Failed(5, `Failed to find logical volume "${which}"`);
  if (options.get('--reportformat') !== 'json') return tableOf(rows, fields, !options.has('--noheadings'));
  const lv = rows.map((row) => Object.fromEntries(fields.map((field) => [field, row[field]])));
  return `${JSON.stringify({ report: [{ lv }] }, undefined, 1)}\n`;
}

function volumeAt(group: Group, path: string | undefined): Volume {
  const [vg, name, ...more] = (path ?? '').replace(/^\/dev\//, '').split('/');
  if (name === undefined || more.length > 0) throw new Failed(3, 'Invalid path for Logical Volume.');
  if (vg !== group.name) throw new Failed(5, `Volume group "${vg}" not found\nCannot process volume group ${vg}`);
  const found = group.find(name);
  if (found === undefined) throw new Failed(5, `Failed to find logical volume "${vg}/${name}"`);
  return found;
}

function lvcreate(group: Group, { plain, options, addTags }: Words): string {
  const of = volumeAt(group, plain[0]);
  const name = options.get('-n') ?? `lvol${group.volumes.length}`;
  if (!options.has('-s')) throw new Failed(3, "The lab's LVM makes snapshots only (-s).");
  if (group.find(name) !== undefined || name === group.pool.name)
    throw new Failed(5, `Logical Volume "${name}" already exists in volume group "${group.name}"`);
  if (group.wrong.bad.includes(of.name))
    throw new Failed(
      5,
      `device-mapper: message ioctl on  (253:4) failed: Input/output error\nFailed to process message "create_snap".\nFailed to suspend logical volume ${group.name}/${of.name}.`,
    );
  if (group.dataUsed() >= group.pool.chunks || group.metadataUsed() >= group.pool.metadata)
    throw new Failed(
      5,
      `Cannot create new thin volume, free space in thin pool ${group.name}/${group.pool.name} reached threshold.`,
    );
  const skips = (options.get('-k') ?? 'y') === 'y';
  group.snapshot(of, name, { tags: [...addTags], skips, active: !skips && options.get('-a') !== 'n' });
  return `  Logical volume "${name}" created.\n`;
}

const selected = (group: Group, { plain, options }: Words): readonly Volume[] =>
  plain.map((path) => volumeAt(group, path)).filter((volume) => fits(rowOf(group, volume), options.get('-S')));

function lvchange(group: Group, words: Words): string {
  const { options, addTags, dropTags } = words;
  const changed = selected(group, words).map((volume) => {
    volume.tags = [...new Set([...volume.tags.filter((tag) => !dropTags.includes(tag)), ...addTags])];
    if (options.has('-p')) volume.writable = options.get('-p') !== 'r';
    if (options.has('--setautoactivation')) volume.autoactivates = options.get('--setautoactivation') === 'y';
    if (options.get('-a') === 'n' && group.isOpen(volume))
      throw new Failed(5, `Logical volume ${group.name}/${volume.name} in use.`);
    if (options.get('-a') === 'n') volume.active = false;
    // Without -K, LVM passes over what is marked to be skipped, and says nothing.
    if (options.get('-a') === 'y') volume.active = volume.active || !volume.skips || options.has('-K');
    return `  Logical volume ${group.name}/${volume.name} changed.\n`;
  });
  group.settle();
  return options.has('-a') ? '' : changed.join('');
}

function lvremove(group: Group, words: Words): string {
  if (!words.options.has('-f') && !words.options.has('-y'))
    throw new Failed(5, "The lab's LVM asks nobody: say -f to remove.");
  return selected(group, words)
    .map((volume) => {
      if (group.isOpen(volume)) throw new Failed(5, `Logical volume ${group.name}/${volume.name} in use.`);
      group.remove(volume);
      return `  Logical volume "${volume.name}" successfully removed.\n`;
    })
    .join('');
}

function lvrename(group: Group, { plain }: Words): string {
  const [vg, from, to = ''] = plain;
  const volume = volumeAt(group, `${vg}/${from}`);
  if (group.find(to) !== undefined)
    throw new Failed(5, `Logical Volume "${to}" already exists in volume group "${group.name}"`);
  volume.name = to;
  group.settle();
  return `  Renamed "${from}" to "${to}" in volume group "${group.name}"\n`;
}

const extent = 4 * 1024 * 1024;

function lvextend(group: Group, { plain, options }: Words): string {
  const volume = volumeAt(group, plain[0]);
  const [, bytes] = /^(\d+)[bB]$/.exec(options.get('-L') ?? '') ?? [];
  if (bytes === undefined) throw new Failed(3, "The lab's LVM takes sizes in bytes only: -L 16777216b.");
  const wanted = Math.ceil(Number(bytes) / extent) * extent;
  if (wanted <= volume.bytes) throw new Failed(5, 'New size given is not larger than existing size.');
  group.grow(volume, wanted);
  return `  Logical volume ${group.name}/${volume.name} successfully resized.\n`;
}

const escaped = (name: string): string => name.replaceAll('-', '--');

/** `status POOL-tpool`, and `info` of what is suspended: nothing is, here. */
function dmsetup(group: Group, { plain: [what, device] }: Words): string {
  if (what === 'info') return '';
  const { name, chunks, metadata } = group.pool;
  if (what !== 'status') throw new Failed(1, 'Unknown command.');
  if (device !== `${escaped(group.name)}-${escaped(name)}-tpool`)
    throw new Failed(1, `Device ${device} not found\nCommand failed.`);
  return `0 ${chunks * 128} thin-pool 7 ${group.metadataUsed()}/${metadata} ${group.dataUsed()}/${chunks} - rw discard_passdown queue_if_no_space - 1024 \n`;
}
