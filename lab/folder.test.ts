// What another process, or a person, finds in the lab's folder.
import assert from 'node:assert/strict';
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { parse } from 'yaml';
import { type TestLab, testLab } from './ask.test-support.ts';

let lab: TestLab;
const read = (file: string): string => readFileSync(join(lab.dir, file), 'utf8');
const written = (file: string): bigint => statSync(join(lab.dir, file), { bigint: true }).mtimeNs;
const secrets = ['ruapehu.token', 'hikurangi.token', 'pbs-pihanga.token', 'storage.token'];

before(async () => {
  lab = await testLab();
});
after(() => lab[Symbol.asyncDispose]());

describe('the folder of the lab', () => {
  it('has secrets and keys for its owner alone, and nothing else is 0600', () => {
    const modes = Object.fromEntries(
      readdirSync(lab.dir).map((file) => [file, (statSync(join(lab.dir, file)).mode & 0o777) === 0o600]),
    );
    const closed = Object.keys(modes).filter((file) => modes[file] === true);
    assert.deepEqual(closed.sort(), [...secrets, 'ruapehu.key', 'hikurangi.key', 'pbs-pihanga.key'].sort());
    for (const file of ['ruapehu.pem', 'estate.yaml', 'connections.yaml', 'lab.json', 'requests.ndjson'])
      assert.equal(modes[file], false, file);
  });

  it('holds each secret bare and alone', () => {
    for (const file of secrets) assert.match(read(file), /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\n?$/, file);
    assert.equal(new Set(secrets.map((file) => read(file).trim())).size, secrets.length);
  });

  it('says that it is ready last, and the log was there first', async () => {
    const last = written('lab.json');
    for (const file of [...secrets, 'ruapehu.pem', 'pbs-pihanga.key', 'connections.yaml', 'estate.yaml'])
      assert.ok(written(file) <= last, file);
    assert.ok(written('connections.yaml') <= written('estate.yaml'));
    assert.deepEqual(
      readdirSync(lab.dir).filter((name) => /tmp|part|new/.test(name)),
      [],
    );
  });

  it('names in lab.json each server, its certificate, the control and the process', () => {
    const { servers, control, pid } = JSON.parse(read('lab.json'));
    assert.equal(pid, process.pid);
    assert.match(control, /^http:\/\/127\.0\.0\.1:\d+$/);
    assert.deepEqual(
      Object.entries(servers).map(([name, server]) => [name, (server as { product: string }).product]),
      [
        ['ruapehu', 'pve'],
        ['hikurangi', 'pve'],
        ['pbs-pihanga', 'pbs'],
      ],
    );
    for (const [name, server] of Object.entries(servers) as [string, { url: string; fingerprint: string }][]) {
      assert.equal(new X509Certificate(read(`${name}.pem`)).fingerprint256, server.fingerprint);
      assert.equal(lab.lab.servers[name]?.url, server.url);
    }
    assert.equal(
      new Set(Object.values(servers).map((server) => (server as { fingerprint: string }).fingerprint)).size,
      3,
    );
  });

  it('shows certificates that are good for 127.0.0.1 and for localhost', () => {
    for (const name of ['ruapehu', 'hikurangi', 'pbs-pihanga']) {
      const certificate = new X509Certificate(read(`${name}.pem`));
      assert.equal(certificate.checkIP('127.0.0.1'), '127.0.0.1', name);
      assert.equal(certificate.checkHost('localhost'), 'localhost', name);
      assert.ok(certificate.verify(certificate.publicKey), 'it signed itself');
      assert.ok(certificate.validToDate.getTime() > Date.now());
    }
  });

  it('declares more than the servers hold, and names no secret in it', async () => {
    const estate = parse(read('estate.yaml'));
    assert.deepEqual(
      Object.keys(parse(read('connections.yaml'))).sort(),
      ['estate', 'pbs', 'places', 'pve', 'time_zone'].sort(),
    );
    const [storage] = estate.pbs_storages;
    assert.equal(storage.server, '127.0.0.1');
    assert.equal(storage.port, lab.port('pbs-pihanga'));
    const { data } = (await lab.ask('ruapehu', 'GET', '/storage')).json as { data: { storage: string }[] };
    assert.ok(!data.some((entry) => entry.storage === storage.name));
    for (const file of ['estate.yaml', 'connections.yaml', 'lab.json'])
      for (const secret of secrets) assert.ok(!read(file).includes(read(secret).trim()), `${secret} is in ${file}`);
  });
});

