// `status`: what is there now, and whether it is as declared. Unknown is said to be unknown.
import { desire } from '../desired/desire.ts';
import { kinds } from '../kinds.ts';
import type { Plan } from '../model/plan.ts';
import { serversNow } from '../observed/servers-now.ts';
import { storagesNow } from '../observed/storages-now.ts';
import { planEstate } from '../pipeline.ts';
import { formatDuration } from '../values/duration.ts';
import { between } from '../values/instant.ts';
import { plainRef, ref } from '../values/ref.ts';
import { bytes, formatSize } from '../values/size.ts';
import { shown } from '../values/text.ts';
import type { StatusAnswer } from './answers.ts';
import type { Command } from './command.ts';
import { open, withPve } from './open.ts';
import { driftOf, serversAsText } from './status-servers.ts';
import { tableFor } from './table.ts';

export const status: Command<StatusAnswer> = {
  name: 'status',
  says: 'what the servers hold now, and what differs',
  run: async (invocation) => {
    const { holdfast, estate: read } = await open(invocation);
    const estate = withPve(invocation, read);
    invocation.show('asking the servers');
    await using world = holdfast.world(estate);
    const [now, servers, plan] = await Promise.all([
      storagesNow(world, estate),
      serversNow(world, estate),
      planEstate(holdfast, estate, { prune: false }),
    ]);
    const declared = new Set(
      desire(estate, kinds.resources).declared.map(({ kind, server, name }) => ref(kind, server, name)),
    );
    const rows = now.storages.map((one) => [
      one.pve,
      one.name,
      one.server,
      one.datastore,
      one.namespace === '' ? '(root)' : one.namespace,
      one.state,
      one.used === undefined || one.total === undefined
        ? 'unknown'
        : `${formatSize(bytes(one.used))} of ${formatSize(bytes(one.total))}`,
      one.lastBackup === undefined ? 'unknown' : `${formatDuration(between(one.lastBackup, one.at))} ago`,
      driftOf(plan, declared, ref('pve-storage', one.pve, one.name)),
    ]);
    const head = ['PVE', 'name', 'server', 'datastore', 'namespace', 'state', 'used', 'last backup', 'drift'];
    const text = [
      rows.length === 0
        ? 'No PVE server that was asked has a storage of type pbs.\n'
        : `Storages on Proxmox VE\n${tableFor(invocation, head, rows)}`,
      ...serversAsText(invocation, servers, plan, declared),
      ...now.storages.flatMap(({ pve, name, fault }) =>
        fault === undefined
          ? []
          : [`${name} on ${pve} could not be looked at: ${shown(fault.says)}\n  do this: ${shown(fault.remedy)}\n`],
      ),
      ...now.unread.map(({ pve, fault }) => `${pve} could not be asked: ${fault.says}\n  do this: ${fault.remedy}\n`),
      ...plan.refusals
        .filter(({ unread }) => !now.unread.some(({ pve }) => pve === unread))
        .map(
          ({ subject, says, remedy }) =>
            `${shown(plainRef(subject))} is not known to be as declared: ${says}\n  do this: ${remedy}\n`,
        ),
      ...plan.notes
        .filter(({ level }) => level === 'warning')
        .map(
          ({ subject, says }) =>
            `${invocation.paint.warning('warning')}  ${shown(plainRef(subject))}: ${shown(says)}\n`,
        ),
      verdictOf(plan),
    ].join('');
    const failed =
      [now.unread, servers.unread, plan.refusals].some((unread) => unread.length > 0) ||
      now.storages.some(({ fault }) => fault !== undefined);
    return { exit: failed ? 'partly' : 'fine', value: { ...now, servers, plan }, text };
  },
};

function verdictOf({ steps, refusals }: Plan): string {
  if (steps.length > 0)
    return `To be as declared, see \`holdfast plan\`:\n${steps.map(({ title }) => `  ${title}`).join('\n')}\n`;
  return refusals.length > 0
    ? 'Whatever else could be looked at is as declared.\n'
    : 'Everything that is configured from here is as declared.\n';
}
