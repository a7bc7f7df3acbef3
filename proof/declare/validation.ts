// What `validate` finds before anything is changed, and what `trust` writes. The authorities are the roles in the lab's state,
// openssl, diff, and the requests that came.
import { spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Estate } from '../../test/e2e/estate.test-support.ts';
import type { Report } from '../report.ts';
import { pbsText, pveText, seen, typedWorld, type World } from './world.ts';

export async function proveValidation(report: Report): Promise<void> {
  report.section('1.2 validate and trust');
  const world = await typedWorld('small');
  try {
    await provePrivileges(report, world);
    await provePbsPrivileges(report, world);
    await proveWays(report, world);
    await proveScan(report, world);
    await proveTrust(report, world);
  } finally {
    await world.stop();
  }
}

const storage = (world: World, more: string): string => {
  const { port, fingerprint } = world.at('pbs-pihanga');
  return `{ name: old-pbs, server: 127.0.0.1, port: ${port}, datastore: tank, username: holdfast@pbs!storage, password: { file: LAB/storage.token }, fingerprint: "${fingerprint}"${more} }`;
};
const whole = (world: World): string => `estate: checked
${pveText(world, ['ruapehu'])}pbs:
${pbsText(world, 'pbs-pihanga', 'datastores: [{ name: tank, prune: { schedule: "03:30", keep_daily: 7 } }]')}
pbs_storages: [${storage(world, ', on: [ruapehu]')}]
backup_jobs: [{ name: nightly, on: [ruapehu], schedule: "02:00", select: all, storage: old-pbs }]
`;

type Looked = Readonly<{
  looked: Readonly<{
    servers: readonly Readonly<{
      checks: readonly Readonly<{
        check: string;
        remedy?: string;
        privileges?: Readonly<{ problem: string; path: string; privileges: readonly string[] }>;
      }>[];
    }>[];
  }>;
}>;

/** `/vms VM.Audit`, each that is missing or too much. */
async function found(estate: Estate, problem: 'missing' | 'too much'): Promise<readonly string[]> {
  const { stdout } = await estate.type('--json', 'validate');
  const { looked } = JSON.parse(stdout) as Looked;
  return looked.servers
    .flatMap(({ checks }) => checks)
    .flatMap(({ privileges }) =>
      privileges?.problem === problem ? privileges.privileges.map((one) => `${privileges.path} ${one}`) : [],
    );
}

// By hand: where the lab gives each role (lab/README.md), and the rights of it without which this estate cannot be applied.
const needed = {
  HoldfastHost: ['/', ['Sys.Audit', 'Sys.Modify']],
  HoldfastStorages: ['/storage', ['Datastore.Allocate', 'Datastore.AllocateSpace', 'Datastore.Audit']],
  HoldfastGuests: ['/vms', ['VM.Audit', 'VM.Backup']],
} as const;

async function provePrivileges(report: Report, world: World): Promise<void> {
  const estate = world.estate(whole(world));
  report.control('rights that are all there, told as missing', (await found(estate, 'missing')).length === 0);
  for (const [role, [path, privileges]] of Object.entries(needed))
    for (const privilege of privileges) {
      await world.change({ server: 'ruapehu', role, delete: [privilege] });
      const missing = await found(estate, 'missing');
      await world.change({ server: 'ruapehu', role, set: { privs: privileges.join(',') } });
      const named =
        missing.length > 0 &&
        missing.every((one) => one === `${path} ${privilege}` || one === `${path}/old-pbs ${privilege}`);
      report.row(
        `1.2 without ${privilege} on ${path}, that one is missing and no other`,
        'holdfast --json validate',
        "the lab's role, from which it was taken",
        named || seen(missing.join(', ')),
      );
    }
}

async function provePbsPrivileges(report: Report, world: World): Promise<void> {
  const estate = world.estate(whole(world));
  const logins = ['holdfast@pbs', 'holdfast@pbs!ops'];
  const give = async (...grants: readonly (readonly [path: string, role: string])[]) => {
    for (const name of logins) {
      await world.change({ server: 'pbs-pihanga', kind: 'acl', name, delete: true });
      for (const [path, role] of grants)
        await world.change({ server: 'pbs-pihanga', kind: 'acl', name, set: { path, role } });
    }
  };
  const [audit, admin] = [
    ['/', 'Audit'],
    ['/datastore', 'DatastoreAdmin'],
  ] as const;
  for (const [kept, missing] of [
    [[admin], ['/ Sys.Audit']],
    [[audit], ['/datastore/tank Datastore.Modify']],
    [[audit, ['/datastore/tank', 'DatastoreReader']], ['/datastore/tank Datastore.Modify']],
  ] as const) {
    await give(...kept);
    const says = await found(estate, 'missing');
    report.row(
      `1.2 a PBS login with only ${kept.map(([path, role]) => `${role} on ${path}`).join(' and ')} lacks ${missing.join()}`,
      'holdfast --json validate',
      "the lab's access list",
      says.join() === missing.join() || seen(says.join(', ')),
    );
  }
  await give(audit, admin);
  report.control('rights that were given back, still missing', (await found(estate, 'missing')).length === 0);
}

