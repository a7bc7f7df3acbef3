// The narrow way in, installed over an admin's key on the PVE host of the tests: real sudo, real sshd, real LVM. The authorities
// are lvs, visudo, getent, ls and sshd's own log there, asked past Holdfast.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Estate, estateIn } from '../../test/e2e/estate.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { killedAt } from './killed-run.ts';

const user = 'gatekeeper';
// As the machine sees this one: QEMU's own network.
const seenFrom = '10.0.2.2';
const roles = ['observe', 'snap', 'copy'] as const;
type Role = (typeof roles)[number];

const files = [
  `/usr/local/lib/${user}/gate`,
  `/etc/sudoers.d/${user}`,
  `/var/lib/${user}-gate/.ssh/authorized_keys`,
] as const;

type Gated = Readonly<{ report: Report; machine: PveMachine; estate: Estate }>;

export async function proveGate(report: Report): Promise<void> {
  report.section('The gate: lvm-thin through three keys that can do no more');
  if (unlessMachine !== false) return report.skip('the gate before a real LVM', unlessMachine);
  const machine = await startPveMachine({ pool: { megabytes: 512, metadataMegabytes: 4 } });
  const estate = estateIn(estateText(machine), 'gated');
  try {
    for (const role of roles)
      execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(estate.folder, role)]);
    await machine.volumes.makeMany(3, 'none');
    const gated = { report, machine, estate };
    await proveInstalled(gated);
    await proveRuns(gated);
    await proveRefused(gated);
    await proveThief(gated);
    await proveRemoved(gated);
  } finally {
    estate.close();
    await machine.stop();
  }
}

const layer = (name: string, more: object) => ({
  name,
  machine: 'pve',
  workload: 'volumes',
  keep: { keep_last: 2 },
  ...more,
});

function estateText(machine: PveMachine): string {
  const { name, ssh } = machine.machineEntry('pve') as { name: string; ssh: object };
  const keys = Object.fromEntries(roles.map((role) => [role, { file: `FOLDER/${role}` }]));
  const gate = { user, ...keys, from: [seenFrom], volume_groups: ['pve'] };
  return JSON.stringify(
    {
      estate: 'gated',
      machines: [{ name, ssh: { ...ssh, gate } }],
      workloads: [{ name: 'volumes' }, { name: 'others' }],
      layers: [
        layer('volumes', { kind: 'lvm-thin' }),
        layer('elsewhere', { kind: 'lvm-thin', volume_group: 'backup', workload: 'others' }),
        layer('databases', { kind: 'sqlite', workload: 'others', from: { folder: '/etc' }, to: '/mnt/backup/points' }),
      ],
    },
    undefined,
    2,
  );
}

const there = async ({ machine }: Gated): Promise<string> =>
  machine.must(`ls -d ${files.join(' ')} 2>/dev/null; getent passwd ${user} || true`);
const snapshots = async ({ machine }: Gated): Promise<readonly string[]> =>
  (await machine.must("lvs --noheadings -o lv_name,lv_tags -S 'lv_name=~^hf_' pve"))
    .split('\n')
    .map((line) => line.trim())
    .filter(Boolean);

async function proveInstalled(gated: Gated): Promise<void> {
  const { report, machine, estate } = gated;
  const shown = await estate.type('install-gate', 'pve', '--dry-run');
  report.row(
    'the plan shows each file and the account, and does nothing',
    shown.command,
    'ls and getent there',
    (shown.status === 0 && files.every((file) => shown.stdout.includes(file)) && (await there(gated)) === '') ||
      seen(shown),
  );
  const done = await estate.type('install-gate', 'pve', '--yes');
  const owners = await machine.must(
    `stat -c '%U %a' ${files.join(' ')} /var/lib/${user}-gate /usr/local/lib/${user} || true`,
  );
  const sudoers = await machine.sh(`visudo -c -f ${files[1]}`);
  const locked = await machine.must(`getent shadow ${user} | cut -d: -f2 || true`);
  report.row(
    "installed over an admin's key: all of it root's, an account without a password, sudoers that stand",
    done.command,
    'stat, visudo -c, getent shadow there',
    (done.status === 0 &&
      sudoers.exitCode === 0 &&
      locked === '*' &&
      owners === 'root 755\nroot 440\nroot 644\nroot 755\nroot 755') ||
      seen(done, owners, sudoers.stdout, locked),
  );
  const broken = await machine.sh('visudo -c -f /dev/stdin', `${user} ALL=(root) NOPASSWD: ^\n)(`);
  report.control('sudoers that do not stand', broken.exitCode !== 0);
  const again = await estate.type('install-gate', 'pve', '--yes');
  report.row(
    'a second time there is nothing to do',
    again.command,
    'its answer',
    /Nothing was done/.test(again.stdout) || seen(again),
  );
  await machine.must(`echo '# a line of somebody' >> ${files[0]}`);
  const changed = await estate.type('install-gate', 'pve', '--dry-run');
  report.control('a gate that was changed by hand', changed.stdout.includes(`change the file ${files[0]}`));
  await estate.type('install-gate', 'pve', '--yes');
  const mended = await machine.sh(`grep -c 'a line of somebody' ${files[0]}`);
  report.row('and is mended', 'holdfast install-gate pve --yes', 'grep there', mended.stdout.trim() === '0');
}

