import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { leapingClock } from '../../proxmox/clock.test-support.ts';
import { fakeApi } from '../../proxmox/fake-api.test-support.ts';
import { backupIn, isBackupOf, runningBackup } from './vzdump-log.ts';

const upid = (id: string, user = 'holdfast@pve!ops') => `UPID:ruapehu:0000A1B2:00C0FFEE:697D0620:vzdump:${id}:${user}:`;
const first = (command: string) => `INFO: starting new backup job: vzdump ${command}`;

/** A node at which those tasks are at work, each with the lines its log has had at each look. */
function node(tasks: Readonly<Record<string, readonly (readonly string[])[]>>) {
  const looked = new Map<string, number>();
  return fakeApi('pve', (_, path) => {
    if (path.endsWith('/tasks')) return { data: Object.keys(tasks).map((one) => ({ upid: one })) };
    const [, one = ''] = /tasks\/(.+)\/log$/.exec(path) ?? [];
    const nth = looked.get(one) ?? 0;
    looked.set(one, nth + 1);
    const logs = tasks[one] ?? [];
    return { data: (logs[nth] ?? logs.at(-1) ?? []).map((t, index) => ({ n: index + 1, t })) };
  });
}

const backup = { vmids: [100, 101], storage: 'pbs-pihanga' };

describe('the first line of a backup task', () => {
  it('says its guests and its storage, in whatever order the options stand', () => {
    assert.deepEqual(backupIn([first('100 101 --mode snapshot --storage pbs-pihanga --quiet 1')]), backup);
    assert.deepEqual(backupIn([first('--all 1 --storage local --mode stop')]), { vmids: [], storage: 'local' });
    assert.equal(backupIn(['TASK ERROR: could not get storage information']), undefined);
  });
});

describe('a task that a killed run left at work', () => {
  it('is taken over where it backs up the same guests to the same storage', async () => {
    const api = node({ [upid('')]: [[first('101 100 --storage pbs-pihanga --mode snapshot')]] });
    assert.equal((await runningBackup(api, 'ruapehu', backup, leapingClock(), {}))?.text, upid(''));
  });

  it("is another job's where the guests or the storage differ: it is never passed off as this one", async () => {
    for (const command of ['200 201 --storage pbs-pihanga', '100 101 --storage local', '100 --storage pbs-pihanga']) {
      const api = node({ [upid('')]: [[first(command)]] });
      assert.equal(await runningBackup(api, 'ruapehu', backup, leapingClock(), {}), undefined, command);
    }
  });

  it("is not taken over where it is somebody else's", async () => {
    const api = node({ [upid('', 'root@pam')]: [[first('100 101 --storage pbs-pihanga')]] });
    assert.equal(await runningBackup(api, 'ruapehu', backup, leapingClock(), {}), undefined);
  });

  it('is waited for a moment while its log is still empty', async () => {
    const api = node({ [upid('')]: [[], ['no content'], [first('100 101 --storage pbs-pihanga')]] });
    assert.equal((await runningBackup(api, 'ruapehu', backup, leapingClock(), {}))?.text, upid(''));
  });

  it('whose log never tells is neither taken over nor ruled out', async () => {
    const api = node({ [upid('')]: [['TASK ERROR: interrupted']] });
    assert.equal(await runningBackup(api, 'ruapehu', backup, leapingClock(), {}), undefined);
    const { parseUpid } = await import('../../values/upid.ts');
    const task = parseUpid(upid(''));
    assert.ok(task !== undefined);
    assert.equal(await isBackupOf(api, task, backup), undefined);
  });
});
