import assert from 'node:assert/strict';
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, beforeEach, describe, it } from 'node:test';
import type { PveState } from '../../../lab/pve/state.ts';
import type { FoundOn } from '../../contracts/resource.ts';
import { desire } from '../../desired/desire.ts';
import type { Plan } from '../../model/plan.ts';
import { fingerprintOfKey, newKeyFile } from '../../proxmox/encryption-key.ts';
import { fakeApi } from '../../proxmox/fake-api.test-support.ts';
import { systemClock } from '../../values/instant.ts';
import { Secret } from '../../values/secret.ts';
import { type LabEstate, labEstate } from '../common/pve-lab.test-support.ts';
import { pveStorage } from './pve-storage.ts';

let on: LabEstate;
before(async () => {
  on = await labEstate();
});
after(() => on[Symbol.asyncDispose]());

const state = () => on.lab.lab.servers['ruapehu']?.state as PveState;
const stored = (name = 's1') => state().storages.find(({ storage }) => storage === name)?.options;
const file = (name: string) => join(on.lab.dir, name);
const put = (name: string, content: string) => writeFileSync(file(name), content, { mode: 0o600 });
const keyFile = (name: string): string => {
  const key = newKeyFile(systemClock.now(), name, 'test');
  put(name, key.revealTo('test'));
  return fingerprintOfKey(key, 'test');
};
const printOf = (name: string) => fingerprintOfKey(new Secret(name, readFileSync(file(name), 'utf8'), 'test'), 'test');

const login = 'username: holdfast@pbs!storage, password: { file: storage.token }';
const storageNamed = (name: string, more = '', { server = '127.0.0.1', datastore = 'tank' } = {}): string =>
  `{ name: ${name}, on: [ruapehu], server: ${server}, port: ${on.lab.port('pbs-pihanga')}, datastore: ${datastore}, fingerprint: "${
    on.lab.lab.servers['pbs-pihanga']?.fingerprint
  }"${more === '' ? '' : `, ${more}`} }`;
const storage = (more = login, at = {}): string => `pbs_storages: [${storageNamed('s1', more, at)}]`;
const fieldsOf = ({ steps }: Plan) => steps.flatMap(({ changes }) => changes.map(({ field }) => field)).sort();
const codesOf = ({ refusals }: Plan) => refusals.map(({ code }) => code);
const gone = () => {
  state().storages = state().storages.filter(({ storage: name }) => name !== 's1');
  for (const name of ['s1.enc', 'other.enc']) rmSync(file(name), { force: true });
};

