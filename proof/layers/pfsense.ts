// pfSense over a real sshd, whose root has tcsh and the firewall's files for a machine. The authorities are cmp, rsync's own
// comparison, gzip and ls; nothing is believed because Holdfast says it.
import { randomBytes } from 'node:crypto';
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { differences } from '../../src/layers/common/trees.test-support.ts';
import { configXml, type Firewall, firewallWith, unlessRoot } from '../../src/layers/pfsense/firewall.test-support.ts';
import { cannotServe, type Sshd, startSshd } from '../../src/machines/sshd.test-support.ts';
import { type Estate, estateIn, until } from '../../test/e2e/estate.test-support.ts';
import { seen } from '../declare/world.ts';
import type { Report } from '../report.ts';
import { provePfsenseByApi } from './pfsense-api.ts';
import { proveWeeks } from './pfsense-weeks.ts';
import { pointsIn, sh, tried } from './place.ts';
import { sweep } from './sweep.ts';

type Edge = Readonly<{ report: Report; edge: Firewall; estate: Estate; points: string; back: string; sshd: Sshd }>;

const run = ['run', 'edge-config', '--now'];

export async function provePfsense(report: Report): Promise<void> {
  report.section('3.5 pfSense over ssh');
  const unless = unlessRoot || cannotServe();
  if (unless !== false) return report.skip('3.5 pfSense', unless);
  const edge = firewallWith();
  const shell = join(edge.root, '..', 'login-shell');
  const path = 'PATH=/programs:/usr/sbin:/usr/bin';
  writeFileSync(shell, `#!/bin/sh\nexec chroot ${edge.root} env -i ${path} /usr/bin/tcsh "$@"\n`);
  chmodSync(shell, 0o755);
  const sshd = await startSshd({ accounts: [`root:*:0:0::/root:${shell}`] });
  const estate = edgeEstate(sshd, 3);
  const given = {
    report,
    edge,
    estate,
    points: join(estate.folder, 'copies/edge-config'),
    back: join(estate.folder, 'back'),
    sshd,
  };
  try {
    await proveTaken(given);
    await provePfsenseByApi(report, sshd);
    await proveYear(report, sshd);
    await proveNotWhole(given);
    await proveEncrypted(given);
    await proveKills(given);
  } finally {
    await sshd.stop();
    edge.close();
    estate.close();
  }
}

async function proveYear(report: Report, sshd: Sshd): Promise<void> {
  const estate = edgeEstate(sshd, 50);
  try {
    await proveWeeks(report, estate, run, () => ofSort(join(estate.folder, 'copies/edge-config'), 'archive'));
  } finally {
    estate.close();
  }
}

function edgeEstate(sshd: Sshd, last: number): Estate {
  const estate = estateIn(estateText(sshd, last), 'edge');
  writeFileSync(join(estate.folder, 'key'), sshd.key, { mode: 0o600 });
  return estate;
}

const estateText = ({ port, hostKey }: Sshd, last: number): string => `
estate: edge
machines:
  - { name: here, local: true }
  - { name: edge, ssh: { host: 127.0.0.1, port: ${port}, user: root, key: { file: FOLDER/key }, host_key: "${hostKey}" } }
workloads: [{ name: firewall }]
layers:
  - { name: edge-config, kind: pfsense, machine: edge, to_machine: here, workload: firewall, to: FOLDER/copies, keep: { keep_last: ${last} } }
`;

const ofSort = (points: string, sort: string): readonly string[] =>
  pointsIn(points).filter((name) => name.endsWith(sort));

async function proveTaken({ report, edge, estate, points, back }: Edge): Promise<void> {
  const stamp = join(estate.folder, 'stamp');
  sh(
    `chown 1234:4321 var/db/dhcpd.leases; chmod 640 var/db/dhcpd.leases; touch -d 2001-02-03T04:05:06Z var/db/dhcpd.leases`,
    edge.root,
  );
  writeFileSync(stamp, '');
  const first = await estate.type(...run);
  const written = sh(`find . -path ./usr -prune -o -path ./dev -prune -o -newer ${stamp} -print`, edge.root);
  const [config = ''] = ofSort(points, 'config');
  report.row(
    '3.5 config.xml is a point as it is, beside a full archive; nothing is written on the firewall',
    first.command,
    'cmp with the firewall’s own; find -newer there',
    (first.status === 0 &&
      tried('cmp', [join(points, config, 'config.xml'), join(edge.root, 'cf/conf/config.xml')]).status === 0 &&
      ofSort(points, 'archive').length === 1 &&
      written === '') ||
      seen(first, written),
  );
  const second = await estate.type(...run);
  report.row(
    '3.5 the next run takes config.xml alone: the archive is weekly',
    second.command,
    'ls of the points',
    (second.status === 0 && ofSort(points, 'config').length === 2 && ofSort(points, 'archive').length === 1) ||
      seen(second),
  );
  const [archive = ''] = ofSort(points, 'archive');
  const restored = await estate.type('restore', 'firewall', '--point', archive, '--to', back, '--yes');
  const differs = ['cf', 'var/db'].map((one) => differences(join(edge.root, one), join(back, one))).join('');
  report.row(
    '3.5 the archive comes back into an empty place with owners, modes and times',
    restored.command,
    'rsync -naXAHi --checksum --delete: nothing to change',
    (restored.status === 0 && differs === '') || seen(restored, differs),
  );
  sh('echo >> dhcpd.leases', join(back, 'var/db'));
  report.control(
    'a restored file with one more byte',
    differences(join(edge.root, 'var/db'), join(back, 'var/db')) !== '',
  );
  rmSync(back, { recursive: true, force: true });
}

