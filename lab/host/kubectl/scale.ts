import { type CommandLine, numberOf } from './arguments.ts';
import { reconcile, setReplicas } from './controller.ts';
import type { Workload } from './objects.ts';
import { Refused } from './refused.ts';
import { type Request, refusalOf } from './request.ts';
import { groupedSingular, type Resource, resourceNamed } from './resources.ts';
import { find, type State } from './store.ts';

export const scaleFlags = {
  replicas: 'value',
  'current-replicas': 'value',
  all: 'unplayed',
  'dry-run': 'unplayed',
  filename: 'unplayed',
  output: 'unplayed',
  'resource-version': 'unplayed',
  selector: 'unplayed',
  timeout: 'unplayed',
} as const;

const scalable = ['statefulsets', 'deployments', 'replicasets'];

/** What is wrong with the command line itself is said before the server is asked. */
export function scaleWish(line: CommandLine): Readonly<{ replicas: number; current: number | undefined }> {
  const current = numberOf('scale', line, 'current-replicas');
  const replicas = numberOf('scale', line, 'replicas');
  if (replicas === undefined) {
    const at = 'E0101 00:00:00.000000       1 run.go:72]';
    throw new Refused(`${at} "command failed" err="required flag(s) \\"replicas\\" not set"`);
  }
  if (replicas < 0)
    throw new Refused('error: The --replicas=COUNT flag is required, and COUNT must be greater than or equal to 0');
  if (line.operands.length === 0)
    throw new Refused(
      "error: You must provide one or more resources by argument or filename.\nExample resource specifications include:\n   '-f rsrc.yaml'\n   '--filename=rsrc.json'\n   '<resource> <name>'\n   '<resource>'",
    );
  return { replicas, current: current === -1 ? undefined : current };
}

/** kubectl reads the object first, and swallows whatever goes wrong there: this one message is all it has (seen with 1.31). */
export const nothingToScale = 'error: no objects passed to scale';

export function scale(state: State, line: CommandLine, request: Request): string {
  const { replicas, current } = scaleWish(line);
  const { resource, name } = target(line.operands);
  const workload = find(state, resource, request.namespace, name) as Workload | undefined;
  const unread = refusalOf(state, 'get', resource, request.namespace, name);
  if (workload === undefined || unread !== undefined || !scalable.includes(resource.plural))
    throw new Refused(nothingToScale);
  const verb = current === undefined ? 'patch' : 'update';
  const refusal =
    (current === undefined ? undefined : refusalOf(state, 'get', resource, request.namespace, name, 'scale')) ??
    refusalOf(state, verb, resource, request.namespace, name, 'scale');
  if (refusal !== undefined) throw new Refused(refusal);
  const replicasNow = workload.spec?.replicas ?? 1;
  if (current !== undefined && current !== replicasNow)
    throw new Refused(`error: Expected replicas to be ${current}, was ${replicasNow}`);
  setReplicas(state, workload, replicas);
  reconcile(state);
  if (state.behaviour.api === 'lost') throw new Refused('Unable to connect to the server: EOF');
  return `${groupedSingular(resource)}/${name} scaled\n`;
}

function target(operands: readonly string[]): Readonly<{ resource: Resource; name: string }> {
  const [first = '', second, third] = operands;
  if (third !== undefined) throw new Refused('this fake kubectl scales one workload at a time', 64);
  const [type = '', name] = first.includes('/') ? first.split('/') : [first, second];
  const resource = resourceNamed(type);
  if (name === undefined) throw new Refused('this fake kubectl scales workloads by name only', 64);
  return { resource, name };
}