describe('a storage of Proxmox VE, on a server that behaves', () => {
  beforeEach(gone);

  const everything = `${login}, enabled: false, content: [none], namespace: prod/web, nodes: [ruapehu, b-node],
    prune_backups: { keep_daily: 7, keep_last: 1 }, max_protected_backups: -1`;

  it('is made with every option there is, changed back to none of them, and to all of them again', async () => {
    await on.settle(storage(everything));
    const whole = structuredClone(stored());
    assert.equal(whole?.['max-protected-backups'], -1);
    await on.settle(storage());
    const bare = { ...stored() };
    for (const option of ['disable', 'namespace', 'nodes', 'prune-backups', 'max-protected-backups'])
      assert.equal(bare[option], undefined, option);
    assert.equal(bare['content'], 'backup');
    await on.settle(storage(everything));
    assert.deepEqual(stored(), whole);
  });

  it('written by another hand in another spelling is no change', async () => {
    await on.settle(storage(everything));
    const entry = stored() ?? {};
    Object.assign(entry, {
      nodes: 'b-node ruapehu,b-node',
      'prune-backups': 'keep-weekly=0,keep-daily=07,keep-last=1',
    });
    Object.assign(entry, { port: String(entry['port']), fingerprint: String(entry['fingerprint']).toLowerCase() });
    assert.deepEqual(fieldsOf(await on.plan(storage(everything))), []);
    Object.assign(entry, { nodes: 'b-node' });
    assert.deepEqual(fieldsOf(await on.plan(storage(everything))), ['nodes'], 'control');
  });

  it('is enabled though Holdfast never wrote its password: that PVE holds one is enough, and the plan says what it cannot know', async () => {
    await on.settle(storage(`${login}, enabled: false`));
    const other = on.another();
    const plan = await other.plan(storage());
    assert.deepEqual(fieldsOf(plan), ['enabled']);
    assert.match(
      plan.notes.map(({ says }) => says).join(),
      /its password cannot be compared: the server never shows it/,
    );
    assert.equal(plan.steps[0]?.title, 'enable storage s1 on ruapehu');
    await other.apply(plan);
    assert.equal(stored()?.['disable'], undefined);
  });

  it('gets its password again when another one is declared than was last written, and not when it is the same', async () => {
    put('own.password', on.lab.secret('storage.token'));
    const own = storage('username: holdfast@pbs!storage, password: { file: own.password }');
    await on.settle(own);
    assert.deepEqual((await on.plan(own)).steps, []);
    put('own.password', 'another-word-for-it');
    const plan = await on.plan(own);
    assert.deepEqual([fieldsOf(plan), plan.steps[0]?.wayBack], [['password'], 'one-way']);
    assert.doesNotMatch(JSON.stringify(plan), /another-word/);
    assert.deepEqual((await on.apply(plan)).fates, ['done']);
    assert.deepEqual((await on.plan(own)).steps, []);
  });

  it('is written by import so that it declares what is there', async () => {
    await on.settle(storage(everything));
    const { json } = await on.lab.ask('ruapehu', 'GET', '/storage', { form: { type: 'pbs' } });
    const { found } = await pveStorage.read(
      fakeApi('pve', () => ({ data: json.data })),
      { within: [] },
    );
    const there: readonly FoundOn[] = found.map((one) => ({ ...one, server: 'ruapehu' }));
    const { section } = pveStorage;
    const written = section.at === 'top' ? section.write(there) : {};
    assert.ok(there.length > 1);
    const estate = await on.estate(`pbs_storages: ${JSON.stringify(written['pbs_storages'])}`);
    for (const { name, item } of desire(estate, [pveStorage]).declared) {
      const { key: _, ...value } = there.find((one) => one.name === name)?.value ?? {};
      assert.deepEqual(item, value, name);
    }
  });
});

