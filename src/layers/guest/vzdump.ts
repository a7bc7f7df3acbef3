// A backup of one node's guests by PVE itself (vzdump), started now. PVE answers with a task's id, which can be lost on the way;
// so the task is looked for among the server's own before anything is said of it, and it is never started twice.
import type { Done, Probed, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { stagingTooSmall } from '../../model/staging/judge-staging.ts';
import { absent } from '../../model/step.ts';
import type { ProxmoxApi } from '../../proxmox/api.ts';
import { isRow } from '../../proxmox/decode.ts';
import { guests, startBackup } from '../../proxmox/pve.ts';
import { type FoundTask, findTask, type Sought, startOnce } from '../../proxmox/start-once.ts';
import { cancelTask, followTask, type TaskEnd } from '../../proxmox/task.ts';
import { taskStatusPath } from '../../proxmox/task-path.ts';
import { digestOf, type Json } from '../../values/canonical.ts';
import { minutes } from '../../values/duration.ts';
import type { Instant } from '../../values/instant.ts';
import { partsOf } from '../../values/ref.ts';
import type { Upid } from '../../values/upid.ts';
import { isBackupOf, runningBackup } from './vzdump-log.ts';

export type VzdumpGiven = Readonly<{
  server: string;
  node: string;
  vmids: readonly number[];
  storage: string;
  /** what else PVE is told, by its own parameter names */
  options: Readonly<Record<string, string | readonly string[]>>;
  /** when the plan was made: an older task of the same shape is not this one */
  since: Instant;
  /** what would overflow a disk of the node: nothing is started there */
  refused?: readonly Readonly<{ says: string; remedy: string }>[];
}>;

const givenOf = ({ step }: StepContext): VzdumpGiven => step.given as unknown as VzdumpGiven;
const apiOf = (context: StepContext): Promise<ProxmoxApi> => context.world.server(givenOf(context).server, 'run');

function soughtBy(context: StepContext, api: ProxmoxApi): Sought {
  const given = givenOf(context);
  const { node, vmids, since } = given;
  const mayBe = async (upid: Upid) => (await isBackupOf(api, upid, given, { signal: context.signal })) !== false;
  return { ...{ node, vmids, since, user: api.identity, mayBe }, type: 'vzdump' };
}

const find = (context: StepContext, api: ProxmoxApi): Promise<FoundTask> =>
  findTask(api, soughtBy(context, api), context.world.clock, { signal: context.signal });

export const vzdump: StepKind = {
  name: 'guest.vzdump',
  observe: async (context, subject) => {
    const [, node] = partsOf(subject);
    const here = (await guests(await apiOf(context))).filter((guest) => guest.node === node);
    return here.length === 0 ? absent : digestOf(here.map(({ vmid }) => vmid));
  },
  do: async (context) => {
    const api = await apiOf(context);
    const { node, vmids, storage, options } = givenOf(context);
    context.take('vzdump task', `${node}, started by ${api.identity}`);
    // A run that was killed may have left its task at work: a second one would only wait for it, and do it all again.
    const running = await runningBackup(api, node, givenOf(context), context.world.clock, { signal: context.signal });
    if (running !== undefined) {
      context.log(`a task of an interrupted run is still at it, and is taken over: ${running.text}`);
      return followed(context, api, running);
    }
    refuseTooSmall(context);
    const started = await startOnce(
      api,
      soughtBy(context, api),
      context.world.clock,
      () => startBackup(api, node, vmids, { storage, ...options }, { signal: context.signal }),
      { signal: context.signal },
    );
    if ('nothingToDo' in started)
      throw new Fault('guests-moved', {
        where: context.step.subject,
        says: `none of the guests ${vmids.join(', ')} is on ${node} any more, so nothing was backed up`,
        remedy: 'start the job again: it looks for the guests anew',
      });
    if (started.adopted) context.log(`found the task that was already running: ${started.upid.text}`);
    return followed(context, api, started.upid);
  },
  probe: async (context) => {
    const api = await apiOf(context);
    // Nothing is started where it would overflow a disk; a task of before that went well is not this one.
    if ((givenOf(context).refused ?? []).length > 0)
      return { answer: 'not done', evidence: 'it was refused before anything was started' };
    const found = await find(context, api);
    if (found.kind === 'none') return { answer: 'not done', evidence: `${givenOf(context).node} has no such task` };
    if (found.kind === 'several')
      return {
        answer: 'cannot tell',
        evidence: `more than one task fits: ${found.upids.map(({ text }) => text).join(' ')}`,
      };
    context.log(`found its task among the server's own: ${found.upid.text}`);
    if (await isRunning(context, api, found.upid))
      return {
        answer: 'cannot tell',
        evidence: `its task still runs, and the next run takes it over: ${found.upid.text}`,
      };
    return judged(found.upid, await followTask(api, found.upid, following(context)));
  },
};

function refuseTooSmall(context: StepContext): void {
  const { refused = [] } = givenOf(context);
  if (refused.length === 0) return;
  throw new Fault(stagingTooSmall, {
    where: context.step.subject,
    says: refused.map(({ says }) => says).join('; '),
    remedy: [...new Set(refused.map(({ remedy }) => remedy))].join('; '),
  });
}

const isRunning = async (context: StepContext, api: ProxmoxApi, upid: Upid): Promise<boolean> => {
  const { data } = await api.get(taskStatusPath(api, upid), {}, { signal: context.signal });
  return isRow(data) && data['status'] === 'running';
};

const following = (context: StepContext) => ({
  clock: context.world.clock,
  signal: context.signal,
  patience: minutes(15),
  lines: (lines: readonly string[]) => {
    for (const line of lines) context.log(line);
  },
});

async function followed(context: StepContext, api: ProxmoxApi, upid: Upid): Promise<Done> {
  let end: TaskEnd;
  try {
    end = await followTask(api, upid, following(context));
  } catch (error) {
    // Whoever stops the run means the backup, too; nobody else would stop the task.
    if (context.signal.aborted) await cancelTask(api, upid);
    throw error;
  }
  if (end.ended === 'ok')
    return {
      result: { upid: upid.text } as Json,
      degraded: end.warnings === 0 ? [] : [`${upid.text} ended with ${end.warnings} warnings`],
    };
  throw new Fault(end.ended === 'failed' ? 'backup-failed' : 'outcome-unknown', {
    where: context.step.subject,
    says: `${end.says}; ${end.lastLines.slice(-3).join(' | ')}`,
    remedy: `read the whole log of the task ${upid.text} on that node`,
  });
}

function judged(upid: Upid, end: TaskEnd): Probed {
  if (end.ended === 'ok')
    return { answer: 'done', evidence: `task ${upid.text} ended well`, result: { upid: upid.text } };
  if (end.ended === 'failed') return { answer: 'not done', evidence: `task ${upid.text} ended with: ${end.says}` };
  return { answer: 'cannot tell', evidence: `task ${upid.text} ended, and nobody knows how: ${end.says}` };
}
