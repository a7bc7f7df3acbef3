// Request and answer, word for word, as the daemons of PVE themselves gave them (facts: pve-api section 13). One PVE, asked in
// the order of that table: each row finds what the rows before it left.
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Asking, type Form, type Raw, type TestLab, testLab } from './ask.test-support.ts';

let lab: TestLab;
const ask = (method: string, path: string, form?: Form, asking: Asking = {}): Promise<Raw> =>
  lab.ask('ruapehu', method, path, { ...asking, ...(form === undefined ? {} : { form }) });

/** A 400 with a map of parameters. */
function refusedParameters(answer: Raw, errors: Readonly<Record<string, string>>): void {
  assert.deepEqual(
    [answer.status, answer.phrase, answer.json],
    [400, 'Parameter verification failed.', { data: null, errors, message: 'Parameter verification failed.\n' }],
  );
}

/** Any other error: the text in the reason phrase and, with its line feed, in the body. */
function died(answer: Raw, status: number, text: string): void {
  const first = text.split('\n')[0];
  assert.deepEqual([answer.status, answer.phrase, answer.json], [status, first, { data: null, message: `${text}\n` }]);
}

const undefinedProperty = 'property is not defined in schema and the schema does not allow additional properties';
const fresh = (form: Form): Form => ({ type: 'pbs', server: 'h.example', datastore: 'ds1', disable: 1, ...form });
const real = (form: Form): Form => ({
  type: 'pbs',
  server: '127.0.0.1',
  port: lab.port('pbs-pihanga'),
  datastore: 'tank',
  fingerprint: lab.lab.servers['pbs-pihanga']?.fingerprint ?? '',
  username: 'holdfast@pbs!storage',
  password: lab.secret('storage.token'),
  ...form,
});
const P = '/storage/p1';

before(async () => {
  lab = await testLab();
});
after(() => lab[Symbol.asyncDispose]());

