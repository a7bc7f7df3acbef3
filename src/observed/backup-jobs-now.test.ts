// What PVE tells of a backup job that it started itself, by its tasks.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { unreachableWorld } from '../../test/unreachable-world.ts';
import { fakeApi, refused } from '../proxmox/fake-api.test-support.ts';
import { type Clock, epochSeconds, type Instant, systemClock } from '../values/instant.ts';
import { backupJobsNow } from './backup-jobs-now.ts';

type Task = Readonly<{ upid: string; node: string; starttime: number; endtime?: number; status?: string }>;

const at = (text: string): number => epochSeconds(text as Instant);
const task = (node: string, start: string, status?: string): Task => ({
  ...{ upid: `UPID:${node}:${start}`, node, starttime: at(start) },
  ...(status === undefined ? { status: 'RUNNING' } : { endtime: at(start) + 600, status }),
});

function asked(
  now: string,
  tasks: readonly Task[],
  more: Readonly<{ nodes?: readonly object[]; silent?: boolean }> = {},
) {
  const { nodes = [{ node: 'ruapehu', status: 'online' }], silent = false } = more;
  const clock: Clock = { ...systemClock, now: () => now as Instant };
  const api = fakeApi('pve', (_, path, params) => {
    if (silent) throw refused('pve', 595, 'no route to host');
    if (path === '/nodes') return { data: nodes };
    const [, node, what] = /^\/nodes\/([^/]+)\/(.*)$/.exec(path) ?? [];
    if (what === 'time') return { data: { timezone: 'Europe/Berlin' } };
    const given = params as Readonly<Record<string, unknown>>;
    const within = (one: Task) => one.starttime >= Number(given['since']) && one.starttime <= Number(given['until']);
    return { data: tasks.filter((one) => one.node === node && within(one)) };
  });
  const world = { ...unreachableWorld(clock), server: async () => api };
  const estate = {
    pve: [{ product: 'pve' as const, name: 'ruapehu', url: 'https://lab:8006' }],
    sections: { backup_jobs: [{ name: 'nightly', schedule: '02:00' }] },
  };
  return backupJobsNow(world, estate, ['nightly']);
}

describe('a backup job that PVE starts', () => {
  it('has the run of the minute at which it was due by the clock of its node', async () => {
    const tasks = [
      task('ruapehu', '2026-07-02T00:00:01Z', 'OK'),
      task('ruapehu', '2026-07-02T02:00:01Z', 'job errors'),
    ];
    const { runs, zones } = await asked('2026-07-02T06:00:00.000Z', tasks);
    assert.deepEqual(
      runs.get('nightly')?.map(({ state, startedAt }) => [state, startedAt]),
      [['done', '2026-07-02T00:00:01.000Z']],
    );
    assert.equal(zones.get('nightly'), 'Europe/Berlin');
  });

  for (const [status, state] of [
    ['OK', 'done'],
    ['WARNINGS: 2', 'degraded'],
    ['job errors', 'failed'],
    ['unexpected status', 'failed'],
    [undefined, 'running'],
  ] as const)
    it(`is ${state} where its task says ${status ?? 'nothing yet'}`, async () => {
      const { runs } = await asked('2026-07-02T06:00:00.000Z', [task('ruapehu', '2026-07-02T00:00:05Z', status)]);
      assert.equal(runs.get('nightly')?.[0]?.state, state);
    });

  it('is no better than the worst of its nodes; one that is offline says nothing', async () => {
    const nodes = ['ruapehu', 'pihanga', 'gone'].map((node) => ({
      node,
      status: node === 'gone' ? 'offline' : 'online',
    }));
    const tasks = [
      task('ruapehu', '2026-07-02T00:00:01Z', 'OK'),
      task('pihanga', '2026-07-02T00:00:02Z', 'job errors'),
    ];
    const { runs, unknown } = await asked('2026-07-02T06:00:00.000Z', tasks, { nodes });
    assert.deepEqual([runs.get('nightly')?.length, runs.get('nightly')?.[0]?.state, unknown.size], [1, 'failed', 0]);
  });

  it('did not start where there is no task of that minute, also where there was one the night before', async () => {
    const { runs } = await asked('2026-07-02T06:00:00.000Z', [task('ruapehu', '2026-07-01T00:00:01Z', 'OK')]);
    assert.deepEqual(runs.get('nightly'), []);
  });

  it('is not known where PVE does not answer, which is never shown as fine', async () => {
    const { runs, unknown } = await asked('2026-07-02T06:00:00.000Z', [], { silent: true });
    assert.deepEqual(runs.get('nightly'), []);
    assert.match(unknown.get('nightly') ?? '', /no route to host/);
  });
});
