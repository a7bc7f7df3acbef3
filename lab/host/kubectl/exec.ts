// A command in a pod is a command on this machine, in the pod's own folder: whether it may be, and where. It is run by whoever asked.
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { type CommandLine, isOn } from './arguments.ts';
import type { Pod } from './objects.ts';
import { fromServer, Refused } from './refused.ts';
import { type Request, refusalOf } from './request.ts';
import { resourceNamed } from './resources.ts';
import { find, type State } from './store.ts';

export const execFlags = {
  container: 'value',
  stdin: 'switch',
  tty: 'switch',
  quiet: 'switch',
  filename: 'unplayed',
} as const;

export type Inside = Readonly<{ argv: readonly string[]; cwd: string; warning: string; stdin: boolean }>;

/** What is wrong with the command line itself is said before the server is asked. */
export function execWish(line: CommandLine): Readonly<{ pod: string; argv: readonly string[] }> {
  const [pod, ...extra] = line.operands;
  if (pod === undefined) throw new Refused('error: pod, type/name or --filename must be specified');
  if (extra.length > 0)
    throw new Refused(
      "error: exec [POD] [COMMAND] is not supported anymore. Use exec [POD] -- [COMMAND] instead\nSee 'kubectl exec -h' for help and examples",
    );
  if (line.after === undefined || line.after.length === 0)
    throw new Refused('error: you must specify at least one command for the container');
  return { pod: pod.replace(/^(pod|pods|po)\//, ''), argv: line.after };
}

export function exec(state: State, line: CommandLine, request: Request): Inside {
  const { pod: name, argv } = execWish(line);
  if (isOn(line, 'tty')) throw new Refused('this fake kubectl has no terminal to give', 64);
  const pods = resourceNamed('pods');
  const refusal =
    refusalOf(state, 'get', pods, request.namespace, name) ??
    refusalOf(state, 'create', pods, request.namespace, name, 'exec');
  if (refusal !== undefined) throw new Refused(refusal);
  const pod = find(state, pods, request.namespace, name) as Pod | undefined;
  if (pod === undefined) throw fromServer('NotFound', `pods "${name}" not found`);
  const phase = pod.status?.phase ?? 'Pending';
  if (['Succeeded', 'Failed'].includes(phase))
    throw new Refused(`error: cannot exec into a container in a completed pod; current phase is ${phase}`);
  const containers = (pod.spec?.containers ?? []).map((container) => container.name);
  const container = line.values.get('container') ?? containers[0] ?? '';
  if (!containers.includes(container))
    throw fromServer('BadRequest', `container ${container} is not valid for pod ${name}`);
  if (phase !== 'Running')
    throw new Refused(
      `error: Internal error occurred: unable to upgrade connection: container not found ("${container}")`,
    );
  const cwd = join(request.folder, 'pods', request.namespace, name, container);
  mkdirSync(cwd, { recursive: true });
  const guessed = line.values.get('container') === undefined && containers.length > 1 && !isOn(line, 'quiet');
  const warning = guessed ? `Defaulted container "${container}" out of: ${containers.join(', ')}\n` : '';
  return { argv, cwd, warning, stdin: isOn(line, 'stdin') };
}
