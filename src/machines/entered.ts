// Machines that lie within another one, and are entered there: containers and pods. Each is a way to start its /bin/sh.
import { Fault } from '../fault.ts';
import type { Opening } from './line.ts';
import type { Argv } from './machine.ts';

type Enter = (script: string) => Argv;

/** pct(1) */
export const enterGuest =
  (guest: number): Enter =>
  (script) => ['pct', 'exec', String(guest), '--', 'sh', '-c', script];

export const enterContainer =
  (container: string): Enter =>
  (script) => ['docker', 'exec', '-i', container, 'sh', '-c', script];

export type Pod = Readonly<{
  namespace: string;
  pod: string;
  container?: string | undefined;
  kubeconfig?: string | undefined;
  context?: string | undefined;
}>;

const option = (name: string, value: string | undefined): readonly string[] =>
  value === undefined ? [] : [`--${name}=${value}`];

export const enterPod =
  ({ namespace, pod, container, kubeconfig, context }: Pod): Enter =>
  (script) => [
    'kubectl',
    ...[...option('kubeconfig', kubeconfig), ...option('context', context)],
    ...['exec', '-i', `--namespace=${namespace}`, ...option('container', container), pod, '--', 'sh', '-c', script],
  ];

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