async function proveNotWhole({ report, edge, estate, points, sshd }: Edge): Promise<void> {
  for (const one of ofSort(points, 'archive')) rmSync(join(points, one), { recursive: true });
  // Enough of it that it is still on its way when the connection goes.
  edge.put('/var/db/large', randomBytes(200_000_000));
  const started = estate.start(...run);
  await until('a part of the archive', () => sh('find . -path "*/.*" -type f -size +1M || true', points) !== '');
  for (const pid of sshd.sessions()) process.kill(pid, 'SIGKILL');
  const ended = await started.ended;
  report.row(
    '3.5 an archive that broke off is never kept; config.xml is; the run is degraded',
    'holdfast run edge-config --now; the sessions of sshd are killed',
    'ls of the points',
    (ended === 3 && ofSort(points, 'archive').length === 0) ||
      new Error(`exit ${ended}: ${started.output().slice(-500)}`),
  );
  rmSync(join(edge.root, 'var/db/large'));
  const whole = await estate.type(...run);
  report.control(
    'an archive, refused though it is whole',
    whole.status === 0 && ofSort(points, 'archive').length === 1,
  );
  const there = ofSort(points, 'config');
  const good = readFileSync(join(edge.root, 'cf/conf/config.xml'), 'utf8');
  edge.put('/cf/conf/config.xml', configXml(1_700_000_001).slice(0, 150));
  const short = await estate.type(...run);
  report.row(
    '3.5 a config.xml that ends too early gives no point, and none of the older ones goes',
    short.command,
    'ls of the points',
    (short.status !== 0 &&
      /config-not-whole/.test(`${short.stdout}${short.stderr}`) &&
      ofSort(points, 'config').join() === there.join()) ||
      seen(short),
  );
  edge.put('/cf/conf/config.xml', good);
}

async function proveEncrypted({ report, estate, points }: Edge): Promise<void> {
  if (tried('age-keygen', ['--version']).status !== 0) return report.skip('3.5 encrypted points', 'it needs age');
  const grep = (folder: string) => tried('grep', ['-r', 'canary', folder]).status;
  report.control('a password hash in a point in the clear', grep(points) === 0);
  const key = join(estate.folder, 'escrow.age');
  const recipient = /age1\w+/.exec(tried('age-keygen', ['-o', key]).says)?.[0] ?? '';
  const text = readFileSync(estate.file, 'utf8');
  writeFileSync(
    estate.file,
    text
      .replace('keep: {', `encrypt_to: [${recipient}], identity: { file: ${key} }, keep: {`)
      .replace('/copies', '/sealed'),
  );
  const sealed = join(estate.folder, 'sealed', 'edge-config');
  const ran = await estate.type(...run);
  const back = join(estate.folder, 'back');
  const restored = await estate.type(
    'restore',
    'firewall',
    '--point',
    ofSort(sealed, 'config')[0] ?? '',
    '--to',
    back,
    '--yes',
  );
  report.row(
    '3.5 encrypted to a recipient: no secret can be read in the points, and they come back with the identity',
    `${ran.command}; ${restored.command}`,
    'grep -r; grep in what came back',
    (ran.status === 0 && restored.status === 0 && grep(sealed) === 1 && grep(back) === 0) || seen(ran, restored),
  );
  rmSync(back, { recursive: true, force: true });
  writeFileSync(estate.file, text);
}

async function proveKills({ report, edge, estate, points, back }: Edge): Promise<void> {
  report.section('kill -9 of worker, supervisor and both, at every kind of step of pfsense');
  writeFileSync(
    estate.file,
    readFileSync(estate.file, 'utf8').replace('keep: { keep_last: 3', 'prune_at_most: 50, keep: { keep_last: 1'),
  );
  edge.put('/var/db/large', Buffer.from(Array.from({ length: 4_000_000 }, () => Math.floor(Math.random() * 256))));
  const before = sh('find cf var boot -type f -print0 | sort -z | xargs -0 sha256sum', edge.root);
  const wrong = () =>
    sh('find cf var boot -type f -print0 | sort -z | xargs -0 sha256sum', edge.root) === before
      ? ''
      : 'the firewall has changed; ';
  const prepare = ({ kind }: { kind: string }) => {
    if (kind === 'pfsense.take archive')
      for (const one of ofSort(points, 'archive')) rmSync(join(points, one), { recursive: true });
    if (kind === 'point.prune')
      for (const one of ofSort(points, 'config')) {
        mkdirSync(join(points, one, 'junk'), { recursive: true });
        sh('seq 20000 | xargs touch', join(points, one, 'junk'));
      }
  };
  const restore = (sort: string) => [
    'restore',
    'firewall',
    '--point',
    ofSort(points, sort).at(-1) ?? '',
    '--to',
    back,
    '--yes',
  ];
  const about = { estate, points, folders: [estate.folder], target: back, wrong, before: prepare };
  await sweep(report, 'pfsense', about, [
    { kind: 'pfsense.look', path: /^look$/, typed: run },
    { kind: 'pfsense.take config', path: />config$/, typed: run },
    { kind: 'pfsense.take archive', path: />archive$/, typed: run },
    { kind: 'point.prune', path: />.*prune/, typed: run },
  ]);
  const whole = await estate.type(...run);
  await sweep(report, 'pfsense', about, [
    { kind: 'tree.unpack', path: /unpack/, typed: restore('archive') },
    { kind: 'tree.settle', path: /settle/, typed: restore('archive') },
  ]);
  report.control('a firewall that no run can read after all of it', whole.status === 0);
}
