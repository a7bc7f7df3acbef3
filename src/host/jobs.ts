// The backup jobs of jobs.cfg, with what this node's /etc/vzdump.conf adds where a job says nothing, and the guests each takes.
import { Fault } from '../fault.ts';
import type { BackupJob, BackupMode, BackupSelection, Retention, Sourced } from '../model/host.ts';
import { flag, flagUnlessOff, set } from '../proxmox/decode.ts';
import { parsePropertyString } from '../proxmox/property-string.ts';
import { count } from '../values/text.ts';
import type { GuestsRead } from './guests.ts';
import { parseKeyValues } from './key-values.ts';
import { sayOddLines } from './odd-lines.ts';
import type { Reader } from './reader.ts';
import { retentionIn } from './retention.ts';
import { parseSections, type Section } from './section-config.ts';

const hides = 'which guests are backed up, when, and how';
const jobsFile = '/etc/pve/jobs.cfg';
const oldFile = '/etc/pve/vzdump.cron';
const defaultsFile = '/etc/vzdump.conf';

type Values = ReadonlyMap<string, string>;
export type Defaults = Sourced & Readonly<{ values: Values; retention: Retention | undefined }>;

/** Undefined where the file could not be read; a host without one has no defaults. */
export async function readDefaults(reader: Reader): Promise<Defaults | undefined> {
  const told = await reader.text(
    defaultsFile,
    'the mode, folder, storage and retention of jobs that say nothing of them',
  );
  if (told === undefined) return undefined;
  if (told === 'nothing there')
    return { values: new Map(), retention: undefined, source: defaultsFile, at: reader.now() };
  const { values, oddLines } = parseKeyValues(told.value);
  sayOddLines(reader, defaultsFile, oddLines, 'the defaults of every backup on this node');
  return { values, retention: retentionIn(values), source: told.source, at: told.at };
}

export async function readJobs(
  reader: Reader,
  guests: GuestsRead,
  defaults: Values,
): Promise<readonly BackupJob[] | undefined> {
  const told = await reader.text(jobsFile, hides);
  if (told === undefined) return undefined;
  // Without its folder the cluster file system is not mounted, and no job there says nothing.
  if (told === 'nothing there') return guests.files === undefined ? undefined : [];
  const { sections, oddLines } = parseSections(told.value);
  sayOddLines(reader, jobsFile, oddLines, hides);
  const jobs = sections.filter(({ type }) => type === 'vzdump');
  return jobs.map((section) => jobFrom(section, guests, defaults, told));
}

/** Jobs of the time before jobs.cfg. PVE still runs them, and moves one to jobs.cfg when it is saved. */
export async function readOldJobs(reader: Reader): Promise<number> {
  const told = await reader.text(oldFile, hides);
  if (told === undefined || told === 'nothing there') return 0;
  const jobs = told.value.split('\n').filter((line) => /^\s*[^#\s].*\bvzdump\b/.test(line)).length;
  if (jobs > 0) reader.missed(oldFile, oldJobs(jobs), hides);
  return jobs;
}

const oldJobs = (jobs: number): Fault =>
  new Fault('host-old-style-jobs', {
    where: oldFile,
    says: `${count(jobs, 'backup job')} of the time before jobs.cfg ${jobs === 1 ? 'stands' : 'stand'} in it`,
    remedy: 'open each in PVE under Datacenter > Backup and save it: PVE then moves it to jobs.cfg',
  });

function jobFrom({ id, values }: Section, guests: GuestsRead, defaults: Values, { source, at }: Sourced): BackupJob {
  const either = (key: string): string | undefined => values.get(key) ?? defaults.get(key);
  const selection = selectionIn(values);
  const node = values.get('node');
  // A job that names one of the two takes neither from the defaults.
  const target = values.has('storage') || values.has('dumpdir') ? values : defaults;
  const dumpdir = target.get('dumpdir');
  const storage = target.get('storage') ?? (dumpdir === undefined ? 'local' : undefined);
  return {
    id,
    enabled: flagUnlessOff(values.get('enabled')),
    node,
    selection,
    takes: takenBy(selection, node, guests),
    storage,
    dumpdir,
    mode: modeIn(either('mode')),
    retention: retentionIn(values),
    removes: flagUnlessOff(either('remove')),
    fleecing: fleecingIn(either('fleecing')),
    tmpdir: either('tmpdir'),
    source,
    at,
  };
}

const ids = (text: string | undefined): readonly number[] => set(text).map(Number).filter(Number.isSafeInteger);

// A pool counts before a list, a list before `all` (facts: pve-api section 4, selection).
function selectionIn(values: Values): BackupSelection {
  const [pool, list] = [values.get('pool'), values.get('vmid')];
  if (pool !== undefined) return { by: 'pool', pool };
  if (list !== undefined) return { by: 'list', vmids: ids(list) };
  const all = flag(values.get('all')) || values.has('exclude');
  return all ? { by: 'all', except: ids(values.get('exclude')) } : { by: 'list', vmids: [] };
}

function takenBy(selection: BackupSelection, node: string | undefined, { files, poolsKnown }: GuestsRead) {
  if (files === undefined) return undefined;
  if (selection.by === 'pool' && !poolsKnown) return undefined;
  const taken = files.filter(({ guest, pool }) => {
    if (node !== undefined && guest.node !== node) return false;
    if (selection.by === 'pool') return pool === selection.pool;
    return selection.by === 'list' ? selection.vmids.includes(guest.vmid) : !selection.except.includes(guest.vmid);
  });
  return taken.map(({ guest }) => guest.vmid);
}

const modes: Readonly<Record<string, BackupMode>> = { snapshot: 'snapshot', suspend: 'suspend', stop: 'stop' };
const modeIn = (text = 'snapshot'): BackupMode => (Object.hasOwn(modes, text) ? modes[text] : undefined) ?? 'snapshot';

function fleecingIn(text = ''): string | undefined {
  const options = parsePropertyString(text, 'enabled');
  return flag(options.get('enabled')) ? options.get('storage') : undefined;
}
