// 3.1: the cluster does not answer. What was excluded stays excluded, what nobody can judge is left alone and counted as missing.
import type { Report } from '../report.ts';
import { holds, sameList } from './holds.ts';
import { type LvmPlace, lvs, wanted } from './lvm-place.ts';

export async function proveSilence(
  report: Report,
  { machine, cluster, estate, another, look }: LvmPlace,
): Promise<void> {
  cluster.api('refused');
  const before = await look.origins();
  const never = await another().type('run', 'volumes');
  report.row(
    '3.1 a cluster that has never answered, and a namespace excluded: no snapshot of anything',
    never.command,
    'exit code; lvs as before',
    holds(
      {
        'exit code 1': never.status === 1,
        'its fault': /exclusions-unknown/.test(never.stderr + never.stdout),
        'nothing taken': sameList(await look.origins(), before),
      },
      never.stderr,
    ),
  );

  await machine.makeVolume({ name: lvs.late, filesystem: 'none', megabytes: 8 });
  const silent = await estate.type('run', 'volumes');
  const taken = async () => {
    const now = [...(await look.origins())];
    for (const origin of before) now.splice(now.indexOf(origin), 1);
    return now;
  };
  const fresh = await taken();
  // The cluster never knew the other one: it, too, could be of an excluded namespace by now.
  const known = wanted.filter((lv) => lv !== lvs.nobodys);
  const points = await estate.type('points');
  const said = `${silent.stdout}${silent.stderr}`;
  report.row(
    '3.1 a silent cluster: its last answer is used and its age said; what came since is left alone and counted as missing',
    `${silent.command}; ${points.command}`,
    'lvs: origins of what was taken; exit code 3',
    holds(
      {
        degraded: silent.status === 3,
        'those that were known, and no other': sameList(fresh, known),
        'the age of the answer': /what it said \S+.* ago is used/.test(said),
        'counted as missing': new RegExp(`6 expected, 4 done; missing: .*${lvs.late}`).test(points.stdout),
      },
      `${silent.status} ${fresh.join()} ${said.slice(-900)} ${points.stdout.slice(-400)}`,
    ),
  );
  cluster.api('up');
  const again = await estate.type('run', 'volumes');
  report.control(
    'the same volume left alone though the cluster answers',
    again.status === 0 && (await look.origins()).includes(lvs.late),
  );
  await machine.must(
    `for lv in $(lvs --noheadings -o lv_name -S 'origin=${lvs.late} || lv_name=${lvs.late}' pve); do lvremove -qq -y pve/$lv; done`,
  );
}
