import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import roles from '../../../lab/pbs/roles.json' with { type: 'json' };
import { problemsIn } from '../../estate/estate.test-support.ts';
import { asYaml, type PbsEstate, pbs, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsAcl } from './pbs-acl.ts';
import { mayDo, privilegesOf } from './pbs-acl-rights.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
});
after(() => on[Symbol.asyncDispose]());

const logins = `users: [{ id: backup@pbs }]
tokens: [{ id: "backup@pbs!nightly", save_to: { file: nightly.token } }]`;
const both = '[backup@pbs, "backup@pbs!nightly"]';
const acl = (...entries: readonly string[]): string =>
  `${logins}\nacl: [${entries.map((one) => `{ ${one} }`).join(', ')}]`;
const rightsOf = (auth: string) =>
  on.state.acl
    .filter(({ authId }) => authId === auth)
    .map(({ path, role, propagate }) => `${role} ${path}${propagate ? '' : ' (here)'}`)
    .sort();
const mine = () => rightsOf('backup@pbs');

describe('rights on a PBS', () => {
  it('are given after the user and the token are made, to both, and the plan after it is empty', async () => {
    await on.settle(acl(`path: /datastore/tank, role: DatastoreBackup, for: ${both}`));
    assert.deepEqual(mine(), ['DatastoreBackup /datastore/tank']);
    assert.deepEqual(rightsOf('backup@pbs!nightly'), mine());
  });

  it('say what they allow, and that a right is a reach', async () => {
    const more = 'path: /datastore/tank, role: DatastorePowerUser, for: "backup@pbs!nightly"';
    const { steps, notes } = await on.plan(acl(`path: /datastore/tank, role: DatastoreBackup, for: ${both}`, more));
    assert.deepEqual(
      steps.map(({ subject, risk }) => [subject, risk]),
      [[`pbs-acl/${pbs}/DatastorePowerUser%20backup@pbs!nightly%20%2Fdatastore%2Ftank`, 'adds']],
    );
    assert.deepEqual([...new Set(steps[0]?.changes.map((change) => change.class))], ['reaches']);
    assert.match(steps[0]?.because.join() ?? '', /may then use Datastore.Backup, Datastore.Prune at \/datastore\/tank/);
    assert.deepEqual(
      notes.filter(({ level }) => level === 'warning').map(({ says }) => says),
      [
        'backup@pbs!nightly cannot use Datastore.Prune at /datastore/tank: a token may do no more than its user, and the estate gives backup@pbs no such right there',
      ],
    );
  });

  it('change how far they go, and nothing else, where that alone is another', async () => {
    await on.settle(acl(`path: /datastore/tank, role: DatastoreBackup, for: ${both}, propagate: false`));
    assert.deepEqual(mine(), ['DatastoreBackup /datastore/tank (here)']);
    const calls = on.sent(/\/access\/acl$/);
    assert.deepEqual([calls.at(-1)?.['delete'], calls.length], [undefined, 4], 'nothing was taken away in between');
    await on.settle(acl(`path: /datastore/tank, role: DatastoreBackup, for: ${both}`));
  });

  it('of somebody else are left alone, and shown', async () => {
    const { notes } = await on.plan(acl(`path: /datastore/tank, role: DatastoreBackup, for: ${both}`));
    const [note] = notes.filter(({ subject }) => subject === `pbs-acl/${pbs}`);
    assert.match(note?.says ?? '', /left alone.*DatastorePowerUser workshop@pbs \/datastore\/tank\/workshop/);
  });

  it('that shut out others are not given over their heads: nobody loses a right without a word', async () => {
    const theirs = { authId: 'backup@pbs', path: '/remote', role: 'RemoteAudit', propagate: true };
    on.state.acl.push(theirs);
    const shut = acl(
      `path: /datastore/tank, role: DatastoreBackup, for: ${both}`,
      'path: /remote, role: NoAccess, for: backup@pbs',
    );
    const { fates, faults } = await on.apply(await on.plan(shut));
    assert.deepEqual(fates, ['failed']);
    assert.match(faults, /^right-shuts-out: NoAccess would take RemoteAudit away there/);
    assert.ok(mine().includes('RemoteAudit /remote'));
    on.state.acl = on.state.acl.filter((one) => one !== theirs);
    await on.settle(shut);
    assert.deepEqual(mine(), ['DatastoreBackup /datastore/tank', 'NoAccess /remote']);
  });

  it('go first, then the tokens, then the users: no right is left for the next of that name', async () => {
    const plan = await on.plan('acl: []', { prune: true });
    const nameOf = (step: string) => plan.steps.find(({ id }) => id === step)?.kind;
    const firstOf = (kind: string) =>
      new Set(plan.steps.filter((step) => step.kind === kind).flatMap((step) => step.after.map(nameOf)));
    assert.deepEqual(firstOf('pbs-user.remove'), new Set(['pbs-token.remove', 'pbs-acl.remove']));
    assert.deepEqual(firstOf('pbs-token.remove'), new Set(['pbs-acl.remove']));
    assert.deepEqual([...new Set((await on.apply(plan)).fates)], ['done']);
    assert.deepEqual([...mine(), ...rightsOf('backup@pbs!nightly')], []);
    assert.ok(on.state.acl.length > 0, 'the others stay');
  });

  it('of the login that Holdfast uses are not taken away by it', async () => {
    const own = 'acl: [{ path: /remote, role: RemoteAudit, for: "holdfast@pbs!ops" }]';
    on.state.acl = on.state.acl.filter(({ path }) => path !== '/remote');
    await on.settle(own);
    const { faults } = await on.apply(await on.plan('acl: []', { prune: true }));
    assert.match(faults, /^own-login: one of its rights would be taken away/);
    on.state.acl = on.state.acl.filter(({ path }) => path !== '/remote');
  });

  it('written by import declare what is there, and nothing more', async () => {
    on.state.acl.push({ authId: 'workshop@pbs', path: '/', role: 'Audit', propagate: false });
    const text = asYaml(await on.written(pbsAcl));
    const [found, declared] = await on.foundAndDeclared(pbsAcl, text);
    assert.deepEqual(declared, found);
    assert.match(text, /\{"path":"\/","role":"Admin","for":\["holdfast@pbs","holdfast@pbs!ops"\]\}/);
    assert.deepEqual((await on.plan(text)).steps, []);
  });
});

