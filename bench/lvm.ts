// A run over 100 volumes, from the command line to its last word, against a plain loop over the same machine: the same lvcreate for
// each volume, and the same readings of the pool, one before every fifth, by one command of multiplexed ssh each. What ours does beside
// it (found by pattern, verified, sealed, written down, retention decided) must fit into the limit.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type PveMachine, startPveMachine, unlessMachine } from '../test/pve-machine/pve-machine.test-support.ts';
import { median, milliseconds, type Row } from './bench.ts';

const volumes = 100;
const rounds = 3;
const root = join(import.meta.dirname, '..');

export async function lvmRows(): Promise<readonly Row[]> {
  if (unlessMachine !== false) throw new Error(`this bench needs the tests' PVE host: ${unlessMachine}`);
  const machine = await startPveMachine({ pool: { megabytes: 2048, metadataMegabytes: 16 } });
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-bench-'));
  try {
    const names = (await machine.volumes.makeMany(volumes, 'none', 4)).map(({ lv }) => lv);
    const file = join(folder, 'estate.yaml');
    writeFileSync(file, estateOf(machine));
    const figures: { ours: number; peer: number; commands: number }[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const peer = await loop(machine, folder, names);
      await clear(machine);
      const before = await commandsOn(machine);
      const ours = command(file, folder);
      const commands = (await commandsOn(machine)) - before;
      const taken = await machine.must("lvs --noheadings -o lv_name -S 'lv_name=~^hf_' pve | wc -l");
      if (taken.trim() !== `${volumes}`) throw new Error(`${taken.trim()} of ${volumes} snapshots were taken`);
      await clear(machine);
      figures.push({ ours, peer, commands });
    }
    const [ours, peer] = [median(figures.map((one) => one.ours)), median(figures.map((one) => one.peer))];
    const each = (median(figures.map(({ commands }) => commands)) / volumes).toFixed(2);
    return [
      {
        name: `lvm-thin over ${volumes} volumes`,
        ours: `holdfast run: ${milliseconds(ours)}`,
        peer: `ssh, dmsetup status and lvcreate in a loop: ${milliseconds(peer)}`,
        ratio: ours / peer,
        limit: 1.2,
        extra: `${each} commands of the machine per volume, ${milliseconds(ours / volumes)} each`,
      },
    ];
  } finally {
    await machine.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

const estateOf = (machine: PveMachine): string =>
  JSON.stringify({
    estate: 'bench',
    machines: [machine.machineEntry('pve')],
    workloads: [{ name: 'cluster' }],
    layers: [{ name: 'volumes', kind: 'lvm-thin', machine: 'pve', workload: 'cluster', keep: { keep_last: 9 } }],
  });

function command(file: string, folder: string): number {
  const began = performance.now();
  const argv = ['--disable-warning=ExperimentalWarning', join(root, 'src/main.ts')];
  const options = ['--estate', file, '--state', join(folder, 'state'), 'run', 'volumes'];
  const { status, stderr } = spawnSync(process.execPath, [...argv, ...options], { encoding: 'utf8' });
  if (status !== 0) throw new Error(`the run ended with ${status}: ${stderr}`);
  return performance.now() - began;
}

/** The shell of an operator: one connection, one command for each volume; the guard is read as often as by ours. */
async function loop({ ssh }: PveMachine, folder: string, names: readonly string[]): Promise<number> {
  const control = join(folder, 'control');
  const common = `-i ${ssh.keyFile} -p ${ssh.port} -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -S ${control} ${ssh.user}@${ssh.host}`;
  const script = `set -e
    ssh -M -N -f ${common}
    n=0; for lv in ${names.join(' ')}; do n=$((n+1))
      guard=true; [ $((n % 5)) -ne 1 ] || guard='dmsetup status pve-data-tpool >/dev/null'
      ssh ${common} "$guard && lvcreate -s -k y -n hf_loop_$n pve/$lv >/dev/null" </dev/null
    done
    ssh -O exit ${common} 2>/dev/null`;
  const began = performance.now();
  const { status, stderr } = spawnSync('sh', ['-c', script], { encoding: 'utf8', stdio: ['ignore', 'ignore', 'pipe'] });
  if (status !== 0) throw new Error(`the loop ended with ${status}: ${stderr}`);
  return performance.now() - began;
}

const clear = (machine: PveMachine): Promise<string> =>
  machine.must("lvremove -qq -f -S 'lv_name=~^hf_' pve >/dev/null");

/** Commands of LVM and the device mapper, as the metadata's own count of changes shows those that wrote. */
const commandsOn = async (machine: PveMachine): Promise<number> =>
  Number(await machine.must('vgs --noheadings -o vg_seqno pve'));
