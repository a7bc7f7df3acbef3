// Under fire, in the middle of a restore: a copy that hangs when it is looked at, and a cluster that stops answering.
import { type Homelab, homelabLv } from '../../test/e2e/homelab.test-support.ts';
import { tries } from '../../test/e2e/volumes.test-support.ts';
import type { Report } from '../report.ts';
import { holds } from './holds.ts';
import { authorities, leftOn, picture } from './swap-look.ts';

const typed = ['restore', 'media/jellyfin', '--to', 'live', '--yes'] as const;

export async function proveSwapUnderFire(report: Report, home: Homelab): Promise<void> {
  report.section('Under fire: a restore');
  const { machine, estate, cluster } = home;
  const before = await picture(home);
  const pod = cluster.items('pods')[0]?.metadata.uid;
  await machine.faults.hangWhenSeen('pve-hf_*_n_*');
  const hanging = estate.start(...typed);
  const known = estate.journal((runs) => runs[0]?.id);
  const run = await tries(estate, hanging, 'check', known);
  for (let seen = '0'; seen === '0'; )
    seen = await machine.must('dmsetup info -c --noheadings -o name -S suspended=Suspended | grep -c ^pve-hf || true');
  hanging.process.kill('SIGINT');
  await machine.faults.unhang();
  const stopped = await hanging.ended;
  const left = await leftOn(home, run);
  report.row(
    'a copy that hangs when it is opened, then Ctrl-C: nobody was interrupted, nothing is left',
    'holdfast restore media/jellyfin --to live --yes',
    `${authorities}; the pod is the same`,
    holds(
      {
        'exit code 130': stopped === 130,
        'as before in everything': (await picture(home)) === before,
        'the pod never went': cluster.items('pods')[0]?.metadata.uid === pod,
        'nothing left': left.length === 0,
      },
      `${stopped} ${hanging.output().slice(-500)} ${left.join()}`,
    ),
  );

  const asked = cluster.audit().length;
  const [uuid, names] = [await home.uuid(), await home.names()];
  const silenced = estate.start(...typed);
  await tries(estate, silenced, 'detach', run);
  cluster.api('refused');
  for (const until = performance.now() + 20_000; performance.now() < until; ) {
    if (
      cluster
        .audit()
        .slice(asked)
        .some(({ api }) => api === 'refused')
    )
      break;
    await new Promise((done) => setTimeout(done, 100));
  }
  cluster.api('up');
  const ended = await silenced.ended;
  const after = await picture(home);
  const whole = ended === 0;
  report.row(
    `the API of the cluster goes down in the middle of a restore, and comes back: ${whole ? 'restored as a whole' : 'led back'}`,
    'holdfast restore media/jellyfin --to live --yes',
    authorities,
    holds(
      {
        'all of before, or all of it': whole
          ? (await home.inPod()) === 'yesterday' &&
            (await home.uuid()) !== uuid &&
            (await home.names()).length === names.length + 1
          : after === before,
        'one replica': home.replicas() === 1,
        'nothing left': (await leftOn(home, estate.journal((runs) => runs[0]?.id) ?? '')).length === 0,
      },
      `${ended} ${silenced.output().slice(-600)}\n${before}\n--\n${after}`,
    ),
  );
  await machine.must(`dmsetup suspend --nolockfs --noflush pve-${homelabLv.replaceAll('-', '--')}`);
  const found = await machine.must('dmsetup info -c --noheadings -o name -S suspended=Suspended | grep -c ^pve');
  report.control('a device that hangs', found === '1');
  await machine.faults.unhang();
}
