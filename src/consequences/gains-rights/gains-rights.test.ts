import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { classOf } from '../../model/step.ts';
import { entry, house, meansOf, planned } from '../plans.test-support.ts';
import { gainsRights } from './gains-rights.ts';

const weighing = [gainsRights];
const users = 'users: [{ id: backup@pbs }]';
const acl = (...entries: readonly string[]) =>
  house(
    `${users}\nacl: [${entries.map((one) => `{ ${one} }`).join(', ')}]\ndatastores: [{ name: tank, path: /mnt/tank }]`,
    `pbs_storages: [${entry('on: [ruapehu]')}]`,
  );
const user = (role: string, path = '/datastore/tank') => `path: ${path}, role: ${role}, for: backup@pbs`;
const token = (role: string, path = '/datastore/tank') => `path: ${path}, role: ${role}, for: backup@pbs!pve`;

describe('a login that gains rights', () => {
  it('is named with what it gains and where, and reaches', async () => {
    const made = await planned(weighing, {
      before: acl(user('DatastoreAudit')),
      now: acl(user('DatastoreAudit'), user('DatastoreReader', '/')),
    });
    const title = 'create right DatastoreReader backup@pbs / on backup';
    assert.deepEqual(meansOf(made, title), [
      'backup@pbs gains Datastore.Audit, Datastore.Verify, Datastore.Read on /, by the role DatastoreReader',
    ]);
    assert.deepEqual(made.plan.steps.map(classOf), ['reaches']);
  });

  it('is warned of where whoever writes the backups may then remove them', async () => {
    const before = acl(user('DatastorePowerUser'), token('DatastoreBackup'));
    const now = acl(user('DatastorePowerUser'), token('DatastoreBackup'), token('DatastorePowerUser'));
    const made = await planned(weighing, { before, now });
    assert.deepEqual(meansOf(made, 'create right DatastorePowerUser backup@pbs!pve /datastore/tank on backup'), [
      'backup@pbs!pve gains Datastore.Prune on /datastore/tank, by the role DatastorePowerUser',
      'backup@pbs!pve writes the backups of tank on ruapehu, and may then remove them, too (Datastore.Prune): give it DatastoreBackup alone, and prune by a prune job of the PBS',
    ]);
  });

  it('sees that a token may no more than its user: what the user gains, the token does', async () => {
    const before = acl(user('DatastoreBackup'), token('DatastorePowerUser'));
    const now = acl(user('DatastoreBackup'), token('DatastorePowerUser'), user('DatastorePowerUser'));
    const made = await planned(weighing, { before, now });
    assert.match(
      meansOf(made, 'create right DatastorePowerUser backup@pbs /datastore/tank on backup').join('\n'),
      /backup@pbs!pve writes the backups of tank/,
    );
    const alone = await planned(weighing, {
      before: acl(user('DatastoreBackup')),
      now: acl(user('DatastoreBackup'), token('DatastorePowerUser')),
    });
    assert.deepEqual(meansOf(alone, 'create right DatastorePowerUser backup@pbs!pve /datastore/tank on backup'), [
      'backup@pbs!pve gains Datastore.Backup on /datastore/tank, by the role DatastorePowerUser',
    ]);
  });

  it('sees the wider right that a removal uncovers, and no gain where a role gives nothing new', async () => {
    const before = acl(user('DatastoreAdmin', '/datastore'), user('DatastoreAudit'));
    const made = await planned(weighing, { before, now: acl(user('DatastoreAdmin', '/datastore')), prune: true });
    assert.match(
      meansOf(made, 'remove right DatastoreAudit backup@pbs /datastore/tank on backup')[0] ?? '',
      /gains Datastore\.Modify, .* since a narrower role there is taken away/,
    );
    const less = await planned(weighing, { before: acl(user('DatastoreAdmin', '/datastore')), now: before });
    assert.equal(less.plan.steps.length, 1);
    assert.deepEqual(less.plan.steps[0]?.means ?? [], []);
  });
});
