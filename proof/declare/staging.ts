// S2's disaster, 500 GB on 375 GB: refused with both numbers before anything is applied, in the cases that do stage, and only in
// those. The authorities are the node's own figures and backups, asked for past Holdfast.
import type { Report } from '../report.ts';
import { asked, backedUp } from './raw.ts';
import { pveText, seen, type World, worldOf } from './world.ts';

export async function proveStaging(report: Report): Promise<void> {
  report.section('2.1 Staging: 500 GB on 375 GB');
  const world = await worldOf({ taskSeconds: 0 });
  try {
    const { data } = await asked(world, 'ruapehu', { path: '/nodes/ruapehu/status' });
    const { rootfs } = data as { rootfs: { total: number } };
    const root = Math.round(rootfs.total / 1024 ** 3);
    await proveGrown(report, world, root);
    await proveRefused(report, world, root);
    await proveNotRefused(report, world);
  } finally {
    await world.stop();
  }
}

const job = (world: World, more: string): string => `estate: staged
${pveText(world, ['ruapehu'])}backup_jobs: [{ name: nightly, on: [ruapehu], schedule: "02:00", ${more} }]
`;
const largeContainer = {
  ...{ server: 'ruapehu', guest: 200 },
  set: { mp1: 'thick:vm-200-disk-1,mp=/srv/data,size=492G,backup=1' },
};

/** What a run is judged by is asked again when it is run. */
async function proveGrown(report: Report, world: World, root: number): Promise<void> {
  const estate = world.estate(job(world, 'select: { guests: [200] }, storage: old-pbs'));
  const started = () => world.writes().filter(({ path }) => path.endsWith('/vzdump')).length;
  await estate.type('apply', '--yes');
  const refusedRun = async (what: string) => {
    await world.change(largeContainer);
    const before = started();
    const refused = await estate.type('run', 'nightly');
    const said = `${refused.stdout}${refused.stderr}`;
    const numbers = said.includes('500 GiB') && said.includes(`of ${root} GiB are free`) && /ct\/200 dns1/.test(said);
    report.row(
      `2.1 a container that grew since its job was applied${what}: the run is refused with both numbers`,
      refused.command,
      `the node's own status: ${root} GiB; requests.ndjson: no backup was started`,
      (refused.status !== 0 && started() === before && numbers) || seen(refused),
    );
  };
  await refusedRun('');
  await world.change({ server: 'ruapehu', guest: 200, delete: ['mp1'] });
  const ran = await estate.type('run', 'nightly');
  report.control('a small container, refused for staging', ran.status === 0 && started() === 1);
  await refusedRun(', right after a run that went well');
  await world.change({ server: 'ruapehu', backupJob: 'nightly', delete: true });
}

async function proveRefused(report: Report, world: World, root: number): Promise<void> {
  const { data } = await asked(world, 'ruapehu', { path: '/nodes/ruapehu/storage/thick/status' });
  const thick = Math.round((data as { total: number }).total / 1024 ** 3);
  const fleeced = await backedUp(world, 'ruapehu', {
    vmid: '201',
    storage: 'old-pbs',
    fleecing: 'enabled=1,storage=thick',
  });
  report.control('thick fleecing for 500 GB on 375 GB that works in the lab', /insufficient free space/.test(fleeced));
  const cases = [
    [
      'a container that falls back to suspend, through its tmpdir',
      'select: { guests: [200] }, storage: old-pbs',
      /ct\/200 dns1/,
      root,
    ],
    ['a container in suspend mode', 'select: { guests: [200] }, storage: old-pbs, mode: suspend', /ct\/200 dns1/, root],
    [
      'a directory whose disk is not mounted: the archive lands on the disk beneath',
      'select: { guests: [201] }, storage: usb-hdd',
      /vm\/201 records/,
      root,
    ],
    [
      'thick fleecing',
      'select: { guests: [201] }, storage: old-pbs, fleecing: { storage: thick }',
      /vm\/201 records/,
      thick,
    ],
  ] as const;
  for (const [what, more, guest, total] of cases) {
    const estate = world.estate(job(world, more));
    const sent = world.writes().length;
    const applied = await estate.type('apply', '--yes');
    const said = `${applied.stdout}${applied.stderr}`;
    const { jobs } = await world.pve('ruapehu');
    const numbers = said.includes('500 GiB') && new RegExp(`of ${total} GiB are free`).test(said);
    report.row(
      `2.1 ${what}: refused with both numbers`,
      applied.command,
      `the node's own status: ${total} GiB; the lab's state has no such job, requests.ndjson no writing request`,
      (applied.status !== 0 &&
        numbers &&
        guest.test(said) &&
        world.writes().length === sent &&
        !jobs.some(({ id }) => id === 'nightly')) ||
        seen(applied),
    );
  }
}

async function proveNotRefused(report: Report, world: World): Promise<void> {
  const cases = [
    ['a VM of 500 GB to a PBS', 'select: { guests: [201] }, storage: old-pbs', { vmid: '201', storage: 'old-pbs' }],
    [
      'thin fleecing',
      'select: { guests: [201] }, storage: old-pbs, fleecing: { storage: local-lvm }',
      { vmid: '201', storage: 'old-pbs', fleecing: 'enabled=1,storage=local-lvm' },
    ],
    [
      'a container of 500 GB in stop mode',
      'select: { guests: [200] }, storage: old-pbs, mode: stop',
      { vmid: '200', storage: 'old-pbs', mode: 'stop' },
    ],
  ] as const;
  for (const [what, more, form] of cases) {
    const plan = await world.estate(job(world, more)).type('plan');
    report.control(`${what}, refused for staging`, plan.status === 0 && !/staging|cannot be done/.test(plan.stdout));
    const log = await backedUp(world, 'ruapehu', form);
    report.row(
      `2.1 ${what} is no matter of staging`,
      plan.command,
      "a backup by the node's own call, which ends well",
      log.startsWith('OK') || seen(log),
    );
  }
  await world.change({ server: 'ruapehu', disk: 'usb-hdd', set: { mounted: true } });
  const mounted = await world.estate(job(world, 'select: { guests: [201] }, storage: usb-hdd')).type('plan');
  report.control(
    'a directory whose disk was plugged in, refused for staging',
    mounted.status === 0 && !/cannot be done/.test(mounted.stdout),
  );
}
