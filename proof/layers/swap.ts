// 3.2: a volume restored in place of the live one. lvs, mount and the cluster's own state say what became of it; every abort leads back
// to the very same picture.

import { type Homelab, homelabLv, homelabPool, homelabsOn, type Owner } from '../../test/e2e/homelab.test-support.ts';
import { startPveMachine, unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import type { NewVolume } from '../../test/pve-machine/volumes.test-support.ts';
import type { Report } from '../report.ts';
import { holds } from './holds.ts';
import { pointsOf } from './killed-restores.ts';
import { proveAborts } from './swap-aborts.ts';
import { authorities, leftOn, picture } from './swap-look.ts';
import { proveOperator } from './swap-operator.ts';
import { proveSwapUnderFire } from './under-fire-swap.ts';

export async function proveSwap(report: Report, full: boolean): Promise<void> {
  report.section('3.2 restore by swap');
  if (unlessMachine !== false) return report.skip('restore by swap', unlessMachine);
  const machine = await startPveMachine({ pool: homelabPool });
  const homelab = homelabsOn(machine);
  try {
    await within(homelab({}, 'Deployment'), (home) => proveRestored(report, home, 'Deployment'));
    await within(homelab(), async (home) => {
      await proveRestored(report, home, 'StatefulSet');
      await proveOperator(report, home);
    });
    await within(homelab(), (home) => proveAborts(report, home));
    await within(homelab(), (home) => proveSwapUnderFire(report, home));
    const others: readonly Partial<NewVolume>[] = full ? [{ filesystem: 'xfs' }, { luks: 'a key of the volumes' }] : [];
    for (const given of others)
      await within(homelab(given), (home) => proveRestored(report, home, 'StatefulSet', Object.keys(given).join()));
  } finally {
    await machine.stop();
  }
}

async function within(coming: Promise<Homelab>, work: (home: Homelab) => Promise<void>): Promise<void> {
  const home = await coming;
  try {
    await work(home);
  } finally {
    home.close();
  }
}

async function proveRestored(report: Report, home: Homelab, owner: Owner, what = 'ext4'): Promise<void> {
  const { machine, estate, cluster } = home;
  const [first = ''] = await pointsOf(home);
  const [before, uuid, names] = [await picture(home), await home.uuid(), await home.names()];
  const pod = cluster.items('pods')[0]?.metadata.uid;
  const done = await estate.type('restore', 'media/jellyfin', '--to', 'live', '--yes');
  const after = await picture(home);
  const now = await home.names();
  const run = estate.journal((runs) => runs[0]?.id) ?? '';
  const left = await leftOn(home, run);
  report.row(
    `3.2 ${owner}, ${what}: yesterday’s files in a new pod, its replicas as before, today’s in a held point, nothing else left`,
    done.command,
    authorities,
    holds(
      {
        'exit code 0': done.status === 0,
        yesterday: (await home.inPod()) === 'yesterday',
        'another volume has the name': (await home.uuid()) !== uuid,
        'one replica': home.replicas() === 1,
        'another pod': cluster.items('pods')[0]?.metadata.uid !== pod,
        'the safety point': now.length === names.length + 1 && (await home.held()) === 1,
        'nothing left': left.length === 0,
      },
      `${done.stdout.slice(-300)}${done.stderr.slice(-300)} ${left.join()}\n${before}\n--\n${after}`,
    ),
  );
  report.control('a picture that does not see a swapped volume', before !== after);
  const safety = (await pointsOf(home)).find((point) => point !== first) ?? '';
  const back = await estate.type('restore', 'media/jellyfin', '--point', safety, '--to', 'live', '--yes');
  report.row(
    `3.2 ${owner}, ${what}: a restore is taken back by restoring what it kept`,
    back.command,
    'sha256sum in the pod, lvs',
    holds(
      {
        'exit code 0': back.status === 0,
        today: (await home.inPod()) === 'today',
        'the digest':
          (await machine.must(`sha256sum /var/lib/pods/${homelabLv}/library.db | cut -c1-64`)) === sumIn(before),
      },
      back.stderr.slice(-600),
    ),
  );
}

const sumIn = (text: string): string | undefined => /^([0-9a-f]{64}) /m.exec(text)?.[1];
