// Volumes of one workload, while somebody writes them: held, taken, and let go on whatever happens. The writer and its devices are
// real, LVM is a folder; on a real pool the same is in test/e2e/lvm-moment.test.ts.
import assert from 'node:assert/strict';
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Argv } from '../../machines/machine.ts';
import { type Duration, milliseconds, seconds } from '../../values/duration.ts';
import type { Instant } from '../../values/instant.ts';
import { snapshotName } from '../common/lvm/names.ts';
import { Place } from './place.test-support.ts';
import { type Moment, readAnswer } from './snapshot-answer.ts';
import { snapshotArgv } from './snapshot-argv.ts';
import { Devices, stateOf, unlessDevices } from './writer.test-support.ts';

const names = ['vm-9999-pvc-a', 'vm-9999-pvc-b'] as const;

const wanted = names.map((origin) => {
  const originUuid = `uuid-of-${origin}`;
  return { origin, originUuid, bytes: 2 ** 24, name: snapshotName('r1', originUuid), tags: { run: 'r1', origin } };
});
const argvOf = (hold: Duration): Argv =>
  snapshotArgv({
    ...{ vg: 'pve', pool: 'data', data_at_most: 90, metadata_at_most: 80, together: true, hold },
    ...{ taken: '2026-11-21T03:00:00.000Z' as Instant, volumes: wanted },
  });

/** Two volumes on the devices, of which a snapshot takes so many seconds. */
function placeOn(devices: Devices, takes: number, open = 1): Place {
  const place = new Place();
  for (const [index, name] of names.entries()) {
    const { number = '', written = '' } = devices.all[index] ?? {};
    place.put(name, { device: number, written, takes, open });
  }
  return place;
}

const taken = async (place: Place, hold: Duration) =>
  readAnswer((await place.machine().run(argvOf(hold), {})).stdout, 'pve', wanted);
const reasonOf = (moment: Moment | undefined) => (moment?.oneMoment === false ? moment.because : undefined);

/** How far the second volume is behind the first: 0 or 1 where nothing was written between. */
const behind = (place: Place): number => {
  const [a, b] = names.map((name) => Number(place.read(snapshotName('r1', `uuid-of-${name}`))['holds']));
  return (a ?? Number.NaN) - (b ?? Number.NaN);
};
const tags = (place: Place) => names.map((name) => place.tags(snapshotName('r1', `uuid-of-${name}`)));

const standingBy = (): readonly string[] =>
  readdirSync('/proc').filter((pid) => {
    try {
      return /^\d+$/.test(pid) && readFileSync(`/proc/${pid}/cmdline`, 'latin1').includes('\0holdfast-lets-go-on\0');
    } catch {
      return false;
    }
  });

const until = async (what: string, is: () => boolean, within = 30_000) => {
  for (const end = performance.now() + within; !is(); await pause(10))
    if (performance.now() > end) assert.fail(`it never came: ${what}`);
};

/** Long before it would go by itself: it was ended. A process that was killed is there for a moment yet. */
const nobodyStandsBy = () => until('nobody stands by', () => standingBy().length === 0, 3000);

const firstTaken = (place: Place) =>
  until('the first snapshot', () => place.names().includes(snapshotName('r1', `uuid-of-${names[0]}`)));

const goesOn = async (devices: Devices, writer: ChildProcess) => {
  const before = devices.written(0);
  await until('the writer goes on', () => devices.written(0) > before);
  assert.notEqual(stateOf(writer.pid), 'T');
};

