// A cluster, asked with kubectl on one of the machines: whatever way in its operator already has (a kubeconfig, a plugin for
// single sign-on) is the way in. Only the lists of the port are ever asked for, so no secret of the cluster comes by.
import { Fault } from '../fault.ts';
import type { Json } from '../values/canonical.ts';
import { type Duration, seconds } from '../values/duration.ts';
import { shown } from '../values/text.ts';
import { answerFault, kubectlFailed, notFound, scaleFault } from './kubectl-faults.ts';
import type { Kubernetes, KubernetesList, Scalable } from './kubernetes.ts';
import type { Argv, Ended, Machine } from './machine.ts';

export type Kubectl = Readonly<{
  /** the cluster's name in the estate */
  name: string;
  machine: Machine;
  kubeconfig?: string | undefined;
  context?: string | undefined;
  /** its path, where it is not in the search path */
  kubectl?: string | undefined;
}>;

/** A request that the API server takes and never answers ends after this; a list comes in pages, each a request. */
const requestTimeout = '--request-timeout=30s';
const overall: Duration = seconds(180);

/** 256 MiB are some forty thousand pods. */
const longestAnswer = 256 * 1024 * 1024;

/** kubectl looks below $HOME for its configuration, keeps its cache there, and so do plugins for logins; commands get no HOME. */
const atHome = `HOME="\${HOME:-$(getent passwd "$(id -u)" | cut -d: -f6)}"; export HOME; exec "$@"`;

export function kubectlApi(kubectl: Kubectl): Kubernetes {
  return {
    name: kubectl.name,
    list: async (what, signal) => {
      const answer = await ask(kubectl, ['get', what, '--all-namespaces', '--output=json'], signal);
      if (answer.exitCode !== 0) throw answerFault(kubectl.name, answer, { verb: 'list', what });
      return itemsOf(kubectl, what, answer.text);
    },
    get: async (what, namespace, name, signal) => {
      const place = isClusterWide(what) ? [] : [`--namespace=${checked(kubectl, namespace)}`];
      const argv = ['get', `${what}/${checked(kubectl, name)}`, ...place, '--output=json'];
      const answer = await ask(kubectl, argv, signal);
      if (answer.exitCode === 0) return parsed(kubectl, answer.text);
      if (notFound(answer.stderr)) return undefined;
      throw answerFault(kubectl.name, answer, { verb: 'get', what });
    },
    scale: async (kind, namespace, name, to, from, signal) => {
      const argv = scaleArgv(kubectl, kind, namespace, name, to, from);
      const answer = await ask(kubectl, argv, signal);
      if (answer.exitCode !== 0) throw scaleFault(kubectl.name, answer, { kind, namespace, name, from });
    },
  };
}

/** `--current-replicas` is compared by kubectl and sent with the version of the object it was read from. */
const scaleArgv = (
  kubectl: Kubectl,
  kind: Scalable,
  namespace: string,
  name: string,
  to: number,
  from: number,
): readonly string[] => [
  'scale',
  `${kind}/${checked(kubectl, name)}`,
  `--namespace=${checked(kubectl, namespace)}`,
  `--replicas=${to}`,
  `--current-replicas=${from}`,
];

const isClusterWide = (what: KubernetesList): boolean => what === 'persistentvolumes' || what === 'volumeattachments';

/** Names of Kubernetes hold nothing that could be taken for an option or a path; what came from elsewhere is refused here. */
function checked(kubectl: Kubectl, name: string): string {
  if (/^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/.test(name)) return name;
  throw new Fault('cluster-name-odd', {
    where: kubectl.name,
    says: `${shown(name)} is no name of Kubernetes`,
    remedy: 'see where the name comes from; nothing was asked',
  });
}

export type Answer = Readonly<Pick<Ended, 'exitCode' | 'stderr'> & { text: string }>;

async function ask(kubectl: Kubectl, argv: readonly string[], signal?: AbortSignal): Promise<Answer> {
  const { machine, kubeconfig, context } = kubectl;
  const program = kubectl.kubectl ?? 'kubectl';
  const where = [
    ...(kubeconfig === undefined ? [] : [`--kubeconfig=${kubeconfig}`]),
    ...(context === undefined ? [] : [`--context=${context}`]),
    requestTimeout,
  ];
  const whole: Argv = ['sh', '-c', atHome, 'sh', program, ...argv, ...where];
  try {
    const { stdout, ended } = machine.stream(whole, { deadline: overall, ...(signal === undefined ? {} : { signal }) });
    const text = await collected(kubectl, stdout);
    return { ...(await ended), text };
  } catch (error) {
    if (error instanceof Fault && error.code === 'command-overdue')
      throw new Fault('cluster-unreachable', {
        where: kubectl.name,
        says: `kubectl on ${machine.name} was still waiting after 3 minutes`,
        remedy: 'see whether its API server answers: `kubectl get nodes` there',
        cause: error,
      });
    throw error;
  }
}

async function collected(kubectl: Kubectl, stdout: AsyncIterable<Uint8Array>): Promise<string> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of stdout) {
    length += piece.length;
    if (length > longestAnswer) throw kubectlFailed(kubectl.name, 'its answer is larger than 256 MiB');
    pieces.push(Uint8Array.from(piece));
  }
  return Buffer.concat(pieces).toString();
}

function parsed(kubectl: Kubectl, text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch (cause) {
    throw kubectlFailed(kubectl.name, `its answer is no JSON: ${text.slice(0, 200)}`, cause);
  }
}

function itemsOf(kubectl: Kubectl, what: KubernetesList, text: string): readonly Json[] {
  const answer = parsed(kubectl, text);
  const items = typeof answer === 'object' && answer !== null && 'items' in answer ? answer.items : undefined;
  if (Array.isArray(items)) return items;
  throw kubectlFailed(kubectl.name, `its answer to \`get ${what}\` is no list`);
}
