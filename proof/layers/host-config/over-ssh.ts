// 3.6: the configuration of a PVE host over ssh, into points on this machine. The authorities are a tar of the host made past
// Holdfast, rsync's comparison, sqlite3, cmp with a LUKS header and vgcfgrestore.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { differences } from '../../../src/layers/common/trees.test-support.ts';
import { type Estate, estateIn, leftBehind } from '../../../test/e2e/estate.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from '../../../test/pve-machine/pve-machine.test-support.ts';
import { seen } from '../../declare/world.ts';
import type { Report } from '../../report.ts';
import { pointsIn, sqlite, tried } from '../place.ts';

type On = Readonly<{
  report: Report;
  machine: PveMachine;
  estate: Estate;
  points: string;
  back: string;
  device: string;
}>;

const run = ['run', 'pve-config', '--now'];

export async function proveOverSsh(report: Report): Promise<void> {
  report.section('3.6 The configuration of a PVE host over ssh');
  if (unlessMachine !== false) return report.skip('3.6 over ssh', unlessMachine);
  const machine = await startPveMachine({ pool: { megabytes: 512, metadataMegabytes: 4 } });
  try {
    const { device } = await machine.makeVolume({ filesystem: 'none', luks: 'a key of the volume', megabytes: 32 });
    await furnish(machine);
    const estate = estateIn(estateText(machine, device), 'hosts');
    const [points, back] = [join(estate.folder, 'copies/pve-config'), join(estate.folder, 'back')];
    try {
      mkdirSync(join(estate.folder, 'copies'), { mode: 0o700 });
      const on = { report, machine, estate, points, back, device };
      await proveTaken(on);
      await proveHistory(on);
      await proveLost(on);
    } finally {
      estate.close();
    }
  } finally {
    await machine.stop();
  }
}

const estateText = (machine: PveMachine, device: string): string =>
  JSON.stringify({
    estate: 'hosts',
    machines: [{ name: 'here', local: true }, machine.machineEntry('pve')],
    workloads: [{ name: 'pve' }],
    layers: [
      {
        ...{
          name: 'pve-config',
          kind: 'host-config',
          machine: 'pve',
          to_machine: 'here',
          workload: 'pve',
          roles: ['pve'],
        },
        ...{ also: ['/root/bin'], luks: [device], to: 'FOLDER/copies', keep: { keep_last: 2 } },
      },
    ],
  });

/** What a PVE host has, with names and metadata that a careless copy loses. The packages of the machine have no sfdisk. */
async function furnish(machine: PveMachine): Promise<void> {
  const sfdisk = execFileSync(
    'sh',
    [
      '-ec',
      'tar -C / -ch $( (ldd "$(command -v sfdisk)" | grep -oE "/\\S+lib(fdisk|readline|tinfo|smartcols)\\S+"; command -v sfdisk) | sed "s:^/::")',
    ],
    { maxBuffer: 2 ** 27 },
  );
  await machine.must(
    'tar -C /tmp -x; cd /tmp; find . -type f | while read -r f; do [ -e "/$f" ] || cp "$f" "/$f"; done',
    sfdisk,
  );
  await machine.must(`set -e
    echo 0123456789abcdef0123456789abcdef > /etc/machine-id
    mkdir -p /etc/pve/priv /etc/pve/nodes/pve-machine/qemu-server /etc/network /var/lib/pve-cluster /root/bin /usr/local/bin
    printf 'dir: local\\n\\tpath /var/lib/vz\\n' > /etc/pve/storage.cfg; echo changes > /etc/pve/.version
    echo canary > /etc/pve/priv/token.key; chmod 600 /etc/pve/priv/token.key; chown 0:33 /etc/pve/priv/token.key
    echo 'name: x' > /etc/pve/nodes/pve-machine/qemu-server/100.conf
    echo 'auto vmbr0' > /etc/network/interfaces; touch -d 2001-02-03T04:05:06Z /etc/network/interfaces
    printf x > "/etc/network/$(printf '\\377\\376')"; printf x > '/etc/network/new
line'; printf x > /etc/network/-rf
    setfacl -m u:1234:r /etc/network/interfaces; ln -s /nowhere /etc/network/dangling; chmod 2750 /etc/network
    printf '#!/bin/sh\\necho own\\n' > /root/bin/backup.sh; chmod 750 /root/bin/backup.sh; chown 1234:4321 /root/bin/backup.sh
    echo 'echo local' > /usr/local/bin/lvm-snapshot.sh; ln /usr/local/bin/lvm-snapshot.sh /usr/local/bin/also.sh
    sqlite3 /var/lib/pve-cluster/config.db 'PRAGMA journal_mode=WAL; CREATE TABLE tree(data); INSERT INTO tree VALUES(42)' >/dev/null`);
}

/** A tree of the host as tar brings it here. */
async function fetched(machine: PveMachine, path: string, into: string): Promise<string> {
  mkdirSync(into, { recursive: true });
  const archive = Buffer.from(await machine.must(`tar -C / --acls --xattrs -c ${path} | base64`), 'base64');
  execFileSync('tar', ['-C', into, '--acls', '--xattrs', '--numeric-owner', '-x', '-p'], { input: archive });
  return join(into, path);
}

