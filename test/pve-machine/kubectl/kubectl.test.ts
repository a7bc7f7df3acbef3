// The tests' kubectl: what stands in for a cluster must behave as one, and fail as one. Each promise is asked with kubectl's own
// words, and the state is looked at apart from it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { setTimeout as pause } from 'node:timers/promises';
import type { Item } from '../../../lab/host/kubectl/objects.ts';
import { type Asked, type Cluster, customOwner, startCluster } from './cluster.test-support.ts';

const itemsOf = ({ stdout }: Asked): readonly Item[] => (JSON.parse(stdout) as { items: Item[] }).items;
const namesOf = (asked: Asked): readonly string[] => itemsOf(asked).map(({ metadata }) => metadata.name);
const refused = (asked: Asked, says: string | RegExp, exitCode = 1): void => {
  assert.equal(asked.exitCode, exitCode, asked.stderr);
  if (typeof says === 'string') assert.equal(asked.stderr, `${says}\n`);
  else assert.match(asked.stderr, says);
};

function withDatabase(): Cluster {
  const cluster = startCluster();
  cluster.volume({ namespace: 'dbaas', claim: 'data-mysql-0' });
  cluster.volume({ namespace: 'dbaas', claim: 'data-mysql-1' });
  cluster.statefulSet({ namespace: 'dbaas', name: 'mysql', replicas: 2, claimTemplates: ['data'] });
  return cluster;
}