describe('storage entries', () => {
  it('1: a new one is answered with its name, and read back with what PVE adds, without its password', async () => {
    const created = await ask('POST', '/storage', real({ storage: 'p1' }));
    assert.deepEqual([created.status, created.json], [200, { data: { storage: 'p1', type: 'pbs', config: {} } }]);
    const { data } = (await ask('GET', P)).json as { data: Record<string, unknown> };
    assert.equal(data['content'], 'backup');
    assert.equal(Number(data['shared']), 1);
    assert.match(String(data['digest']), /^[0-9a-f]{40}$/);
    assert.ok(!('password' in data));
    const disabled = await ask('POST', '/storage', fresh({ storage: 'away' }));
    assert.equal(disabled.status, 200);
    assert.ok(!('port' in ((await ask('GET', '/storage/away')).json.data as object)));
  });
  it('2: the same again is already defined', async () =>
    died(
      await ask('POST', '/storage', real({ storage: 'p1' })),
      500,
      "create storage failed: storage ID 'p1' already defined",
    ));
  it('3: without what is required it dies, without a map of parameters', async () => {
    const without = await ask('POST', '/storage', { type: 'pbs', storage: 'p2', server: 'h.example' });
    died(without, 500, "missing value for required option 'datastore'");
    const neither = await ask('POST', '/storage', { type: 'pbs', storage: 'p2' });
    assert.match(neither.phrase, /^missing value for required option '(server|datastore)'$/);
    refusedParameters(await ask('POST', '/storage', { type: 'pbs', server: 'h.example', datastore: 'ds1' }), {
      storage: 'property is missing and it is not optional',
    });
    refusedParameters(await ask('POST', '/storage', { storage: 'p2', server: 'h.example', datastore: 'ds1' }), {
      type: 'property is missing and it is not optional',
    });
  });
  it('4: PVE logs in and looks for the datastore, but not for a disabled entry or another node', async () => {
    const missing = real({ storage: 'p2', datastore: 'nope' });
    died(
      await ask('POST', '/storage', missing),
      500,
      "create storage failed: p2: Cannot find datastore 'nope', check permissions and existence!",
    );
    assert.equal((await ask('POST', '/storage', { ...missing, disable: 1 })).status, 200);
    assert.equal((await ask('DELETE', '/storage/p2')).status, 200);
    assert.equal((await ask('POST', '/storage', { ...missing, nodes: 'elsewhere' })).status, 200);
    assert.equal((await ask('DELETE', '/storage/p2')).status, 200);
  });
  it('4: a wrong secret, a wrong fingerprint or nobody there fails too, and nothing is kept', async () => {
    const wrong = [
      { password: '00000000-0000-0000-0000-000000000000' },
      { fingerprint: lab.lab.servers.ruapehu?.fingerprint ?? '' },
      { port: 1 },
    ];
    for (const one of wrong) {
      const answer = await ask('POST', '/storage', real({ storage: 'p2', ...one }));
      assert.equal(answer.status, 500);
      assert.match(answer.phrase, /^create storage failed: p2: /);
    }
    died(await ask('GET', '/storage/p2'), 500, "storage 'p2' does not exist");
  });
  it('5: a bad id is a bad format', async () => {
    refusedParameters(await ask('POST', '/storage', fresh({ storage: 'p-' })), {
      storage: "invalid format - storage ID 'p-' contains illegal characters\n",
    });
    refusedParameters(await ask('POST', '/storage', fresh({ storage: 'p' })), {
      storage: "invalid format - storage ID 'p' cannot be shorter than 2 characters\n",
    });
  });
  it('6: a property of another type of storage is not one that nobody knows', async () => {
    died(await ask('POST', '/storage', fresh({ storage: 'p2', path: '/x' })), 500, "unexpected property 'path'");
    refusedParameters(await ask('POST', '/storage', fresh({ storage: 'p2', bogus: 1 })), { bogus: undefinedProperty });
  });
  it('7: a content that a PBS cannot hold becomes none, without a word', async () => {
    assert.equal((await ask('POST', '/storage', fresh({ storage: 'p7', content: 'images' }))).status, 200);
    assert.equal(((await ask('GET', '/storage/p7')).json.data as { content: string }).content, 'none');
  });
  it('8, 9: server and datastore are fixed, even where they stay what they are', async () => {
    const fixed = await ask('PUT', P, { server: '127.0.0.1' });
    died(fixed, 500, "update storage failed: can't change value of fixed parameter 'server'");
    refusedParameters(await ask('PUT', P, { datastore: 'tank' }), { datastore: undefinedProperty });
  });
  it('10: one property is not set and deleted at once, except a password', async () => {
    died(
      await ask('PUT', P, { port: 8007, delete: 'port' }),
      500,
      "update storage failed: cannot set and delete property 'port' at the same time!",
    );
    const secret = lab.secret('storage.token');
    assert.equal((await ask('PUT', P, { password: secret, delete: 'password' })).status, 200);
  });
  it('11: what is required, or no property at all, cannot be deleted', async () => {
    died(
      await ask('PUT', P, { delete: 'server' }),
      500,
      "update storage failed: unable to delete required option 'server'",
    );
    died(await ask('PUT', P, { delete: 'bogus' }), 500, "update storage failed: no such option 'bogus'");
  });
  it('12: another digest is a change by somebody else; the right one, or none, is not', async () => {
    died(
      await ask('PUT', P, { digest: '0000', port: lab.port('pbs-pihanga') }),
      500,
      'update storage failed: detected modified configuration - file changed by other user? Try again.',
    );
    const { digest } = (await ask('GET', P)).json.data as { digest: string };
    const list = (await ask('GET', '/storage')).json.data as { digest: string }[];
    assert.deepEqual([...new Set(list.map((entry) => entry.digest))], [digest], 'it is that of the whole file');
    assert.equal((await ask('PUT', P, { digest, 'max-protected-backups': 3 })).status, 200);
    assert.equal((await ask('PUT', P, { digest, 'max-protected-backups': 4 })).status, 500, 'it is stale by now');
    assert.equal(
      (await ask('PUT', P, { digest: '', 'max-protected-backups': 4 })).status,
      200,
      'an empty one is not checked',
    );
  });
  it('13: a boolean is 1 or 0 in a form, and may be true in JSON', async () => {
    refusedParameters(await ask('PUT', P, { disable: 'true' }), {
      disable: "type check ('boolean') failed - got 'true'",
    });
    assert.equal((await ask('PUT', P, undefined, { json: { disable: true } })).status, 200);
    assert.equal((await ask('PUT', P, { delete: 'disable' })).status, 200);
  });
  it('14, 15: a policy that contradicts itself is named', async () => {
    refusedParameters(await ask('PUT', P, { 'prune-backups': 'keep-all=1,keep-last=3' }), {
      'prune-backups': 'invalid format - keep-all cannot be set together with other options.\n',
    });
    refusedParameters(await ask('PUT', P, { 'prune-backups': 'keep-last=-1' }), {
      'prune-backups': 'invalid format - format error\nprune-backups.keep-last: value must have a minimum value of 0\n',
    });
  });
  it('16: what is not there is a 500', async () => {
    died(await ask('PUT', '/storage/nope', { port: 1 }), 500, "update storage failed: storage 'nope' does not exist");
    died(await ask('DELETE', '/storage/nope'), 500, "delete storage failed: storage 'nope' does not exist");
    died(await ask('GET', '/storage/nope'), 500, "storage 'nope' does not exist");
  });
  it('25: DELETE takes no body, and nobody is answered who does not say who he is', async () => {
    const withBody = await ask('DELETE', P, undefined, { body: 'a=b' });
    assert.deepEqual([withBody.status, withBody.phrase], [501, "Unexpected content for method 'DELETE'"]);
    assert.deepEqual(withBody.json, {}, 'it is no JSON');
    const nobody = await ask('GET', P, undefined, { login: null });
    assert.deepEqual([nobody.status, nobody.phrase, nobody.text], [401, 'No ticket', '']);
    const wrong = await ask('GET', P, undefined, { login: 'holdfast@pve!ops=00000000-0000-0000-0000-000000000000' });
    assert.deepEqual([wrong.status, wrong.phrase, wrong.text], [401, 'Authentication failed!', '']);
    assert.equal((await ask('GET', P)).status, 200, 'the entry is still there');
  });
});

