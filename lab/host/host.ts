// A PVE host with a cluster's volumes on its thin pool, in a folder: its commands are real programs, its volumes real files.
// Nothing of this machine's own LVM or of any cluster is asked or touched.
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { type FaultBoard, faultBoard } from '../faults/board.ts';
import type { FaultName } from '../faults/catalogue.ts';
import { claims } from './claims.ts';
import { type Cluster, lvOf, startCluster } from './cluster.ts';
import { bringAboutOnHost } from './faults.ts';
import { makeFileSystem, megabytes, programOf } from './file-system.ts';
import { kubectl } from './kubectl/kubectl.ts';
import { type Listener, listen } from './listener.ts';
import { type Ended, lvm } from './lvm/commands.ts';
import { type Group, volumeGroup } from './lvm/group.ts';
import { writePrograms } from './programs.ts';

const hostName = 'tongariro';
const vg = 'pve';
const pool = 'data';

export interface LabHost {
  readonly name: string;
  readonly product: 'host';
  readonly board: FaultBoard;
  /** folder of its commands */
  readonly bin: string;
  readonly kubeconfig: string;
  /** Gives what undoes it; throws, in words, where there is no such object. */
  bringAbout(name: FaultName, object: string | undefined): () => void;
  close(): Promise<void>;
}

/** @param dir of the lab; the host is a folder in it */
export async function startHost(dir: string): Promise<LabHost> {
  programOf('mke2fs', 'e2fsprogs');
  const folder = join(dir, 'host');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const cluster = startCluster(folder, hostName);
  let open = cluster.attached();
  const group = volumeGroup(folder, vg, pool, (lv) => open.has(lv));
  await fillGroup(group);
  const answer = answering(group, cluster);
  const listener: Listener = await listen((name, argv) => {
    open = cluster.attached();
    return answer(name, argv);
  });
  const bin = join(folder, 'bin');
  writePrograms({ bin, devices: join(folder, 'dev', vg), vg, socket: listener.socket });
  return {
    ...{ name: hostName, product: 'host', board: faultBoard(), bin, kubeconfig: cluster.kubeconfig },
    bringAbout: (name, object) => bringAboutOnHost({ cluster, wrong: group.wrong }, name, object),
    close: listener.close,
  };
}

async function fillGroup(group: Group): Promise<void> {
  const bytes = megabytes * 1024 * 1024;
  const made = claims.map(({ uuid, files }) => ({ volume: group.add({ name: lvOf(uuid), bytes }), files }));
  // Two at a time: small machines have two cores.
  const left = [...made];
  const work = async (): Promise<void> => {
    for (let next = left.shift(); next !== undefined; next = left.shift())
      await makeFileSystem(group.fileOf(next.volume), next.files);
  };
  await Promise.all([work(), work()]);
}

function answering(group: Group, cluster: Cluster): (name: string, argv: readonly string[]) => Promise<Ended> {
  return async (name, argv) => {
    if (name === 'kubectl') return runNothing(await kubectl(argv, cluster.kubeconfig));
    if (name === 'lsblk') return lsblk(group, argv);
    return lvm(group, name, argv);
  };
}

const runNothing = ({ inside, ...answer }: Awaited<ReturnType<typeof kubectl>>): Ended =>
  inside === undefined ? answer : { exitCode: 64, stdout: '', stderr: "the lab's pods run nothing: no exec\n" };

/** lsblk(8), as `--list --output NAME,TYPE,MOUNTPOINT -- DEVICE`: what is open is open by a guest, which lsblk does not show. */
function lsblk(group: Group, argv: readonly string[]): Ended {
  const device = argv.at(-1) ?? '';
  const volume = group.volumes.find(({ name, active }) => active && device === `/dev/${group.name}/${name}`);
  if (volume === undefined) return { exitCode: 32, stdout: '', stderr: `lsblk: ${device}: not a block device\n` };
  const escaped = (text: string): string => text.replaceAll('-', '--');
  return { exitCode: 0, stdout: `${escaped(group.name)}-${escaped(volume.name)} lvm\n`, stderr: '' };
}
