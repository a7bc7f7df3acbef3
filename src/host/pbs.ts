// A PBS host: datastores and prune jobs from its files; verify jobs and restore points from its own daemon, which
// proxmox-backup-debug asks over localhost as root (proxmox-backup-manager lists neither states nor snapshots).
import type { PbsFacts, PbsNamespace, PbsPoint, PbsStore, PruneJob, VerifyJob } from '../model/host.ts';
import { flag, flagUnlessOff, isRow, type Row, text, whole } from '../proxmox/decode.ts';
import { type Instant, instantAt } from '../values/instant.ts';
import { count } from '../values/text.ts';
import { parseUpid } from '../values/upid.ts';
import { notUnderstood } from './command.ts';
import { sayOddLines } from './odd-lines.ts';
import type { Reader, Told } from './reader.ts';
import { parseSections, type Section } from './section-config.ts';

export async function readPbs(reader: Reader): Promise<PbsFacts> {
  const [version, stores, ownPruneJobs, verifyJobs] = await Promise.all([
    readVersion(reader),
    readSections(reader, '/etc/proxmox-backup/datastore.cfg', 'datastore', 'which datastores there are'),
    readSections(reader, '/etc/proxmox-backup/prune.cfg', 'prune', 'what prunes the datastores'),
    readVerifyJobs(reader),
  ]);
  const namespaces: PbsNamespace[] = [];
  for (const store of stores ?? []) namespaces.push(...(await readNamespaces(reader, store.id)));
  return {
    version,
    stores: stores?.map(storeFrom),
    pruneJobs: ownPruneJobs && [...ownPruneJobs.map(pruneJobFrom), ...(stores ?? []).flatMap(oldPruneJobFrom)],
    verifyJobs,
    namespaces,
  };
}

async function readVersion(reader: Reader): Promise<string | undefined> {
  const argv = ['/usr/sbin/proxmox-backup-manager', 'versions', '--output-format', 'json'] as const;
  const rows = listIn(await reader.ask(argv, 'which version of PBS this is'));
  return text(rows?.find((row) => row['Package'] === 'proxmox-backup-server')?.['Version']);
}

type Entry = Section & Omit<Told<unknown>, 'value'>;

async function readSections(
  reader: Reader,
  file: string,
  type: string,
  hides: string,
): Promise<readonly Entry[] | undefined> {
  const told = await reader.text(file, hides);
  if (told === undefined) return undefined;
  if (told === 'nothing there') return [];
  const { sections, oddLines } = parseSections(told.value);
  sayOddLines(reader, file, oddLines, hides);
  return sections
    .filter((section) => section.type === type)
    .map((section) => ({ ...section, source: file, at: told.at }));
}

const storeFrom = ({ id, values, source, at }: Entry): PbsStore => ({
  name: id,
  path: values.get('path') ?? '',
  verifiesNew: flag(values.get('verify-new')),
  source,
  at,
});

const keepKeys = ['last', 'hourly', 'daily', 'weekly', 'monthly', 'yearly'].map((unit) => `keep-${unit}`);
const keepsIn = (values: ReadonlyMap<string, string>): string =>
  keepKeys.flatMap((key) => (values.has(key) ? `${key}=${values.get(key)}` : [])).join(',');

const pruneJobFrom = ({ id, values, source, at }: Entry): PruneJob => ({
  id,
  store: values.get('store') ?? '',
  namespace: values.get('ns') ?? '',
  depth: whole(values.get('max-depth')),
  enabled: !flag(values.get('disable')),
  keeps: keepsIn(values),
  source,
  at,
});

/** Before there were prune jobs, a datastore had a schedule and keeps of its own. */
const oldPruneJobFrom = ({ id, values, source, at }: Entry): readonly PruneJob[] =>
  values.has('prune-schedule')
    ? [
        {
          id: `${id} in datastore.cfg`,
          store: id,
          namespace: '',
          depth: undefined,
          enabled: true,
          keeps: keepsIn(values),
          source,
          at,
        },
      ]
    : [];

const call = (path: string, ...options: readonly string[]) =>
  ['/usr/sbin/proxmox-backup-debug', 'api', 'get', path, ...options, '--output-format', 'json'] as const;

