import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { createEntry, deleteEntry, entriesAt, listEntries, updateEntry } from './config-entries.ts';
import { fakeApi, refused } from './fake-api.test-support.ts';
import { changedMeanwhile } from './refusal.ts';

const prune = entriesAt({ file: 'prune.cfg', what: 'prune jobs', folder: 'config/prune', id: 'id' });

/** A prune.cfg that refuses stale digests, as PBS does: each write changes the digest of the whole file. */
function pruneFile() {
  const jobs = new Map<string, Record<string, unknown>>();
  let version = 1;
  const digest = () => String(version).padStart(64, '0');
  const api = fakeApi('pbs', async (verb, path, params) => {
    await new Promise((resolve) => setImmediate(resolve));
    const id = /^\/config\/prune\/(.+)$/.exec(path)?.[1];
    if (verb === 'get') return { data: id === undefined ? [...jobs.values()] : jobs.get(id), digest: digest() };
    if (params.digest !== undefined && params.digest !== digest())
      throw refused('pbs', 400, 'detected modified configuration - file changed by other user? Try again.');
    version += 1;
    const { digest: _, delete: unset, ...fields } = params;
    const key = id ?? String(fields.id);
    if (verb === 'delete') jobs.delete(key);
    else {
      const job: Record<string, unknown> = { ...jobs.get(key), ...fields };
      for (const field of Array.isArray(unset) ? unset : []) delete job[field];
      jobs.set(key, job);
    }
    return { data: null };
  });
  return { api, jobs };
}

describe('entries of a config file', () => {
  it('are listed by name, with the digest of their file', async () => {
    const { api } = pruneFile();
    await createEntry(api, prune, 'weekly', { store: 'tank', schedule: 'sat' });
    await createEntry(api, prune, 'nightly', { store: 'tank', schedule: 'daily' });
    const { entries, digest } = await listEntries(api, prune);
    assert.equal(digest?.length, 64);
    assert.deepEqual(
      entries.map(({ name, raw }) => [name, raw.schedule]),
      [
        ['nightly', 'daily'],
        ['weekly', 'sat'],
      ],
    );
  });

  it('changed at once do not refuse each other, although they share a file', async () => {
    const { api, jobs } = pruneFile();
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) await createEntry(api, prune, id, { store: 'tank', schedule: 'daily', comment: 'x' });
    await Promise.all(ids.map((id) => updateEntry(api, prune, id, { set: { 'keep-last': 2 }, delete: ['comment'] })));
    assert.deepEqual(
      [...jobs.values()].map((job) => [job['keep-last'], job.comment]),
      ids.map(() => [2, undefined]),
    );
    await Promise.all(ids.map((id) => deleteEntry(api, prune, id, undefined)));
    assert.equal(jobs.size, 0);
  });

  it('are not written where nothing would change, so that no job is put off and no file gets another digest', async () => {
    const { api } = pruneFile();
    await createEntry(api, prune, 'nightly', { store: 'tank', schedule: 'daily' });
    const { digest } = await listEntries(api, prune);
    await updateEntry(api, prune, 'nightly', { set: {}, delete: [], digest });
    assert.equal((await listEntries(api, prune)).digest, digest);
    await updateEntry(api, prune, 'nightly', { set: { comment: 'x' }, delete: [], digest });
    assert.notEqual((await listEntries(api, prune)).digest, digest, 'control');
  });

  it('are not changed by who saw an older file', async () => {
    const { api, jobs } = pruneFile();
    await createEntry(api, prune, 'nightly', { store: 'tank', schedule: 'daily' });
    const { digest } = await listEntries(api, prune);
    await createEntry(api, prune, 'other', { store: 'tank', schedule: 'daily' });
    const patch = { set: { schedule: 'hourly' }, delete: [], digest };
    await assert.rejects(updateEntry(api, prune, 'nightly', patch), (error: unknown) => changedMeanwhile(error));
    await assert.rejects(deleteEntry(api, prune, 'nightly', digest), (error: unknown) => changedMeanwhile(error));
    assert.equal(jobs.get('nightly')?.schedule, 'daily');
  });
});
