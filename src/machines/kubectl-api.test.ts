// The port to a cluster, against a kubectl that is as strict as the real one and says what that says.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { type Cluster, startCluster } from '../../test/pve-machine/kubectl/cluster.test-support.ts';
import { Fault } from '../fault.ts';
import { systemClock } from '../values/instant.ts';
import { kubectlApi } from './kubectl-api.ts';
import type { Kubernetes } from './kubernetes.ts';
import { localMachine } from './local.ts';

const machine = localMachine({ name: 'here', clock: systemClock });

const fault =
  (code: string, ...says: readonly RegExp[]) =>
  (error: unknown) => {
    assert.ok(error instanceof Fault, String(error));
    assert.equal(error.code, code);
    for (const one of says) assert.match(`${error.where} ${error.says} ${error.remedy}`, one);
    return true;
  };

describe('a cluster', () => {
  let cluster: Cluster;
  let kubernetes: Kubernetes;
  before(() => {
    cluster = startCluster();
    kubernetes = kubectlApi({ ...cluster.entry('here'), machine, kubectl: cluster.kubectl });
    cluster.volume({ namespace: 'media', claim: 'jellyfin' });
    cluster.deployment({ namespace: 'media', name: 'jellyfin', replicas: 2, claims: ['jellyfin'] });
  });
  after(() => cluster[Symbol.dispose]());

  it('lists what is there in every namespace, and an empty list where there is nothing', async () => {
    const [volume] = await kubernetes.list('persistentvolumes');
    assert.equal((volume as { kind: string }).kind, 'PersistentVolume');
    assert.deepEqual(await kubernetes.list('cronjobs'), []);
    assert.equal((await kubernetes.list('pods')).length, 2);
  });

  it('gets one object by name, and tells that there is none of that name', async () => {
    const found = (await kubernetes.get('deployments', 'media', 'jellyfin')) as { spec: { replicas: number } };
    assert.equal(found.spec.replicas, 2);
    assert.equal(await kubernetes.get('deployments', 'media', 'other'), undefined);
    const [volume] = cluster.items('persistentvolumes');
    assert.ok((await kubernetes.get('persistentvolumes', '', volume?.metadata.name ?? '')) !== undefined);
  });

  it('scales from the number that was seen, and never over the head of somebody else who scaled meanwhile', async () => {
    await kubernetes.scale('deployment', 'media', 'jellyfin', 0, 2);
    assert.equal(cluster.replicas('Deployment', 'media', 'jellyfin'), 0);
    cluster.scale('Deployment', 'media', 'jellyfin', 5);
    await assert.rejects(
      kubernetes.scale('deployment', 'media', 'jellyfin', 2, 0),
      fault('scale-changed', /it has 5 replicas and not 0/),
    );
    assert.equal(cluster.replicas('Deployment', 'media', 'jellyfin'), 5);
    await kubernetes.scale('deployment', 'media', 'jellyfin', 2, 5);
  });

  it('names the right that is missing, and the rule that gives it', async () => {
    cluster.forbid('list', 'persistentvolumes');
    cluster.forbid('update', 'deployments/scale');
    await assert.rejects(
      kubernetes.list('persistentvolumes'),
      fault(
        'cluster-forbidden',
        /may not list persistentvolumes/,
        /resources: \["persistentvolumes"\], verbs: \[get, list\]/,
      ),
    );
    await assert.rejects(
      kubernetes.scale('deployment', 'media', 'jellyfin', 0, 2),
      fault(
        'cluster-forbidden',
        /deployments\/scale/,
        /apiGroups: \["apps"\].*verbs: \[get, update, patch\]/,
        /the Role in media/,
      ),
    );
    cluster.allowAll();
  });

  for (const state of ['refused', 'unavailable'] as const)
    it(`says that the cluster does not answer (its API is ${state})`, async () => {
      cluster.api(state);
      await assert.rejects(kubernetes.list('pods'), fault('cluster-unreachable', /homelab/));
      cluster.api('up');
    });

  it('says that the login has expired', async () => {
    cluster.api('unauthorised');
    await assert.rejects(kubernetes.list('pods'), fault('cluster-login-refused'));
    cluster.api('up');
  });

  it('says that kubectl is missing on the machine, and where a context is not known', async () => {
    const without = kubectlApi({ ...cluster.entry('here'), machine, kubectl: '/nowhere/kubectl' });
    await assert.rejects(without.list('pods'), fault('command-missing', /kubectl/));
    const elsewhere = kubectlApi({ ...cluster.entry('here'), machine, kubectl: cluster.kubectl, context: 'other' });
    await assert.rejects(elsewhere.list('pods'), fault('kubectl-failed', /context/));
  });

  it('takes no name for an option, and asks nothing then', async () => {
    const asked = cluster.audit().length;
    for (const name of ['--kubeconfig=/tmp/x', '../x', 'A', 'a b', '', 'x\n'])
      await assert.rejects(kubernetes.get('pods', 'media', name), fault('cluster-name-odd'));
    await assert.rejects(kubernetes.scale('deployment', '-n', 'jellyfin', 0, 2), fault('cluster-name-odd'));
    assert.equal(cluster.audit().length, asked);
  });

  it('never asks for a secret', () => {
    const words = cluster.audit().flatMap(({ argv }) => argv);
    assert.ok(words.length > 20);
    assert.deepEqual(
      words.filter((word) => /secret/i.test(word)),
      [],
    );
  });
});

describe('what kubectl answers', () => {
  const saying = (script: string): Kubernetes => {
    const program = join(folder.folder, 'says');
    writeFileSync(program, `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    return kubectlApi({ name: 'homelab', machine, kubectl: program });
  };
  let folder: Cluster;
  before(() => {
    folder = startCluster();
  });
  after(() => folder[Symbol.dispose]());

  it('may be of many megabytes', async () => {
    const items = await saying(
      `awk 'BEGIN { printf "{\\"items\\":["; for (i = 0; i < 40000; i++) printf "%s{\\"metadata\\":{\\"name\\":\\"pod-%d\\",\\"filler\\":\\"%0200d\\"}}", i ? "," : "", i, i; print "]}" }'`,
    ).list('pods');
    assert.equal(items.length, 40_000);
  });

  it('is not believed where it is cut or something else', async () => {
    await assert.rejects(saying(`echo '{"items":['`).list('pods'), fault('kubectl-failed', /no JSON/));
    await assert.rejects(saying(`echo '{"kind":"Status"}'`).list('pods'), fault('kubectl-failed', /no list/));
  });

  it('is asked for with the home folder of the user, whose configuration and plugins it needs', async () => {
    const items = await saying(`printf '{"items":["%s"]}' "$HOME"`).list('pods');
    assert.match(String(items[0]), /^\/./);
  });
});
