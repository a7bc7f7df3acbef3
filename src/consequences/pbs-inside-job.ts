// A backup job that takes the very PBS it writes to: the guest is backed up into itself, and frozen by its own agent meanwhile.
import type { Consequence, Look } from '../contracts/consequence.ts';
import type { Fields } from '../contracts/resource.ts';
import type { PbsServer } from '../model/estate.ts';
import type { Facts } from '../model/facts.ts';
import type { Note } from '../model/plan.ts';
import { answered, unknownNote } from './compare/answered.ts';
import { type Configured, configured } from './compare/configured.ts';
import { takes, takesId, without } from './compare/selection.ts';
import { isEnabled, storagesOf } from './compare/storages.ts';

type Case = Readonly<{ job: Configured & Readonly<{ after: Fields }>; pbs: PbsServer; guest: number }>;

export const pbsInsideJob: Consequence = {
  name: 'pbs-inside-job',
  asks: (look) =>
    casesIn(look).flatMap(({ job, guest }) =>
      takesId(job.after, guest) === undefined ? [{ fact: 'guests' as const, server: job.server }] : [],
    ),
  judge: (look, facts) => ({ notes: casesIn(look).flatMap((one) => judged(one, facts)) }),
};

/** Jobs on the server where a PBS runs as a guest, that write to that PBS. */
function casesIn(look: Look): readonly Case[] {
  const inside = look.estate.pbs.filter(({ runs_on: on }) => on !== undefined);
  if (inside.length === 0) return [];
  const storages = storagesOf(look);
  return configured(look, 'pve-backup-job').flatMap((job) => {
    const { server, after, declared } = job;
    if (!declared || !isEnabled(after)) return [];
    const storage = storages.named(server, after['storage']);
    const target = storages.targetOf(storage, storage?.after);
    const pbs = inside.find(({ name, runs_on: on }) => name === target?.pbs && on?.pve === server);
    return pbs?.runs_on === undefined ? [] : [{ job: { ...job, after }, pbs, guest: pbs.runs_on.guest }];
  });
}

function judged({ job, pbs, guest }: Case, facts: Facts): readonly Note[] {
  const { subject, server, after } = job;
  let isIn = takesId(after, guest);
  if (isIn === undefined) {
    const told = answered(facts, { fact: 'guests', server });
    if ('says' in told) return [unknownNote(subject, `whether it takes the PBS ${pbs.name} (${guest})`, told.says)];
    const found = told.answer.find(({ vmid }) => vmid === guest);
    if (found === undefined)
      return [unknownNote(subject, `whether it takes the PBS ${pbs.name}`, `${server} shows no guest ${guest}`)];
    isIn = takes(after, found);
  }
  if (!isIn) return [];
  const says = `it takes guest ${guest}, which is the PBS ${pbs.name} it writes to: that PBS would be backed up into itself, frozen by its own agent while it writes. Leave it out: ${without(after, guest)}`;
  return [{ subject, level: 'warning', says }];
}
