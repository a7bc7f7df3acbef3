// Mission row 2.1 at the moment of a run: what a plan is judged by is asked again of the nodes that are about to back up, with
// the identity that reads: the one that runs backups need not see the figures of a host.
import type { World } from '../../contracts/world.ts';
import { asFault } from '../../fault.ts';
import type { GuestSeen } from '../../model/fact-types.ts';
import { type Ask, type Facts, factsOf, nameOfAsk, type Told } from '../../model/facts.ts';
import { judgeStaging, type StagingVerdict } from '../../model/staging/judge-staging.ts';
import { leadsToPbs, type StagingJob } from '../../model/staging/node-room.ts';
import { mayStage, stagingAsks } from '../../model/staging/staging-asks.ts';
import type { CallOptions, ProxmoxApi } from '../../proxmox/api.ts';
import type { Guest } from '../../proxmox/pve.ts';
import { backupDefaults, guestDisks, rootDisk, seenStorages, storageEntries } from '../../proxmox/pve-room.ts';

type Job = Omit<StagingJob, 'toPbs'>;

/** What a run of the job on that server would stage now. What could not be asked is said in the notes. */
export async function stagingNow(
  world: World,
  server: string,
  job: Job,
  wanted: readonly Guest[],
  signal: AbortSignal,
): Promise<readonly StagingVerdict[]> {
  // One that does not run is read where it is.
  const guests = wanted.map(seen).filter(({ type, status }) => type === 'qemu' || status !== 'stopped');
  let told: readonly Told[] = [await tell(world, { fact: 'storage-entries', server }, signal)];
  const staging = { ...job, toPbs: leadsToPbs(factsOf(told), server, job.storage) };
  if (!mayStage(staging)) return [];
  for (;;) {
    const facts: Facts = factsOf(told);
    const names = new Set(told.map(({ ask }) => nameOfAsk(ask)));
    const asks = unique(stagingAsks(server, staging, guests, facts)).filter((ask) => !names.has(nameOfAsk(ask)));
    if (asks.length === 0) return judgeStaging(server, staging, guests, facts);
    told = [...told, ...(await Promise.all(asks.map((ask) => tell(world, ask, signal))))];
  }
}

const unique = (asks: readonly Ask[]): readonly Ask[] => [
  ...new Map(asks.map((ask) => [nameOfAsk(ask), ask])).values(),
];

const seen = ({ vmid, kind, node, name, status, template, pool }: Guest): GuestSeen => ({
  ...{ vmid, type: kind, node, name: name ?? '', status, template, pool },
});

async function tell(world: World, ask: Ask, signal: AbortSignal): Promise<Told> {
  try {
    const answer = await answerTo(await world.server(ask.server, 'observe'), ask, { signal });
    return { ask, known: { at: world.clock.now(), answer } };
  } catch (error) {
    signal.throwIfAborted();
    return { ask, known: { at: world.clock.now(), fault: asFault(error, ask.server).toJSON() } };
  }
}

function answerTo(api: ProxmoxApi, ask: Ask, options: CallOptions): Promise<unknown> {
  if (ask.fact === 'backup-defaults') return backupDefaults(api, ask.node, options);
  if (ask.fact === 'root-disk') return rootDisk(api, ask.node, options);
  if (ask.fact === 'seen-storages') return seenStorages(api, ask.node, options);
  if (ask.fact === 'storage-entries') return storageEntries(api, options);
  if (ask.fact === 'guest-disks') return guestDisks(api, ask, options);
  throw new Error(`staging asks for nothing like ${ask.fact}`);
}