describe('a storage whose server or datastore changes', () => {
  beforeEach(gone);

  it('is removed and made anew, and the plan says what that means', async () => {
    await on.settle(storage());
    const plan = await on.plan(storage(login, { server: 'localhost' }));
    assert.deepEqual(
      plan.steps.map(({ act, risk, wayBack }) => [act, risk, wayBack]),
      [['replace', 'destroys', 'one-way']],
    );
    assert.match(
      plan.steps[0]?.because.join(' ') ?? '',
      /removed and made anew.*a backup that runs at that moment fails/s,
    );
    assert.deepEqual((await on.apply(plan)).fates, ['done']);
    assert.equal(stored()?.['server'], 'localhost');
    assert.deepEqual((await on.plan(storage(login, { server: 'localhost' }))).steps, []);
  });

  it('that broke off between the two is made by the next plan', async () => {
    await on.settle(storage());
    await on.apply(await on.plan(storage(login, { datastore: 'not-there' })));
    assert.equal(stored(), undefined, 'PVE refused the new one after the old one had gone');
    const plan = await on.plan(storage());
    assert.deepEqual(
      plan.steps.map(({ act }) => act),
      ['create'],
    );
    await on.settle(storage());
  });

  it('is refused without a password, and without a key that the entry has and the estate does not declare', async () => {
    await on.settle(storage());
    assert.deepEqual(codesOf(await on.plan(storage('username: holdfast@pbs!storage', { datastore: 'archive' }))), [
      'storage-without-credentials',
    ]);
    keyFile('s1.enc');
    await on.settle(storage(`${login}, encryption_key: { file: s1.enc }`));
    assert.deepEqual(codesOf(await on.plan(storage(login, { datastore: 'archive' }))), ['storage-key-undeclared']);
  });

  it('is refused without the master key that the entry has: the new one would write backups that it cannot open', async () => {
    keyFile('s1.enc');
    put('master.pem', Buffer.from('-----BEGIN PUBLIC KEY-----').toString('base64'));
    const keyed = `${login}, encryption_key: { file: s1.enc }`;
    const whole = `${keyed}, master_public_key: { file: master.pem }`;
    await on.settle(storage(whole));
    const { refusals, steps } = await on.plan(storage(keyed, { datastore: 'archive' }));
    assert.deepEqual([refusals.map(({ code }) => code), steps], [['storage-key-undeclared'], []]);
    assert.match(refusals[0]?.remedy ?? '', /s1\.master\.pem.*master_public_key: \{ file: PATH \}/);
    assert.deepEqual(codesOf(await on.plan(storage(whole, { datastore: 'archive' }))), [], 'control');
  });

  it('that is switched off is refused without a password too: the one that PVE holds would go unseen', async () => {
    await on.settle(storage(`${login}, enabled: false`));
    const bare = 'username: holdfast@pbs!storage, enabled: false';
    assert.deepEqual(codesOf(await on.plan(storage(bare, { datastore: 'archive' }))), ['storage-without-credentials']);
    assert.deepEqual(codesOf(await on.plan(storage(bare))), [], 'control');
  });

  it('keeps its key, which is opened before the old entry goes', async () => {
    const print = keyFile('s1.enc');
    const keyed = `${login}, encryption_key: { file: s1.enc }`;
    await on.settle(storage(keyed));
    const plan = await on.plan(storage(keyed, { datastore: 'archive' }));
    keyFile('s1.enc');
    const { fates, faults } = await on.apply(plan);
    assert.notDeepEqual(fates, ['done']);
    assert.match(faults, /key-not-escrowed: .*holds another key/);
    assert.equal(stored()?.['datastore'], 'tank', 'nothing was removed');
    assert.equal(stored()?.['encryption-key'], print);
  });
});

