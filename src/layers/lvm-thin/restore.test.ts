// Restoring a volume in place, by the real engine, against a cluster with its controllers and a thin pool that behaves. Each defect of
// the script that did this before has a test here.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { customOwner } from '../../../test/pve-machine/kubectl/cluster.test-support.ts';
import type { Plan } from '../../model/plan.ts';
import { planAsText } from '../../plan/plan-text.ts';
import { type Lab, type LabOptions, labWith, live, run } from './swap/restoring.test-support.ts';

async function inLab(options: LabOptions, work: (lab: Lab) => Promise<void>): Promise<void> {
  const lab = labWith(options);
  try {
    await work(lab);
  } finally {
    lab.close();
  }
}

const contentOf = (lab: Lab, name = live) => lab.host.volume(name)?.content;
const ours = (lab: Lab) => lab.host.volumes.filter(({ name }) => name.startsWith('hf_')).map(({ name }) => name);
const replicas = (lab: Lab) => lab.cluster.replicas('Deployment', 'media', 'jellyfin');
const refusalsOf = ({ refusals }: Plan) => refusals.map(({ code }) => code);

describe('restoring a volume in place', () => {
  it('brings the point back under the name, with the replicas there were, and keeps what was there as a held point (reality 1.1k, 4.1)', () =>
    inLab({ replicas: 3 }, async (lab) => {
      const before = lab.host.volume(live);
      const { outcome, summary } = await run(lab, await lab.plan());
      assert.equal(outcome, 'done', summary);
      assert.equal(contentOf(lab), 'ext4 of tuesday');
      assert.equal(replicas(lab), 3);
      assert.equal(lab.cluster.items('pods').length, 3);
      const points = await lab.points();
      assert.deepEqual(
        points.map(({ manifest, held }) => [manifest.workload, held]),
        [
          ['media/jellyfin', undefined],
          ['media/jellyfin', 'before restore run-1'],
        ],
      );
      const safety = points[1];
      assert.equal(lab.host.volume(String(safety?.manifest.details['lv']))?.content, 'ext4 of today');
      assert.ok(!lab.host.volumes.some(({ uuid }) => uuid === before?.uuid), 'the volume of before is gone');
      assert.equal(ours(lab).length, 2, 'the point and the safety point, and nothing else of ours');
    }));

  it('does not consume the restore point: it can be restored again (reality 1.1p)', () =>
    inLab({}, async (lab) => {
      const [point] = await lab.points();
      await run(lab, await lab.plan());
      const [again] = await lab.points();
      assert.deepEqual(again, point);
      const second = await run(lab, await lab.plan());
      assert.equal(second.outcome, 'done', second.summary);
    }));

  it('takes a restore back by restoring the point it kept', () =>
    inLab({}, async (lab) => {
      await run(lab, await lab.plan());
      const [, safety] = await lab.points();
      await run(lab, await lab.plan({ point: safety as NonNullable<typeof safety> }));
      assert.equal(contentOf(lab), 'ext4 of today');
    }));

  it('gives the new volume the tags, the permission and the flags of the old one', () =>
    inLab({ live: { tags: ['pve-vm-9999', 'own'], writable: false, autoactivates: false } }, async (lab) => {
      await run(lab, await lab.plan());
      const now = lab.host.volume(live);
      assert.deepEqual(now?.tags.slice(1, 3), ['pve-vm-9999', 'own']);
      assert.deepEqual([now?.writable, now?.autoactivates, now?.skips, now?.active], [false, false, false, true]);
    }));

  it('keeps the volume of before beside it with --keep-old', () =>
    inLab({}, async (lab) => {
      await run(lab, await lab.plan({ keepOld: true }));
      assert.ok(lab.host.volumes.some(({ name, content }) => /_o_/.test(name) && content === 'ext4 of today'));
    }));

  it('says in the plan who is interrupted, for about how long, and how many replicas come back', () =>
    inLab({ replicas: 2 }, async (lab) => {
      const plan = await lab.plan();
      const text = planAsText(plan);
      assert.match(text, /scale Deployment media\/jellyfin to 0, from 2 replicas/);
      assert.match(text, /Deployment media\/jellyfin is interrupted: for about 1 to 3 minutes/);
      assert.match(text, /scale Deployment media\/jellyfin back to 2 replicas/);
      assert.ok(plan.steps.some(({ risk }) => risk === 'interrupts'));
    }));

  it('leaves a workload that was at 0 replicas at 0', () =>
    inLab({ replicas: 0 }, async (lab) => {
      const { outcome } = await run(lab, await lab.plan());
      assert.deepEqual([outcome, replicas(lab), contentOf(lab)], ['done', 0, 'ext4 of tuesday']);
    }));

  it('finds the workload of a StatefulSet, too', () =>
    inLab({ kind: 'StatefulSet', replicas: 1 }, async (lab) => {
      const { outcome, summary } = await run(lab, await lab.plan());
      assert.equal(outcome, 'done', summary);
      assert.equal(lab.cluster.replicas('StatefulSet', 'media', 'jellyfin'), 1);
    }));

  it('stops both workloads that share one claim, and starts both again', () =>
    inLab({ replicas: 1 }, async (lab) => {
      lab.cluster.deployment({ namespace: 'media', name: 'index', replicas: 1, claims: ['jellyfin'] });
      const plan = await lab.plan();
      assert.match(
        planAsText(plan),
        /2 workloads use this volume: Deployment media\/jellyfin, Deployment media\/index/,
      );
      const { outcome, summary } = await run(lab, plan);
      assert.equal(outcome, 'done', summary);
      assert.deepEqual([replicas(lab), lab.cluster.replicas('Deployment', 'media', 'index')], [1, 1]);
    }));
});

