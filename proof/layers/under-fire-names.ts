// Names that other people chose: quotes, line ends, what a shell would run and what a terminal would obey.
import { existsSync, rmSync } from 'node:fs';
import { estateIn } from '../../test/e2e/estate.test-support.ts';
import { volumesEstate } from '../../test/e2e/volumes.test-support.ts';
import { startCluster } from '../../test/pve-machine/kubectl/cluster.test-support.ts';
import type { Report } from '../report.ts';
import { holds, sameList } from './holds.ts';
import type { FirePlace } from './under-fire-starts.ts';

const mark = '/tmp/holdfast-was-here';
/** A lone surrogate is what a JSON text has of bytes that are no UTF-8. */
const names = [
  `it's; touch ${mark}`,
  `"$(touch ${mark})"`,
  `line\nend\`touch ${mark}\``,
  '\u001b[2J\u001b]0;gone\u0007',
  'half \udcff of it',
  '--force',
] as const;

export async function proveHostileNames(report: Report, { machine, look }: FirePlace): Promise<void> {
  using cluster = startCluster();
  const volumes = await machine.volumes.makeMany(names.length, 'none', 4);
  for (const [index, { lv }] of volumes.entries())
    cluster.volume({ namespace: 'odd', claim: names[index] ?? '', handle: `homelab/pve/local-lvm/${lv}` });
  const estate = estateIn(volumesEstate(machine, cluster), 'lvm');
  rmSync(mark, { force: true });
  try {
    const ran = await estate.type('run', 'volumes');
    const [text, json] = [await estate.type('points'), await estate.type('points', '--json')];
    const claims = (JSON.parse(json.stdout) as { manifest: { workload: string } }[]).map(
      ({ manifest }) => manifest.workload,
    );
    const touched = existsSync(mark) || (await machine.sh(`test -e ${mark}`)).exitCode === 0;
    const screen = `${ran.stdout}${ran.stderr}${text.stdout}`;
    const obeyed = /[\u0000-\u0008\u000b-\u001f\u007f\u009b]/.test(screen);
    const whole = names.map((name) => `odd/${name}`.toWellFormed());
    report.row(
      'names with quotes, line ends, shell words, terminal sequences and half characters: each protected under its own name',
      `${ran.command}; ${text.command}`,
      'lvs: a snapshot of each; the file that they would touch is nowhere; what the terminal got',
      holds(
        {
          'exit code 0': ran.status === 0,
          'a snapshot of each': sameList(
            await look.origins(),
            volumes.map(({ lv }) => lv),
          ),
          'nothing was run': !touched,
          'nothing a terminal would obey': !obeyed,
          'the names as they are': sameList(
            claims.map((one) => one.toWellFormed()),
            whole,
          ),
        },
        `${ran.status} ${ran.stderr.slice(-400)} ${JSON.stringify(claims)}`,
      ),
    );
    const [first] = await look.lines("lvs --noheadings -o lv_name -S 'lv_name=~^hf_' pve");
    await machine.must(`lvchange -qq --deltag hf.sealed pve/${first}; touch ${mark}; lvremove -qq -y pve/${first}`);
    const found = (await machine.sh(`test -e ${mark}`)).exitCode === 0;
    report.control('a file that a name would touch', found && (await look.origins()).length === names.length - 1);
    await machine.must(`rm ${mark}`);
  } finally {
    estate.close();
  }
}
