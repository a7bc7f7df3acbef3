// The program that works on snapshots without a server: etcdutl, and where that is not there yet, etcdctl, which could do it until 3.5.
import * as z from 'zod';
import { Fault } from '../../fault.ts';
import type { Argv, Machine } from '../../machines/machine.ts';
import { shown } from '../../values/text.ts';
import { answerIn, environment, faultOf } from './client.ts';
import type { EtcdEntry, EtcdMember } from './schema.ts';

export type SnapshotTool = Readonly<{ machine: Machine; program: 'etcdutl' | 'etcdctl'; entry: EtcdEntry }>;

/** By what it can do, not by its name: a command that it does not know it answers with help on others, and exit code 0. */
export async function snapshotTool(entry: EtcdEntry, machine: Machine, signal: AbortSignal): Promise<SnapshotTool> {
  for (const program of ['etcdutl', 'etcdctl'] as const)
    if (await canRestore(machine, program, signal)) return { machine, program, entry };
  throw new Fault('snapshot-tool-missing', {
    where: machine.name,
    says: 'neither etcdutl nor etcdctl there knows `snapshot restore`',
    remedy: 'install etcdutl of the version of the server (from 3.6 on etcdctl no longer does it)',
  });
}

async function canRestore(machine: Machine, program: string, signal: AbortSignal): Promise<boolean> {
  try {
    const { stdout } = await machine.run([program, 'snapshot', 'restore', '--help'], { signal, env: environment });
    return stdout.includes('--data-dir');
  } catch (error) {
    if (error instanceof Fault && error.code === 'command-missing') return false;
    throw error;
  }
}

const status = z.object({
  hash: z.int(),
  revision: z.int().nonnegative(),
  totalKey: z.int().nonnegative(),
  totalSize: z.int().nonnegative(),
});
export type SnapshotStatus = z.infer<typeof status>;

/** It looks through every page of the file. @param as what runs it as another account */
export async function statusOfFile(
  { machine, program, entry }: SnapshotTool,
  path: string,
  signal: AbortSignal,
  as: (argv: Argv) => Argv = (argv) => argv,
): Promise<SnapshotStatus> {
  const argv = as([program, 'snapshot', 'status', path, '--write-out=json']);
  const ended = await machine.run(argv, { signal, env: environment });
  if (ended.exitCode !== 0) throw faultOf({ entry }, `${program} snapshot status`, ended);
  return answerIn(status, ended.stdout, `${entry.name}: ${shown(path)}`, `${program} snapshot status`);
}

export const clusterOf = ({ name, peer_urls, initial_cluster }: EtcdMember): string =>
  initial_cluster ?? peer_urls.map((url) => `${name}=${url}`).join(',');

/** A data folder of a new cluster, with the keys of the snapshot; it looks at the digest behind the snapshot first. */
export async function rebuild(
  { machine, program, entry }: SnapshotTool,
  { snapshot, into, member }: Readonly<{ snapshot: string; into: string; member: EtcdMember }>,
  signal: AbortSignal,
  as: (argv: Argv) => Argv = (argv) => argv,
): Promise<void> {
  const words = {
    '--data-dir': into,
    '--name': member.name,
    '--initial-cluster': clusterOf(member),
    '--initial-advertise-peer-urls': member.peer_urls.join(','),
    '--initial-cluster-token': member.initial_cluster_token,
  };
  const options = Object.entries(words).flatMap(([word, value]) => (value === undefined ? [] : [`${word}=${value}`]));
  const ended = await machine.run(as([program, 'snapshot', 'restore', snapshot, ...options]), {
    signal,
    env: environment,
  });
  if (ended.exitCode !== 0) throw faultOf({ entry }, `${program} snapshot restore`, ended);
}