describe('a restore that finds something in its way', () => {
  const nothingDone = async (lab: Lab, code: string): Promise<string> => {
    const before = lab.picture();
    const plan = await lab.plan();
    assert.deepEqual([refusalsOf(plan), plan.steps], [[code], []]);
    assert.equal(lab.picture(), before);
    return `${plan.refusals[0]?.says} ${plan.refusals[0]?.remedy}`;
  };

  it('refuses the workload of an operator, and says by which resource it is scaled (reality 1.1r)', () =>
    inLab({ kind: 'none' }, async (lab) => {
      const owner = customOwner('Cluster', 'pg');
      lab.cluster.statefulSet({ namespace: 'media', name: 'pg', replicas: 1, claims: ['jellyfin'], owner });
      assert.match(
        await nothingDone(lab, 'workload-of-operator'),
        /Cluster media\/pg.*kubectl edit cluster pg -n media/,
      );
    }));

  it('goes on when the operator has stopped its workload itself', () =>
    inLab({ kind: 'none' }, async (lab) => {
      const owner = customOwner('Cluster', 'pg');
      lab.cluster.statefulSet({ namespace: 'media', name: 'pg', replicas: 0, claims: ['jellyfin'], owner });
      const { outcome, summary } = await run(lab, await lab.plan());
      assert.equal(outcome, 'done', summary);
    }));

  for (const kind of ['job', 'daemonSet', 'pod'] as const)
    it(`refuses where a ${kind} uses the volume, which cannot be scaled (reality 1.1r)`, () =>
      inLab({ kind: 'none' }, async (lab) => {
        lab.cluster[kind]({ namespace: 'media', name: 'other', claims: ['jellyfin'] });
        assert.match(await nothingDone(lab, 'workload-not-scalable'), /media\/other/);
      }));

  it('says what may scale it up again meanwhile: GitOps tools, autoscalers, a CronJob (reality 1.1r)', () =>
    inLab({ kind: 'none' }, async (lab) => {
      const annotations = { 'argocd.argoproj.io/tracking-id': 'media:apps/Deployment:media/web' };
      lab.cluster.deployment({ namespace: 'media', name: 'web', replicas: 2, claims: ['jellyfin'], annotations });
      lab.cluster.autoscaler({ kind: 'Deployment', namespace: 'media', name: 'web', least: 2, most: 5 });
      lab.cluster.cronJob({ namespace: 'media', name: 'clean', claims: ['jellyfin'], schedule: '0 3 * * *' });
      const text = planAsText(await lab.plan());
      assert.match(text, /Deployment media\/web is looked after by Argo CD/);
      assert.match(text, /autoscaler web of Deployment media\/web \(2 to 5\)/);
      assert.match(text, /CronJob media\/clean uses the volume, too/);
    }));

  it('refuses a volume that is open where nobody is known who could let go of it (reality 1.1s)', () =>
    inLab({ open: true }, async (lab) => {
      assert.match(await nothingDone(lab, 'volume-still-used'), /no cluster is declared/);
    }));

  it('replaces a volume without a cluster where nobody has it open', () =>
    inLab({ open: false }, async (lab) => {
      const { outcome, summary } = await run(lab, await lab.plan());
      assert.deepEqual([outcome, contentOf(lab)], ['done', 'ext4 of tuesday'], summary);
    }));

  it('refuses where the volume is gone, and names the way to a new one', () =>
    inLab({ open: false }, async (lab) => {
      lab.host.volumes.splice(0, 1);
      assert.match(await nothingDone(lab, 'volume-gone'), /--to pve\/NAME/);
    }));

  it('replaces what the claim is bound to now, not what was released, and says so', () =>
    inLab({ kind: 'none' }, async (lab) => {
      lab.cluster.release('media', 'jellyfin');
      lab.host.add('vm-9999-pvc-new', 'ext4 empty', { active: true });
      lab.cluster.volume({
        namespace: 'media',
        claim: 'jellyfin',
        handle: 'homelab/ruapehu/local-lvm/vm-9999-pvc-new',
      });
      lab.cluster.deployment({ namespace: 'media', name: 'web', replicas: 1, claims: ['jellyfin'] });
      const plan = await lab.plan();
      assert.match(planAsText(plan), /media\/jellyfin is bound to vm-9999-pvc-new now/);
      const { outcome, summary } = await run(lab, plan);
      assert.equal(outcome, 'done', summary);
      assert.deepEqual([contentOf(lab, 'vm-9999-pvc-new'), contentOf(lab)], ['ext4 of tuesday', 'ext4 of today']);
    }));

  it('does nothing where the world has changed since the plan was looked at', () =>
    inLab({ replicas: 2 }, async (lab) => {
      const plan = await lab.plan();
      lab.cluster.scale('Deployment', 'media', 'jellyfin', 4);
      const before = lab.picture();
      const { outcome } = await run(lab, plan);
      assert.deepEqual([outcome, lab.picture()], ['refused', before]);
    }));
});

