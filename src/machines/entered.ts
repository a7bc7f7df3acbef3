// Machines that lie within another one, and are entered there: containers and pods. Each is a way to start its /bin/sh.
import { Fault } from '../fault.ts';
import { cut, shown } from '../values/text.ts';
import type { Opening } from './line.ts';
import type { Argv, Machine } from './machine.ts';

type Enter = (script: string) => Argv;

/** pct(1) */
export const enterGuest =
  (guest: number): Enter =>
  (script) => ['pct', 'exec', String(guest), '--', 'sh', '-c', script];

export const enterContainer =
  (container: string): Enter =>
  (script) => ['docker', 'exec', '-i', container, 'sh', '-c', script];

export type Cluster = Readonly<{
  /** the program; that of the system where it is left out */
  kubectl?: string | undefined;
  kubeconfig?: string | undefined;
  context?: string | undefined;
}>;
export type Pod = Cluster & Readonly<{ namespace: string; pod: string; container?: string | undefined }>;

const option = (name: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [`--${name}=${value}`];

const kubectlOf = ({ kubectl = 'kubectl', kubeconfig, context }: Cluster): Argv => [
  kubectl,
  ...[...option('kubeconfig', kubeconfig), ...option('context', context)],
];

export const enterPod =
  ({ namespace, pod, container, ...cluster }: Pod): Enter =>
  (script) => [
    ...kubectlOf(cluster),
    ...['exec', '-i', `--namespace=${namespace}`, ...option('container', container), pod, '--', 'sh', '-c', script],
  ];

/**
 * The first pod that runs and has these labels, by name.
 *
 * @throws Fault `machine-not-entered` where there is none
 */
export async function podWith(
  { run }: Pick<Machine, 'run'>,
  { namespace, selector, ...cluster }: Cluster & Readonly<{ namespace: string; selector: string }>,
  name: string,
): Promise<string> {
  const { exitCode, stdout, stderr } = await run([
    ...kubectlOf(cluster),
    ...['get', 'pods', `--namespace=${namespace}`, `--selector=${selector}`],
    ...['--field-selector=status.phase=Running', '--output=name', '--request-timeout=20s'],
  ]);
  const [first] = stdout
    .split('\n')
    .filter((line) => line.startsWith('pod/'))
    .sort();
  if (exitCode === 0 && first !== undefined) return first.slice('pod/'.length);
  throw new Fault('machine-not-entered', {
    where: name,
    says: exitCode === 0 ? `no pod in ${namespace} with ${selector} runs` : cut(shown(stderr.trim()), 500),
    remedy: `see what \`kubectl get pods -n ${namespace} -l ${selector}\` says`,
  });
}

/** @param name of the machine in the estate; `what`: `the container 105 of pve1` */
export const openingBy = (enter: Enter, name: string, what: string): Opening => ({
  keep: enter,
  enter,
  room: Number.POSITIVE_INFINITY,
  refused: (says) =>
    new Fault('machine-not-entered', {
      where: name,
      says: says === '' ? `nothing could be started in ${what}` : says,
      remedy: `see whether ${what} runs, and has a /bin/sh`,
    }),
});