describe('the encryption key of a storage', () => {
  beforeEach(gone);
  const made = `${login}, encryption_key: { save_to: { file: s1.enc } }`;

  it('that Holdfast makes is saved for its owner alone, and is the one that PVE has', async () => {
    await on.settle(storage(made));
    assert.equal(statSync(file('s1.enc')).mode & 0o777, 0o600);
    assert.equal(stored()?.['encryption-key'], printOf('s1.enc'));
  });

  it('is saved before PVE is asked: where that fails, the next apply takes the same one', async () => {
    const { faults } = await on.apply(await on.plan(storage(made, { datastore: 'not-there' })));
    assert.match(faults, /Cannot find datastore/);
    const print = printOf('s1.enc');
    await on.settle(storage(made));
    assert.deepEqual([stored()?.['encryption-key'], printOf('s1.enc')], [print, print]);
  });

  it('is given to a storage that had none', async () => {
    await on.settle(storage());
    assert.deepEqual(fieldsOf(await on.plan(storage(made))), ['encrypted']);
    await on.settle(storage(made));
    assert.equal(stored()?.['encryption-key'], printOf('s1.enc'));
  });

  it('whose file was lost is never followed by another one, and the plan tells', async () => {
    await on.settle(storage(made));
    const print = stored()?.['encryption-key'];
    rmSync(file('s1.enc'));
    const plan = await on.plan(storage(`${made}, namespace: prod`));
    assert.match(
      plan.notes.map(({ says }) => says).join(),
      /s1\.enc is not there; put the one that the server has into it/,
    );
    assert.deepEqual((await on.apply(plan)).fates, ['done']);
    assert.deepEqual([stored()?.['namespace'], stored()?.['encryption-key']], ['prod', print]);
    assert.equal(existsSync(file('s1.enc')), false);
    const { faults } = await on.apply(await on.plan(storage(made, { datastore: 'archive' })));
    assert.match(faults, /secret-missing/);
    assert.equal(stored()?.['datastore'], 'tank', 'nothing was removed');
  });

  it('that another hand replaced is a change, whoever wrote it: it is known by its fingerprint', async () => {
    const print = keyFile('s1.enc');
    const keyed = `${login}, encryption_key: { file: s1.enc }`;
    await on.settle(storage(keyed));
    const other = on.another();
    assert.deepEqual(fieldsOf(await other.plan(storage(keyed))), [], 'the same key needs no memory');
    await on.lab.ask('ruapehu', 'PUT', '/storage/s1', { form: { 'encryption-key': readKeyInto('other.enc') } });
    const theirs = stored()?.['encryption-key'];
    assert.notEqual(theirs, print);
    const plan = await on.plan(`${storage(keyed)}\nescrow: [{ file: other.enc }]`);
    assert.deepEqual(fieldsOf(plan), ['encryption-key']);
    assert.deepEqual((await on.apply(plan)).fates, ['done']);
    assert.equal(stored()?.['encryption-key'], print);
  });

  const readKeyInto = (name: string): string => {
    keyFile(name);
    return readFileSync(file(name), 'utf8');
  };

  it('is not lost with a removal: without a copy that opens nothing is removed', async () => {
    const print = keyFile('s1.enc');
    await on.settle(storage(`${login}, encryption_key: { file: s1.enc }`));
    assert.deepEqual(codesOf(await on.plan('pbs_storages: []', { prune: true })), ['key-not-escrowed']);
    keyFile('other.enc');
    const wrong = await on.plan('pbs_storages: []\nescrow: [{ file: other.enc }]', { prune: true });
    assert.deepEqual(
      wrong.steps.map(({ act, wayBack }) => [act, wayBack]),
      [['remove', 'one-way']],
    );
    const { faults } = await on.apply(wrong);
    assert.match(faults, /key-not-escrowed: .*other\.enc holds another key/);
    assert.equal(stored()?.['encryption-key'], print);
    const right = await on.plan('pbs_storages: []\nescrow: [{ file: other.enc }, { file: s1.enc }]', { prune: true });
    assert.deepEqual((await on.apply(right)).fates, ['done']);
    assert.equal(stored(), undefined);
  });

  it('whose file names no fingerprint is never taken away: no copy can be told to be it', async () => {
    await on.settle(storage());
    const { fingerprint: _, ...bare } = JSON.parse(readKeyInto('s1.enc'));
    await on.lab.ask('ruapehu', 'PUT', '/storage/s1', { form: { 'encryption-key': JSON.stringify(bare) } });
    const plan = await on.plan('pbs_storages: []\nescrow: [{ file: s1.enc }]', { prune: true });
    const { faults } = await on.apply(plan);
    assert.match(faults, /key-not-escrowed: .*names no fingerprint/);
    assert.equal(stored()?.['encryption-key'], 1);
  });

  it('is asked for beside a master_public_key: alone that would leave the backups in clear', async () => {
    put('master.pem', Buffer.from('-----BEGIN PUBLIC KEY-----').toString('base64'));
    const master = 'master_public_key: { file: master.pem }';
    assert.deepEqual(codesOf(await on.plan(storage(`${login}, ${master}`))), ['master-key-alone']);
    await on.settle(storage());
    assert.deepEqual(codesOf(await on.plan(storage(`${login}, ${master}`))), ['master-key-alone']);
    await on.settle(storage(`${made}, ${master}`));
    assert.equal(stored()?.['master-pubkey'], 1);
  });

  it('that the estate does not declare stays where it is', async () => {
    await on.settle(storage(made));
    const print = stored()?.['encryption-key'];
    await on.settle(storage(`${login}, namespace: prod`));
    assert.equal(stored()?.['encryption-key'], print);
  });
});

describe('what an estate says of a storage', () => {
  for (const [what, more, says] of [
    ['a pin beside `trust: ca`', 'trust: ca', /trust: stands beside `fingerprint`/],
    ['two passwords', `${login}, token: { file: storage.token }`, /token: stands beside `password`/],
  ] as const)
    it(`is refused with ${what}`, async () => assert.rejects(on.estate(storage(more)), says));
});
