// A firewall through its login shell and its API: what is whole is kept, what is not is never a point, and all of it comes back.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Machine } from '../../machines/machine.ts';
import type { RunId } from '../../model/run.ts';
import { type Begun, codesOf, recoverDriven } from '../common/driver.test-support.ts';
import { lifeOf } from '../common/mortal.test-support.ts';
import { differences, fault } from '../common/trees.test-support.ts';
import { configXml, type Firewall, firewallWith, unlessRoot } from './firewall.test-support.ts';

const left = (edge: Firewall): readonly string[] =>
  existsSync(join(edge.copies, 'edge'))
    ? readdirSync(join(edge.copies, 'edge')).filter((name) => name.startsWith('.'))
    : [];

/** What the firewall sends as its archive is only the beginning of it. */
const cutting =
  (bytes: number) =>
  (machine: Machine): Machine => ({
    ...machine,
    stream: (argv, options) => {
      const streaming = machine.stream(argv, options);
      if (argv[0] !== 'tar') return streaming;
      const stdout = (async function* () {
        let sent = 0;
        for await (const piece of streaming.stdout) {
          if (sent < bytes) yield piece.subarray(0, bytes - sent);
          sent += piece.length;
        }
      })();
      return { stdout, ended: streaming.ended };
    },
  });

describe('a firewall', { skip: unlessRoot }, () => {
  let edge: Firewall;
  before(() => {
    edge = firewallWith({ keep_archives: { keep_last: 2 } });
  });
  after(() => edge.close());

  it('gives its config.xml in each run, and its archive once in a week', async () => {
    for (const [run, at] of [
      ['wed', '2026-01-07T05:00:00.000Z'],
      ['thu', '2026-01-08T05:00:00.000Z'],
      ['mon', '2026-01-12T05:00:00.000Z'],
    ] as const) {
      edge.at(at);
      assert.deepEqual((await edge.protect(run)).degraded, []);
    }
    assert.deepEqual(
      (await edge.points('config')).map(({ manifest }) => manifest.run),
      ['wed', 'thu', 'mon'],
    );
    assert.deepEqual(
      (await edge.points('archive')).map(({ manifest }) => manifest.run),
      ['wed', 'mon'],
    );
    assert.deepEqual(left(edge), []);
  });

  it('has a point with config.xml as it is, which is what pfSense takes back (reality 4.13)', async () => {
    const [point] = await edge.points('config');
    const text = readFileSync(join(point?.folder ?? '', 'config.xml'), 'utf8');
    assert.equal(text, readFileSync(join(edge.root, 'cf/conf/config.xml'), 'utf8'));
    assert.equal(statSync(join(point?.folder ?? '', 'config.xml')).mode & 0o777, 0o600);
    assert.deepEqual(point?.manifest.details['config'], { version: '23.3', revision: 1_700_000_000 });
  });

  it('comes back into an empty folder as it was, from its archive and from its config.xml (reality 4.13)', async () => {
    const [archive] = await edge.points('archive');
    const [config] = await edge.points('config');
    assert.ok(archive !== undefined && config !== undefined);
    await edge.restore('back1', archive);
    for (const folder of ['cf', 'var/db'])
      assert.equal(differences(join(edge.root, folder), join(edge.back, folder)), '', folder);
    assert.equal(readFileSync(join(edge.back, 'boot/loader.conf'), 'utf8'), 'kern.cam.boot_delay=10000\n');
    rmSync(edge.back, { recursive: true });
    await edge.restore('back2', config);
    assert.deepEqual(readdirSync(edge.back), ['config.xml']);
    rmSync(edge.back, { recursive: true });
  });

  it('is not believed where a byte of its archive was changed since', async () => {
    const [archive] = await edge.points('archive');
    const part = join(archive?.folder ?? '', 'full.tar.gz');
    const whole = readFileSync(part);
    const changed = Buffer.from(whole);
    changed.writeUInt8(changed.readUInt8(whole.length >> 1) ^ 1, whole.length >> 1);
    writeFileSync(part, changed);
    assert.ok(archive !== undefined);
    await assert.rejects(edge.restore('back3', archive), fault('point-damaged'));
    assert.equal(existsSync(edge.back), false);
    writeFileSync(part, whole);
  });

  it('loses config points by `keep`, archives by `keep_archives`, and the one never by the other (reality 1.2s)', async () => {
    for (const [run, at] of [
      ['tue', '2026-01-13T05:00:00.000Z'],
      ['mon2', '2026-01-19T05:00:00.000Z'],
    ] as const) {
      edge.at(at);
      await edge.protect(run);
    }
    assert.deepEqual(
      (await edge.points('config')).map(({ manifest }) => manifest.run),
      ['mon', 'tue', 'mon2'],
    );
    assert.deepEqual(
      (await edge.points('archive')).map(({ manifest }) => manifest.run),
      ['mon', 'mon2'],
    );
  });

  it('is never written to', () => {
    assert.deepEqual(readdirSync(join(edge.root, 'tmp')), []);
    assert.deepEqual(readdirSync(join(edge.root, 'cf/conf')), ['config.xml']);
  });

  it('whose config.xml is cut short gives no point, and the last good one stays', async () => {
    const points = (await edge.points()).length;
    edge.put('/cf/conf/config.xml', configXml(1_700_000_001).slice(0, 150));
    assert.deepEqual(codesOf(await edge.protect('broken')), ['config-not-whole']);
    assert.equal((await edge.points()).length, points);
    assert.deepEqual(left(edge), []);
    edge.put('/cf/conf/config.xml', configXml(1_700_000_002));
  });
});