describe('requests.ndjson', () => {
  it('has the line of a request before its answer is there', async () => {
    const before = lab.log().length;
    await lab.ask('ruapehu', 'GET', '/version');
    const line = lab.log()[before];
    assert.equal(lab.log().length, before + 1);
    assert.equal(line?.server, 'ruapehu');
    assert.equal(line?.method, 'GET');
    assert.match(line?.path ?? '', /\/version$/);
    assert.equal(line?.status, 200);
    assert.equal(line?.user, 'holdfast@pve!ops');
    assert.ok(!Number.isNaN(Date.parse(line?.time ?? '')));
  });

  it('has parameters from the query and the body, and the path without the query', async () => {
    await lab.ask('ruapehu', 'GET', '/storage', { form: { type: 'pbs' } });
    assert.deepEqual(lab.log().at(-1)?.params, { type: 'pbs' });
    assert.ok(!lab.log().at(-1)?.path.includes('?'));
  });

  it('has no secret, wherever one was sent, even in the wrong place', async () => {
    const secret = lab.secret('storage.token');
    const entry = { type: 'pbs', storage: 'logged', server: 'h.example', datastore: 'ds', disable: 1 };
    await lab.ask('ruapehu', 'POST', '/storage', { form: { ...entry, password: secret } });
    await lab.ask('ruapehu', 'POST', '/storage', {
      form: { ...entry, password: 'a password of somebody', bogus: secret },
    });
    await lab.ask('ruapehu', 'PUT', '/storage/logged', { json: { 'encryption-key': '{"data":"c2VjcmV0"}' } });
    await lab.ask('ruapehu', 'PUT', '/storage/logged', { form: { 'encryption-key': 'autogen' } });
    await lab.ask('ruapehu', 'POST', '/access/ticket', { form: { username: 'root@pam', password: 'wrong word' } });
    await lab.ask('pbs-pihanga', 'GET', '/config/prune', { form: { comment: secret } });
    const text = read('requests.ndjson');
    for (const one of [...secrets.map((file) => read(file).trim()), 'a password of somebody', 'c2VjcmV0', 'wrong word'])
      assert.ok(!text.includes(one), 'a secret is in the log');
    assert.ok(lab.log().some(({ params }) => params['password'] === '[secret]'));
    assert.ok(lab.log().some(({ params }) => params['encryption-key'] === '[secret]'));
  });

  it('counts a login that does not hold as nobody', async () => {
    await lab.ask('pbs-pihanga', 'GET', '/version', { login: null });
    const line = lab.log().at(-1);
    assert.deepEqual([line?.status, line?.user], [401, null]);
  });
});

describe('a second lab', () => {
  it('stands beside the first, and is gone from its port once closed', async () => {
    const other = await testLab();
    const { port } = new URL(other.lab.servers.ruapehu?.url ?? '');
    assert.notEqual(Number(port), lab.port('ruapehu'));
    assert.equal((await other.ask('ruapehu', 'GET', '/version')).status, 200);
    await other.lab.close();
    await assert.rejects(other.ask('ruapehu', 'GET', '/version'), { code: 'ECONNREFUSED' });
    assert.equal((await lab.ask('ruapehu', 'GET', '/version')).status, 200);
    assert.ok(existsSync(other.dir));
    await other[Symbol.asyncDispose]();
  });
});
