// `validate` and `trust` as an operator types them, against the lab: what is believed is the lab's request log and its rights.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { chownSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { readEstateFile } from '../../src/estate-file.ts';
import { readGuardFile } from '../../src/guard-file.ts';
import { holdfastIn } from '../../src/holdfast.ts';
import { kinds } from '../../src/kinds.ts';
import { steppedClock } from '../../src/proxmox/clock.test-support.ts';
import { hostileServer, json, makeCertificate } from '../../src/proxmox/hostile-server.test-support.ts';
import type { Surroundings } from '../../src/surroundings.ts';
import type { Check, Validation } from '../../src/validate/check.ts';
import { type ValidateOptions, validateEstate } from '../../src/validate-estate.ts';
import { seconds } from '../../src/values/duration.ts';
import { type Clock, systemClock } from '../../src/values/instant.ts';
import { type Answered, type Estate, estateAt, root } from './estate.test-support.ts';

let lab: Lab;
let folder: string;
const folders: string[] = [];
const folderFor = (what: string): string => {
  const made = mkdtempSync(join(tmpdir(), `holdfast-${what}-`));
  folders.push(made);
  return made;
};
before(async () => {
  folder = folderFor('lab');
  lab = await startLab({ dir: folder, taskSeconds: 0 });
});
after(async () => {
  await lab.close();
  for (const one of folders) rmSync(one, { recursive: true, force: true });
});

const pbs = () => {
  const [found] = Object.entries(lab.servers).filter(([, { product }]) => product === 'pbs');
  assert.ok(found !== undefined);
  const [name, server] = found;
  return { name, ...server, port: Number(new URL(server.url).port) };
};

