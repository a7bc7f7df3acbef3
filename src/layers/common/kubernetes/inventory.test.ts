// What is read of a cluster: whose a volume is, and who uses it.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Fault } from '../../../fault.ts';
import { claim, clusterOf, controller, owned, pod, proxmoxHandle, using, volume } from './cluster.test-support.ts';
import { workloadText } from './cluster.ts';
import { groupsOf } from './groups.ts';
import { claimOfVolume, readInventory, volumeOfClaim, volumeOfLv } from './inventory.ts';

const jellyfin = 'vm-9999-pvc-11111111-1111-1111-1111-111111111111';
const former = 'vm-9999-pvc-22222222-2222-2222-2222-222222222222';

describe('the inventory of a cluster', () => {
  it('finds the logical volume behind both forms of a handle (reality 1.1m)', async () => {
    const inventory = await readInventory(
      clusterOf({
        persistentvolumes: [
          volume('new', proxmoxHandle(jellyfin), 'media/jellyfin'),
          volume('old', `local-lvm:${former}`, 'media/old'),
          volume('nfs', 'nas#srv/nfs#share', 'media/films'),
        ],
      }),
    );
    assert.deepEqual(
      inventory.volumes.map(({ storage, lv }) => [storage, lv]),
      [
        ['local-lvm', jellyfin],
        ['local-lvm', former],
        [null, null],
      ],
    );
    assert.deepEqual(claimOfVolume(inventory, former), { namespace: 'media', name: 'old' });
    assert.equal(claimOfVolume(inventory, 'vm-100-disk-0'), undefined);
  });

  it('tells a released volume from the live one of the same claim (reality 6.7)', async () => {
    const inventory = await readInventory(
      clusterOf({
        persistentvolumes: [
          volume('pvc-2', proxmoxHandle(former), 'media/jellyfin', {
            phase: 'Released',
            claimUid: 'of the former claim',
          }),
          volume('pvc-1', proxmoxHandle(jellyfin), 'media/jellyfin'),
        ],
        persistentvolumeclaims: [claim('media', 'jellyfin', 'pvc-1')],
        deployments: [controller('media', 'jellyfin', { replicas: 1, template: using('jellyfin') })],
      }),
    );
    assert.equal(volumeOfClaim(inventory, { namespace: 'media', name: 'jellyfin' })?.lv, jellyfin);
    assert.deepEqual([volumeOfLv(inventory, former)?.live, volumeOfLv(inventory, former)?.used_by], [false, []]);
    assert.deepEqual(claimOfVolume(inventory, former), { namespace: 'media', name: 'jellyfin' });
    assert.equal(groupsOf(inventory).length, 2);
  });

  it('does not take a claim that was made anew under the old name for the one the volume was bound to', async () => {
    const inventory = await readInventory(
      clusterOf({
        persistentvolumes: [volume('pvc-1', proxmoxHandle(jellyfin), 'media/jellyfin', { claimUid: 'another' })],
        persistentvolumeclaims: [claim('media', 'jellyfin', 'pvc-1')],
      }),
    );
    assert.equal(volumeOfClaim(inventory, { namespace: 'media', name: 'jellyfin' }), undefined);
  });

  it('follows a pod to its Deployment, a Job to its CronJob, and an operator behind a StatefulSet', async () => {
    const inventory = await readInventory(
      clusterOf({
        persistentvolumes: [volume('pvc-1', proxmoxHandle(jellyfin), 'media/data')],
        persistentvolumeclaims: [claim('media', 'data', 'pvc-1')],
        replicasets: [controller('media', 'web-5d4', { replicas: 1 }, owned('Deployment', 'web'))],
        deployments: [controller('media', 'web', { replicas: 1, template: using() })],
        jobs: [controller('media', 'clean-1', { template: using('data') }, owned('CronJob', 'clean', 'batch/v1'))],
        cronjobs: [controller('media', 'clean', { jobTemplate: { spec: { template: using('data') } } })],
        statefulsets: [
          controller(
            'media',
            'db',
            { replicas: 1, template: using('data') },
            owned('Cluster', 'pg', 'postgresql.cnpg.io/v1'),
          ),
        ],
        pods: [
          pod('media', 'web-5d4-x', ['data'], owned('ReplicaSet', 'web-5d4')),
          pod('media', 'by-hand', ['data']),
          pod('media', 'of-operator', ['data'], owned('Cluster', 'pg2', 'postgresql.cnpg.io/v1')),
          pod('media', 'finished', ['data'], {}, 'Succeeded'),
        ],
      }),
    );
    const [found] = inventory.volumes;
    assert.deepEqual(found?.used_by.map(workloadText), [
      'Deployment media/web',
      'StatefulSet media/db',
      'CronJob media/clean',
      'Pod media/by-hand',
      'Pod media/of-operator',
    ]);
    const operators = inventory.workloads.flatMap(({ name, operator }) =>
      operator === null ? [] : [[name, operator.name]],
    );
    assert.deepEqual(operators, [
      ['db', 'pg'],
      ['of-operator', 'pg2'],
    ]);
  });

  it('counts the claims of a StatefulSet as its own while it runs nothing', async () => {
    const sizes = { volumeClaimTemplates: [{ metadata: { name: 'data' }, spec: {} }] };
    const inventory = await readInventory(
      clusterOf({
        persistentvolumes: ['data-db-0', 'data-db-1', 'data-db-x', 'data-db2-0'].map((name) =>
          volume(`pv-${name}`, proxmoxHandle(`vm-9999-pvc-${name}`), `dbaas/${name}`),
        ),
        persistentvolumeclaims: ['data-db-0', 'data-db-1', 'data-db-x', 'data-db2-0'].map((name) =>
          claim('dbaas', name, `pv-${name}`),
        ),
        statefulsets: [controller('dbaas', 'db', { replicas: 0, template: using(), ...sizes })],
      }),
    );
    assert.deepEqual(inventory.workloads[0]?.claims, ['data-db-0', 'data-db-1']);
    assert.deepEqual(
      groupsOf(inventory).map(({ volumes }) => volumes.map(({ lv }) => lv)),
      [['vm-9999-pvc-data-db-0', 'vm-9999-pvc-data-db-1'], ['vm-9999-pvc-data-db-x'], ['vm-9999-pvc-data-db2-0']],
    );
  });

  it('puts volumes of two workloads that share one of them into one group', async () => {
    const names = ['a', 'b', 'c', 'd'];
    const inventory = await readInventory(
      clusterOf({
        persistentvolumes: names.map((name) => volume(`pv-${name}`, proxmoxHandle(`vm-9999-pvc-${name}`), `x/${name}`)),
        persistentvolumeclaims: names.map((name) => claim('x', name, `pv-${name}`)),
        deployments: [
          controller('x', 'one', { replicas: 1, template: using('a', 'c') }),
          controller('x', 'two', { replicas: 1, template: using('b', 'c') }),
        ],
      }),
    );
    const groups = groupsOf(inventory).map(({ volumes, workloads }) => [
      volumes.map(({ claim }) => claim?.name),
      workloads.map(({ name }) => name),
    ]);
    assert.deepEqual(groups, [
      [
        ['a', 'b', 'c'],
        ['one', 'two'],
      ],
      [['d'], []],
    ]);
  });

  it('says which tools may set a workload back to what a repository says', async () => {
    const argo = { annotations: { 'argocd.argoproj.io/tracking-id': 'media:apps/Deployment:media/web' } };
    const inventory = await readInventory(
      clusterOf({ deployments: [controller('media', 'web', { replicas: 1, template: using() }, argo)] }),
    );
    assert.deepEqual(inventory.workloads[0]?.gitops, [
      'Argo CD (argocd.argoproj.io/tracking-id: media:apps/Deployment:media/web)',
    ]);
  });

  it('bears owners that own each other', async () => {
    const inventory = await readInventory(
      clusterOf({
        replicasets: [
          controller('x', 'a', { replicas: 1 }, owned('ReplicaSet', 'b')),
          controller('x', 'b', { replicas: 1 }, owned('ReplicaSet', 'a')),
        ],
        pods: [pod('x', 'p', ['data'], owned('ReplicaSet', 'a'))],
      }),
    );
    assert.deepEqual(inventory.workloads.map(workloadText), ['Pod x/p']);
  });

  it('is the same after it was written to a file and read again', async () => {
    const inventory = await readInventory(
      clusterOf({
        persistentvolumes: [volume('pvc-1', proxmoxHandle(jellyfin), 'media/jellyfin'), volume('free', 'x', undefined)],
        pods: [pod('media', 'p', ['jellyfin'])],
      }),
    );
    assert.deepEqual(JSON.parse(JSON.stringify(inventory)), inventory);
  });

  it('names the object whose answer it cannot understand', async () => {
    const crooked = { metadata: { namespace: 'x', name: 'p' }, spec: { volumes: 'many' } };
    await assert.rejects(
      readInventory(clusterOf({ pods: [crooked] })),
      (error) => error instanceof Fault && error.code === 'cluster-answer-odd' && error.says.includes('x/p'),
    );
  });
});