const loginsOf = (console: string, name: string): number =>
  console.split('\n').filter((line) => line.includes(`Accepted publickey for ${name} `)).length;

async function proveRuns(gated: Gated): Promise<void> {
  const { report, machine, estate } = gated;
  const text = readFileSync(estate.file, 'utf8');
  writeFileSync(estate.file, text.replace(/\n +"key": \{[^}]*\},/, ''));
  report.control('an estate that still names the key of root', !readFileSync(estate.file, 'utf8').includes('"key"'));
  const before = loginsOf(machine.console(), 'root');
  const ran = await estate.type('run', 'volumes', '--now');
  const made = await snapshots(gated);
  report.row(
    '3.1 volumes are snapshotted through the gate, each sealed, and root never logs in',
    ran.command,
    "lvs there; sshd's log",
    (ran.status === 0 &&
      made.length === 3 &&
      made.every((line) => line.includes('hf.sealed=')) &&
      loginsOf(machine.console(), 'root') === before &&
      loginsOf(machine.console(), user) > 0) ||
      seen(ran, made.join('\n')),
  );
  const uuids = await machine.must("lvs --noheadings -o lv_uuid -S 'lv_name=~^hf_' pve");
  await estate.type('run', 'volumes', '--now');
  const third = await estate.type('run', 'volumes', '--now');
  const left = await machine.must("lvs --noheadings -o lv_uuid -S 'lv_name=~^hf_' pve");
  const firstGone = uuids.split('\n').every((one) => !left.includes(one.trim()));
  report.row(
    '3.1 and pruned through it: two of each volume stay, the first of each is gone',
    third.command,
    'lvs there',
    (third.status === 0 && left.split('\n').length === 6 && firstGone) || seen(third, left),
  );
  const points = await estate.type('points', 'volumes');
  report.row(
    '3.1 points are read through it',
    points.command,
    'lvs there',
    (points.status === 0 && points.stdout.split('\n').filter((line) => / sealed /.test(line)).length === 6) ||
      seen(points),
  );
  const { state, command } = await killedAt(estate, 'both', /^discover>snapshot/, ['run', 'volumes', '--now']);
  const next = await estate.type('run', 'volumes', '--now');
  const unsealed = (await snapshots(gated)).filter((line) => !line.includes('hf.sealed='));
  report.row(
    'kill -9 of worker and supervisor behind a gate: settled through it, nothing half-made stays',
    `${command}; again`,
    'lvs there; the journal',
    (next.status === 0 && state === 'aborted' && unsealed.length === 0) ||
      seen(next, unsealed.join('\n'), String(state)),
  );
}

async function proveRefused(gated: Gated): Promise<void> {
  const { report, estate } = gated;
  const before = await snapshots(gated);
  for (const job of ['elsewhere', 'databases']) {
    const refused = await estate.type('run', job, '--now');
    report.row(
      `what the table does not have is refused by name: ${job === 'elsewhere' ? 'another volume group' : 'a layer that reads files'}`,
      refused.command,
      'its exit code; lvs there as before',
      (refused.status === 1 &&
        /gate-refused/.test(`${refused.stdout}${refused.stderr}`) &&
        (await snapshots(gated)).join() === before.join()) ||
        seen(refused),
    );
  }
}

