// What is declared of each kind, and what the lab must hold then. Options are as the config files of the servers have them.
import type { Kind } from './kind.ts';
import { datastores, jobs } from './kinds-of-datastores.ts';
import { elsewhere, people } from './kinds-of-logins.ts';
import { messages } from './kinds-of-messages.ts';
import { pveText, type World } from './world.ts';

export const kindsOf = (world: World): readonly Kind[] => [
  ...[pveStorage, pveBackupJob].map((kind) => kind(world)),
  ...[datastores, jobs, elsewhere, people, messages].flatMap((kinds) => kinds(world)),
];

function pveStorage(world: World): Kind {
  const { port, fingerprint } = world.at('pbs-pihanga');
  const entry = (more: string) =>
    `name: proof-pbs, server: 127.0.0.1, port: ${port}, datastore: pbs-datastore, username: holdfast@pbs!storage, password: { file: LAB/storage.token }, fingerprint: "${fingerprint}", on: [ruapehu]${more}`;
  const by = (set: object) => ({ server: 'ruapehu', storage: 'proof-pbs', set });
  return {
    ...{ what: 'PVE storage', row: '1.1' },
    text: (one) => `${pveText(world, ['ruapehu'])}pbs_storages: [${one === undefined ? '' : `{ ${one} }`}]\n`,
    held: async () => {
      const { storages } = await world.pve('ruapehu');
      return storages.find(({ storage }) => storage === 'proof-pbs')?.options;
    },
    created: {
      entry: entry(', prune_backups: { keep_last: 3, keep_daily: 7 }, nodes: [ruapehu], max_protected_backups: 5'),
      holds: { server: '127.0.0.1', datastore: 'pbs-datastore', nodes: 'ruapehu', 'max-protected-backups': 5 },
    },
    otherwise: {
      same: by({ 'prune-backups': 'keep-daily=7,keep-last=3', disable: 0, 'max-protected-backups': '5' }),
      other: by({ 'prune-backups': 'keep-daily=6,keep-last=3' }),
    },
    changed: {
      entry: entry(', prune_backups: { keep_daily: 9 }, enabled: false'),
      holds: { 'prune-backups': 'keep-daily=9', disable: 1, nodes: undefined, 'max-protected-backups': undefined },
    },
    unset: { entry: entry(''), holds: { 'prune-backups': undefined, nodes: undefined } },
  };
}

function pveBackupJob(world: World): Kind {
  const entry = (more: string) => `name: proof, on: [ruapehu], storage: old-pbs, ${more}`;
  const by = (set: object) => ({ server: 'ruapehu', backupJob: 'proof', set });
  return {
    ...{ what: 'PVE backup job', row: '1.6' },
    text: (one) => `${pveText(world, ['ruapehu'])}backup_jobs: [${one === undefined ? '' : `{ ${one} }`}]\n`,
    held: async () => {
      const { jobs } = await world.pve('ruapehu');
      return jobs.find(({ id }) => id === 'proof')?.options;
    },
    created: {
      entry: entry(
        'schedule: "03:00", select: { guests: [109, 200] }, notes_template: "{{guestname}}", bwlimit: 50000',
      ),
      holds: { schedule: '03:00', storage: 'old-pbs', 'notes-template': '{{guestname}}', bwlimit: 50000 },
    },
    otherwise: {
      same: by({ vmid: '200,109', bwlimit: '50000', enabled: 1 }),
      other: by({ vmid: '200,109,400' }),
    },
    changed: {
      entry: entry('schedule: "mon..fri 03:00", select: { all_but: [900] }, mode: stop'),
      holds: { schedule: 'mon..fri 03:00', all: 1, exclude: '900', mode: 'stop', vmid: undefined, bwlimit: undefined },
    },
    unset: {
      entry: entry('schedule: "mon..fri 03:00", select: all, mode: stop'),
      holds: { exclude: undefined, 'notes-template': undefined },
    },
  };
}
