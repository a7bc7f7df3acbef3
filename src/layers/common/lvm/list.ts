// Asks LVM on a machine. Always the same few words in the same order, so that a sudoers line can allow exactly them; the
// answer is read as it comes, since a volume group with a year of snapshots says more than a command's output is kept of.
import { Fault } from '../../../fault.ts';
import type { Argv, Machine } from '../../../machines/machine.ts';
import { minutes } from '../../../values/duration.ts';
import { cut, shown } from '../../../values/text.ts';
import { readVolumes, type Volume, volumeFields } from './report.ts';

/** An inherited descriptor, or one of our ssh, would be complained about on stderr of every command (lvm(8)). */
export const lvmEnvironment = { LVM_SUPPRESS_FD_WARNINGS: '1' } as const;
export const lvmDeadline = minutes(5);

export const listArgv = (vg: string): Argv =>
  [
    ...(['lvs', '--reportformat', 'json', '--units', 'b', '-o'] as const),
    volumeFields.join(','),
    vg,
  ] as unknown as Argv;

/** 64 MiB are two hundred thousand volumes. */
const longestAnswer = 64 * 1024 * 1024;

/**
 * All volumes of a volume group, snapshots among them, in LVM's order.
 *
 * @throws Fault `volume-group-missing`, `lvm-failed`, `lvm-answer`
 */
export async function listVolumes(machine: Machine, vg: string, signal?: AbortSignal): Promise<readonly Volume[]> {
  return readVolumes(await answerOf(machine, listArgv(vg), vg, signal), machine.name);
}

/** One volume by its name; undefined where the volume group has none of that name. */
export async function findVolume(
  machine: Machine,
  vg: string,
  name: string,
  signal?: AbortSignal,
): Promise<Volume | undefined> {
  return (await listVolumes(machine, vg, signal)).find((volume) => volume.name === name);
}

async function answerOf(machine: Machine, argv: Argv, vg: string, signal?: AbortSignal): Promise<string> {
  const options = { env: lvmEnvironment, deadline: lvmDeadline, ...(signal === undefined ? {} : { signal }) };
  const { stdout, ended } = machine.stream(argv, options);
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stdout) {
    length += piece.length;
    if (length <= longestAnswer) pieces.push(Uint8Array.from(piece));
  }
  const end = await ended;
  if (/Volume group "[^"]*" not found|Cannot process volume group/.test(end.stderr))
    throw missing(machine, vg, end.stderr);
  if (end.exitCode !== 0 || length > longestAnswer)
    throw lvmFailed(machine, argv, length > longestAnswer ? 'it says more than 64 MiB' : end.stderr, end.exitCode);
  return Buffer.concat(pieces).toString();
}

const missing = (machine: Machine, vg: string, says: string): Fault =>
  new Fault('volume-group-missing', {
    where: machine.name,
    says: `it has no volume group ${shown(vg)}: ${words(says)}`,
    remedy: 'correct `volume_group`, or see whether its disk is there (`pvs`, `vgs`)',
  });

export const lvmFailed = (machine: Machine, argv: Argv, says: string, exitCode: number): Fault =>
  new Fault('lvm-failed', {
    where: machine.name,
    says: `${argv[0]}: ${words(says)} (exit code ${exitCode})`,
    remedy: `run it by hand to see more: ${shown(argv.join(' '))}`,
  });

const words = (text: string): string => cut(shown(text.trim().replaceAll('\n', '; ')), 600);
