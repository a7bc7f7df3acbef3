import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { problemsIn } from '../../estate/estate.test-support.ts';
import { asYaml, type PbsEstate, pbs, pbsEstate } from '../common/pbs-lab.test-support.ts';
import { pbsUser } from './pbs-user.ts';

let on: PbsEstate;
before(async () => {
  on = await pbsEstate();
  on.secretFile('backup.password', 'not to be seen');
});
after(() => on[Symbol.asyncDispose]());

const users = (more: string): string => `users: [{ id: backup@pbs, ${more} }]`;
const stored = (id = 'backup@pbs') => on.state.users.find((user) => user.id === id);
const ticket = async (password: string): Promise<number> => {
  const form = { username: 'backup@pbs', password };
  return (await on.lab.ask(pbs, 'POST', '/access/ticket', { form, login: null })).status;
};

describe('a user of a PBS', () => {
  it('is made with its password, can log in with it, and the plan after it is empty', async () => {
    await on.settle(users('comment: nightly, password: { file: backup.password }'));
    const { id, comment } = stored() ?? {};
    assert.deepEqual([id, comment], ['backup@pbs', 'nightly']);
    assert.equal(await ticket('not to be seen'), 200);
    assert.equal(await ticket('another one'), 401, 'another password does not (control)');
  });

  it('takes every option there is, and gives each of them up again', async () => {
    const all = 'enabled: false, expires: 2031-02-28, first_name: Ada, last_name: Backup, email: ada@lab.example';
    await on.settle(users(all));
    assert.deepEqual(stored(), {
      ...{ id: 'backup@pbs', enable: false, expire: 1_930_003_200, firstname: 'Ada', lastname: 'Backup' },
      email: 'ada@lab.example',
    });
    await on.settle(users('enabled: true'));
    assert.deepEqual(stored(), { id: 'backup@pbs' }, 'what goes without saying is said no more');
  });

  it('is as declared however the server spells it: at its making, after a change, with a moment or a day', async () => {
    const user = stored();
    assert.ok(user !== undefined);
    Object.assign(user, { enable: true, expire: 0 });
    for (const same of ['enabled: true', 'expires: none', 'expires: 0'])
      assert.deepEqual((await on.plan(users(same))).steps, []);
    user.expire = Date.parse('2031-02-28T12:00:00Z') / 1000;
    assert.deepEqual((await on.plan(users('expires: "2031-02-28T13:00:00+01:00"'))).steps, []);
    const [step] = (await on.plan(users('expires: 2031-02-28'))).steps;
    assert.deepEqual(
      step?.changes.map(({ field, from, to, class: meaning }) => [field, from, to, meaning]),
      [['expires', '2031-02-28T12:00:00Z', '2031-02-28', 'reaches']],
    );
    delete user.expire;
  });

  it('that is switched off interrupts whoever logs in with it; that is switched on again does not', async () => {
    const off = await on.plan(users('enabled: false'));
    assert.deepEqual(
      off.steps.map(({ risk }) => risk),
      ['interrupts'],
    );
    assert.match(off.steps[0]?.because.join() ?? '', /it and its tokens can no longer log in/);
    const user = stored();
    assert.ok(user !== undefined);
    user.enable = false;
    assert.deepEqual(
      (await on.plan(users('enabled: true'))).steps.map(({ risk }) => risk),
      ['changes'],
    );
    delete user.enable;
  });

  it('keeps its password: another one is said to need another way, and nothing else is changed with it', async () => {
    on.secretFile('backup.password', 'a new one of these');
    const declared = users('comment: changed, password: { file: backup.password }');
    const { fates, faults } = await on.apply(await on.plan(declared));
    assert.deepEqual(fates, ['failed']);
    assert.match(faults, /^password-needs-login: another password is declared/);
    assert.equal(stored()?.comment, undefined);
    assert.equal(await ticket('not to be seen'), 200);
    await on.settle(users('comment: changed'));
  });

  it('is not removed while somebody else gave it more; then it is', async () => {
    const right = { authId: 'backup@pbs', path: '/datastore/archive', role: 'DatastoreReader', propagate: true };
    on.state.acl.push(right);
    const gone = await on.plan('users: []', { prune: true });
    assert.deepEqual(
      gone.steps.map(({ act, title }) => [act, title]),
      [['remove', `remove user backup@pbs on ${pbs}`]],
    );
    const refused = await on.apply(gone);
    assert.match(refused.faults, /^user-has-more: .*the role DatastoreReader on \/datastore\/archive/);
    assert.ok(stored() !== undefined);
    on.state.acl = on.state.acl.filter((one) => one !== right);
    assert.deepEqual((await on.apply(await on.plan('users: []', { prune: true }))).fates, ['done']);
    assert.equal(stored(), undefined);
    assert.ok(stored('workshop@pbs') !== undefined, 'the others stay');
  });

  it('that Holdfast itself is logged in as is not removed', async () => {
    await on.settle('users: [{ id: holdfast@pbs, comment: ours }]');
    const { faults } = await on.apply(await on.plan('users: []', { prune: true }));
    assert.match(
      faults,
      /^own-login: its user would be removed, .* logged in there as holdfast@pbs!ops \(.*identities\.configure/,
    );
    assert.ok(stored('holdfast@pbs') !== undefined);
    await on.settle('users: [{ id: holdfast@pbs }]');
  });

  it('root is always there: it is given an address, and is as it came when that is no longer declared', async () => {
    const root = stored('root@pam');
    assert.ok(root !== undefined);
    Object.assign(root, { comment: 'Superuser' });
    await on.settle('users: [{ id: root@pam, comment: Superuser, email: root@lab.example }]');
    assert.equal(stored('root@pam')?.email, 'root@lab.example');
    const gone = await on.plan('users: [{ id: holdfast@pbs }]', { prune: true });
    assert.deepEqual((await on.apply(gone)).fates, ['done']);
    assert.deepEqual([stored('root@pam')?.comment, stored('root@pam')?.email], ['Superuser', undefined]);
    const notes = (await on.plan('users: [{ id: holdfast@pbs }]')).notes.map(({ says }) => says).join();
    assert.match(notes, /left alone.*workshop@pbs/);
    assert.doesNotMatch(notes, /root@pam/);
  });

  it('written by import declares what is there, and nothing more', async () => {
    on.state.users.push({
      id: 'theirs@pbs',
      enable: false,
      expire: 1_929_916_800,
      email: 'a@b.example',
      lastname: 'One',
    });
    const text = asYaml(await on.written(pbsUser));
    const [found, declared] = await on.foundAndDeclared(pbsUser, text);
    assert.deepEqual(declared, found);
    assert.ok('theirs@pbs' in found);
    assert.doesNotMatch(text, /enabled":true|"none"|""|password/);
    assert.deepEqual((await on.plan(text)).steps, []);
  });

  it('is refused in the file where PBS would take half of it', async () => {
    const estate = (more: string) =>
      `pbs: [{ name: p, url: "https://p:8007", trust: ca, token: { id: a@pbs!b, secret: { env: T } }, users: [{ ${more} }] }]`;
    const [pam] = await problemsIn(estate('id: ops@pam, password: { env: P }'));
    assert.match(pam ?? '', /password.*belongs to users of the realm pbs/);
    const [day] = await problemsIn(estate('id: ops@pbs, expires: 2027-02-30'));
    assert.match(day ?? '', /expires.*is no date/);
    assert.deepEqual(await problemsIn(estate('id: ops@pbs, password: { env: P }, expires: 2028-02-29')), []);
  });
});
