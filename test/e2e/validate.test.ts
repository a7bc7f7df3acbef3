// `validate` as an operator types it, against the lab: what is believed is the lab's request log.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { readFileSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { steppedClock } from '../../src/proxmox/clock.test-support.ts';
import { hostileServer, json, makeCertificate } from '../../src/proxmox/hostile-server.test-support.ts';
import type { Validation } from '../../src/validate/check.ts';
import { seconds } from '../../src/values/duration.ts';
import { estateAt, root } from './estate.test-support.ts';
import { checksOf, validatingLab } from './validating.test-support.ts';

const { lab, folder, folderFor, pbs, requests, storage, small, typed, validated } = validatingLab();

describe('validate', () => {
  it("prints the seed's table for the lab's own estate, and exits with 0", async () => {
    const seen = await estateAt(join(folder(), 'estate.yaml'), 'lab', folderFor('state'), folder()).type('validate');
    assert.equal(seen.status, 0, `${seen.stdout}${seen.stderr}`);
    assert.match(seen.stdout, /│ Storage +│ Status +│ DNS │ Port │ TLS │ Certificate │ Login │ Nodes │ Issues/);
    assert.match(seen.stdout, /│ pbs-pihanga │ ✓ Valid/);
    assert.match(seen.stdout, /used for everything/);
  });

  it('asks nothing with --offline, and only reads without it', async () => {
    const estate = estateAt(join(folder(), 'estate.yaml'), 'lab', folderFor('state'), folder());
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
    const guard = join(folder(), 'guard.yaml');
    const { host } = new URL(lab().servers['ruapehu']?.url ?? '');
    writeFileSync(guard, `bindings: [{ secret: { file: ${folder()}/storage.token }, hosts: ["${host}"] }]\n`, {
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
    const { url = '', fingerprint = '' } = lab().servers['ruapehu'] ?? {};
    const named = [
      '--pve',
      url,
      '--pve-token',
      'holdfast@pve!ops=file:ruapehu.token',
      '--pve-fingerprint',
      fingerprint,
    ];
    const seed = estateAt(join(root, 'examples', 's1', 'pbs-storage.yaml'), 's1', folderFor('state'), folder());
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
    const secret = readFileSync(join(folder(), 'storage.token'), 'utf8').trim();
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
