// Mission row 2.1 with the figures of the report (S2): a guest of 500 GB, 375 GB on the host. Typed as an operator types it,
// against the full lab, where such backups really fail (lab/pve/staging.test.ts).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type ServerId, type TestLab, testLab } from '../../lab/ask.test-support.ts';
import type { PveState } from '../../lab/pve/state.ts';
import { estateIn } from './estate.test-support.ts';

let lab: TestLab;
before(async () => {
  lab = await testLab({ size: 'full', taskSeconds: 0 });
  const change = async (body: object) => {
    const answer = await fetch(`${lab.lab.control}/change`, { method: 'POST', body: JSON.stringify(body) });
    assert.equal(answer.status, 200, await answer.text());
  };
  // A container with 500 GB on thick LVM, and one with as much on thin.
  const mp = (storage: string) => `${storage}:vm-1-disk-9,mp=/srv/data,size=500G,backup=1`;
  await change({ server: 'ruapehu', guest: 200, set: { mp1: mp('thick') } });
  await change({ server: 'hikurangi', guest: 100, set: { mp1: mp('local-lvm') } });
  await change({ server: 'pihanga', disk: 'usb-hdd', set: { mounted: false } });
  // It would be taken for hikurangi's container of the same number, which is another matter.
  await change({ server: 'ruapehu', guest: 100, delete: true });
});
after(() => lab[Symbol.asyncDispose]());

const stateOf = (server: ServerId): PveState => {
  const state = lab.lab.servers[server]?.state;
  assert.ok(state?.product === 'pve');
  return state;
};
const job = (name: string, on: ServerId, select: string, storage: string, more = ''): string =>
  `  - { name: ${name}, on: [${on}], schedule: "02:00", select: ${select}, storage: ${storage}${more} }\n`;
const estateWith = (...jobs: readonly string[]) =>
  estateIn(
    `${readFileSync(join(lab.dir, 'connections.yaml'), 'utf8')}\nbackup_jobs:\n${jobs.join('')}`,
    'lab',
    lab.dir,
  );