/** What a thief of the keys types; none of it may do anything. */
const tried: readonly (readonly [what: string, role: Role, options: readonly string[], command: string])[] = [
  ['a shell', 'snap', [], 'touch /tmp/thief'],
  ['a terminal', 'snap', ['-tt'], 'touch /tmp/thief'],
  [
    'a volume that is not ours',
    'snap',
    [],
    JSON.stringify({ verb: 'remove-clone', args: ['--yes', '--', 'pve/root'] }),
  ],
  [
    'a verb of another key',
    'observe',
    [],
    JSON.stringify({ verb: 'make-place', args: ['--parents', '--mode=0700', '--', '/tmp/thief'] }),
  ],
  [
    'an option that is none of the table',
    'observe',
    [],
    JSON.stringify({ verb: 'list-volumes', args: ['--config', 'x', 'pve'] }),
  ],
  [
    'a file that is not mounted',
    'copy',
    [],
    JSON.stringify({ verb: 'send-tree', args: ['--server', '--sender', '-e.', '--numeric-ids', '.', '/etc/'] }),
  ],
];

async function proveThief(gated: Gated): Promise<void> {
  const { report, machine, estate } = gated;
  const { port } = machine.ssh;
  const ssh = (key: string, name: string, options: readonly string[], command: string) =>
    spawnSync(
      'ssh',
      [
        ...[
          '-F',
          'none',
          '-o',
          'BatchMode=yes',
          '-o',
          'StrictHostKeyChecking=no',
          '-o',
          'UserKnownHostsFile=/dev/null',
        ],
        ...['-o', 'LogLevel=ERROR', '-o', 'IdentitiesOnly=yes', '-i', key, '-p', String(port), ...options],
        ...[`${name}@127.0.0.1`, command],
      ],
      { encoding: 'utf8', timeout: 30_000, input: '' },
    );
  const everything = () => machine.must('lvs --noheadings -o lv_name,lv_uuid,lv_attr pve; ls /tmp');
  const before = await everything();
  for (const [what, role, options, command] of tried) {
    const answer = ssh(join(estate.folder, role), user, options, command);
    const after = await everything();
    report.row(
      `a stolen key of ${role} is refused ${what}`,
      `ssh -i ${role} ${user}@pve '${command}'`,
      'ssh itself; lvs and ls there as before',
      (answer.status !== 0 && after === before) || new Error(`exit ${answer.status}: ${answer.stdout}${answer.stderr}`),
    );
  }
  ssh(machine.ssh.keyFile, 'root', [], 'touch /tmp/thief');
  report.control('a key that can start a shell', (await everything()) !== before);
  await machine.must('rm /tmp/thief');
  await machine.must('cat >/tmp/key; chmod 600 /tmp/key', readFileSync(join(estate.folder, 'snap')));
  const elsewhere = await machine.sh(
    `ssh -F none -o BatchMode=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -i /tmp/key ${user}@127.0.0.1 x; rm /tmp/key`,
  );
  report.row(
    'a stolen key is nothing from another address',
    `ssh -i snap ${user}@pve, on pve`,
    "ssh itself: no login; sshd's log names the address",
    (/Permission denied/.test(elsewhere.stderr) &&
      /not from a permitted host|Authentication tried for/.test(machine.console())) ||
      new Error(elsewhere.stderr),
  );
  const asAccount = (command: string) => machine.sh(`su -s /bin/sh ${user} -c "sudo -n ${command}"`);
  const forbidden = await asAccount('lvremove -f pve/root');
  report.row(
    'sudo there allows the account nothing else, even without the gate',
    `su ${user} -c 'sudo -n lvremove -f pve/root'`,
    'sudo; lvs',
    (forbidden.exitCode !== 0 && (await machine.must('lvs --noheadings -o lv_name pve/root')).includes('root')) ||
      new Error(forbidden.stderr),
  );
  const allowed = await asAccount('lvs --reportformat json --units b -o lv_name pve');
  report.control(
    'sudo that allows the account nothing at all',
    allowed.exitCode === 0 && allowed.stdout.includes('"root"'),
  );
}

async function proveRemoved(gated: Gated): Promise<void> {
  const { report, machine, estate } = gated;
  writeFileSync(estate.file, estateText(machine).replaceAll('FOLDER', estate.folder));
  const before = await snapshots(gated);
  const removed = await estate.type('install-gate', 'pve', '--remove', '--yes');
  report.row(
    'taken away again: no file, no account; what was snapshotted stays',
    removed.command,
    'ls, getent and lvs there',
    (removed.status === 0 && (await there(gated)) === '' && (await snapshots(gated)).join() === before.join()) ||
      seen(removed, await there(gated)),
  );
}