type Request = Readonly<{ server: string; method: string; path: string; user?: string | null }>;
const requests = (): readonly Request[] =>
  readFileSync(join(folder, 'requests.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

const server = (name: string, realm: 'pve' | 'pbs', more = ''): string => {
  const { url = '', fingerprint = '' } = lab.servers[name] ?? {};
  return `{ name: ${name}, url: "${url}", fingerprint: "${fingerprint}", token: { id: holdfast@${realm}!ops, secret: { file: ${name}.token } }${more} }`;
};
const storage = (more: string): string =>
  `{ server: 127.0.0.1, port: ${pbs().port}, datastore: tank, username: holdfast@pbs!storage, password: { file: storage.token }, fingerprint: "${pbs().fingerprint}", ${more} }`;
const jobs = '[{ name: nightly, schedule: "02:00", select: all, storage: old-pbs, on: [ruapehu] }]';
const small = (storages: string): string => `estate: lab
pve: [${server('ruapehu', 'pve')}]
pbs: [${server(pbs().name, 'pbs', ', datastores: [{ name: tank, prune: { schedule: "03:30", keep_daily: 7 } }]')}]
pbs_storages: [${storages}]
backup_jobs: ${jobs}
`;

let count = 0;
const fileWith = (text: string): string => {
  count += 1;
  const file = join(folder, `validate-${count}.yaml`);
  writeFileSync(file, text);
  return file;
};
const typed = (text: string): Estate => estateAt(fileWith(text), 'lab', folderFor('state'), folder);

/** In this process, since it is asked many times. */
async function validated(text: string, options: ValidateOptions = {}, clock: Clock = systemClock): Promise<Validation> {
  const surroundings = {
    ...{ arguments: [], env: process.env, clock, folder, home: folder, hostName: 'here' },
    ...{ user: process.getuid?.() ?? -1, process: process.pid, version: '0', stopped: new AbortController().signal },
  } as unknown as Surroundings;
  const guard = await readGuardFile(surroundings, undefined);
  const estate = await readEstateFile(surroundings, fileWith(text), guard);
  const root = folderFor('state');
  return validateEstate(
    holdfastIn({ surroundings, guard, guardFile: undefined, root, startedBy: 'test' }),
    estate,
    options,
  );
}

const checksOf = ({ servers, storages }: Validation): readonly Check[] =>
  [...servers, ...storages].flatMap(({ checks }) => checks);
const privilegesIn = (seen: Validation, problem: 'missing' | 'too much'): readonly string[] =>
  checksOf(seen).flatMap(({ privileges }) =>
    privileges?.problem === problem
      ? privileges.privileges.map((one) => `${privileges.login} ${privileges.path} ${one}`)
      : [],
  );

describe('validate', () => {
  it("prints the seed's table for the lab's own estate, and exits with 0", async () => {
    const seen = await estateAt(join(folder, 'estate.yaml'), 'lab', folderFor('state'), folder).type('validate');
    assert.equal(seen.status, 0, `${seen.stdout}${seen.stderr}`);
    assert.match(seen.stdout, /│ Storage +│ Status +│ DNS │ Port │ TLS │ Certificate │ Login │ Nodes │ Issues/);
    assert.match(seen.stdout, /│ pbs-pihanga │ ✓ Valid/);
    assert.match(seen.stdout, /used for everything/);
  });

  it('asks nothing with --offline, and only reads without it', async () => {
    const estate = estateAt(join(folder, 'estate.yaml'), 'lab', folderFor('state'), folder);
    const from = requests().length;
    assert.equal((await estate.type('validate', '--offline')).status, 0);
    assert.equal(requests().length, from);
    await estate.type('validate');
    const asked = requests().slice(from);
    assert.ok(asked.length > 0);
    assert.deepEqual(
      asked.filter(({ method }) => method !== 'GET'),
      [],
    );
    assert.ok(asked.every(({ path }) => !path.includes('/scan/')));
  });

  it('says every check with --verbose, and one value with --json', async () => {
    const estate = typed(small(storage('name: old-pbs')));
    const seen = await estate.type('validate', '--verbose');
    assert.match(seen.stdout, /✓ node from ruapehu\/ruapehu: it is active there/);
    assert.match(seen.stdout, /✓ datastore: holdfast@pbs!storage sees the datastore tank/);
    const value = JSON.parse((await estate.type('--json', 'validate')).stdout) as {
      valid: boolean;
      looked: Validation;
    };
    assert.equal(value.valid, true);
    assert.deepEqual(
      value.looked.storages.map(({ name, verdict }) => [name, verdict]),
      [['old-pbs', 'valid']],
    );
  });

  it('shows both fingerprints where they differ, names the command, and sends no login', async () => {
    const certificate = makeCertificate();
    await using impostor = await hostileServer(certificate, (_, response) => json(response, { data: {} }));
    const port = Number(new URL(impostor.url).port);
    const wrong = pbs().fingerprint;
    const text = `estate: lab
pve: [{ name: fake, url: "${impostor.url}", fingerprint: "${wrong}", token: { id: holdfast@pve!ops, secret: { file: ruapehu.token } } }]
pbs_storages: [${storage('name: other').replace(`port: ${pbs().port}`, `port: ${port}`)}]
`;
    const seen = await typed(text).type('validate');
    assert.equal(seen.status, 1);
    assert.ok(seen.stdout.includes(wrong) && seen.stdout.includes(certificate.fingerprint));
    assert.match(seen.stdout, new RegExp(`holdfast trust 127\\.0\\.0\\.1:${port}`));
    assert.equal(impostor.received(), '');
    // The same listener with its right fingerprint does get the login: the silence above was no accident.
    await typed(text.replaceAll(wrong, certificate.fingerprint)).type('validate');
    assert.match(impostor.received(), /Authorization: PVEAPIToken=holdfast@pve!ops=/i);
    assert.match(impostor.received(), /Authorization: PBSAPIToken=holdfast@pbs!storage:/i);
  });

  it('follows no redirect', async () => {
    const certificate = makeCertificate();
    await using other = await hostileServer(certificate, (_, response) => json(response, { data: {} }));
    await using first = await hostileServer(certificate, (_, response) => {
      response.writeHead(302, { location: `${other.url}/api2/json/version` }).end();
    });
    const entry = `{ name: moved, url: "${first.url}", fingerprint: "${certificate.fingerprint}", token: { id: holdfast@pve!ops, secret: { file: ruapehu.token } } }`;
    assert.equal((await typed(`estate: lab\npve: [${entry}]\n`).type('validate')).status, 1);
    assert.ok(first.asked.length > 0);
    assert.equal(other.handshakes(), 0);
  });

  it('says of each failure what to do', async () => {
    const rows = [
      [
        storage('name: other').replace('127.0.0.1', 'no-such-host.invalid'),
        /DNS resolution failed for no-such-host\.invalid.*\n.*add a DNS entry/,
      ],
      [
        storage('name: other').replace(/port: \d+/, 'port: 1'),
        /port 1 of 127\.0\.0\.1: nothing listens.*\n.*systemctl status proxmox-backup-proxy/,
      ],
      [storage('name: other').replace('storage.token', 'ruapehu.token'), /holdfast@pbs!storage was not let in \(401\)/],
      [
        storage('name: other').replace('tank', 'attic'),
        /does not see a datastore attic.*\n.*acl update \/datastore\/attic DatastoreBackup/,
      ],
      [storage('name: other, namespace: nowhere'), /does not see a namespace nowhere/],
    ] as const;
    for (const [entry, says] of rows) {
      const seen = await typed(`estate: lab\npbs_storages: [${entry}]\n`).type('validate');
      assert.equal(seen.status, 1, seen.stdout);
      assert.match(seen.stdout, says);
    }
  });

  it('takes no failure for one that is not: disabled, not created yet, without a password, without a PVE', async () => {
    const text = small(
      `${storage('name: off, enabled: false').replace('127.0.0.1', 'no-such-host.invalid')}, ${storage('name: new')}`,
    );
    const seen = await typed(text).type('validate', '--verbose');
    assert.equal(seen.status, 0, seen.stdout);
    assert.match(seen.stdout, /│ off +│ – Disabled/);
    assert.match(seen.stdout, /not created yet: `holdfast apply` creates it/);
    const bare = storage('name: bare').replace(/password: \{[^}]*\}, /, '');
    const alone = await typed(`estate: lab\npbs_storages: [${bare}]\n`).type('validate', '--verbose');
    assert.equal(alone.status, 0, alone.stdout);
    assert.match(alone.stdout, /does not say where the password of holdfast@pbs!storage is/);
    assert.match(alone.stdout, /no PVE server is named/);
  });

  it('sends the password of a storage nowhere but where the guard file lets it go', async () => {
    const guard = join(folder, 'guard.yaml');
    const { host } = new URL(lab.servers['ruapehu']?.url ?? '');
    writeFileSync(guard, `bindings: [{ secret: { file: ${folder}/storage.token }, hosts: ["${host}"] }]\n`, {
      mode: 0o600,
    });
    const from = requests().length;
    const seen = await typed(small(storage('name: old-pbs'))).type('--guard', guard, 'validate', '--verbose');
    assert.equal(seen.status, 0, `${seen.stdout}${seen.stderr}`);
    assert.match(seen.stdout, /– login: it was not tried from here, since the guard file forbids it/);
    const asStorage = requests()
      .slice(from)
      .filter(({ user }) => user === 'holdfast@pbs!storage');
    assert.deepEqual(
      asStorage.filter(({ path }) => path.endsWith('/admin/datastore')),
      [],
    );
  });

  it('logs a user with a password in by ticket, and says what it can do beyond backing up', async () => {
    const secret = `${pbs().name}.token`;
    const entry = storage('name: by-password')
      .replace('holdfast@pbs!storage', 'holdfast@pbs')
      .replace('storage.token', secret);
    const seen = await typed(`estate: lab\npbs_storages: [${entry}]\n`).type('validate', '--verbose');
    assert.equal(seen.status, 0, seen.stdout);
    assert.match(seen.stdout, /✓ login: holdfast@pbs is let in/);
    assert.match(
      seen.stdout,
      /! privileges: holdfast@pbs has [^\n]*Datastore\.Modify[^\n]* and nothing declared needs it/,
    );
  });

  it("looks at the seed's file from the nodes of a PVE server that is named on the command line", async () => {
    const { url = '', fingerprint = '' } = lab.servers['ruapehu'] ?? {};
    const named = [
      '--pve',
      url,
      '--pve-token',
      'holdfast@pve!ops=file:ruapehu.token',
      '--pve-fingerprint',
      fingerprint,
    ];
    const seed = estateAt(join(root, 'examples', 's1', 'pbs-storage.yaml'), 's1', folderFor('state'), folder);
    const seen = await seed.type('validate', '--verbose', ...named);
    assert.equal(seen.status, 1);
    assert.match(seen.stdout, /│ Storage +│ Status +│ DNS │ Port 8007 │/);
    assert.match(seen.stdout, /homelab-backup │ ✗ Not reachable │ ✗ /);
    assert.match(seen.stdout, /add a DNS entry proxmox-backup-server\.maas -> ADDRESS/);
    assert.match(seen.stdout, /– node from 127\.0\.0\.1\/ruapehu: not created yet/);
  });

  it('has PVE try what is not created only with --scan, and says first what that exposes', async () => {
    const estate = typed(small(storage('name: new')));
    const scans = () => requests().filter(({ path }) => path.endsWith('/scan/pbs')).length;
    const before = scans();
    const quiet = await estate.type('validate');
    assert.equal(scans(), before);
    assert.doesNotMatch(quiet.stderr, /access log/);
    const seen = await estate.type('validate', '--scan', '--verbose');
    assert.equal(seen.status, 0, seen.stdout);
    assert.equal(scans(), before + 1);
    assert.match(seen.stderr, /query string of a call to the node.*access log/);
    assert.match(seen.stdout, /✓ scan from ruapehu\/ruapehu: PVE logs in from there .* and sees tank/);
    const secret = readFileSync(join(folder, 'storage.token'), 'utf8').trim();
    assert.ok(!`${seen.stdout}${seen.stderr}`.includes(secret));
  });

  it('waits for any number of dead servers as long as for one', async () => {
    const greeted = Promise.withResolvers<void>();
    let greetings = 0;
    const silent: Server = createServer((socket) => {
      socket.on('error', () => undefined);
      socket.once('data', () => {
        greetings += 1;
        if (greetings === 6) greeted.resolve();
      });
    }).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const { port } = silent.address() as AddressInfo;
    const dead = [1, 2, 3, 4, 5, 6].map((number) =>
      storage(`name: dead${number}`).replace(/port: \d+/, `port: ${port}`),
    );
    const clock = steppedClock();
    const validating = validated(`estate: lab\npbs_storages: [${dead.join(', ')}]\n`, {}, clock);
    await greeted.promise;
    clock.step(seconds(5));
    const seen = await validating;
    silent.close();
    assert.deepEqual(new Set(seen.storages.map(({ verdict }) => verdict)), new Set(['not reachable']));
    assert.match(checksOf(seen).find(({ check }) => check === 'TLS')?.seen ?? '', /no TLS handshake within 5\.0 s/);
  });
});

describe('privileges', () => {
  /** Just what the estate below needs, by login, path and right: written by hand from the facts. */
  const hasJobs = kinds.resources.some(({ name }) => name === 'pve-backup-job');
  const wanted = (): Readonly<Record<string, Readonly<Record<string, readonly string[]>>>> => ({
    ruapehu: {
      '/': hasJobs ? ['Sys.Audit', 'Sys.Modify'] : ['Sys.Audit'],
      // What a guest is staged on is asked of its node: /nodes/NODE/status and the like.
      ...(hasJobs ? { '/nodes': ['Sys.Audit'] } : {}),
      '/storage': ['Datastore.Allocate', 'Datastore.Audit'],
      '/storage/old-pbs': [...(hasJobs ? ['Datastore.Allocate'] : []), 'Datastore.AllocateSpace', 'Datastore.Audit'],
      '/vms': ['VM.Audit', 'VM.Backup'],
    },
    [pbs().name]: { '/': ['Sys.Audit'], '/datastore/tank': ['Datastore.Audit', 'Datastore.Modify'] },
  });
  const logins = (name: string) =>
    lab.servers[name]?.product === 'pve' ? ['holdfast@pve', 'holdfast@pve!ops'] : ['holdfast@pbs', 'holdfast@pbs!ops'];

  function grant(name: string, grants: Readonly<Record<string, readonly string[]>>): void {
    const state = lab.servers[name]?.state;
    assert.ok(state !== undefined);
    state.acl = state.acl.filter(({ authId }) => !logins(name).includes(authId));
    for (const [path, privileges] of Object.entries(grants)) {
      const role = `Only${path}`;
      state.roles[role] = privileges;
      for (const authId of logins(name)) state.acl.push({ path, authId, role, propagate: path !== '/' });
    }
    // The storage's own login is of the same user on the PBS; its user has what it needs.
    if (state.product === 'pbs')
      state.acl.push({ path: '/datastore/tank', authId: 'holdfast@pbs', role: 'DatastoreAdmin', propagate: true });
  }
  const text = () => small(storage('name: old-pbs'));
  beforeEach(() => {
    for (const [name, grants] of Object.entries(wanted())) grant(name, grants);
  });

  /** The printed commands, carried out on the lab's own access list. */
  function carryOut(name: string, commands: string): void {
    const state = lab.servers[name]?.state;
    assert.ok(state !== undefined);
    for (const command of commands.split(' && ').map((one) => one.replaceAll(/[()]/g, ''))) {
      const [, role, privileges] = /^pveum role add (\S+) --privs '([^']+)' \|\| pveum role modify/.exec(command) ?? [];
      const given =
        /^pveum acl modify (\S+) --(?:users|tokens) '([^']+)' --roles (\S+)(?: --propagate (0))?$/.exec(command) ??
        /^proxmox-backup-manager acl update (\S+) (\S+) --auth-id '([^']+)'(?: --propagate (false))?$/.exec(command);
      assert.ok(role !== undefined || given !== null, command);
      if (role !== undefined) state.roles[role] = (privileges ?? '').split(',');
      if (given === null) continue;
      const [, path = '', one = '', other = '', alone] = given;
      const [authId, called] = state.product === 'pve' ? [one, other] : [other, one];
      state.acl.push({ path, authId, role: called, propagate: alone === undefined });
    }
  }

  it('that are all there and no more leave nothing to say but that one login is used for everything', async () => {
    const seen = await validated(text());
    assert.deepEqual(privilegesIn(seen, 'missing'), []);
    assert.deepEqual(privilegesIn(seen, 'too much'), []);
    assert.deepEqual(
      checksOf(seen)
        .filter(({ state }) => state !== 'good')
        .map(({ check }) => check),
      ['identities', 'identities'],
    );
  });

  it('that lack one are named by exactly that one, and the printed command mends it', async () => {
    let tried = 0;
    for (const [name, grants] of Object.entries(wanted()))
      for (const [path, privileges] of Object.entries(grants))
        for (const privilege of privileges) {
          grant(name, { ...grants, [path]: privileges.filter((one) => one !== privilege) });
          const seen = await validated(text());
          const login = logins(name)[1];
          assert.deepEqual(privilegesIn(seen, 'missing'), [`${login} ${path} ${privilege}`]);
          const found = seen.servers.filter(({ verdict }) => verdict === 'invalid').map((one) => one.name);
          assert.deepEqual(found, [name]);
          const command = checksOf(seen).find(({ privileges }) => privileges?.problem === 'missing')?.remedy ?? '';
          carryOut(name, command);
          assert.deepEqual(privilegesIn(await validated(text()), 'missing'), [], command);
          grant(name, grants);
          tried += 1;
        }
    assert.ok(tried >= 10, `${tried} rights were taken away`);
  });

  it('that have one more are named by exactly that one', async () => {
    for (const [name, path, privilege] of [
      ['ruapehu', '/vms', 'VM.PowerMgmt'],
      ['ruapehu', '/', 'Permissions.Modify'],
      [pbs().name, '/datastore/tank', 'Datastore.Allocate'],
      [pbs().name, '/', 'Sys.Console'],
    ] as const) {
      const grants = wanted()[name] ?? {};
      grant(name, { ...grants, [path]: [...(grants[path] ?? []), privilege] });
      if (name !== 'ruapehu')
        lab.servers[name]?.state.acl.push({ path, authId: 'holdfast@pbs', role: 'Admin', propagate: true });
      const seen = await validated(text());
      assert.deepEqual(privilegesIn(seen, 'too much'), [`${logins(name)[1]} ${path} ${privilege}`]);
      assert.deepEqual(privilegesIn(seen, 'missing'), []);
      grant(name, grants);
    }
  });

  it('of a login that only reads are too much where it may change', async () => {
    const { url = '', fingerprint = '' } = lab.servers['ruapehu'] ?? {};
    const observer = `{ name: ruapehu, url: "${url}", fingerprint: "${fingerprint}", identities: { observe: { id: holdfast@pve!ops, secret: { file: ruapehu.token } } } }`;
    const seen = await validated(`estate: lab\npve: [${observer}]\n`);
    assert.deepEqual(privilegesIn(seen, 'missing'), []);
    assert.deepEqual(
      privilegesIn(seen, 'too much').filter((one) => one.endsWith('.Allocate') || one.endsWith('.Backup')),
      ['holdfast@pve!ops /vms VM.Backup', 'holdfast@pve!ops /storage Datastore.Allocate'],
    );
    assert.ok(checksOf(seen).some(({ seen: says }) => says.includes('no login is given for `configure`')));
  });

  it('of the storage itself are looked at: without Backup no backup could be written', async () => {
    const { state } = pbs();
    const kept = [...state.acl];
    state.acl = state.acl.map((entry) =>
      entry.authId === 'holdfast@pbs!storage' ? { ...entry, role: 'DatastoreAudit' } : entry,
    );
    const seen = await validated(text());
    state.acl = kept;
    assert.deepEqual(privilegesIn(seen, 'missing'), ['holdfast@pbs!storage /datastore/tank Datastore.Backup']);
  });
});

