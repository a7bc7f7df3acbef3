import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Product, ServerName } from './api.ts';
import { saidInAnswer } from './error-text.ts';
import { lostTheLock, ProxmoxRefusal } from './refusal.ts';

const refusal = (product: Product, status: number, phrase: string, body: unknown = ''): ProxmoxRefusal => {
  const server: ServerName = { product, name: 'lab', identity: `holdfast@${product}!ops`, audience: 'lab:1' };
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return new ProxmoxRefusal(server, 'lab (lab:1), PUT /x', saidInAnswer(product, status, phrase, text));
};
const pve = (status: number, message: string, errors?: Readonly<Record<string, string>>) =>
  refusal('pve', status, message.split('\n')[0] ?? '', {
    data: null,
    message,
    ...(errors === undefined ? {} : { errors }),
  });
const failed = '400 Parameter verification failed.\n';

type Row = readonly [string, ProxmoxRefusal, string, number, Readonly<Record<string, string>>?];
const rows: readonly Row[] = [
  [
    'a parameter',
    pve(400, 'Parameter verification failed.\n', { vmid: 'property is missing\n' }),
    'parameter-refused',
    400,
    { vmid: 'property is missing' },
  ],
  [
    'a 400 wrapped in a 500',
    pve(500, `${failed}vmid: property is missing\n`),
    'parameter-refused',
    400,
    { vmid: 'property is missing' },
  ],
  [
    'two of them',
    pve(
      500,
      `${failed}all: option conflicts with option 'vmid'\nnotes-template: found unknown: variable 'x' at char 4\n\n`,
    ),
    'parameter-refused',
    400,
    { all: "option conflicts with option 'vmid'", 'notes-template': "found unknown: variable 'x' at char 4" },
  ],
  [
    'a wrapped 400 of a node without `message`',
    refusal('pve', 500, '400 Parameter verification failed.', { data: null }),
    'parameter-refused',
    400,
    {},
  ],
  [
    'a wrapped 403',
    pve(500, '403 Permission check failed (/storage/X, Datastore.Allocate)\n'),
    'permission-missing',
    403,
  ],
  ['an unknown pool', pve(403, "Permission check failed (pool 'X' does not exist)\n"), 'object-not-found', 403],
  [
    'an option of root alone',
    pve(400, 'Parameter verification failed.\n', { script: 'Only root may set this option.' }),
    'permission-missing',
    400,
    { script: 'Only root may set this option.' },
  ],
  [
    'a job with a dumpdir',
    pve(500, "only root@pam may edit jobs with a 'dumpdir' option. at /usr/share/perl5/x.pm line 1\n"),
    'permission-missing',
    500,
  ],
  ['no ticket', refusal('pve', 401, 'No ticket'), 'credentials-refused', 401],
  ['a bad token', refusal('pbs', 401, 'Unauthorized', 'authentication failed'), 'credentials-refused', 401],
  [
    'a stale digest',
    pve(500, 'update storage failed: detected modified configuration - file changed by other user? Try again.\n'),
    'changed-meanwhile',
    500,
  ],
  [
    'a stale digest on PBS',
    refusal('pbs', 400, 'Bad Request', 'detected modified configuration - file changed by other user? Try again.'),
    'changed-meanwhile',
    400,
  ],
  ['a storage that exists', pve(500, "create storage failed: storage ID 'p1' already defined\n"), 'object-exists', 500],
  ['a job that exists', pve(500, "Job 'j2' already exists\n"), 'object-exists', 500],
  [
    'a prune job that exists',
    refusal('pbs', 400, 'Bad Request', "job 'nightly' already exists."),
    'object-exists',
    400,
  ],
  [
    'a lock',
    pve(500, "update storage failed: cfs-lock 'file-storage_cfg' error: got lock request timeout\n"),
    'server-busy',
    500,
  ],
  ['no quorum', pve(500, "cfs-lock 'file-jobs_cfg' error: no quorum!\n"), 'server-busy', 500],
  ['a locked guest', pve(500, 'VM is locked (backup)\n'), 'server-busy', 500],
  [
    'a group lock',
    refusal('pbs', 400, 'Bad Request', 'unable to acquire backup group lock "/run/x"'),
    'server-busy',
    400,
  ],
  ['a storage that is gone', pve(500, "storage 'nope' does not exist\n"), 'object-not-found', 500],
  [
    'the same with a prefix',
    pve(500, "delete storage failed: storage 'nope' does not exist\n"),
    'object-not-found',
    500,
  ],
  [
    'a guest that is gone',
    pve(500, "Configuration file 'nodes/a/qemu-server/100.conf' does not exist\n"),
    'object-not-found',
    500,
  ],
  [
    'GET of a job that is gone',
    pve(400, 'Parameter verification failed.\n', { id: "No such job 'nope'" }),
    'object-not-found',
    400,
    { id: "No such job 'nope'" },
  ],
  ['PUT of a job that is gone', pve(500, 'no such vzdump job\n'), 'object-not-found', 500],
  [
    'DELETE of a job that is gone',
    pve(500, `${failed}id: No such job 'nope'\n`),
    'object-not-found',
    400,
    { id: "No such job 'nope'" },
  ],
  [
    'a task that is gone',
    pve(400, 'Parameter verification failed.\n', { upid: 'no such task' }),
    'object-not-found',
    400,
    { upid: 'no such task' },
  ],
  [
    'a node that is not there',
    pve(500, "hostname lookup 'nope' failed - failed to get address info for: nope: Name or service not known\n"),
    'object-not-found',
    500,
  ],
  [
    'a datastore that the storage does not see',
    pve(500, "create storage failed: p2: Cannot find datastore 'nope', check permissions and existence!\n"),
    'object-not-found',
    500,
  ],
  ['a datastore that is gone', refusal('pbs', 400, 'Bad Request', "no such datastore 'x'"), 'object-not-found', 400],
  [
    'DELETE of a datastore that is gone',
    refusal('pbs', 404, 'Not Found', "datastore 'x' does not exist."),
    'object-not-found',
    404,
  ],
  ['an unknown path', refusal('pbs', 404, 'Not Found', "Path '/api2/json/nope' not found."), 'server-error', 404],
  [
    'a fixed parameter',
    pve(500, "update storage failed: can't change value of fixed parameter 'server'\n"),
    'parameter-refused',
    500,
  ],
  ['a required option', pve(500, "missing value for required option 'datastore'\n"), 'parameter-refused', 500],
  [
    'a body on DELETE',
    refusal('pve', 501, "Unexpected content for method 'DELETE'", "Unexpected content for method 'DELETE'"),
    'server-error',
    501,
  ],
  [
    'a parameter on PBS',
    refusal(
      'pbs',
      400,
      'Bad Request',
      "parameter verification failed - 'keep-last': value must have a minimum value of 1",
    ),
    'parameter-refused',
    400,
    { 'keep-last': 'value must have a minimum value of 1' },
  ],
  [
    'several on PBS',
    refusal(
      'pbs',
      400,
      'Bad Request',
      "parameter verification failed:\n\n- 'id': parameter is missing\n- 'store': value does not match the regex pattern\n",
    ),
    'parameter-refused',
    400,
    { id: 'parameter is missing', store: 'value does not match the regex pattern' },
  ],
  ['a right on PBS', refusal('pbs', 403, 'Forbidden', 'permission check failed'), 'permission-missing', 403],
  [
    'a right tested in a PBS handler',
    refusal('pbs', 400, 'Bad Request', "missing permissions 'Datastore.Modify|Datastore.Prune' on '/datastore/tank/a'"),
    'permission-missing',
    400,
  ],
  [
    'a right on PBS content',
    refusal(
      'pbs',
      403,
      'Forbidden',
      'permission check failed - missing Datastore.Audit|Datastore.Backup on /datastore/tank',
    ),
    'permission-missing',
    403,
  ],
  ['too long a URL on PBS', refusal('pbs', 414, 'URI Too Long'), 'parameter-refused', 414],
  ['an unreachable node', refusal('pve', 595, 'No route to host'), 'server-unreachable', 595],
  ['anything else', pve(500, 'something died at /usr/share/perl5/PVE/X.pm line 7.\n'), 'server-error', 500],
];

