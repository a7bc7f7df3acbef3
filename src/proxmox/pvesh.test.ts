import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Secret } from '../values/secret.ts';
import { path } from './api.ts';
import { type Ran, throughPvesh } from './pvesh.ts';
import { ProxmoxRefusal } from './refusal.ts';

const printing = (ran: Partial<Ran>) =>
  throughPvesh('here', async () => ({ exitCode: 0, stdout: '', stderr: '', ...ran }));

describe('pvesh', () => {
  it('never gets a secret as an argument, which every process could read', async () => {
    const started: (readonly string[])[] = [];
    const api = throughPvesh('here', async (argv) => {
      started.push(argv);
      return { exitCode: 0, stdout: '', stderr: '' };
    });
    const password = new Secret('pbs password', 'tell-no-one', 'pvesh');
    await assert.rejects(api.post(path`/storage`, { storage: 'p1', password }), {
      code: 'secret-on-command-line',
      exit: 'misused',
      remedy: /--pve URL --pve-token/,
    });
    assert.deepEqual(started, []);
    await api.post(path`/storage`, { storage: 'p1' });
    assert.deepEqual(started, [['pvesh', 'create', '/storage', '--output-format', 'json', '--storage', 'p1']]);
  });

  it('is asked by the plain path: it does not decode one', async () => {
    let asked: string | undefined;
    const api = throughPvesh('here', async (argv) => {
      asked = argv[2];
      return { exitCode: 0, stdout: '[]', stderr: '' };
    });
    await api.get(path`/nodes/${'a'}/tasks/${'UPID:a:0:x@pve!t:'}/log`);
    assert.equal(asked, '/nodes/a/tasks/UPID:a:0:x@pve!t:/log');
  });

  it('may print the log of a task before its id', async () => {
    const upid = 'UPID:a:00000001:00000002:697D0620:vzdump:100:root@pam:';
    const { data } = await printing({ stdout: `INFO: starting\nINFO: done\n"${upid}"\n` }).post(
      path`/nodes/${'a'}/vzdump`,
    );
    assert.equal(data, upid);
  });

  it('that prints no JSON, fails with its own words, or complains of the locale is understood', async () => {
    await assert.rejects(printing({ stdout: 'Segmentation fault' }).get(path`/version`), {
      code: 'answer-not-understood',
    });
    const stderr = "perl: warning: Setting locale failed.\n\tLC_ALL = (unset),\nstorage 'x' does not exist\n";
    const refusal = await printing({ exitCode: 255, stderr })
      .get(path`/storage/${'x'}`)
      .catch((error: unknown) => error);
    assert.ok(refusal instanceof ProxmoxRefusal);
    assert.equal(refusal.says, "storage 'x' does not exist");
  });

  it('that is killed leaves a write in doubt, and a read not', async () => {
    const killed = printing({ signal: 'SIGKILL', exitCode: 137 });
    await assert.rejects(killed.put(path`/storage/${'x'}`), { code: 'outcome-unknown' });
    await assert.rejects(killed.get(path`/storage`), { code: 'server-slow' });
    const interrupt = new AbortController();
    const interrupted = throughPvesh('here', async () => {
      interrupt.abort(new Error('Ctrl-C'));
      throw new Error('killed by Ctrl-C');
    });
    await assert.rejects(interrupted.put(path`/storage/${'x'}`, {}, { signal: interrupt.signal }), {
      code: 'outcome-unknown',
    });
  });

  it('that cannot be started is no doubt', async () => {
    const absent = throughPvesh('here', () => Promise.reject(new Error('no such file')));
    await assert.rejects(absent.put(path`/storage/${'x'}`), /no such file/);
  });
});