describe('apply', () => {
  it('stops before it asks or changes anything where a right it needs is missing; --skip-validation says what it skips', async () => {
    const state = lab.servers['ruapehu']?.state;
    assert.ok(state !== undefined);
    const kept = [...state.acl];
    const only = (role: string, path: string, propagate: boolean) =>
      ['holdfast@pve', 'holdfast@pve!ops'].map((authId) => ({ path, authId, role, propagate }));
    state.acl = [...only('PVEAuditor', '/', true), ...only('PVEDatastoreUser', '/storage', true)];
    const estate = typed(small(storage('name: brand-new')));
    const before = requests().filter(({ method }) => method !== 'GET').length;
    const stopped = await estate.type('apply', '--yes');
    assert.equal(stopped.status, 1, stopped.stdout);
    assert.match(stopped.stderr, /validation-failed[\s\S]*\/storage needs Datastore\.Allocate[\s\S]*pveum role add/);
    assert.equal(requests().filter(({ method }) => method !== 'GET').length, before);
    const skipped = await estate.type('apply', '--yes', '--skip-validation');
    assert.match(skipped.stderr, /Validation was skipped: no certificate, login or right was looked at/);
    assert.ok(requests().filter(({ method }) => method !== 'GET').length > before, 'the server itself refused it then');
    state.acl = kept;
  });

  it('stops where the storage it would make pins another certificate than its PBS shows', async () => {
    const other = Array(32).fill('AA').join(':');
    const estate = typed(small(storage('name: brand-new').replace(pbs().fingerprint, other)));
    const stopped = await estate.type('apply', '--yes');
    assert.equal(stopped.status, 1);
    assert.match(stopped.stderr, /validation-failed[\s\S]*brand-new, certificate: the estate pins AA:AA/);
    assert.ok(stopped.stderr.includes(pbs().fingerprint));
    const { state } = lab.servers['ruapehu'] ?? {};
    assert.ok(state?.product === 'pve' && !state.storages.some((one) => one.storage === 'brand-new'));
  });

  it('stops where two servers of the estate are one cluster, in which everything would be made twice', async () => {
    const before = requests().filter(({ method }) => method !== 'GET').length;
    const twice = small(storage('name: brand-new')).replace(
      /^pve: \[(.*)\]$/m,
      (_, first) => `pve: [${first}, ${first.replace('name: ruapehu', 'name: again')}]`,
    );
    const estate = typed(twice);
    const seen = await estate.type('validate');
    assert.equal(seen.status, 1);
    assert.match(seen.stdout, /✗ cluster: it is of the same cluster as ruapehu: both have the node ruapehu/);
    const stopped = await estate.type('apply', '--yes');
    assert.equal(stopped.status, 1, stopped.stdout);
    assert.match(
      stopped.stderr,
      /validation-failed[\s\S]*again, cluster: [\s\S]*name each cluster once: take again out/,
    );
    assert.equal(requests().filter(({ method }) => method !== 'GET').length, before);
  });

  it('is not stopped by a storage whose PBS is down, and says so', async () => {
    const off = storage('name: brand-new, nodes: [elsewhere]').replace(/port: \d+/, 'port: 1');
    const applied = await typed(small(off)).type('apply', '--yes');
    assert.equal(applied.status, 0, applied.stderr);
    assert.match(applied.stderr, /warning +brand-new, port: port 1 of 127\.0\.0\.1/);
    assert.ok(requests().some(({ method, path }) => method === 'POST' && path.endsWith('/storage')));
  });
});