describe('volumes of one workload', { skip: unlessDevices, concurrency: false }, () => {
  it('are of one moment in the order of writing, though somebody writes them all the time; he goes on, and nothing is left (reality 1.1g)', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0.4);
    const writer = await devices.writer();
    const { moment, sealed, skew } = await taken(place, seconds(10));
    assert.deepEqual([moment?.oneMoment, sealed.length, skew], [true, 2, 0]);
    assert.ok(behind(place) === 0 || behind(place) === 1, `behind by ${behind(place)}`);
    assert.ok(tags(place).every(({ together, skew: apart }) => together === 'one-moment' && apart === '0'));
    await goesOn(devices, writer);
    await nobodyStandsBy();
  });

  it('are not where nobody is held (control), and then say how far apart they are', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0.4);
    await devices.writer();
    const { moment, skew } = await taken(place, seconds(0));
    assert.equal(moment, undefined);
    assert.ok(behind(place) < -1, `the second is ahead by what was written meanwhile: ${behind(place)}`);
    assert.ok((skew ?? 0) >= 400);
    assert.ok(tags(place).every(({ together, skew: apart }) => together === 'in-a-row' && Number(apart) >= 400));
  });

  it('are of one moment without anybody held where nobody writes them', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0, 0);
    const { moment } = await taken(place, seconds(10));
    assert.deepEqual(moment?.oneMoment === true && moment.held, 0);
  });

  it('find their writer by the number of the device, whatever name he opened it by', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0.2);
    const nodes = devices.all.map(({ number }, index) => {
      const node = join(devices.folder, `node-${index}`);
      execFileSync('mknod', [node, 'b', ...number.split(':')]);
      return node;
    });
    await devices.writer('', nodes);
    const { moment } = await taken(place, seconds(10));
    assert.deepEqual(moment?.oneMoment === true && moment.held, 1, JSON.stringify(moment));
    assert.ok(behind(place) === 0 || behind(place) === 1, `behind by ${behind(place)}`);
  });

  it('leave alone who only reads them', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0.2);
    const reader = await devices.writer('', undefined, '<');
    const before = devices.written(0);
    const { moment } = await taken(place, seconds(10));
    assert.deepEqual(moment?.oneMoment === true && moment.held, 0);
    assert.ok(devices.written(0) - before > 100, 'he was never held');
    assert.notEqual(stateOf(reader.pid), 'T');
  });

  it('leave a writer stopped who was stopped before', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0);
    const writer = await devices.writer();
    const other = await devices.writer();
    writer.kill('SIGSTOP');
    await until('it is stopped', () => stateOf(writer.pid) === 'T');
    for (const name of names) place.put(name, { open: 2 });
    const { moment } = await taken(place, seconds(10));
    assert.deepEqual(moment?.oneMoment === true && moment.held, 2);
    assert.deepEqual([stateOf(writer.pid), stateOf(other.pid) === 'T'], ['T', false]);
  });
});

describe('volumes of one workload that cannot be of one moment', { skip: unlessDevices, concurrency: false }, () => {
  const inARow = async (place: Place, hold: Duration, reason: string) => {
    const { moment, sealed } = await taken(place, hold);
    assert.equal(reasonOf(moment), reason, JSON.stringify(moment));
    assert.equal(sealed.length, 2, 'they are taken all the same');
    assert.ok(tags(place).every(({ together }) => together === `in-a-row:${reason}`));
    await nobodyStandsBy();
    return moment;
  };

  it('since the host itself uses one: nobody is held, and it says which', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0.1);
    place.put(names[1], { open: 2 });
    const writer = await devices.writer();
    const moment = await inARow(place, seconds(10), 'used');
    assert.equal(moment?.oneMoment === false && moment.detail, 'pve-vm--9999--pvc--b');
    await goesOn(devices, writer);
  });

  it('since the time was over: the writer goes on when it is, not when the last snapshot is there', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 1.5);
    const writer = await devices.writer();
    const taking = inARow(place, seconds(1), 'late');
    await until('it is held', () => stateOf(writer.pid) === 'T');
    await goesOn(devices, writer);
    assert.equal(place.sealed()[names[1]], undefined, 'the last one is not there yet');
    await taking;
  });

  it('since the writer is one that must not be stopped: who started the script', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0);
    const files = devices.all.map(({ path }) => path);
    const open = `open my $a, '+<', shift or die; open my $b, '+<', shift or die; exit(system(@ARGV) >> 8)`;
    const { stdout } = await place.machine().run(['perl', '-e', open, ...files, ...argvOf(seconds(10))], {});
    const { moment, sealed } = readAnswer(stdout, 'pve', wanted);
    assert.deepEqual([reasonOf(moment), sealed.length], ['stays', 2]);
    assert.match(moment?.oneMoment === false ? moment.detail : '', /^\d+ perl$/);
  });

  it('since somebody let the writer go on, or another one came meanwhile', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0.6);
    const writer = await devices.writer();
    const taking = inARow(place, seconds(10), 'went');
    await firstTaken(place);
    writer.kill('SIGCONT');
    await taking;
    for (const name of names) place.drop(snapshotName('r1', `uuid-of-${name}`));
    const again = inARow(place, seconds(10), 'joined');
    await firstTaken(place);
    await devices.writer();
    await again;
  });
});