async function proveWays(report: Report, world: World): Promise<void> {
  const { fingerprint, port } = world.at('pbs-pihanga');
  const wrong = fingerprint.replace(/^../, (first) => (first === '00' ? '01' : '00'));
  const served = spawnSync('openssl', ['s_client', '-connect', `127.0.0.1:${port}`], { input: '', encoding: 'utf8' });
  const print = spawnSync('openssl', ['x509', '-noout', '-fingerprint', '-sha256'], {
    input: served.stdout,
    encoding: 'utf8',
  });
  report.row(
    'the certificate that is served',
    `openssl s_client -connect 127.0.0.1:${port}`,
    'openssl x509 -fingerprint -sha256',
    print.stdout.includes(fingerprint) || seen(print.stdout, print.stderr),
  );
  const rows = [
    [
      'another certificate: both are shown',
      storage(world, '').replace(fingerprint, wrong),
      [wrong, fingerprint, 'holdfast trust 127.0.0.1'],
    ],
    [
      'a closed port',
      storage(world, '').replace(`port: ${port}`, 'port: 1'),
      ['port 1 of 127.0.0.1: nothing listens', 'systemctl status proxmox-backup-proxy'],
    ],
    [
      'a name nobody knows',
      storage(world, '').replace('127.0.0.1', 'no-such-host.invalid'),
      ['DNS resolution failed for no-such-host.invalid', 'add a DNS entry'],
    ],
    [
      'a wrong secret',
      storage(world, '').replace('storage.token', 'ruapehu.token'),
      ['holdfast@pbs!storage was not let in (401)'],
    ],
    ['a datastore that is not there', storage(world, '').replace('tank', 'attic'), ['attic']],
  ] as const;
  for (const [what, entry, says] of rows) {
    const told = await world.estate(`estate: way\npbs_storages: [${entry}]\n`).type('validate');
    report.row(
      `1.2 ${what}`,
      told.command,
      'exit code 1; what was broken on purpose',
      (told.status === 1 && says.every((one) => told.stdout.includes(one))) || seen(told),
    );
  }
  const fine = await world.estate(`estate: way\npbs_storages: [${storage(world, '')}]\n`).type('validate');
  report.control('a storage in order, told as broken', fine.status === 0);

  await world.change({ server: 'ruapehu', storage: 'old-pbs', set: { port: 1 } });
  const far = await world.estate(whole(world)).type('validate', '--verbose');
  await world.change({ server: 'ruapehu', storage: 'old-pbs', set: { port } });
  report.row(
    '1.2 reached from here, and not from the node: the node is named, with what to type there',
    far.command,
    "the node's own status of that storage, its port changed by a foreign hand",
    /✗ node from ruapehu\/ruapehu[^\n]*\n[^\n]*pvesm status --storage old-pbs/.test(far.stdout) || seen(far),
  );
  const near = await world.estate(whole(world)).type('validate', '--verbose');
  report.control('a node that reaches it, told as one that does not', /✓ node from ruapehu\/ruapehu/.test(near.stdout));

  const from = world.requests().length;
  const offline = await world.estate(whole(world)).type('validate', '--offline');
  report.row(
    '1.2 --offline',
    offline.command,
    'requests.ndjson: nothing came',
    offline.status === 0 && world.requests().length === from,
  );
}

async function proveScan(report: Report, world: World): Promise<void> {
  const text = whole(world)
    .replace('name: old-pbs, server', 'name: brand-new, server')
    .replace('storage: old-pbs', 'storage: brand-new');
  const estate = world.estate(text);
  const scans = () => world.requests().filter(({ path }) => path.endsWith('/scan/pbs')).length;
  const quiet = await estate.type('validate');
  report.control('a scan that nobody asked for', scans() === 0 && !/access log/.test(quiet.stderr));
  const seenBy = await estate.type('validate', '--scan', '--verbose');
  report.row(
    '1.2 --scan has PVE try a storage that is not there yet, and says first what that exposes',
    seenBy.command,
    'requests.ndjson: one scan; stderr names the access log',
    (scans() === 1 &&
      /query string[\s\S]*access log/.test(seenBy.stderr) &&
      /✓ scan from ruapehu/.test(seenBy.stdout)) ||
      seen(seenBy),
  );
}

async function proveTrust(report: Report, world: World): Promise<void> {
  const { port, fingerprint, url } = world.at('pbs-pihanga');
  const old = Array(32).fill('AA').join(':');
  const text = `# kept as it is
estate: pinned
pbs:
    -   name: pbs-pihanga     # kept too
        url: '${url}'
        fingerprint: '${old}'
        token: { id: holdfast@pbs!ops, secret: { file: LAB/pbs-pihanga.token } }
`;
  const estate = world.estate(text);
  const before = join(estate.folder, 'before.yaml');
  writeFileSync(before, readFileSync(estate.file, 'utf8'));
  const refused = await estate.type('plan');
  report.control('another certificate than the pinned one', refused.status !== 0 && world.writes().length === 0);
  const unasked = await estate.type('trust', `127.0.0.1:${port}`);
  report.control(
    'a pin that nobody agreed to',
    unasked.status === 64 && !readFileSync(estate.file, 'utf8').includes(fingerprint),
  );
  const pinned = await estate.type('trust', `127.0.0.1:${port}`, '--yes');
  const diff = spawnSync('diff', [before, estate.file], { encoding: 'utf8' });
  const lines = diff.stdout.split('\n').filter((line) => /^[<>]/.test(line));
  const valid = await estate.type('validate');
  report.row(
    '1.5 trust pins what is served, comments and spacing kept',
    pinned.command,
    'diff: one line, the fingerprint; then validate is let in',
    (pinned.status === 0 &&
      lines.length === 2 &&
      lines[1] === `>         fingerprint: '${fingerprint}'` &&
      valid.status === 0) ||
      seen(diff.stdout, pinned, valid),
  );
}