describe('trust', () => {
  const old = Array(32).fill('AA').join(':');
  const written = (): string => `# kept
pbs:
    -   name: ${pbs().name}     # kept too
        url: '${pbs().url}'
        fingerprint: '${old}'
        token: { id: holdfast@pbs!ops, secret: { file: ${pbs().name}.token } }
include: [storages.yaml]
`;
  const included = (): string =>
    `pbs_storages: [ {name: one,server: 127.0.0.1,port: ${pbs().port},datastore: tank,fingerprint: "${old}"} ]  # kept\n`;
  function twoFiles(): { estate: Estate; texts: () => readonly string[]; main: string } {
    const own = folderFor('trust');
    const [main, other] = [join(own, 'estate.yaml'), join(own, 'storages.yaml')];
    writeFileSync(main, written(), { mode: 0o640 });
    writeFileSync(other, included());
    const estate = estateAt(main, 'lab', folderFor('state'), own);
    return { estate, main, texts: () => [main, other].map((file) => readFileSync(file, 'utf8')) };
  }
  const at = () => `127.0.0.1:${pbs().port}`;
  const unchanged = () => [written(), included()];

  it('pins what is served in every file that names the server, and changes no other byte', async () => {
    const { estate, texts, main } = twoFiles();
    const pinned = await estate.type('trust', at(), '--yes');
    assert.equal(pinned.status, 0, pinned.stderr);
    assert.match(pinned.stdout, new RegExp(`SHA-256 +${pbs().fingerprint}`));
    assert.match(pinned.stdout, /storages\.yaml:1 pbs_storages one\n +old +AA:AA/);
    assert.deepEqual(
      texts(),
      unchanged().map((text) => text.replace(old, pbs().fingerprint)),
    );
    assert.equal(statSync(main).mode & 0o777, 0o640);
    assert.match(
      (await estate.type('trust', '127.0.0.1', '--yes')).stdout,
      /pins it already[\s\S]*nothing was written/,
    );
  });

  it("says whose a file was that is its writer's now, since its group may no longer be able to read it", {
    skip: process.getuid?.() !== 0,
  }, async () => {
    const { estate, main } = twoFiles();
    chownSync(main, 0, 1234);
    const pinned = await estate.type('trust', at(), '--yes');
    assert.match(pinned.stdout, new RegExp(`belonged to the user 0 and the group 1234[^\\n]*chown 0:1234 ${main}`));
    assert.doesNotMatch(pinned.stdout, /storages\.yaml belonged/);
  });

  it('writes nothing with --dry-run, and nothing where nobody can be asked', async () => {
    const { estate, texts } = twoFiles();
    assert.match((await estate.type('trust', at(), '--dry-run')).stdout, /Dry run: nothing was written/);
    const refused: Answered = await estate.type('trust', at());
    assert.equal(refused.status, 64);
    assert.match(refused.stderr, /consent-missing[\s\S]*--yes/);
    assert.deepEqual(texts(), unchanged());
  });

  it('sends no login, whoever listens there', async () => {
    await using listener = await hostileServer(makeCertificate(), () => assert.fail('a request was sent'));
    const { estate } = twoFiles();
    const seen = await estate.type('trust', listener.audience);
    assert.equal(seen.status, 1);
    assert.match(seen.stdout, /No entry of the estate names[\s\S]*fingerprint: "/);
    assert.equal(listener.received(), '');
  });

  it('says what to do where nothing answers, and which port where the estate has none or several', async () => {
    const { estate, texts } = twoFiles();
    const down = await estate.type('trust', '127.0.0.1:1', '--yes');
    assert.equal(down.status, 1);
    assert.match(down.stderr, /certificate-not-seen[\s\S]*nothing listens/);
    assert.match(
      (await estate.type('trust', 'elsewhere.example')).stderr,
      /names no server elsewhere\.example[\s\S]*holdfast trust elsewhere\.example:8007/,
    );
    assert.equal((await estate.type('trust', 'https://x')).status, 64);
    assert.deepEqual(texts(), unchanged());
  });
});
