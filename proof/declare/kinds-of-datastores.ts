// Datastores of a PBS, what stands in them, and their jobs.
import type { Kind } from './kind.ts';
import { by, heldBy, inStore, listed, section } from './on-pbs.ts';
import type { World } from './world.ts';

const device = '8f2f2d0a-3c4e-4b8e-9d1f-6a5b4c3d2e1f';

export function datastores(world: World): readonly Kind[] {
  const stored = (name: string) =>
    heldBy(({ datastores: all }) => {
      const found = all.find((one) => one.name === name);
      return found === undefined ? undefined : { path: found.path, comment: found.comment, ...found.options };
    });
  const { url, fingerprint, accessKey, region } = world.s3;
  const endpoint = `s3_endpoints: [{ name: lab-s3, endpoint: 127.0.0.1, port: ${new URL(url).port}, access_key_id: ${accessKey}, secret_key: { file: LAB/s3.token }, region: ${region}, fingerprint: "${fingerprint}", path_style: true }]\n`;
  return [
    {
      ...{ what: 'datastore in a directory', row: '1.5', text: listed(world, 'datastores'), held: stored('proof') },
      created: {
        entry:
          'name: proof, path: /mnt/datastore/proof, gc: daily, comment: for the proof, tuning: { chunk_order: none }',
        holds: {
          path: '/mnt/datastore/proof',
          'gc-schedule': 'daily',
          comment: 'for the proof',
          tuning: 'chunk-order=none',
        },
      },
      otherwise: {
        same: by('datastore', 'proof', { tuning: 'sync-level=filesystem,chunk-order=none', 'verify-new': false }),
        other: by('datastore', 'proof', { tuning: 'sync-level=file,chunk-order=none' }),
      },
      changed: {
        entry:
          'name: proof, path: /mnt/datastore/proof, gc: weekly, verify_new: true, maintenance: { mode: read-only, message: moving }',
        holds: {
          'gc-schedule': 'weekly',
          'verify-new': true,
          'maintenance-mode': 'type=read-only,message="moving"',
          comment: undefined,
        },
      },
      unset: {
        entry: 'name: proof, path: /mnt/datastore/proof',
        holds: { 'gc-schedule': undefined, 'verify-new': undefined, 'maintenance-mode': undefined, tuning: undefined },
      },
    },
    {
      ...{ what: 'removable datastore', row: '1.5', text: listed(world, 'datastores'), held: stored('plugged') },
      created: {
        entry: `name: plugged, path: backups, removable: { device: ${device} }, gc: daily`,
        holds: { 'backing-device': device, 'gc-schedule': 'daily' },
      },
      changed: {
        entry: `name: plugged, path: backups, removable: { device: ${device} }, gc_on_unmount: true`,
        holds: { 'backing-device': device, 'gc-on-unmount': true, 'gc-schedule': undefined },
      },
      unset: {
        entry: `name: plugged, path: backups, removable: { device: ${device} }`,
        holds: { 'gc-on-unmount': undefined },
      },
    },
    {
      ...{ what: 'datastore in S3', row: '2.4', text: listed(world, 'datastores', endpoint), held: stored('cloud') },
      created: {
        entry: 'name: cloud, path: /mnt/cache/cloud, s3: { endpoint: lab-s3, bucket: pbs-offsite }, gc: daily',
        holds: { path: '/mnt/cache/cloud', 'gc-schedule': 'daily' },
      },
      changed: {
        entry:
          'name: cloud, path: /mnt/cache/cloud, s3: { endpoint: lab-s3, bucket: pbs-offsite }, notification_thresholds: { s3_get: 1000 }',
        holds: { 'gc-schedule': undefined, 'notification-thresholds': 's3-get=1000' },
      },
      unset: {
        entry: 'name: cloud, path: /mnt/cache/cloud, s3: { endpoint: lab-s3, bucket: pbs-offsite }',
        holds: { 'notification-thresholds': undefined },
      },
    },
    {
      ...{ what: 'namespace below another', row: '1.5', text: inStore(world) },
      held: heldBy(({ namespaces }) => {
        const names = namespaces.filter(({ name }) => name.startsWith('proof')).map(({ name }) => name);
        return names.length === 0 ? undefined : { names: names.sort().join() };
      }),
      created: { entry: 'namespaces: [proof/deep]', holds: { names: 'proof,proof/deep' } },
      changed: { entry: 'namespaces: [proof/deep, proof/other]', holds: { names: 'proof,proof/deep,proof/other' } },
    },
  ];
}

