import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { fakeApi, refused } from './fake-api.test-support.ts';
import { datastores, datastoreUsage } from './pbs.ts';
import { createPruneJob, deletePruneJob, pruneJobs, updatePruneJob } from './pbs-prune-job.ts';
import { changedMeanwhile } from './refusal.ts';

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

describe('prune jobs', () => {
  it('are listed by id, with the digest of their file and what they keep', async () => {
    const { api } = pruneFile();
    await createPruneJob(api, {
      id: 'weekly',
      store: 'tank',
      schedule: 'sat',
      'keep-weekly': 4,
      ns: 'prod',
      'max-depth': 0,
      disable: true,
    });
    await createPruneJob(api, { id: 'nightly', store: 'tank', schedule: 'daily', 'keep-daily': '7', 'keep-last': 3 });
    const { entries, digest } = await pruneJobs(api);
    assert.equal(digest?.length, 64);
    assert.deepEqual(
      entries.map(({ id, keep, namespace, maxDepth, disabled }) => ({ id, keep, namespace, maxDepth, disabled })),
      [
        {
          id: 'nightly',
          keep: { 'keep-last': 3, 'keep-daily': 7 },
          namespace: '',
          maxDepth: undefined,
          disabled: false,
        },
        { id: 'weekly', keep: { 'keep-weekly': 4 }, namespace: 'prod', maxDepth: 0, disabled: true },
      ],
    );
  });

  it('changed at once do not refuse each other, although they share a file', async () => {
    const { api, jobs } = pruneFile();
    const ids = ['a', 'b', 'c', 'd'];
    for (const id of ids) await createPruneJob(api, { id, store: 'tank', schedule: 'daily', comment: 'x' });
    await Promise.all(ids.map((id) => updatePruneJob(api, id, { set: { 'keep-last': 2 }, delete: ['comment'] })));
    assert.deepEqual(
      [...jobs.values()].map((job) => [job['keep-last'], job.comment]),
      ids.map(() => [2, undefined]),
    );
    await Promise.all(ids.map((id) => deletePruneJob(api, id)));
    assert.equal(jobs.size, 0);
  });

  it('are not changed by who saw an older file', async () => {
    const { api, jobs } = pruneFile();
    await createPruneJob(api, { id: 'nightly', store: 'tank', schedule: 'daily' });
    const { digest } = await pruneJobs(api);
    await createPruneJob(api, { id: 'other', store: 'tank', schedule: 'daily' });
    const patch = { set: { schedule: 'hourly' }, delete: [], digest };
    await assert.rejects(updatePruneJob(api, 'nightly', patch), (error: unknown) => changedMeanwhile(error));
    await assert.rejects(deletePruneJob(api, 'nightly', digest), (error: unknown) => changedMeanwhile(error));
    assert.equal(jobs.get('nightly')?.schedule, 'daily');
  });
});

describe('datastores', () => {
  it('are listed by name with what nobody knows', async () => {
    const listed = await datastores(
      fakeApi('pbs', () => ({
        data: [
          { name: 'tank', path: '/t' },
          { name: 'cold', path: '/c' },
        ],
        digest: 'd',
      })),
    );
    assert.deepEqual(
      listed.entries.map(({ name, raw }) => [name, raw.path]),
      [
        ['cold', '/c'],
        ['tank', '/t'],
      ],
    );
    assert.equal(listed.digest, 'd');
  });

  it('have no usage where the server could not say, and no date where there is none', async () => {
    const past = { 'history-start': 1_770_000_000, 'history-delta': 1800, history: [0.1, null, 0.2] };
    const usage = await datastoreUsage(
      fakeApi('pbs', () => ({
        data: [
          { store: 'full', total: 100, used: 90, avail: 10, 'estimated-full-date': 1_780_000_000, ...past },
          { store: 'flat', total: 100, used: 90, avail: 10, 'estimated-full-date': 0, ...past },
          { store: 'shrinking', total: 100, used: 90, avail: 10, 'estimated-full-date': 1_700_000_000, ...past },
          { store: 'away', error: 'datastore is in offline maintenance mode' },
        ],
      })),
    );
    assert.deepEqual(
      usage.map(({ store, used, fullAt, error }) => [store, used, fullAt, error === undefined]),
      [
        ['away', undefined, undefined, false],
        ['flat', 90, undefined, true],
        ['full', 90, '2026-05-28T20:26:40.000Z', true],
        ['shrinking', 90, undefined, true],
      ],
    );
  });
});
