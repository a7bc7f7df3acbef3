// Backup jobs of Proxmox VE: what backs guests up by schedule. Facts: pve-api section 4.
import type { Decided, Declared, Fields, FoundOn, Written } from '../../contracts/resource.ts';
import { madeNothing } from '../../contracts/resource.ts';
import type { Estate } from '../../model/estate.ts';
import type { Found } from '../../model/observed.ts';
import type { Change } from '../../model/step.ts';
import { entriesAt, listEntries, updateEntry } from '../../proxmox/config-entries.ts';
import { ref } from '../../values/ref.ts';
import type { Keep } from '../../values/retention.ts';
import { normaliseKeep } from '../../values/retention.ts';
import { isNothing, same } from '../common/compare.ts';
import { configResource, entryOf, heldIn, itemOf, patchOf, type Weight } from '../common/config-resource.ts';
import { defineResource } from '../common/define.ts';
import { onServers, serversFor } from '../common/on-servers.ts';
import { jobFields, selectionParams } from './pve-backup-job-fields.ts';
import { type BackupJobEntry, backupJobs, jobId, newJobId } from './pve-backup-job-schema.ts';

const entries = entriesAt({
  ...{ file: 'jobs.cfg', what: 'backup jobs', folder: 'cluster/backup', id: 'id' },
  digest: 'none',
});

const usual = configResource<{ backup_jobs: BackupJobEntry[] }>({
  name: 'pve-backup-job',
  title: 'backup job',
  product: 'pve',
  // A storage goes after the jobs that write to it.
  after: ['pve-storage'],
  section: { at: 'top', shape: { backup_jobs: backupJobs }, declare, write },
  entries,
  fields: jobFields,
  path: 'backup_jobs[]',
  weigh,
  refuse: ({ name, server }, found) =>
    found !== undefined || newJobId.test(name)
      ? undefined
      : {
          act: 'refuse',
          code: 'job-id-not-new',
          says: `${server} has no backup job ${name}, and PVE makes none of that id: a new one begins with a letter and has 2 to 50 letters, digits, \`_\`, \`-\``,
          remedy: 'give it another `name`',
        },
});

export const pveBackupJob = defineResource<{ backup_jobs: BackupJobEntry[] }>({
  ...usual,
  read: async (api, { signal }) => {
    const { entries: listed } = await listEntries(api, entries, { signal });
    return {
      found: listed.map(({ name, raw }) => ({
        name,
        value: { ...heldIn(jobFields, raw), ...(raw['dumpdir'] === undefined ? {} : { dumpdir: true }) },
      })),
    };
  },
  decide: (declared, found) => withoutRoot(usual.decide(declared, found), declared, found),
  update: async (api, wanted, found, { signal }) => {
    const patch = patchOf(jobFields, wanted, found, []);
    const chosen = !same(found.value['select'], wanted.fields['select']);
    // What of another choice is left in the file would count with the new one: an `exclude` that a pool had made void.
    const left = chosen ? selectionParams.filter((param) => patch.set[param] === undefined) : [];
    await updateEntry(api, entries, wanted.name, { set: patch.set, delete: [...patch.delete, ...left] }, { signal });
    return madeNothing;
  },
});

function declare({ backup_jobs: jobs }: { backup_jobs: BackupJobEntry[] }, estate: Estate): readonly Declared[] {
  return jobs.flatMap((job, index) => {
    const place = estate.placeOf(['backup_jobs', index, 'name']);
    const item = itemOf(jobFields, job);
    const storages = [job.storage, ...(job.fleecing === undefined ? [] : [job.fleecing.storage])];
    return serversFor(job.on, estate).map((server) => ({
      ...{ server, name: job.name, item, secrets: {}, notes: [], place },
      needs: storages.map((storage) => ref('pve-storage', server, storage)),
    }));
  });
}

/** What no estate can say is left out: a selection that contradicts itself, a target that only root may set, an id too long. */
function write(found: readonly FoundOn[]): Written {
  const sayable = found.filter(
    ({ name, value }) => value['select'] !== null && value['dumpdir'] === undefined && jobId.test(name),
  );
  const jobs = onServers(sayable, (one) => {
    const { compress: _, ...entry } = entryOf(jobFields, one);
    const { schedule = '', storage = '', compress = 'none' } = one.value;
    return { name: one.name, ...entry, schedule, storage, ...(compress === 'zstd' ? {} : { compress }) };
  });
  return jobs.length === 0 ? {} : { backup_jobs: jobs };
}

function withoutRoot(decided: Decided, { name, server }: Declared, found: Found | undefined): Decided {
  if (decided.act !== 'update' || found?.value['dumpdir'] === undefined) return decided;
  return {
    act: 'refuse',
    code: 'job-of-root',
    says: `the job on ${server} has a \`dumpdir\`, and PVE lets nobody but root@pam change such a job, no token either`,
    remedy: `take it out on a node, as root: pvesh set /cluster/backup/${name} --delete dumpdir`,
  };
}

function weigh({ item }: Declared, found: Found | undefined, changes: readonly Change[]): Weight {
  const prunes = removesBackups(item) && (found === undefined || removesMore(changes));
  if (!prunes) return { because: [], risk: found === undefined ? 'adds' : 'changes' };
  return {
    because: ['after each of its backups PVE removes those of the guest that its policy does not keep'],
    risk: 'loses a restore point',
  };
}

const removesBackups = ({ prune_backups, remove, enabled }: Fields): boolean =>
  enabled !== false &&
  remove !== false &&
  !isNothing(prune_backups) &&
  normaliseKeep(prune_backups as Keep).keep_all !== 1;

/** Whether backups go that were left alone until now: by a shorter policy, or in another place. */
const removesMore = (changes: readonly Change[]): boolean =>
  changes.some(({ field, class: meaning }) =>
    field === 'prune_backups' ? meaning === 'weakens' : ['remove', 'enabled', 'select', 'storage'].includes(field),
  );
