import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeApi } from '../proxmox/fake-api.test-support.ts';
import { lookAtBackups, placeIn, refusedIn } from './look-backups.ts';

const upid = (start: string) => `UPID:ruapehu:00001234:0000ABCD:${start}:vzdump:109:root@pam:`;
const [older, newer] = [upid('697D0620'), upid('697D1620')];
const refusal =
  'ERROR: Backup of VM 109 failed - VM 109 qmp command \'backup\' failed - backup connect failed: command error: unable to create backup group "/mnt/pbs-datastore/vm/109" - Permission denied (os error 13)';
const unnamed =
  "ERROR: VM 109 qmp command 'backup' failed - backup connect failed: command error: Permission denied (os error 13)";

type Ended = Readonly<{ upid: string; starttime: number; status: string }>;

/** A node with these tasks, the log of each by its id. */
const nodeWith = (tasks: readonly Ended[], logs: Readonly<Record<string, readonly string[]>> = {}) =>
  fakeApi('pve', (_, at, params) => {
    if (at === '/nodes/ruapehu/tasks')
      return { data: tasks.map((task) => ({ ...task, type: 'vzdump', endtime: task.starttime + 60 })) };
    const id = decodeURIComponent(at.split('/')[4] ?? '');
    const lines = (logs[id] ?? []).slice(Number(params['start'] ?? 0));
    return { data: lines.map((t, index) => ({ n: Number(params['start'] ?? 0) + index + 1, t })) };
  });
const looked = async (api: ReturnType<typeof fakeApi>) =>
  lookAtBackups('ruapehu', {
    ...{ api, configure: undefined, entries: [] },
    nodes: [{ node: 'ruapehu', status: 'online' }] as never,
  });

describe('the last backups of a node', () => {
  it('that failed since PBS may not write are explained, with the folder and what to do on the NAS', async () => {
    const tasks = [{ upid: newer, starttime: 200, status: 'job errors' }];
    const [check, ...more] = await looked(nodeWith(tasks, { [newer]: ['INFO: starting', unnamed, refusal] }));
    assert.deepEqual(more, []);
    assert.match(check?.seen ?? '', /may not write to \/mnt\/pbs-datastore:.*os error 13.*UPID:ruapehu/);
    assert.match(check?.remedy ?? '', /chown -R 34:34.*\/mnt\/pbs-datastore.*Mapall/);
  });

  it('are no matter any more once a newer one went well (control)', async () => {
    const tasks = [
      { upid: older, starttime: 100, status: 'job errors' },
      { upid: newer, starttime: 200, status: 'OK' },
    ];
    assert.deepEqual(await looked(nodeWith(tasks, { [older]: [refusal] })), []);
    const turned = [{ upid: older, starttime: 300, status: 'job errors' }, ...tasks.slice(1)];
    assert.equal((await looked(nodeWith(turned, { [older]: [refusal] }))).length, 1);
  });

  it('that failed for another reason are not explained by this one', async () => {
    const tasks = [{ upid: newer, starttime: 200, status: 'job errors' }];
    const locked = 'ERROR: Backup of VM 109 failed - VM is locked (snapshot)';
    assert.deepEqual(await looked(nodeWith(tasks, { [newer]: [locked] })), []);
  });

  it('that cannot be read are said not to have been', async () => {
    const api = fakeApi('pve', () => {
      throw new Error('the node said nothing');
    });
    const [check] = await looked(api);
    assert.match(check?.seen ?? '', /the node said nothing/);
  });
});

describe('the folder that PBS may not write to', () => {
  it('is read from what PBS says, in each of its spellings', () => {
    for (const line of [
      refusal,
      'mkstemp "/mnt/pbs-datastore/.chunks/bb9f/bb9f8d.tmp_XXXXXX" failed: EACCES: Permission denied',
      'unable to open chunk store at "/mnt/pbs-datastore/.chunks" - Permission denied (os error 13)',
      'update atime failed for chunk/file "/mnt/pbs-datastore/.chunks/bb9f/x" - EPERM: Operation not permitted',
    ]) {
      assert.deepEqual(refusedIn([line]), [line]);
      assert.equal(placeIn(line), '/mnt/pbs-datastore', line);
    }
    assert.equal(placeIn(unnamed), undefined);
  });
});
