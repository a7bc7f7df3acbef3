// 3.3 on a machine in QEMU: each volume's snapshot, copied into a generation of its own and reachable by its week, its namespace and its
// claim. The authorities are tools on that machine.
import { type Estate, estateIn } from '../../test/e2e/estate.test-support.ts';
import { smallPool, volumesEstate } from '../../test/e2e/volumes.test-support.ts';
import { type Cluster, startCluster } from '../../test/pve-machine/kubectl/cluster.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import { seen } from '../declare/world.ts';
import { holds } from '../layers/holds.ts';
import type { Report } from '../report.ts';
import { asked, comparing } from './look.ts';

type On = Readonly<{ report: Report; machine: PveMachine; estate: Estate; cluster: Cluster; week: string }>;

const uuid = (digit: number): string => `vm-9999-pvc-${`${digit}`.repeat(8)}-1111-4222-8333-444455556666`;
const lvs = { db: uuid(1), library: uuid(2), late: uuid(3) };
const root = '/mnt/backup/pvc-data';

export async function proveVolumes(report: Report): Promise<void> {
  report.section("3.3 Files of volumes: each one's snapshot, by week, namespace and claim");
  if (unlessMachine !== false) return report.skip('3.3 of volumes', unlessMachine);
  const machine = await startPveMachine({ pool: smallPool });
  const cluster = startCluster();
  const files = { plain: 'x', owned: 'o', 'folder/one': '1', 'folder/two': '2' };
  for (const name of [lvs.db, lvs.library])
    await machine.makeVolume({ name, filesystem: 'ext4', files, script: metadata });
  claim(cluster, 'db', lvs.db);
  claim(cluster, 'library', lvs.library);
  const layer = {
    ...{
      name: 'pvc',
      kind: 'files',
      machine: 'pve',
      workload: 'cluster',
      from: { snapshots_of: 'volumes' },
      restore_devices: true,
    },
    ...{
      to: '/mnt/backup/points',
      mounted_at: '/mnt/backup',
      week_links: root,
      keep: { keep_weekly: 4, keep_last: 2 },
    },
  };
  const estate = estateIn(volumesEstate(machine, cluster, {}, [layer]), 'lvm');
  try {
    const on = { report, machine, estate, cluster, week: (await machine.must('date +%G-%V')).trim() };
    await proveReachable(on);
    await proveNext(on);
    await proveBack(on);
  } finally {
    estate.close();
    cluster[Symbol.dispose]();
    await machine.stop();
  }
}

const claim = (cluster: Cluster, name: string, lv: string): void =>
  void cluster.volume({ namespace: 'photos', claim: name, handle: `homelab/pve/local-lvm/${lv}` });

const metadata = `chown 1234:4321 owned; chmod 4750 owned; ln owned folder/owned-too; ln -s /etc/shadow out-of-here; mkfifo pipe; mknod device c 1 3
  truncate -s 20M sparse; setfattr -n user.comment -v kept plain; setfacl -m u:1234:r--,g:99:rwx plain; setfattr -n trusted.t -v 1 folder
  touch -d 2001-02-03T04:05:06.789012345Z plain; mkdir 'a"b'; chmod 2711 'a"b'; echo x >"$(printf 'new\\nline')"; echo x >"$(printf 'bad\\377name')"; seq 200 | xargs touch`;

/** What is in the volume now, through the kernel of that machine, beside what a folder there has. */
async function differs({ machine }: Pick<On, 'machine'>, lv: string, folder: string, below = ''): Promise<string> {
  await machine.must(`mkdir -p /mnt/v; mount -o ro /dev/pve/${lv} /mnt/v`);
  try {
    const { stdout, stderr, exitCode } = await machine.sh(comparing(`/mnt/v${below}`, folder, ['lost+found']));
    return exitCode === 0 ? stdout.trim() : `not compared: ${stderr.slice(-300)}`;
  } finally {
    await machine.must('umount /mnt/v');
  }
}