const J = '/cluster/backup/j1';
const wrapped = (line: string): string => `400 Parameter verification failed.\n${line}`;
const job = async (id = 'j1'): Promise<Record<string, unknown>> =>
  (await ask('GET', `/cluster/backup/${id}`)).json.data as Record<string, unknown>;

describe('backup jobs', () => {
  before(async () => {
    const made = await ask('POST', '/cluster/backup', { id: 'j1', schedule: 'daily', all: 1, storage: 'p1' });
    assert.deepEqual([made.status, made.json], [200, { data: null }]);
  });
  it('18: without a selection it is a 500 that wraps a 400, without a map', async () =>
    died(
      await ask('POST', '/cluster/backup', { id: 'j2', schedule: 'daily' }),
      500,
      wrapped('vmid: property is missing'),
    ));
  it('19: without a schedule it is a 400', async () =>
    refusedParameters(await ask('POST', '/cluster/backup', { id: 'j2', all: 1 }), {
      schedule: "neither 'starttime' nor 'schedule' were set",
    }));
  it('20: property strings go in, objects come back', async () => {
    const form = {
      id: 'j2',
      schedule: 'daily',
      all: 1,
      storage: 'p1',
      'prune-backups': 'keep-last=3',
      fleecing: 'enabled=1,storage=p1',
    };
    assert.equal((await ask('POST', '/cluster/backup', form)).text, '{"data":null}');
    assert.deepEqual(await job('j2'), {
      id: 'j2',
      type: 'vzdump',
      enabled: 1,
      all: 1,
      schedule: 'daily',
      storage: 'p1',
      'prune-backups': { 'keep-last': '3' },
      fleecing: { enabled: 1, storage: 'p1' },
    });
    died(await ask('POST', '/cluster/backup', form), 500, "Job 'j2' already exists");
  });
  it('21: what is not there is three different errors', async () => {
    refusedParameters(await ask('GET', '/cluster/backup/nope'), { id: "No such job 'nope'" });
    died(await ask('PUT', '/cluster/backup/nope', { enabled: 1 }), 500, 'no such vzdump job');
    died(await ask('DELETE', '/cluster/backup/nope'), 500, wrapped("id: No such job 'nope'"));
  });
  it('22: a change of nothing, or of what cannot be deleted, is refused', async () => {
    died(await ask('PUT', J, {}), 500, 'no options specified');
    died(await ask('PUT', J, { delete: 'schedule' }), 500, wrapped("delete: unknown option 'schedule'"));
  });
  it('23: another selection replaces the one before', async () => {
    const selected = async () => {
      const { all, vmid, pool, exclude } = await job();
      return JSON.parse(JSON.stringify({ all, vmid, pool, exclude }));
    };
    assert.equal((await ask('PUT', J, { vmid: 100 })).status, 200);
    assert.deepEqual(await selected(), { vmid: '100' });
    assert.equal((await ask('PUT', J, { pool: 'drill' })).status, 200);
    assert.deepEqual(await selected(), { pool: 'drill' });
    assert.equal((await ask('PUT', J, { exclude: 101 })).status, 200);
    assert.deepEqual(await selected(), { all: 1, exclude: '101' });
    const both = await ask('PUT', J, { all: 1, vmid: 100 });
    died(both, 500, wrapped("all: option conflicts with option 'vmid'"));
    assert.deepEqual(await selected(), { all: 1, exclude: '101' }, 'a change that is refused changes nothing');
  });
  it('24: a template needs its storage beside it, and known words', async () => {
    refusedParameters(await ask('PUT', J, { 'notes-template': '{{vmid}}' }), {
      storage: "missing property required by 'notes-template'",
    });
    died(
      await ask('PUT', J, { storage: 'p1', 'notes-template': '{{x}}' }),
      500,
      wrapped("notes-template: found unknown: variable 'x' at char 4\n"),
    );
  });
});
