// What kubectl says when it does not do what it was asked, as faults. Its words are those of its own releases 1.24 to 1.34.
import { Fault } from '../fault.ts';
import { cut, shown } from '../values/text.ts';
import type { KubernetesList, Scalable } from './kubernetes.ts';

type Failed = Readonly<{ exitCode: number; stderr: string }>;
type Asked = Readonly<{ verb: string; what: string }>;

const words = (text: string): string => cut(shown(text.trim().replaceAll('\n', '; ')), 600);

export const notFound = (stderr: string): boolean => /^Error from server \(NotFound\)/m.test(stderr);

/** In which group of the API each list stands: what a Role has to name. */
const groups: Readonly<Record<KubernetesList, string>> = {
  persistentvolumes: '',
  persistentvolumeclaims: '',
  pods: '',
  statefulsets: 'apps',
  deployments: 'apps',
  daemonsets: 'apps',
  replicasets: 'apps',
  jobs: 'batch',
  cronjobs: 'batch',
  horizontalpodautoscalers: 'autoscaling',
  volumeattachments: 'storage.k8s.io',
};

export function answerFault(cluster: string, { exitCode, stderr }: Failed, asked: Asked): Fault {
  if (exitCode === 127 && /not found/.test(stderr)) return kubectlMissing(cluster);
  if (/\(Forbidden\)|is forbidden:/.test(stderr)) return forbidden(cluster, stderr, asked);
  if (/\(Unauthorized\)|must be logged in/.test(stderr))
    return new Fault('cluster-login-refused', {
      where: cluster,
      says: words(stderr),
      remedy: 'renew the login of its kubeconfig (a token or certificate that has expired), then try again',
    });
  if (unreachable.test(stderr))
    return new Fault('cluster-unreachable', {
      where: cluster,
      says: words(stderr),
      remedy: 'see whether its API server runs and is reached from there: `kubectl get nodes`',
    });
  return kubectlFailed(cluster, `${words(stderr)} (exit code ${exitCode})`);
}

const unreachable = new RegExp(
  [
    'The connection to the server .* was refused',
    'Unable to connect to the server',
    'dial tcp',
    'i/o timeout',
    'TLS handshake timeout',
    'context deadline exceeded',
    'Client\\.Timeout',
    'request timed out',
    '\\((ServiceUnavailable|Timeout|InternalError|TooManyRequests)\\)',
    'unable to handle the request',
    'currently unable to handle',
    'etcdserver: ',
    'EOF$',
    'connection reset by peer',
    'no route to host',
  ].join('|'),
  'm',
);

const kubectlMissing = (cluster: string): Fault =>
  new Fault('command-missing', {
    where: cluster,
    says: 'there is no kubectl on the machine that the estate names for it',
    remedy: 'install kubectl there (a release within one version of the cluster), or name another machine',
  });

export const kubectlFailed = (cluster: string, says: string, cause?: unknown): Fault =>
  new Fault('kubectl-failed', {
    where: cluster,
    says: words(says),
    remedy: 'run the same with kubectl by hand, with the kubeconfig and context that the estate names',
    cause,
  });

/** The server names verb, resource, group and namespace; where it does not, what was asked for is named. */
function forbidden(cluster: string, stderr: string, asked: Asked): Fault {
  const said =
    /cannot (?<verb>[a-z]+) resource "(?<resource>[^"]+)" in API group "(?<group>[^"]*)"(?: in the namespace "(?<namespace>[^"]*)")?/.exec(
      stderr,
    )?.groups;
  const verb = said?.['verb'] ?? asked.verb;
  const resource = said?.['resource'] ?? asked.what;
  const group = said?.['group'] ?? groups[asked.what as KubernetesList] ?? '';
  const namespace = said?.['namespace'];
  const verbs = resource.endsWith('/scale') ? 'get, update, patch' : resource === asked.what ? 'get, list' : verb;
  const rule = `{ apiGroups: ["${group}"], resources: ["${resource}"], verbs: [${verbs}] }`;
  const role = namespace === undefined ? 'the ClusterRole' : `the Role in ${namespace}`;
  return new Fault('cluster-forbidden', {
    where: cluster,
    says: `it may not ${shown(verb)} ${shown(resource)}: ${words(stderr)}`,
    remedy: shown(`add to the \`rules\` of ${role} of this login: ${rule}`),
  });
}

type Scaling = Readonly<{ kind: Scalable; namespace: string; name: string; from: number }>;

export function scaleFault(cluster: string, failed: Failed, scaling: Scaling): Fault {
  const { kind, namespace, name, from } = scaling;
  const found = /Expected replicas to be \d+,? (?:was|but was) (?<now>\d+)/i.exec(failed.stderr)?.groups?.['now'];
  const conflict = /\(Conflict\)|object has been modified|Precondition failed/i.test(failed.stderr);
  if (found === undefined && !conflict) return answerFault(cluster, failed, { verb: 'update', what: `${kind}s/scale` });
  return new Fault('scale-changed', {
    where: `${kind} ${namespace}/${name}`,
    says:
      found === undefined
        ? `somebody else has changed it at the same moment: ${words(failed.stderr)}`
        : `it has ${found} replicas and not ${from}: somebody else has scaled it`,
    remedy: 'see who did (an operator, an autoscaler, a GitOps tool), then try again',
  });
}
