import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { planOf, put } from '../../test/engine-world.ts';
import type { Journal } from '../contracts/journal.ts';
import { Fault } from '../fault.ts';
import type { StepEvent } from '../model/run.ts';
import { steppedClock } from '../proxmox/clock.test-support.ts';
import { seconds } from '../values/duration.ts';
import { ref } from '../values/ref.ts';
import { openJournal, readJournal } from './journal.ts';

const clock = steppedClock();
const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true });
});

function folder(): string {
  const made = mkdtempSync(join(tmpdir(), 'holdfast-journal-'));
  folders.push(made);
  return made;
}

function begun(at = folder(), id = 'run-1'): Journal {
  const journal = openJournal(at, clock);
  journal.begin({
    ...{ id, job: 'apply', startedBy: 'test', startedAt: clock.now(), supervisor: 1, plan: planOf([put('a')]) },
    ...{ connections: { pve: [], pbs: [], machines: [], kubernetes: [] }, consent: { upTo: 'adds', confirmed: [] } },
  });
  return journal;
}

const storage = ref('pve-storage', 'ruapehu', 'p1');
const user = ref('pbs-user', 'pihanga', 'a@pbs');
const done = (more: object): StepEvent => ({ event: 'done', result: null, degraded: [], ...more });

describe('what the journal remembers of things', () => {
  it('is whose they are, and by which digests their secrets are known, also for whoever opens it later', () => {
    const at = folder();
    const journal = begun(at);
    journal.append('run-1', 'a', done({ owns: storage, wrote: { password: 'd1', 'encryption-key': 'k1' } }));
    journal.append('run-1', 'b', done({ owns: user, wrote: { password: 'd2' } }));
    journal.close();
    const later = readJournal(at);
    assert.deepEqual([...(later?.owned() ?? [])].sort(), [user, storage].sort());
    assert.deepEqual(later?.wrote().get(storage), { password: 'd1', 'encryption-key': 'k1' });
    assert.deepEqual(later?.wrote().get(user), { password: 'd2' });
    later?.close();
  });

  it('is the newest digest of each secret: what was not sent again stays known', () => {
    const journal = begun();
    journal.append('run-1', 'a', done({ owns: storage, wrote: { password: 'd1', 'encryption-key': 'k1' } }));
    journal.append('run-1', 'b', done({ owns: storage, wrote: { password: 'd2' } }));
    journal.append('run-1', 'c', done({ owns: storage, wrote: {} }));
    journal.append('run-1', 'd', done({ owns: storage }));
    assert.deepEqual(journal.wrote().get(storage), { password: 'd2', 'encryption-key': 'k1' });
    journal.close();
  });

  it('is nothing more of what was removed, and all of the others', () => {
    const journal = begun();
    journal.append('run-1', 'a', done({ owns: storage, wrote: { password: 'd1' } }));
    journal.append('run-1', 'b', done({ owns: user, wrote: { password: 'd2' } }));
    journal.append('run-1', 'c', done({ disowns: storage }));
    assert.deepEqual([...journal.owned()], [user]);
    assert.deepEqual([...journal.wrote().keys()], [user]);
    journal.close();
  });

  it('is nothing of a step that was not done', () => {
    const journal = begun();
    const fault = { code: 'x', where: 'y', says: 'z', remedy: 'w' };
    journal.append('run-1', 'a', { event: 'trying' });
    journal.append('run-1', 'a', { event: 'failed', fault });
    assert.deepEqual([journal.owned().size, journal.wrote().size], [0, 0]);
    journal.close();
  });

  it('is what was taken over, once, with no word on its secrets; it can be given up like what was made', () => {
    const journal = begun();
    journal.adopt([storage, user], 'import');
    journal.adopt([storage], 'import');
    assert.deepEqual([...journal.owned()].sort(), [user, storage].sort());
    assert.equal(journal.wrote().size, 0);
    journal.append('run-1', 'a', done({ disowns: storage }));
    assert.deepEqual([...journal.owned()], [user]);
    journal.close();
  });
});

describe('the entries of a run', () => {
  it('stand there in the order in which they were added, with the time of each', () => {
    const journal = begun();
    const first = journal.append('run-1', 'a', { event: 'trying' });
    clock.step(seconds(2));
    const second = journal.append('run-1', 'a', done({ owns: storage }));
    const entries = journal.entries('run-1');
    assert.deepEqual(entries, [first, second]);
    assert.ok(first.at < second.at && first.sequence < second.sequence);
    assert.deepEqual(journal.entries('another'), []);
    journal.close();
  });

  it('end with one outcome: whoever comes second learns that it is not its own any more', () => {
    const journal = begun();
    assert.deepEqual(
      journal.unfinished().map(({ id }) => id),
      ['run-1'],
    );
    journal.finish('run-1', 'done', '1 of 1');
    assert.throws(
      () => journal.finish('run-1', 'failed', 'late'),
      (thrown: unknown) => thrown instanceof Fault && thrown.code === 'run-already-ended',
    );
    assert.deepEqual([journal.run('run-1')?.state, journal.run('run-1')?.summary], ['done', '1 of 1']);
    assert.deepEqual(journal.unfinished(), []);
    journal.close();
  });

  it('are nothing where there is no state: reading leaves no trace', () => {
    const at = folder();
    assert.equal(readJournal(at), undefined);
    assert.equal(readJournal(at), undefined);
  });
});
