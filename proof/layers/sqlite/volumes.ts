// Databases in the snapshots of volumes on the PVE host of the tests: a dirty journal, LUKS with and without its key. The
// authorities are sha256sum of the snapshot's bytes, lvs, dmsetup and sqlite3 there.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { withLog } from '../../../src/layers/common/sqlite/databases.test-support.ts';
import { type Estate, estateIn } from '../../../test/e2e/estate.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from '../../../test/pve-machine/pve-machine.test-support.ts';
import type { Volume } from '../../../test/pve-machine/volumes.test-support.ts';
import { seen } from '../../declare/world.ts';
import type { Report } from '../../report.ts';
import { figureOf } from '../metrics.ts';

type On = Readonly<{
  report: Report;
  machine: PveMachine;
  estate: Estate;
  volumes: Readonly<Record<'dirty' | 'right' | 'wrong', Volume>>;
}>;

const deep = 'one/two/three/four/five/six/state.dat';

export async function proveVolumes(report: Report): Promise<void> {
  report.section('3.4 SQLite in the snapshots of volumes, encrypted ones among them');
  if (unlessMachine !== false) return report.skip('3.4 volumes', unlessMachine);
  const machine = await startPveMachine({ pool: { megabytes: 512, metadataMegabytes: 4 } });
  const estate = estateIn(estateText(machine, ''), 'volumes');
  try {
    writeFileSync(join(estate.folder, 'right'), 'the right key', { mode: 0o600 });
    const files = hotFiles();
    const volumes = {
      dirty: await machine.makeVolume({ filesystem: 'ext4', files }),
      right: await machine.makeVolume({ filesystem: 'ext4', luks: 'the right key', files }),
      wrong: await machine.makeVolume({ filesystem: 'ext4', luks: 'a key that nobody declared', files }),
    };
    // Its pod has it open: the snapshot finds a journal that must be replayed.
    const at = await machine.volumes.open(volumes.dirty);
    await machine.must(`cd ${at}; for n in 1 2 3 4 5 6 7 8; do echo $n > new-$n; sync -f new-$n; done`);
    const on = { report, machine, estate, volumes };
    await proveSnapshots(on);
    await proveLessProtected(on);
    await proveCopied(on);
  } finally {
    estate.close();
    await machine.stop();
  }
}

function hotFiles(): Readonly<Record<string, Uint8Array>> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-volume-'));
  withLog(join(folder, 'state.dat'), 1, 500);
  const found = ['', '-wal'].map(
    (suffix) => [`${deep}${suffix}`, readFileSync(join(folder, `state.dat${suffix}`))] as const,
  );
  rmSync(folder, { recursive: true });
  return Object.fromEntries(found);
}

const estateText = (machine: PveMachine, more: string): string => `
estate: volumes
machines: [${JSON.stringify(machine.machineEntry('pve'))}]
workloads: [{ name: apps }]
layers:
  - { name: snapshots, kind: lvm-thin, machine: pve, workload: apps, keep: { keep_last: 2 }, luks_keys: [{ file: FOLDER/right }] }
  - { name: databases, kind: sqlite, machine: pve, workload: apps, from: { snapshots_of: snapshots }, to: /mnt/backup/points, mounted_at: /mnt/backup, keep: { keep_last: 2 }${more} }
`;

const pointOf = async ({ machine }: On, { lv }: Volume): Promise<string> =>
  (await machine.must(`lvs --noheadings -o lv_name -S 'origin=${lv}' pve`)).trim();

/** The bytes of a sealed snapshot, which is inactive again after. */
async function sumOf(on: On, volume: Volume): Promise<string> {
  const point = await pointOf(on, volume);
  return on.machine.must(`lvchange -ay -K pve/${point}; sha256sum < /dev/pve/${point}; lvchange -an pve/${point}`);
}