describe('the tests’ kubectl', () => {
  it('lists and gets what the cluster holds, as one JSON object', () => {
    using cluster = withDatabase();
    assert.deepEqual(namesOf(cluster.ask('get', 'pods', '-A', '-o', 'json')), ['mysql-0', 'mysql-1']);
    assert.deepEqual(namesOf(cluster.ask('get', 'po', '-n', 'default', '-ojson')), []);
    assert.equal(
      cluster.ask('get', 'sts/mysql', '--namespace=dbaas', '--output=name').stdout,
      'statefulset.apps/mysql\n',
    );
    const set = JSON.parse(cluster.ask('get', 'statefulsets', 'mysql', '-n', 'dbaas', '-o', 'json').stdout);
    assert.equal(set.status.readyReplicas, 2);
    const claims = cluster.ask('get', 'pv,pvc', '-A', '-o', 'json');
    assert.deepEqual(
      itemsOf(claims).map(({ kind }) => kind),
      ['PersistentVolume', 'PersistentVolume', 'PersistentVolumeClaim', 'PersistentVolumeClaim'],
    );
    assert.deepEqual(namesOf(cluster.ask('get', 'pods', '-A', '-l', 'app=other', '-o', 'json')), []);
  });

  it('takes no argument that kubectl does not take, and says so in its words', () => {
    using cluster = startCluster();
    refused(cluster.ask('get', 'pods', '--bogus'), "error: unknown flag: --bogus\nSee 'kubectl get --help' for usage.");
    refused(cluster.ask('get', 'pods', '-Z'), /unknown shorthand flag: 'Z' in -Z/);
    refused(cluster.ask('get', 'pods', '-o'), /flag needs an argument: 'o' in -o/);
    refused(cluster.ask('get', 'bogus', '-o', 'json'), `error: the server doesn't have a resource type "bogus"`);
    refused(cluster.ask('get', 'constructor', '-o', 'json'), /doesn't have a resource type/);
    refused(cluster.ask('frobnicate'), /unknown command "frobnicate" for "kubectl"/);
    refused(cluster.ask('get', 'pods', 'x', '-A', '-o', 'json'), /cannot be retrieved by name across all namespaces/);
    refused(cluster.ask('get', 'pods', '--request-timeout=soon', '-o', 'json'), /Invalid timeout value/);
    refused(
      cluster.ask('--context', 'nope', 'get', 'pods', '-o', 'json'),
      /context was not found for specified context: nope/,
    );
    refused(
      cluster.ask('--kubeconfig', '/nowhere', 'get', 'pods', '-o', 'json'),
      'error: stat /nowhere: no such file or directory',
    );
    refused(cluster.ask('get', 'pods', '--token', 'x'), /does not act out --token/, 64);
    refused(cluster.ask('delete', 'pods', '--all'), /does not act out delete/, 64);
  });

  it('says what is not there', () => {
    using cluster = startCluster();
    const asked = cluster.ask('get', 'pods', 'nope', '-o', 'json');
    refused(asked, 'Error from server (NotFound): pods "nope" not found');
    assert.equal(asked.stdout, '');
    const quiet = cluster.ask('get', 'pods', 'nope', '-o', 'json', '--ignore-not-found');
    assert.deepEqual([quiet.exitCode, quiet.stdout], [0, '']);
  });

  it('scales, and the pods go, their volumes are let go, and come back', () => {
    using cluster = withDatabase();
    assert.equal(cluster.items('volumeattachments').length, 2);
    const scaled = cluster.ask('scale', 'statefulset', 'mysql', '-n', 'dbaas', '--replicas=0', '--current-replicas=2');
    assert.equal(scaled.stdout, 'statefulset.apps/mysql scaled\n');
    assert.deepEqual(namesOf(cluster.ask('get', 'pods', '-A', '-o', 'json')), []);
    assert.equal(cluster.items('volumeattachments').length, 0);
    assert.equal(cluster.ask('-n', 'dbaas', 'scale', 'sts/mysql', '--replicas', '2').exitCode, 0);
    assert.equal(cluster.items('pods').length, 2);
  });

  it('does not scale where somebody else has scaled it meanwhile', () => {
    using cluster = withDatabase();
    cluster.scale('StatefulSet', 'dbaas', 'mysql', 1);
    const asked = cluster.ask('scale', 'statefulset', 'mysql', '-n', 'dbaas', '--replicas=0', '--current-replicas=2');
    refused(asked, 'error: Expected replicas to be 2, was 1');
    assert.equal(cluster.replicas('StatefulSet', 'dbaas', 'mysql'), 1);
    refused(cluster.ask('scale', 'sts', 'mysql', '--replicas=-1'), /COUNT must be greater than or equal to 0/);
    refused(cluster.ask('scale', 'sts', 'mysql'), /required flag\(s\) \\"replicas\\" not set/);
    refused(cluster.ask('scale', 'sts', 'nope', '--replicas=0'), 'error: no objects passed to scale');
  });

  it('lets pods go late, in their order, and volumes later still', () => {
    using cluster = withDatabase();
    cluster.behave({ podLeaves: { asks: 1 }, detaches: { asks: 1 } });
    cluster.ask('scale', 'sts', 'mysql', '-n', 'dbaas', '--replicas=0');
    const seen: string[] = [];
    for (let asks = 0; asks < 20 && cluster.items('volumeattachments').length > 0; asks++) {
      const pods = itemsOf(cluster.ask('get', 'pods', '-A', '-o', 'json'));
      seen.push(pods.map(({ metadata }) => `${metadata.name}${metadata.deletionTimestamp ? ' going' : ''}`).join());
    }
    assert.equal(seen[0], 'mysql-0,mysql-1 going');
    assert.ok(seen.includes('mysql-0 going'), seen.join('; '));
    assert.equal(seen.at(-1), '');
    assert.equal(cluster.items('volumeattachments').length, 0);
  });

  it('has pods that never go, and ones that never get ready', () => {
    using cluster = withDatabase();
    cluster.behave({ staysForEver: ['dbaas/mysql-1'] });
    cluster.ask('scale', 'sts', 'mysql', '-n', 'dbaas', '--replicas=0');
    for (let asks = 0; asks < 5; asks++) cluster.ask('get', 'pods', '-A', '-o', 'name');
    assert.deepEqual(
      cluster.items('pods').map(({ metadata }) => [metadata.name, metadata.deletionTimestamp !== undefined]),
      [
        ['mysql-0', false],
        ['mysql-1', true],
      ],
    );
    cluster.behave({ staysForEver: [], neverReady: ['dbaas/mysql-*'] });
    cluster.ask('scale', 'sts', 'mysql', '-n', 'dbaas', '--replicas=0');
    cluster.ask('scale', 'sts', 'mysql', '-n', 'dbaas', '--replicas=2');
    const [set] = cluster.items('statefulsets');
    assert.equal(set?.status?.['readyReplicas'], undefined);
    assert.equal(cluster.items('pods').length, 1, 'the second waits for the first');
  });

  it('has operators that put replicas back, and autoscalers that rest at 0', () => {
    using cluster = withDatabase();
    cluster.behave({
      meddlers: [{ kind: 'StatefulSet', namespace: 'dbaas', name: 'mysql', replicas: 2, after: { asks: 1 } }],
    });
    cluster.ask('scale', 'sts', 'mysql', '-n', 'dbaas', '--replicas=0');
    for (let asks = 0; asks < 4; asks++) cluster.ask('get', 'pods', '-A', '-o', 'name');
    assert.equal(cluster.replicas('StatefulSet', 'dbaas', 'mysql'), 2);

    cluster.volume({ namespace: 'media', claim: 'library' });
    cluster.deployment({ namespace: 'media', name: 'player', replicas: 1, claims: ['library'] });
    cluster.autoscaler({ kind: 'Deployment', namespace: 'media', name: 'player', least: 2, most: 4 });
    assert.equal(cluster.replicas('Deployment', 'media', 'player'), 2);
    cluster.ask('scale', 'deploy', 'player', '-n', 'media', '--replicas=0');
    assert.equal(cluster.replicas('Deployment', 'media', 'player'), 0);
  });

  it('owns pods as a cluster does: Deployment, ReplicaSet, pod; DaemonSet; Job; an operator’s own kind', () => {
    using cluster = startCluster();
    cluster.volume({ namespace: 'media', claim: 'library' });
    cluster.deployment({ namespace: 'media', name: 'player', claims: ['library'] });
    cluster.daemonSet({ namespace: 'kube-system', name: 'agent' });
    cluster.job({ namespace: 'media', name: 'scan' });
    cluster.statefulSet({ namespace: 'pg', name: 'main', owner: customOwner('Cluster', 'main') });
    const owners = cluster.items('pods').map(({ metadata }) => metadata.ownerReferences?.[0]?.kind);
    assert.deepEqual(owners.sort(), ['DaemonSet', 'DaemonSet', 'Job', 'ReplicaSet', 'StatefulSet']);
    const [set] = cluster.items('replicasets');
    assert.equal(set?.metadata.ownerReferences?.[0]?.name, 'player');
    const [operated] = cluster.items('statefulsets');
    assert.equal(operated?.metadata.ownerReferences?.[0]?.kind, 'Cluster');
  });

  it('tells a released volume and a live one of the same claim apart', () => {
    using cluster = startCluster();
    const old = cluster.volume({ namespace: 'media', claim: 'library', handle: 'local-lvm:vm-9999-pvc-old' });
    cluster.release('media', 'library');
    const live = cluster.volume({ namespace: 'media', claim: 'library' });
    const volumes = itemsOf(cluster.ask('get', 'pv', '-o', 'json'));
    assert.deepEqual(
      volumes.map(({ metadata, status }) => [metadata.name, status?.['phase']]),
      [
        [old.volume, 'Released'],
        [live.volume, 'Bound'],
      ],
    );
    assert.equal(old.lv, 'vm-9999-pvc-old');
    assert.match(live.handle, /^homelab\/ruapehu\/local-lvm\/vm-9999-pvc-[0-9a-f-]{36}$/);
  });

  it('leaves a pod waiting whose claim is not there, or whose volume is elsewhere', () => {
    using cluster = startCluster();
    cluster.pod({ namespace: 'media', name: 'alone', claims: ['nothing'] });
    const [pod] = cluster.items('pods');
    assert.equal(pod?.status?.phase, 'Pending');
    assert.match(pod?.status?.conditions[0]?.message ?? '', /"nothing" not found/);
  });

  it('opens and closes the volume where it really is, and a pod does not start without it', () => {
    using cluster = startCluster();
    const log = join(cluster.folder, 'attached');
    const attacher = join(cluster.folder, 'attacher');
    writeFileSync(attacher, `#!/bin/sh\necho "$1 $3" >>${log}\ntest ! -e ${cluster.folder}/broken\n`, { mode: 0o755 });
    cluster.behave({ attacher: [attacher] });
    writeFileSync(join(cluster.folder, 'broken'), '');
    const { lv } = cluster.volume({ namespace: 'media', claim: 'library' });
    cluster.deployment({ namespace: 'media', name: 'player', claims: ['library'] });
    assert.equal(cluster.items('pods')[0]?.status?.phase, 'Pending');
    cluster.behave({ attacher: ['/bin/sh', '-c', `rm -f ${cluster.folder}/broken; exec ${attacher} "$@"`, 'sh'] });
    assert.equal(cluster.items('pods')[0]?.status?.phase, 'Running');
    cluster.ask('scale', 'deploy', 'player', '-n', 'media', '--replicas=0');
    assert.equal(readFileSync(log, 'utf8').trim().split('\n').at(-1), `detach ${lv}`);
  });

  it('is down, and says so as kubectl does', () => {
    using cluster = withDatabase();
    cluster.api('refused');
    const down = cluster.ask('get', 'pods', '-A', '-o', 'json');
    refused(
      down,
      /\nThe connection to the server 10\.0\.20\.100:6443 was refused - did you specify the right host or port\?\n$/,
    );
    assert.equal(down.stdout, '');
    refused(cluster.ask('scale', 'sts', 'mysql', '-n', 'dbaas', '--replicas=0'), 'error: no objects passed to scale');
    assert.equal(cluster.replicas('StatefulSet', 'dbaas', 'mysql'), 2);
    cluster.api('silent');
    const silent = cluster.ask('get', 'pods', '-A', '-o', 'json', '--request-timeout=100ms');
    refused(silent, /^Unable to connect to the server: net\/http: request canceled/);
    cluster.api('unavailable');
    refused(cluster.ask('get', 'pv', '-o', 'json'), /ServiceUnavailable.*\(get persistentvolumes\)/);
    cluster.api('up');
    cluster.apiAfter({ asks: 1 }, 'refused');
    assert.equal(cluster.ask('get', 'pv', '-o', 'name').exitCode, 0);
    assert.equal(cluster.ask('get', 'pv', '-o', 'name').exitCode, 1);
  });

  it('prints an empty list with exit code 1 where it may not list: only the exit code tells', () => {
    using cluster = withDatabase();
    cluster.forbid('list', 'persistentvolumes');
    const asked = cluster.ask('get', 'persistentvolumes', '-o', 'json');
    refused(
      asked,
      'Error from server (Forbidden): persistentvolumes is forbidden: User "system:serviceaccount:holdfast:backup" cannot list resource "persistentvolumes" in API group "" at the cluster scope',
    );
    assert.deepEqual(namesOf(asked), []);
    cluster.forbid('update', 'statefulsets/scale', 'dbaas');
    refused(
      cluster.ask('scale', 'sts', 'mysql', '-n', 'dbaas', '--replicas=0', '--current-replicas=2'),
      /statefulsets\.apps "mysql" is forbidden: User ".*" cannot update resource "statefulsets\/scale" in API group "apps" in the namespace "dbaas"/,
    );
    refused(cluster.ask('get', 'secrets', '-A', '-o', 'json'), /secrets is forbidden/);
    cluster.allowAll();
    assert.equal(cluster.ask('get', 'persistentvolumes', '-o', 'json').exitCode, 0);
  });

  it('does what was asked though its answer is lost', () => {
    using cluster = withDatabase();
    cluster.api('lost');
    const asked = cluster.ask('scale', 'sts', 'mysql', '-n', 'dbaas', '--replicas=0', '--current-replicas=2');
    refused(asked, 'Unable to connect to the server: EOF');
    assert.equal(cluster.replicas('StatefulSet', 'dbaas', 'mysql'), 0);
  });

  it('runs commands in a pod: their output, exit code and input, and they outlive kubectl', async () => {
    using cluster = withDatabase();
    const inside = (...words: string[]) => cluster.ask('exec', '-n', 'dbaas', 'mysql-0', '--', ...words);
    assert.equal(inside('sh', '-c', 'echo "$HOSTNAME"').stdout, 'mysql-0\n');
    refused(inside('sh', '-c', 'exit 7'), 'command terminated with exit code 7', 7);
    refused(inside('nonesuch'), /exec: "nonesuch": executable file not found in \$PATH/);
    refused(
      cluster.ask('exec', '-n', 'dbaas', 'nope', '--', 'true'),
      'Error from server (NotFound): pods "nope" not found',
    );
    refused(
      cluster.ask('exec', '-n', 'dbaas', 'mysql-0', '-c', 'x', '--', 'true'),
      /container x is not valid for pod mysql-0/,
    );
    refused(cluster.ask('exec', 'mysql-0', 'true'), /exec \[POD\] \[COMMAND\] is not supported anymore/);

    const mark = join(cluster.folder, 'mark');
    const words = ['sh', '-c', `echo started; cat; sleep 0.3; echo over >${mark}`];
    const kubectl = spawn(cluster.kubectl, [
      '--kubeconfig',
      cluster.kubeconfig,
      'exec',
      '-i',
      '-n',
      'dbaas',
      'mysql-0',
      '--',
      ...words,
    ]);
    kubectl.stdin.end('given');
    await once(kubectl.stdout, 'data');
    kubectl.kill('SIGKILL');
    for (let waited = 0; waited < 100 && !existsSync(mark); waited++) await pause(50);
    assert.equal(readFileSync(mark, 'utf8'), 'over\n');
  });

  it('serves many at once without losing a change', async () => {
    using cluster = startCluster();
    for (let index = 0; index < 8; index++)
      cluster.deployment({ namespace: 'many', name: `app-${index}`, replicas: 1 });
    const codes = await Promise.all(
      Array.from({ length: 8 }, async (_, index) => {
        const args = [
          '--kubeconfig',
          cluster.kubeconfig,
          'scale',
          'deploy',
          `app-${index}`,
          '-n',
          'many',
          '--replicas=0',
        ];
        return (await once(spawn(cluster.kubectl, args, { stdio: 'ignore' }), 'close'))[0];
      }),
    );
    assert.deepEqual(codes, Array(8).fill(0));
    assert.equal(cluster.items('pods').length, 0);
  });

  it('tells its version, and keeps an audit of what was asked', () => {
    using cluster = startCluster();
    assert.equal(JSON.parse(cluster.ask('version', '-o', 'json').stdout).serverVersion.gitVersion, 'v1.31.4');
    cluster.ask('get', 'secrets', '-A', '-o', 'json');
    const asked = cluster.audit().map(({ command, argv, exitCode }) => `${command} ${argv.join(' ')} ${exitCode}`);
    assert.match(asked.at(-1) ?? '', /get .*secrets -A -o json 1/);
  });
});