const listIn = (told: Told<unknown> | undefined): readonly Row[] | undefined =>
  Array.isArray(told?.value) ? told.value.filter(isRow) : undefined;

async function readList(reader: Reader, argv: ReturnType<typeof call>, hides: string) {
  const told = await reader.ask(argv, hides);
  const rows = listIn(told);
  if (told === undefined) return undefined;
  if (rows === undefined) reader.missed(told.source, notUnderstood(told.source, 'it is no list'), hides);
  else sayDropped(reader, told, rows.length, hides);
  return rows && { ...told, value: rows };
}

/** Entries that were not understood are said, not passed over. */
function sayDropped(reader: Reader, { source, value }: Told<unknown>, understood: number, hides: string): void {
  const dropped = (Array.isArray(value) ? value.length : 0) - understood;
  if (dropped > 0)
    reader.missed(source, notUnderstood(source, `${count(dropped, 'entry', 'entries')} of it make no sense`), hides);
}

async function readVerifyJobs(reader: Reader): Promise<readonly VerifyJob[] | undefined> {
  const told = await readList(reader, call('/admin/verify'), 'which verify jobs there are and when they run');
  return told?.value.map((row) => ({
    id: text(row['id']) ?? '',
    store: text(row['store']) ?? '',
    namespace: text(row['ns']) ?? '',
    depth: whole(row['max-depth']),
    againAfter: flagUnlessOff(row['ignore-verified']) ? whole(row['outdated-after']) : 0,
    ...runsOf(row, told.at),
    source: told.source,
    at: told.at,
  }));
}

/** While a job runs its last task has no end yet (facts: pbs-api section 5). A point taken after it began is not in it. */
function runsOf(row: Row, at: Instant): Pick<VerifyJob, 'next' | 'last'> {
  const started = parseUpid(text(row['last-run-upid']) ?? '')?.startedAt;
  const ended = instantIn(row['last-run-endtime']);
  if (started !== undefined && ended === undefined) return { next: at, last: undefined };
  return { next: instantIn(row['next-run']), last: started ?? ended };
}

async function readNamespaces(reader: Reader, store: string): Promise<readonly PbsNamespace[]> {
  const hides = `the restore points in datastore ${store}`;
  const argv = call(`/admin/datastore/${store}/namespace`);
  const told = await readList(reader, argv, hides);
  const found: PbsNamespace[] = [];
  for (const row of told?.value ?? []) {
    // The root is the empty name.
    const namespace = text(row['ns']) ?? '';
    if (!/^[\w./-]*$/.test(namespace)) {
      reader.missed(argv.join(' '), notUnderstood(store, `${namespace} is no name a namespace can have`), hides);
      continue;
    }
    const option = namespace === '' ? [] : ['--ns', namespace];
    const hidden = `${hides}, namespace "${namespace}"`;
    const listed = await readList(reader, call(`/admin/datastore/${store}/snapshots`, ...option), hidden);
    if (listed === undefined) continue;
    const points = listed.value.flatMap(pointFrom);
    sayDropped(reader, listed, points.length, hidden);
    found.push({ store, namespace, points, source: listed.source, at: listed.at });
  }
  return found;
}

// 9999-12-31T23:59:59Z: beyond it a time has no usual spelling.
const lastSecond = 253_402_300_799;

const instantIn = (seconds: unknown): Instant | undefined => {
  const number = whole(seconds);
  return number === undefined || number < 0 || number > lastSecond ? undefined : instantAt(number * 1000);
};

function pointFrom(row: Row): readonly PbsPoint[] {
  const [type, id, takenAt] = [text(row['backup-type']), text(row['backup-id']), instantIn(row['backup-time'])];
  if (type === undefined || id === undefined || takenAt === undefined) return [];
  const verification = row['verification'];
  const upid = isRow(verification) ? parseUpid(text(verification['upid']) ?? '') : undefined;
  return [
    {
      group: `${type}/${id}`,
      takenAt,
      // Without a manifest PBS gives no size (facts: pbs-api section 4).
      finished: whole(row['size']) !== undefined,
      verified: isRow(verification)
        ? { state: text(verification['state']) ?? 'unknown', at: upid?.startedAt }
        : undefined,
    },
  ];
}