describe('a writer that is held', { skip: unlessDevices, concurrency: false }, () => {
  for (const [who, ends] of [
    ['the script', (script: ChildProcess) => script.kill('SIGKILL')],
    ['the script and all that it started', (script: ChildProcess) => process.kill(-(script.pid ?? 0), 'SIGKILL')],
    ['the script by a polite signal', (script: ChildProcess) => script.kill('SIGTERM')],
  ] as const)
    it(`goes on soon after ${who} was killed, and nothing is left`, async () => {
      await using devices = new Devices(2);
      using place = placeOn(devices, 3);
      const writer = await devices.writer();
      const [sh, ...words] = argvOf(seconds(20));
      const bin = join(place.folder, 'bin');
      const env = { PATH: `${bin}:/usr/sbin:/usr/bin:/sbin:/bin`, FAKE_LVM: place.folder, HOLDFAST_RUN: 'r1' };
      const script = spawn(sh, words, { detached: true, env, stdio: 'ignore' });
      await until('it is held', () => stateOf(writer.pid) === 'T');
      const [watchdog = ''] = standingBy();
      assert.ok(
        !readFileSync(`/proc/${watchdog}/environ`, 'latin1').includes('HOLDFAST_RUN'),
        'nobody ends it with the run',
      );
      const began = performance.now();
      ends(script);
      await goesOn(devices, writer);
      assert.ok(performance.now() - began < 5000, 'long before its time is over');
      await until('nobody stands by', () => standingBy().length === 0);
      if (script.exitCode === null && script.signalCode === null) await once(script, 'close');
    });

  it('would stand still for ever were there nobody who lets it go on (control) (reality 2.41)', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 3);
    const writer = await devices.writer();
    const [sh, ...words] = argvOf(seconds(20));
    const env = { PATH: `${join(place.folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`, FAKE_LVM: place.folder };
    const script = spawn(sh, words, { detached: true, env, stdio: 'ignore' });
    await until('it is held', () => stateOf(writer.pid) === 'T');
    for (const pid of standingBy()) process.kill(Number(pid), 'SIGKILL');
    process.kill(-(script.pid ?? 0), 'SIGKILL');
    await pause(1000);
    assert.equal(stateOf(writer.pid), 'T');
  });

  it('goes on in time though the script itself was stopped', async () => {
    await using devices = new Devices(2);
    using place = placeOn(devices, 0.1);
    const writer = await devices.writer();
    const [sh, ...words] = argvOf(milliseconds(1500));
    const env = { PATH: `${join(place.folder, 'bin')}:/usr/sbin:/usr/bin:/sbin:/bin`, FAKE_LVM: place.folder };
    const script = spawn(sh, words, { detached: true, env, stdio: 'ignore' });
    await until('it is held', () => stateOf(writer.pid) === 'T');
    script.kill('SIGSTOP');
    await goesOn(devices, writer);
    await until('nobody stands by', () => standingBy().length === 0);
    process.kill(-(script.pid ?? 0), 'SIGKILL');
    await once(script, 'close');
  });
});