async function proveTaken({ report, machine, estate, points, back, device }: On): Promise<void> {
  const ran = await estate.type(...run);
  const left = await machine.must('ls -A /run | grep holdfast- || true');
  report.row(
    '3.6 everything that makes a PVE host is taken over ssh; nothing of it stays in its memory',
    ran.command,
    'ls of /run there; ls of the points here',
    (ran.status === 0 && left === '' && pointsIn(points).length === 1) || seen(ran, left),
  );
  const restored = await estate.type('restore', 'pve', '--to', back, '--yes');
  const own = join(estate.folder, 'own');
  const differs: string[] = [];
  for (const path of ['etc/pve', 'etc/network', 'root/bin', 'usr/local/bin'])
    differs.push(differences(await fetched(machine, path, own), join(back, 'files', path), '.version'));
  report.row(
    '3.6 restored into an empty place: contents, owners, modes, ACLs, links, times, names of any bytes',
    restored.command,
    'a tar of the host made past Holdfast; rsync -naXAHi --checksum --delete: nothing to change',
    (restored.status === 0 && differs.join('') === '') || seen(restored, differs.join('')),
  );
  execFileSync('chmod', ['0777', join(back, 'files/root/bin/backup.sh')]);
  report.control(
    'a restored script with another mode',
    differences(join(own, 'root/bin'), join(back, 'files/root/bin')) !== '',
  );
  report.row(
    '3.6 the database behind /etc/pve is a copy by SQLite, what stood in its log included',
    restored.command,
    'sqlite3',
    sqlite(join(back, 'files/var/lib/pve-cluster/config.db'), 'SELECT data FROM tree; PRAGMA integrity_check') ===
      '42\nok' && !existsSync(join(back, 'files/var/lib/pve-cluster/config.db-wal')),
  );
  await machine.must(`rm -f /tmp/header; cryptsetup luksHeaderBackup ${device} --header-backup-file /tmp/header`);
  const header = Buffer.from(await machine.must('base64 /tmp/header'), 'base64');
  const kept = readdirSync(join(back, 'luks')).map((name) => readFileSync(join(back, 'luks', name)));
  report.row(
    '3.6 the LUKS header of a volume is the one that cryptsetup itself writes',
    restored.command,
    'cryptsetup luksHeaderBackup there, byte for byte',
    kept.length === 1 && (kept[0]?.equals(header) ?? false),
  );
  const group = readFileSync(join(back, 'lvm/pve.vg'));
  const accepted = await machine.sh(
    'cat >/tmp/pve.vg; vgcfgrestore --test --force --yes --file /tmp/pve.vg pve',
    group,
  );
  const cut = await machine.sh(
    'cat >/tmp/pve.vg; vgcfgrestore --test --force --yes --file /tmp/pve.vg pve',
    group.subarray(0, 700),
  );
  report.row(
    '3.6 LVM metadata that vgcfgrestore takes back',
    restored.command,
    'vgcfgrestore --test there',
    accepted.exitCode === 0 || new Error(accepted.stderr.slice(-400)),
  );
  report.control('LVM metadata that was cut short', cut.exitCode !== 0);
  report.row(
    '3.6 points and folder are for their owner alone',
    ran.command,
    'find -perm',
    tried('find', [points, '-perm', '/077']).says === '',
  );
}

async function proveHistory({ report, machine, estate, points }: On): Promise<void> {
  await machine.must('echo more >> /etc/pve/storage.cfg');
  const ran = await estate.type(...run);
  const { stdout } = await estate.type('log');
  report.row(
    '3.6 history is kept, and the log says what changed since',
    `${ran.command}; holdfast log`,
    'ls of the points',
    (ran.status === 0 && pointsIn(points).length === 2 && /changed files\/etc\/pve\/storage\.cfg/.test(stdout)) ||
      seen(ran, stdout),
  );
  report.control('a change that is said though nothing changed', !/changed files\/etc\/network/.test(stdout));
}

async function proveLost({ report, machine, estate, points }: On): Promise<void> {
  await machine.must('mv /root/bin /root/away');
  const before = pointsIn(points);
  const ran = await estate.type(...run);
  report.row(
    '3.6 a required item that is missing: degraded, named, and no older point goes',
    ran.command,
    'its exit code; ls of the points',
    (ran.status === 3 &&
      /\/root\/bin/.test(`${ran.stdout}${ran.stderr}`) &&
      before.every((name) => pointsIn(points).includes(name))) ||
      seen(ran),
  );
  await machine.must('mv /root/away /root/bin');
  const started = estate.start(...run);
  const known = estate.journal((runs) => runs[0]?.id);
  let id: string | undefined;
  while (id === undefined && started.process.exitCode === null) {
    await new Promise((resolve) => setTimeout(resolve, 20));
    id = estate.journal((runs, entriesOf) =>
      runs[0]?.id !== known && entriesOf(runs[0]?.id ?? '').some(({ event }) => event === 'trying')
        ? runs[0]?.id
        : undefined,
    );
  }
  await machine.powerOff();
  await started.ended;
  const left = leftBehind(id ?? '', '/nowhere', join(estate.folder, 'copies'));
  const [state] = estate.journal((runs) => runs.map((one) => one.state)) ?? [];
  report.row(
    '3.6 a host that loses its power meanwhile: the run fails, no point is half of one',
    `${ran.command}; the plug is pulled`,
    'ls of the points; the journal',
    (state !== 'done' && left.length === 0 && before.every((name) => pointsIn(points).includes(name))) ||
      new Error(`${state}; ${left.join()}; ${started.output().slice(-500)}`),
  );
}