describe('an archive that did not come whole', { skip: unlessRoot }, () => {
  for (const bytes of [0, 10, 300, 700])
    it(`but only ${bytes} bytes of it is no point, and is tried again in the next run (reality 1.2t)`, async () => {
      let cut = true;
      const edge = firewallWith({}, (machine) => ({
        ...machine,
        stream: (argv, options) => (cut ? cutting(bytes)(machine) : machine).stream(argv, options),
      }));
      try {
        assert.deepEqual(codesOf(await edge.protect('cut')), ['archive-incomplete']);
        assert.deepEqual([(await edge.points('config')).length, (await edge.points('archive')).length], [1, 0]);
        assert.deepEqual(left(edge), []);
        cut = false;
        await edge.protect('whole');
        assert.equal((await edge.points('archive')).length, 1);
      } finally {
        edge.close();
      }
    });

  it('of another configuration than the firewall has is no point', async () => {
    const edge: Firewall = firewallWith({}, (machine) => ({
      ...machine,
      stream: (argv, options) => {
        // What tar reads is older than what cat reads, and no later change of it says why.
        if (argv[0] === 'tar') edge.put('/cf/conf/config.xml', configXml(1_700_000_000, '<other/>'));
        else edge.put('/cf/conf/config.xml', configXml(1_700_000_000));
        return machine.stream(argv, options);
      },
    }));
    try {
      assert.deepEqual(codesOf(await edge.protect('run1')), ['archive-incomplete']);
      assert.equal((await edge.points('archive')).length, 0);
    } finally {
      edge.close();
    }
  });

  it('is whole where somebody saved a change while it came', async () => {
    const edge: Firewall = firewallWith({}, (machine) => ({
      ...machine,
      stream: (argv, options) => {
        const streaming = machine.stream(argv, options);
        if (argv[0] === 'tar')
          void streaming.ended.then(() => edge.put('/cf/conf/config.xml', configXml(1_700_000_099)));
        return streaming;
      },
    }));
    try {
      await edge.protect('run1');
      assert.equal((await edge.points('archive')).length, 1);
    } finally {
      edge.close();
    }
  });
});

describe('a run on a firewall', { skip: unlessRoot }, () => {
  it('that is killed anywhere leaves nothing, and a point only where it was sealed', async () => {
    const edge = firewallWith({ archive: 'daily', keep: { keep_last: 1 }, keep_archives: { keep_last: 1 } });
    try {
      edge.at('2026-01-05T05:00:00.000Z');
      await edge.protect('first');
      const kinds = new Set<string>();
      let [places, whole] = [0, false];
      for (; !whole; places += 1) {
        edge.at(new Date(Date.UTC(2026, 0, 6 + places, 5)).toISOString());
        const calls = places * 7;
        const life = lifeOf(calls);
        const begun: Begun[] = [];
        const over = { world: edge.world(life.machine), began: (step: Begun) => void begun.push(step) };
        await edge
          .protect(`dead${places}`, {}, over)
          .then(() => {
            whole = true;
          })
          .catch((error: unknown) => {
            if (life.count() < calls) throw error;
          });
        kinds.add(begun.at(-1)?.step.kind ?? 'none');
        const recovering = { run: `dead${places}` as RunId, world: edge.world(), taken: '/nowhere' };
        await recoverDriven(recovering, begun, begun.length);
        assert.deepEqual(left(edge), [], `killed after ${calls} calls`);
        for (const sort of ['config', 'archive'] as const) assert.ok((await edge.points(sort)).length >= 1, sort);
      }
      assert.ok(places > 10, `${places} places were tried`);
      assert.deepEqual([...kinds].sort(), ['pfsense.look', 'pfsense.take', 'point.prune']);
    } finally {
      edge.close();
    }
  });

  it('into a destination that others may look into is refused', async () => {
    const edge = firewallWith();
    try {
      mkdirSync(join(edge.copies, 'edge'), { recursive: true, mode: 0o755 });
      await assert.rejects(edge.protect('run1'), fault('destination-not-private'));
    } finally {
      edge.close();
    }
  });

  it('encrypted to a recipient leaves nothing that can be read, and opens with the identity', async () => {
    const keys = execFileSync('age-keygen', { stdio: ['ignore', 'pipe', 'ignore'] }).toString();
    const edge = firewallWith({ encrypt_to: [/public key: (\S+)/.exec(keys)?.[1]] });
    try {
      await edge.protect('run1');
      for (const { folder } of await edge.points())
        for (const name of readdirSync(folder))
          assert.ok(!readFileSync(join(folder, name)).includes('canary'), `canary in ${name}`);
      const [archive] = await edge.points('archive');
      assert.ok(archive !== undefined);
      const file = join(edge.root, 'tmp/identity');
      writeFileSync(file, keys.trim().split('\n').at(-1) ?? '');
      await edge.restore('back1', archive, { identity: { file } });
      assert.equal(differences(join(edge.root, 'cf'), join(edge.back, 'cf')), '');
    } finally {
      edge.close();
    }
  });
});
