// Writes that a PBS answers with a task: they are done when the task is, never when the request is (facts: pbs-api section 2).
// A resource need not know: its steps are given a server that answers when the work is done.
import type { ResourceKind } from '../../contracts/resource.ts';
import type { StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Answer, CallOptions, ProxmoxApi } from '../../proxmox/api.ts';
import { outcomeUnknown } from '../../proxmox/outcome-unknown.ts';
import { startOnce } from '../../proxmox/start-once.ts';
import { followTask } from '../../proxmox/task.ts';
import { partsOf } from '../../values/ref.ts';
import { parseUpid, type Upid } from '../../values/upid.ts';

/** By the verb of the write: the type of its task, whose id is the name of the thing. */
export type TaskTypes = Readonly<{
  post: string;
  delete: string;
  /** what to do about words in which such a task ends; the first that fits counts */
  remedies?: readonly Readonly<{ words: RegExp; remedy: string }>[];
}>;

export const followingTasks = (kind: ResourceKind, types: TaskTypes): ResourceKind => ({
  ...kind,
  stepKinds: kind.stepKinds.map((step) => followingIn(step, types)),
});

function followingIn(kind: StepKind, types: TaskTypes): StepKind {
  const { undo } = kind;
  return {
    ...kind,
    do: (context) => kind.do(patient(context, types)),
    ...(undo === undefined ? {} : { undo: (context, fate) => undo(patient(context, types), fate) }),
  };
}

const patient = (context: StepContext, types: TaskTypes): StepContext => ({
  ...context,
  world: {
    ...context.world,
    server: async (name, identity) => withTasks(await context.world.server(name, identity), context, types),
  },
});

function withTasks(api: ProxmoxApi, context: StepContext, types: TaskTypes): ProxmoxApi {
  const ended = async (
    type: string,
    options: CallOptions | undefined,
    call: () => Promise<Answer>,
  ): Promise<Answer> => {
    const { clock } = context.world;
    const sought = { node: 'localhost', type, id: nameOf(context), user: api.identity, since: clock.now() };
    const started = await startOnce(
      api,
      sought,
      clock,
      async () => {
        const { data } = await call();
        const upid = typeof data === 'string' ? parseUpid(data) : undefined;
        return upid === undefined ? { nothingToDo: true } : { started: upid };
      },
      { signal: options?.signal },
    );
    if ('upid' in started) await follow(api, started.upid, context, types);
    return { data: null };
  };
  return {
    ...api,
    post: (path, params, options) => ended(types.post, options, () => api.post(path, params, options)),
    delete: (path, params, options) => ended(types.delete, options, () => api.delete(path, params, options)),
  };
}

const nameOf = ({ step }: StepContext): string => partsOf(step.subject)[1] ?? '';

/** A task that was begun is let come to its end: half a datastore is worse than a whole one nobody wants any more. */
async function follow(api: ProxmoxApi, upid: Upid, context: StepContext, { remedies = [] }: TaskTypes): Promise<void> {
  const end = await followTask(api, upid, {
    clock: context.world.clock,
    signal: context.signal,
    lines: (lines) => {
      for (const line of lines) tell(line, context);
    },
  });
  if (end.ended === 'ok') return;
  const says = [end.says, ...end.lastLines.slice(-3)].join(' | ');
  if (end.ended === 'unknown') throw outcomeUnknown(`${api.name}, task ${upid.text}`, says);
  throw new Fault('task-failed', {
    where: context.step.subject,
    says,
    remedy: `${remedies.find(({ words }) => words.test(says))?.remedy ?? 'put that right'}, then apply again; the whole log: \`proxmox-backup-manager task log '${upid.text}'\` on ${api.name}`,
  });
}

function tell(line: string, context: StepContext): void {
  context.log(line);
  const percent = /\b(\d{1,3})%/.exec(line)?.[1];
  if (percent !== undefined) context.progress({ done: Number(percent), total: 100, unit: 'items', what: 'percent' });
}