type Planned = {
  steps: { subject: string }[];
  refusals: { subject: string; code: string; says: string }[];
  notes: { subject: string; says: string }[];
};
async function planOf(...jobs: readonly string[]): Promise<Planned> {
  const { stdout, stderr } = await estateWith(...jobs).type('plan', '--json');
  assert.match(stdout, /^\{/, stderr);
  return JSON.parse(stdout) as Planned;
}
/** What was said of it beyond the step itself, as far as staging goes. */
const staged = ({ refusals, notes }: Planned, subject: string): readonly string[] =>
  [...refusals, ...notes]
    .filter((one) => one.subject === subject && /free|computed|mounted/.test(one.says))
    .map(({ says }) => says);

const tooLarge = {
  container: job('containers', 'ruapehu', '{ guests: [200, 201] }', 'old-pbs'),
  suspended: job('suspended', 'ruapehu', '{ guests: [200] }', 'old-pbs', ', mode: suspend'),
  unmounted: job('to-usb', 'ruapehu', '{ guests: [201] }', 'usb-hdd'),
  fleecing: job('fleeced', 'ruapehu', '{ guests: [201] }', 'old-pbs', ', fleecing: { storage: thick }'),
};

describe('a job whose guest is larger than the disk it is staged on', () => {
  it('is refused in a plan, with both sizes: a container, a folder without its disk, thick fleecing', async () => {
    const plan = await planOf(...Object.values(tooLarge));
    assert.deepEqual(plan.steps, []);
    const said = new Map(plan.refusals.map(({ subject, code, says }) => [`${subject} ${code}`, says]));
    const of = (name: string) => said.get(`pve-backup-job/ruapehu/${name} staging-too-small`) ?? '';
    const free = /344 GiB of 375 GiB are free/;
    assert.match(
      of('containers'),
      /ct\/200 dns1 .*\/var\/tmp on the root disk, up to 508 GiB.*mp1 lies on thick \(lvm\).*falls back/,
    );
    assert.match(of('suspended'), /ct\/200 dns1 .*\/var\/tmp.*508 GiB.*the mode is suspend/);
    assert.match(
      of('to-usb'),
      /no disk is mounted where usb-hdd lies.*vm\/201 records lands on the root disk beneath, up to 500 GiB/,
    );
    for (const name of ['containers', 'suspended', 'to-usb']) assert.match(of(name), free);
    assert.match(of('fleeced'), /vm\/201 records .*takes 500 GiB on thick .*375 GiB of 375 GiB are free/);
  });

  it('is refused where the storage knows that its disk is missing', async () => {
    const disks = stateOf('pihanga').guests.map((guest) =>
      guest.vmid === 200
        ? { ...guest, config: { ...guest.config, scsi0: 'local-zfs:vm-200-disk-0,size=500G' } }
        : guest,
    );
    stateOf('pihanga').guests = disks;
    const plan = await planOf(job('to-nas', 'pihanga', '{ guests: [200] }', 'usb-hdd'));
    assert.deepEqual(plan.steps, []);
    assert.match(
      plan.refusals[0]?.says ?? '',
      /the disk of usb-hdd is not mounted on pihanga.*500 GiB, where 72.0 GiB of 94.0 GiB are free/,
    );
  });

  it('is refused when it is run, before anything is started (reality 2.49)', async () => {
    for (const [name, text] of [
      ['containers', tooLarge.container],
      ['to-usb', tooLarge.unmounted],
      ['fleeced', tooLarge.fleecing],
    ] as const) {
      const from = lab.log().length;
      const { status, stdout, stderr } = await estateWith(text).type('run', name);
      assert.equal(status, 1, stdout);
      assert.match(`${stdout}${stderr}`, /staging-too-small[\s\S]*50[08] GiB[\s\S]*375 GiB are free/);
      const writes = lab
        .log()
        .slice(from)
        .filter(({ method }) => method !== 'GET');
      assert.deepEqual(writes, [], name);
    }
  });
});

describe('a job that stages nothing, or has room (control)', () => {
  it('is planned without a word on staging', async () => {
    const jobs = {
      'vm-to-pbs': job('vm-to-pbs', 'ruapehu', '{ guests: [201] }', 'old-pbs'),
      stopped: job('stopped', 'ruapehu', '{ guests: [200] }', 'old-pbs', ', mode: stop'),
      // A container on thick LVM that fits in /var/tmp, and one of 524 GB whose volumes have snapshots.
      small: job('small', 'hikurangi', '{ guests: [101] }', 'old-pbs'),
      snapshots: job('snapshots', 'hikurangi', '{ guests: [100] }', 'old-pbs'),
    };
    const plan = await planOf(...Object.values(jobs));
    assert.deepEqual(plan.refusals, []);
    assert.equal(plan.steps.length, 4);
    for (const name of Object.keys(jobs))
      for (const host of ['ruapehu', 'hikurangi']) assert.deepEqual(staged(plan, `pve-backup-job/${host}/${name}`), []);
  });

  it('runs, although nothing is free on the host', async () => {
    const { root } = stateOf('ruapehu').hardware;
    const { used } = root;
    root.used = root.total;
    const { status, stdout } = await estateWith(job('vm-to-pbs', 'ruapehu', '{ guests: [201] }', 'old-pbs')).type(
      'run',
      'vm-to-pbs',
    );
    root.used = used;
    assert.equal(status, 0, stdout);
  });

  it('asks no node and no config for VMs that go to a PBS, and of the others each thing once', async () => {
    const nodeCalls = async (...jobs: readonly string[]) => {
      const from = lab.log().length;
      await planOf(...jobs);
      return lab
        .log()
        .slice(from)
        .map(({ path }) => path.replace('/api2/json', ''))
        .filter((path) => /^\/nodes\/(?!localhost)/.test(path))
        .sort();
    };
    assert.deepEqual(await nodeCalls(job('vms', 'ruapehu', '{ guests: [109, 201, 400] }', 'old-pbs')), []);
    assert.deepEqual(await nodeCalls(tooLarge.container, tooLarge.suspended), [
      '/nodes/ruapehu/lxc/200/config',
      '/nodes/ruapehu/status',
      '/nodes/ruapehu/storage',
      '/nodes/ruapehu/vzdump/defaults',
    ]);
  });
});

describe('a job whose room could not be asked for', () => {
  it('is planned and run, and it is said what is not known', async () => {
    const state = stateOf('ruapehu');
    const { acl } = state;
    state.acl = acl.filter(({ role }) => role !== 'HoldfastNodes');
    try {
      const plan = await planOf(tooLarge.container);
      assert.deepEqual(plan.refusals, []);
      assert.equal(plan.steps.length, 1);
      assert.match(
        staged(plan, 'pve-backup-job/ruapehu/containers').join(),
        /^could not be computed: whether what is copied of a container fits.*ct\/200 dns1$/,
      );
      const ran = await estateWith(tooLarge.container).type('run', 'containers');
      assert.match(ran.stderr, /warning {2}could not be computed: whether what is copied of a container fits/);
      assert.equal(ran.status, 0, ran.stderr);
    } finally {
      state.acl = acl;
    }
  });
});

describe('once the disk is plugged in', () => {
  it('the job to it is planned and run', async () => {
    const answer = await fetch(`${lab.lab.control}/change`, {
      method: 'POST',
      body: JSON.stringify({ server: 'ruapehu', disk: 'usb-hdd', set: { mounted: true } }),
    });
    assert.equal(answer.status, 200);
    const plan = await planOf(tooLarge.unmounted);
    assert.deepEqual([plan.steps.length, plan.refusals, staged(plan, 'pve-backup-job/ruapehu/to-usb')], [1, [], []]);
    assert.equal((await estateWith(tooLarge.unmounted).type('run', 'to-usb')).status, 0);
  });
});