describe('an entry of an ACL in the file', () => {
  const problems = (...entries: readonly string[]) =>
    problemsIn(
      `pbs: [{ name: p, url: "https://p:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, acl: [${entries.map((one) => `{ ${one} }`).join(', ')}] }]`,
    );

  for (const path of [
    '/',
    '/access',
    '/access/acl',
    '/datastore/s/a/b',
    '/remote/r/s',
    '/system/tasks',
    '/tape/pool/x',
  ])
    it(`may be at ${path}`, async () => assert.deepEqual(await problems(`path: ${path}, role: Audit, for: a@pbs`), []));

  for (const path of ['/datastores', '/system/task', '/datastore/', '/vms/100', 'datastore', '/tape/changer/x'])
    it(`is refused at ${path}`, async () =>
      assert.match((await problems(`path: ${path}, role: Audit, for: a@pbs`)).join(), /is no path of a PBS/));

  it('is refused where NoAccess and another role meet, with a role that is none, and for root', async () => {
    const [both] = await problems('path: /, role: Audit, for: a@pbs', 'path: /, role: NoAccess, for: [b@pbs, a@pbs]');
    assert.match(both ?? '', /a@pbs cannot have NoAccess and Audit at \/: NoAccess shuts out every other role there/);
    const [role] = await problems('path: /, role: Administrator, for: a@pbs');
    assert.match(role ?? '', /is no role of a PBS; they are Admin, Audit, NoAccess/);
    const [root] = await problems('path: /, role: Audit, for: root@pam');
    assert.match(root ?? '', /root@pam may do everything/);
    assert.deepEqual(
      await problems('path: /, role: Audit, for: a@pbs', 'path: /remote, role: NoAccess, for: a@pbs'),
      [],
    );
  });
});

describe('what somebody may do by the entries of an ACL', () => {
  const right = (path: string, role: string, propagate = true) => ({ path, role, for: 'a@pbs', propagate });
  const privileges = (at: string, ...rights: readonly ReturnType<typeof right>[]) =>
    [...mayDo(rights, 'a@pbs', at)].sort();

  it('is replaced, not added to, further down', () => {
    const rights = [right('/', 'DatastoreAdmin'), right('/datastore/s', 'DatastoreBackup')];
    assert.deepEqual(privileges('/datastore/s/a', ...rights), ['Datastore.Backup']);
    assert.equal(privileges('/datastore/t', ...rights).length, 6);
  });

  it('is all of the roles at one place together, ends with NoAccess, and at the place where it goes no further', () => {
    const rights = [right('/', 'Audit'), right('/', 'RemoteAudit'), right('/datastore', 'NoAccess')];
    assert.deepEqual(privileges('/remote/r', ...rights), ['Datastore.Audit', 'Remote.Audit', 'Sys.Audit']);
    assert.deepEqual(privileges('/datastore/s', ...rights), []);
    const here = right('/datastore', 'DatastoreReader', false);
    assert.deepEqual(privileges('/datastore/s', here), []);
    assert.equal(privileges('/datastore', here).length, 3);
  });

  it('is known for every role of a PBS, as the lab has them', () => {
    for (const [role, those] of Object.entries(roles))
      assert.deepEqual([...privilegesOf(role)].sort(), [...those].sort());
  });
});