describe('a restore that cannot go on leads back to how it was', () => {
  const ledBack = async (lab: Lab, says: RegExp, ready?: () => void): Promise<void> => {
    const before = lab.picture();
    const plan = await lab.plan();
    ready?.();
    const { outcome, summary } = await run(lab, plan);
    assert.equal(outcome, 'failed', summary);
    assert.match(summary, says);
    lab.cluster.behave({ staysForEver: [], attachmentStays: [], neverReady: [], meddlers: [] });
    lab.cluster.tick();
    assert.equal(lab.picture(), before);
  };

  it('where the point is broken, before anybody was interrupted (reality 1.1q)', () =>
    inLab({ pointContent: 'ext4 broken' }, async (lab) => {
      const scaled: string[] = [];
      lab.moments.at = (what) => void (what.startsWith('scale') && scaled.push(what));
      await ledBack(lab, /check failed/);
      assert.deepEqual(scaled, []);
    }));

  it('where nothing that a file system could be is in the point', () =>
    inLab({ pointContent: 'zeroes' }, (lab) => ledBack(lab, /check failed/)));

  it('where no declared key opens the point', () =>
    inLab({ pointKey: 'right', entry: { luks_keys: [{ env: 'wrong' }] } }, (lab) => ledBack(lab, /check failed/)));

  it('where a pod does not go, whatever its labels are: the wait ends, and never only warns (reality 1.1n)', () =>
    inLab({ replicas: 1 }, async (lab) => {
      const [pod] = lab.cluster.items('pods');
      await ledBack(lab, /detach failed/, () => lab.cluster.behave({ staysForEver: [`media/${pod?.metadata.name}`] }));
    }));

  it('where the volume stays attached to its node (reality 2.25)', () =>
    inLab({ replicas: 1 }, async (lab) => {
      const [volume] = lab.cluster.items('persistentvolumes');
      await ledBack(lab, /detach failed/, () => lab.cluster.behave({ attachmentStays: [volume?.metadata.name ?? ''] }));
    }));

  it('where somebody scales the workload up again all the time', () =>
    inLab({ replicas: 1 }, async (lab) => {
      const meddler = { kind: 'Deployment', namespace: 'media', name: 'jellyfin', replicas: 1, after: { asks: 0 } };
      await ledBack(lab, /detach failed|swap failed/, () => lab.cluster.behave({ meddlers: [meddler] }));
    }));

  it('where the second rename fails: never is there no volume of the name, nor a workload at 0 (reality 1.1o)', () =>
    inLab({}, (lab) => {
      let renames = 0;
      lab.moments.at = (what, moment) => {
        if (moment !== 'before' || !what.startsWith('lvrename')) return;
        renames += 1;
        if (renames === 2) throw new Error('the disk of the metadata is full');
      };
      return ledBack(lab, /swap failed/);
    }));

  it('where the workload does not become ready on what was brought back', () =>
    inLab({}, (lab) => ledBack(lab, /verify failed/, () => lab.cluster.behave({ neverReady: ['media/jellyfin*'] }))));

  it('where the pool has no room, before anything was done', () =>
    inLab({ pool: { data: '99.10', metadata: '5.00' } }, (lab) => ledBack(lab, /prepare failed/)));
});