async function proveSnapshots(on: On): Promise<void> {
  const { report, machine, estate, volumes } = on;
  const ran = await estate.type('run', 'snapshots', '--now');
  const { stdout } = await estate.type('metrics');
  const [free = ''] = /[\d.]+/.exec(await machine.must('lvs --noheadings -o data_percent pve/data')) ?? [];
  const counted = figureOf(stdout, 'lvm_snapshot_count');
  const percent = figureOf(stdout, 'lvm_thin_pool_free_percent') ?? Number.NaN;
  report.row(
    '3.11 snapshots and the room of their pool are figures',
    `${ran.command}; holdfast metrics`,
    'lvs: how many there are, data_percent',
    (ran.status === 0 &&
      counted === 3 &&
      Math.abs(100 - Number(free) - percent) < 3 &&
      figureOf(stdout, 'lvm_snapshot_last_success_timestamp') !== undefined) ||
      seen(ran, `${counted} counted, ${percent} free; lvs ${free}`),
  );
  const point = await pointOf(on, volumes.dirty);
  const replayed = await machine.must(`set -e
    lvcreate -qq -kn -s -n look pve/${point}; before=$(sha256sum < /dev/pve/look)
    mkdir -p /mnt/look; mount /dev/pve/look /mnt/look; umount /mnt/look; sync
    [ "$before" = "$(sha256sum < /dev/pve/look)" ] && echo same || echo changed; lvremove -qq -y pve/look`);
  report.control('a mount that replays the journal into what it mounts', replayed === 'changed');
}

async function proveLessProtected({ report, estate, machine }: On): Promise<void> {
  const refused = await estate.type('run', 'databases', '--now');
  const inClear = await machine.sh('ls -d /mnt/backup/points/databases/*; grep -rl SQLite /mnt/backup/points | wc -l');
  report.row(
    '3.4 the databases of an encrypted volume do not go to a disk in the clear; those of the other do',
    refused.command,
    'ls of the points there',
    (refused.status === 3 &&
      /copy-less-protected/.test(`${refused.stdout}${refused.stderr}`) &&
      inClear.stdout.split('\n').filter((line) => line.startsWith('/mnt')).length === 1) ||
      seen(refused, inClear.stdout),
  );
}

async function proveCopied(on: On): Promise<void> {
  const { report, machine, estate, volumes } = on;
  const reason = ', protected: { reason: the disk lies in a safe }';
  writeFileSync(estate.file, estateText(machine, reason).replaceAll('FOLDER', estate.folder));
  const before = [await sumOf(on, volumes.dirty), await sumOf(on, volumes.right)].join();
  const lvs = () => machine.must('lvs --noheadings -o lv_name,lv_attr,lv_tags,lv_size pve; dmsetup ls --target crypt');
  const state = await lvs();
  const ran = await estate.type('run', 'databases', '--now');
  const said = `${ran.stdout}${ran.stderr}`;
  report.row(
    '3.4 a volume whose LUKS key is wrong fails by its name, and the others are copied',
    ran.command,
    'its exit code and words',
    (ran.status === 3 && /luks-key-wrong/.test(said) && said.includes(volumes.wrong.lv)) || seen(ran),
  );
  report.row(
    '3.4 a journal is replayed in a throw-away clone only: the restore points are the same bit for bit, and nothing stays open',
    ran.command,
    'sha256sum of the snapshots; lvs and dmsetup as before',
    (before === [await sumOf(on, volumes.dirty), await sumOf(on, volumes.right)].join() && (await lvs()) === state) ||
      seen(await lvs(), state),
  );
  for (const which of ['dirty', 'right'] as const) {
    const back = `/mnt/backup/back-${which}`;
    const restored = await estate.type('restore', volumes[which].lv, '--to', back, '--yes');
    const count = await machine.sh(
      `sqlite3 ${back}/${deep} 'SELECT count(*) FROM notes; PRAGMA integrity_check'; ls ${back}/${deep}*`,
    );
    report.row(
      `3.4 the databases of ${which === 'dirty' ? 'a volume in use' : 'an encrypted volume'} come back with what stood only in their log`,
      restored.command,
      'sqlite3 there',
      (restored.status === 0 && count.stdout === `501\nok\n${back}/${deep}\n`) ||
        seen(restored, count.stdout + count.stderr),
    );
  }
  const merged = await machine.sh(
    `cp /var/lib/pods/${volumes.dirty.lv}/${deep} /tmp/bare; sqlite3 /tmp/bare 'SELECT count(*) FROM notes'`,
  );
  report.control('a copy of the file without its log', merged.stdout.trim() !== '501');
}
