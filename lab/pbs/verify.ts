// Verification: what is damaged is found, and every snapshot that was looked at says so from then on (log: failure-signatures F11).
import { instantAt } from '../../src/values/instant.ts';
import { parseUpid } from '../../src/values/upid.ts';
import type { Going } from '../tasks/tasks.ts';
import { type PbsHost, secondsNow } from './host.ts';
import { propertiesIn } from './property-string.ts';
import { nameOf } from './prune.ts';
import type { Options, Snapshot } from './state.ts';
import { datastoreNamed, type Group, snapshotsOf } from './stores.ts';

type Verifying = Readonly<{
  store: string;
  groups: readonly Group[];
  options: Options;
  /** only the snapshot of that time, epoch seconds */
  time?: number;
}>;

const day = 86_400;

/** Once verified it stays so, unless the job looks again after some full days. */
function isRecent(host: PbsHost, { verification }: Snapshot, options: Options): boolean {
  if (verification === undefined || options['ignore-verified'] === false) return false;
  const outdated = options['outdated-after'];
  if (outdated === undefined) return true;
  const at = Date.parse(parseUpid(verification.upid)?.startedAt ?? instantAt(0)) / 1000;
  return Math.floor((secondsNow(host) - at) / day) <= Number(outdated);
}

function threads(host: PbsHost, { store, options }: Verifying): readonly [read: string, verify: string] {
  const tuning = propertiesIn(String(datastoreNamed(host, store).options['tuning'] ?? ''));
  const of = (option: string, tuned: string, standard: string): string =>
    String(options[option] ?? tuning[tuned] ?? standard);
  return [
    of('read-threads', 'default-verification-readers', '1'),
    of('verify-threads', 'default-verification-workers', '4'),
  ];
}

export async function verifyGroups(host: PbsHost, what: Verifying, { task, log, pass }: Going): Promise<undefined> {
  const { store, options } = what;
  const groups = what.groups.toSorted((one, other) => (`${one.type}/${one.id}` < `${other.type}/${other.id}` ? -1 : 1));
  log(`verify datastore ${store}`);
  log(`found ${groups.length} groups`);
  const [read, check] = threads(host, what);
  log(`using ${read} read and ${check} verify thread(s)`);
  const failed: string[] = [];
  await pass(0.1);
  for (const [index, group] of groups.entries()) {
    const snapshots = snapshotsOf(host, store, group).filter(
      ({ time }) => what.time === undefined || time === what.time,
    );
    log(`verify group ${store}:${group.type}/${group.id} (${snapshots.length} snapshots)`);
    await pass(0.9 / groups.length);
    for (const snapshot of snapshots.filter(({ finished }) => finished)) {
      if (isRecent(host, snapshot, options)) log(`SKIPPED: verify ${store}:${nameOf(snapshot)} (recently verified)`);
      else if (!verifyOne(store, snapshot, task.upid, log)) failed.push(nameOf(snapshot));
    }
    log(`percentage done: ${(((index + 1) / groups.length) * 100).toFixed(2)}% (${index + 1}/${groups.length} groups)`);
  }
  if (failed.length === 0) return undefined;
  log('Failed to verify the following snapshots/groups:');
  for (const name of failed) log(`\t${name}`);
  throw new Error('verification failed - please check the log for details');
}

function verifyOne(store: string, snapshot: Snapshot, upid: string, log: Going['log']): boolean {
  const name = `${store}:${nameOf(snapshot)}`;
  log(`verify ${name}`);
  for (const { filename } of snapshot.files) log(`  check ${filename}`);
  const isGood = snapshot.damaged !== true;
  snapshot.verification = { state: isGood ? 'ok' : 'failed', upid };
  const big = snapshot.files.toSorted((one, other) => other.size - one.size)[0]?.filename;
  if (!isGood) log(`verify ${name}/${big} failed: chunks could not be verified`);
  return isGood;
}