describe('an encrypted point', () => {
  it('is opened with a declared key for its check, and closed again (reality 4.2)', () =>
    inLab({ pointKey: 'right', entry: { luks_keys: [{ env: 'wrong' }, { env: 'right' }] } }, async (lab) => {
      const { outcome, summary } = await run(lab, await lab.plan());
      assert.equal(outcome, 'done', summary);
      assert.equal(contentOf(lab), 'ext4 of tuesday');
    }));

  it('is brought back unchecked where no key is declared, and the run says so', () =>
    inLab({ pointKey: 'right' }, async (lab) => {
      const { outcome, summary } = await run(lab, await lab.plan());
      assert.equal(outcome, 'degraded');
      assert.match(summary, /no key is declared: what is in it was not checked/);
    }));
});

describe('a point brought back as a volume of its own', () => {
  it('lies beside everything else, and interrupts nobody', () =>
    inLab({}, async (lab) => {
      const plan = await lab.plan({ target: 'pve/vm-9999-rescued' });
      assert.ok(plan.steps.every(({ risk }) => risk === 'adds' || risk === 'none'));
      const { outcome, summary } = await run(lab, plan);
      assert.equal(outcome, 'done', summary);
      const made = lab.host.volume('vm-9999-rescued');
      assert.deepEqual([made?.content, made?.active, contentOf(lab)], ['ext4 of tuesday', true, 'ext4 of today']);
      assert.equal(ours(lab).length, 1);
    }));

  it('is never written over a volume that is there, nor where it is no volume, nor under a name of ours', () =>
    inLab({}, async (lab) => {
      const before = lab.picture();
      for (const [target, code] of [
        [`pve/${live}`, 'target-not-empty'],
        ['pve/data', 'target-not-empty'],
        ['other/name', 'target-no-volume'],
        ['pve/hf_x', 'target-no-volume'],
        ['pve/-x', 'target-no-volume'],
        ['/tmp/x', 'target-no-volume'],
      ] as const)
        assert.deepEqual(refusalsOf(await lab.plan({ target })), [code], target);
      assert.equal(lab.picture(), before);
    }));
});
