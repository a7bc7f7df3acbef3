// A run that is killed, cancelled or short of room at every step kind and moment: nothing is left, and the points are as before.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { sweep } from '../../../test/sweep.test-support.ts';
import { Fault } from '../../fault.ts';
import type { Machine } from '../../machines/machine.ts';
import type { RunId } from '../../model/run.ts';
import { type Begun, recoverDriven } from '../common/driver.test-support.ts';
import { lifeOf } from '../common/mortal.test-support.ts';
import { fault } from '../common/trees.test-support.ts';
import { type Host, hostWith, unlessRoot } from './host.test-support.ts';

const left = (host: Host): readonly string[] => [
  ...readdirSync(join(host.root, 'run')),
  ...(existsSync(join(host.copies, 'config')) ? readdirSync(join(host.copies, 'config')) : []).filter((name) =>
    name.startsWith('.'),
  ),
];

/** Every so many calls: a run makes some hundred of them. */
const stride = sweep ? 1 : 11;
const recovering = (host: Host, run: string) => ({ run: run as RunId, world: host.world, taken: '/nowhere' });

describe('a run on the configuration of a host', { skip: unlessRoot }, () => {
  let host: Host;
  before(async () => {
    host = hostWith({ keep: { keep_last: 1 } });
    host.put('/etc/fstab', '/dev/sda1 / ext4 defaults 0 1\n');
    await host.protect('run0');
  });
  after(() => host.close());

  it('that is killed leaves nothing, and a point only where it was sealed', async () => {
    const kinds = new Set<string>();
    let [places, whole] = [0, false];
    for (; !whole; places += 1) {
      const life = lifeOf(places * stride);
      const begun: Begun[] = [];
      const run = `dead${places}`;
      await host
        .protect(run, { world: host.worldThrough(life.machine), began: (step) => void begun.push(step) })
        .then(() => {
          whole = true;
        })
        .catch((error: unknown) => {
          if (life.count() < places * stride) throw error;
        });
      kinds.add(begun.at(-1)?.step.kind ?? 'none');
      await recoverDriven(recovering(host, run), begun, begun.length);
      assert.deepEqual(left(host), [], `killed after ${places * stride} calls`);
      const points = await host.points();
      assert.ok(points.length >= 1, `killed after ${places * stride} calls: the last good point is there`);
    }
    assert.ok(places > 10, `${places} places were tried`);
    assert.deepEqual([...kinds].sort(), ['host-config.copy', 'host-config.gather', 'none', 'point.prune']);
  });

  it('back into a folder that is killed leads back to no folder, or has all of it in place', async () => {
    const [point] = await host.points();
    assert.ok(point !== undefined);
    let [places, whole] = [0, false];
    for (; !whole; places += 1) {
      const life = lifeOf(places);
      const begun: Begun[] = [];
      const world = host.worldThrough(life.machine);
      await host
        .restore('back9', point, {}, { world, began: (step) => void begun.push(step) })
        .then(() => {
          whole = true;
        })
        .catch((error: unknown) => {
          if (life.count() < places) throw error;
        });
      await recoverDriven(recovering(host, 'back9'), begun, 2);
      const names = existsSync(host.back) ? readdirSync(host.back) : [];
      assert.ok(names.length === 0 || (names.includes('files') && !names.some((name) => name.startsWith('.'))));
      rmSync(host.back, { recursive: true, force: true });
    }
    assert.ok(places > 10, `${places} places were tried`);
  });

  it('is ended by Ctrl-C at once, and gives back what it took', async () => {
    const stop = new AbortController();
    const at = (now: string) => (now.startsWith('gather>copy') ? stop.abort(new Error('enough')) : undefined);
    await assert.rejects(host.protect('stopped', { signal: stop.signal, at }), /enough/);
    assert.deepEqual(left(host), []);
  });
});

describe('a host whose memory has no room for what is gathered', { skip: unlessRoot }, () => {
  it('loses those items for this run, says so, and nothing else', async () => {
    const host = hostWith();
    const memory = join(host.root, 'run');
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', memory]);
    try {
      host.put('/etc/fstab', 'small');
      host.put('/etc/apt/large', 'x'.repeat(2_000_000));
      const { degraded } = await host.protect('run1');
      assert.match(degraded.join('\n'), /^apt: .*are needed/);
      assert.equal((await host.points()).length, 1);
      assert.deepEqual(left(host), []);
    } finally {
      execFileSync('umount', ['--lazy', memory]);
      host.close();
    }
  });
});

describe('a destination without room', { skip: unlessRoot }, () => {
  it('gets no point, and keeps the one it has', async () => {
    const host = hostWith();
    mkdirSync(host.copies, { mode: 0o700 });
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=1m,mode=0700', 'tmpfs', host.copies]);
    try {
      host.put('/etc/fstab', 'small');
      await host.protect('run1');
      host.put('/etc/apt/large', 'x'.repeat(3_000_000));
      await assert.rejects(host.protect('run2'), fault('no-room'));
      assert.deepEqual(
        (await host.points()).map(({ manifest }) => manifest.run),
        ['run1'],
      );
      assert.deepEqual(left(host), []);
    } finally {
      execFileSync('umount', ['--lazy', host.copies]);
      host.close();
    }
  });
});

describe('a host that writes to a file while it is read', { skip: unlessRoot }, () => {
  it('has it as it was at one moment, read again until it held still', async () => {
    let copies = 0;
    const host: Host = hostWith({}, (machine: Machine) => ({
      ...machine,
      run: async (argv, options) => {
        const ended = await machine.run(argv, options);
        if (argv[0] === 'cp' && argv.includes('/etc/fstab')) {
          copies += 1;
          if (copies === 1) host.put('/etc/fstab', 'second');
        }
        return ended;
      },
    }));
    try {
      host.put('/etc/fstab', 'first');
      assert.deepEqual((await host.protect('run1')).degraded, []);
      assert.equal(copies, 2);
      const [point] = await host.points();
      assert.ok(point !== undefined);
      await host.restore('back1', point);
      assert.equal(execFileSync('cat', [join(host.back, 'files/etc/fstab')]).toString(), 'second');
    } finally {
      host.close();
    }
  });

  it('is degraded where it never holds still, and keeps what was read', async () => {
    const host: Host = hostWith({}, (machine: Machine) => ({
      ...machine,
      run: async (argv, options) => {
        const ended = await machine.run(argv, options);
        if (argv[0] === 'cp' && argv.includes('/etc/fstab')) host.put('/etc/fstab', `${Math.random()}`);
        return ended;
      },
    }));
    try {
      host.put('/etc/fstab', 'first');
      const { degraded } = await host.protect('run1');
      assert.match(degraded.join('\n'), /^mounts: \/etc\/fstab: it changes while it is read/);
    } finally {
      host.close();
    }
  });

  it('that hangs on one item goes on with the next', async () => {
    const host = hostWith({}, (machine: Machine) => ({
      ...machine,
      run: async (argv, options) => {
        if (argv[0] !== 'dpkg') return machine.run(argv, options);
        assert.ok(options?.deadline !== undefined, 'it has a deadline');
        throw new Fault('command-overdue', { where: 'host', says: 'dpkg did not end within 5 min', remedy: '' });
      },
    }));
    try {
      host.put('/etc/fstab', 'x');
      const { degraded } = await host.protect('run1');
      assert.match(degraded.join('\n'), /^packages: .*did not end/);
      rmSync(host.back, { recursive: true, force: true });
    } finally {
      host.close();
    }
  });
});