describe('a refusal', () => {
  for (const [what, found, code, status, errors] of rows)
    it(`about ${what} is ${code}`, () => {
      assert.equal(found.code, code);
      assert.equal(found.status, status);
      if (errors !== undefined) assert.deepEqual(found.errors, errors);
      assert.ok(found.says.length > 0 && !found.says.includes('\n'));
    });

  it('says what to grant, to the token and to its user', () => {
    const found = rows.find(([what]) => what === 'a right tested in a PBS handler')?.[1];
    assert.deepEqual(found?.needs, { path: '/datastore/tank/a', privileges: ['Datastore.Modify', 'Datastore.Prune'] });
    assert.match(
      found?.remedy ?? '',
      /give holdfast@pbs!ops a role with Datastore\.Modify or Datastore\.Prune on \/datastore\/tank\/a, and to holdfast@pbs/,
    );
  });

  it('of what the plan did not see says why it may not have seen it', () => {
    const found = rows.find(([what]) => what === 'a storage that exists')?.[1];
    assert.match(found?.remedy ?? '', /another type.*Datastore\.Audit/);
  });

  it('proves that nothing was done only where the lock was not had', () => {
    const proved = rows.filter(([, found]) => lostTheLock(found)).map(([what]) => what);
    assert.deepEqual(proved, ['a lock']);
  });

  it('shows control characters of the server as escapes, and cuts a flood of words', () => {
    assert.equal(pve(500, '\u001b[2Jgone\u202e').says, '\\u001b[2Jgone\\u202e');
    assert.match(refusal('pbs', 400, 'Bad Request', 'x'.repeat(100_000)).says, /98000 more characters/);
  });

  it('without a word still says its status', () => {
    assert.match(refusal('pve', 500, '').says, /status 500/);
  });

  it('holds no trap of a hostile answer', () => {
    const found = refusal(
      'pve',
      400,
      'x',
      '{"data":null,"errors":{"__proto__":"polluted","a":{"b":1}},"message":"Parameter verification failed."}',
    );
    assert.equal(({} as Record<string, unknown>).polluted, undefined);
    assert.equal(Object.getPrototypeOf(found.errors), Object.prototype);
    assert.equal(found.errors.a, '');
  });
});