export function jobs(world: World): readonly Kind[] {
  const text = inStore(world);
  const remote = `remotes: [{ name: taupo, host: 127.0.0.1, port: ${world.at('pbs-taupo').port}, auth_id: "holdfast@pbs!ops", password: { file: LAB/pbs-taupo.token }, fingerprint: "${world.at('pbs-taupo').fingerprint}" }]\n`;
  const sync = (more: string) => `name: proof-sync, store: pbs-datastore, remote: taupo, remote_store: copy, ${more}`;
  return [
    {
      ...{ what: 'prune job', row: '1.6', text, held: heldBy(section(({ pruneJobs }) => pruneJobs, 'proof-prune')) },
      created: {
        entry:
          'prune: { id: proof-prune, schedule: "03:30", keep_daily: 7, keep_monthly: 3, keep_yearly: 1, max_depth: 0 }',
        holds: {
          store: 'pbs-datastore',
          schedule: '03:30',
          'keep-daily': 7,
          'keep-monthly': 3,
          'keep-yearly': 1,
          'max-depth': 0,
        },
      },
      otherwise: {
        same: by('prune', 'proof-prune', { disable: false, comment: '' }),
        other: by('prune', 'proof-prune', { disable: true }),
      },
      changed: {
        entry: 'prune: { id: proof-prune, schedule: "sun 03:30", keep_weekly: 4, namespace: workshop, enabled: false }',
        holds: {
          schedule: 'sun 03:30',
          'keep-weekly': 4,
          'keep-daily': undefined,
          ns: 'workshop',
          disable: true,
          'max-depth': undefined,
        },
      },
      unset: {
        entry: 'prune: { id: proof-prune, schedule: "sun 03:30", keep_weekly: 4 }',
        holds: { ns: undefined, disable: undefined },
      },
    },
    {
      ...{
        what: 'verify job',
        row: '1.6',
        text,
        held: heldBy(section(({ verifyJobs }) => verifyJobs, 'proof-verify')),
      },
      created: {
        entry:
          'verify: { id: proof-verify, schedule: "sat 18:15", again_after: 30d, namespace: workshop, comment: one }',
        holds: { schedule: 'sat 18:15', 'outdated-after': 30, ns: 'workshop', comment: 'one' },
      },
      otherwise: {
        same: by('verify', 'proof-verify', { 'ignore-verified': true }),
        other: by('verify', 'proof-verify', { 'ignore-verified': false }),
      },
      changed: {
        entry: 'verify: { id: proof-verify, schedule: "sat 19:15", ignore_verified: false, read_threads: 2 }',
        holds: { schedule: 'sat 19:15', 'ignore-verified': false, 'read-threads': 2, ns: undefined },
      },
      unset: {
        entry: 'verify: { id: proof-verify, schedule: "sat 19:15" }',
        holds: { 'outdated-after': undefined, 'read-threads': undefined, comment: undefined },
      },
    },
    {
      ...{ what: 'garbage collection of a datastore', row: '1.6', text: listed(world, 'datastores') },
      held: heldBy(({ datastores: all }) => {
        const found = all.find(({ name }) => name === 'collected');
        return found === undefined ? undefined : { ...found.options };
      }),
      created: {
        entry: 'name: collected, path: /mnt/datastore/collected, gc: "04:00"',
        holds: { 'gc-schedule': '04:00' },
      },
      changed: {
        entry: 'name: collected, path: /mnt/datastore/collected, gc: "sun 04:00"',
        holds: { 'gc-schedule': 'sun 04:00' },
      },
      unset: { entry: 'name: collected, path: /mnt/datastore/collected', holds: { 'gc-schedule': undefined } },
    },
    {
      ...{ what: 'sync job that pulls', row: '2.4', text: listed(world, 'sync', remote) },
      held: heldBy(section(({ syncJobs }) => syncJobs, 'proof-sync')),
      created: {
        entry: sync(
          'schedule: "06:00", groups: ["type:vm", "exclude:group:vm/900"], rate_in: 20 MiB, owner: workshop@pbs',
        ),
        holds: {
          store: 'pbs-datastore',
          remote: 'taupo',
          'remote-store': 'copy',
          schedule: '06:00',
          owner: 'workshop@pbs',
        },
      },
      otherwise: {
        same: by('sync', 'proof-sync', {
          'rate-in': '20480 KiB',
          'group-filter': ['include:type:vm', 'exclude:group:vm/900'],
        }),
        other: by('sync', 'proof-sync', { 'rate-in': '20481 KiB' }),
      },
      changed: {
        entry: sync('schedule: "07:00", remove_vanished: true, transfer_last: 3'),
        holds: {
          schedule: '07:00',
          'remove-vanished': true,
          'transfer-last': 3,
          'rate-in': undefined,
          'group-filter': undefined,
        },
      },
      unset: { entry: sync('schedule: "07:00"'), holds: { 'transfer-last': undefined } },
    },
    {
      ...{ what: 'sync job that pushes', row: '2.4', text: listed(world, 'sync', remote) },
      held: heldBy(section(({ syncJobs }) => syncJobs, 'proof-sync')),
      created: {
        entry: sync('direction: push, schedule: "06:00", verified_only: true'),
        holds: { 'sync-direction': 'push', schedule: '06:00', 'verified-only': true },
      },
      changed: { entry: sync('direction: push, schedule: "07:00"'), holds: { schedule: '07:00' } },
    },
  ];
}