async function proveReachable(on: On): Promise<void> {
  const { report, machine, estate, week } = on;
  const ran = [await estate.type('run', 'volumes', '--now'), await estate.type('run', 'pvc', '--now')];
  for (const name of ['db', 'library'] as const) {
    const link = `${root}/${week}/photos/${name}`;
    const wrong = await differs(on, lvs[name], `${link}/.`);
    report.row(
      `3.3 <root>/pvc-data/${week}/photos/${name} leads to all that is in the volume, with everything it has`,
      ran.map(({ command }) => command).join('; '),
      `date +%G-%V, ${asked}, on the machine`,
      (ran.every(({ status }) => status === 0) && wrong === '') || seen(...ran, wrong),
    );
  }
  const open = (
    await machine.must(
      'lvs --noheadings -o lv_name -S "lv_name=~^hf_ && lv_active=active" pve; grep -c " /run/h" /proc/mounts || true',
    )
  ).trim();
  report.row(
    '3.3 and no snapshot stays active or mounted',
    ran[1]?.command ?? '',
    'lvs, /proc/mounts',
    open === '0' || new Error(open),
  );
}

async function proveNext(on: On): Promise<void> {
  const { report, machine, estate, cluster, week } = on;
  const link = `${root}/${week}/photos/db`;
  const older = (await machine.must(`readlink -f ${link}`)).trim();
  const picture = () =>
    machine.must(
      `cd ${older}; find . -type f -print0 | sort -z | xargs -0 sha256sum; find . -printf '%p %y %m %U %G %s %T@ %i\\n' | sort; find . ! -type l -print0 | sort -z | xargs -0 getfacl -n`,
    );
  const before = await picture();
  await machine.must(
    `mount /dev/pve/${lvs.db} /mnt/v; cd /mnt/v; echo changed >folder/one; chmod 600 folder/two; setfacl -b plain; rm 7; mv 8 eight; cd /; umount /mnt/v`,
  );
  await machine.makeVolume({ name: lvs.late, filesystem: 'ext4', files: { here: 'from the first night on' } });
  claim(cluster, 'late', lvs.late);
  const ran = [await estate.type('run', 'volumes', '--now'), await estate.type('run', 'pvc', '--now')];
  const newer = (await machine.must(`readlink -f ${link}`)).trim();
  const wrong = await differs(on, lvs.db, `${link}/.`);
  report.row(
    '3.3 the link of the week leads to the newest generation, which has every change',
    ran.map(({ command }) => command).join('; '),
    `readlink, ${asked}, on the machine`,
    (ran.every(({ status }) => status === 0) && newer !== older && wrong === '') ||
      seen(...ran, `${older} ${newer} ${wrong}`),
  );
  report.row(
    '3.3 and the generation before is not rewritten',
    ran[1]?.command ?? '',
    'sha256sum, stat and getfacl of it, before and after',
    (await picture()) === before,
  );
  const inodes = (await machine.must(`stat -c %i ${older}/100 ${newer}/100 ${older}/folder/one ${newer}/folder/one`))
    .trim()
    .split('\n');
  report.row(
    '3.3 an unchanged file is one file in both, a changed one is not',
    ran[1]?.command ?? '',
    'stat %i of both',
    holds({ unchanged: inodes[0] === inodes[1], changed: inodes[2] !== inodes[3] }, inodes.join()),
  );
  const late = await machine.sh(`cat ${root}/${week}/photos/late/here`);
  report.row(
    '3.3 a new volume is found by itself',
    'a volume is made, and its claim; the same runs',
    'cat on the machine',
    late.stdout.trim() === 'from the first night on' || new Error(late.stderr),
  );
  report.control(
    'a difference between a volume and a generation of before',
    (await differs(on, lvs.db, `${older}/.`)) !== '',
  );
}

async function proveBack(on: On): Promise<void> {
  const { report, estate, machine } = on;
  for (const [what, only, below] of [
    ['the volume', undefined, ''],
    ['one folder', 'folder', '/folder'],
    ['one file', 'folder/two', '/folder/two'],
  ] as const) {
    const to = `/mnt/backup/back-${what.replace(' ', '-')}`;
    const part = only === undefined ? [] : ['--only', only];
    const restored = await estate.type(
      'restore',
      'photos/db',
      ...part,
      '--to',
      to,
      '--yes',
      ...(only === undefined ? ['--by', 'pvc'] : []),
    );
    // A hard link to outside of the folder becomes a file of its own.
    const wrong = restored.status !== 0 ? 'not restored' : await differs(on, lvs.db, `${to}${below}`, below);
    report.row(
      `3.3 restored into an empty place: ${what}`,
      restored.command,
      `${asked}, on the machine`,
      wrong === '' || seen(restored, wrong),
    );
  }
  await machine.must('touch /mnt/backup/back-the-volume/100');
  report.control(
    'a time that differs in what came back',
    (await differs(on, lvs.db, '/mnt/backup/back-the-volume')) !== '',
  );
}
