// Who has taken the machine has its keys. With those of a NAS that only takes he can delete nothing, overwrite nothing, run nothing; and
// without a key that reads nothing of what was sent counts.
import { spawnSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { holds } from '../../layers/holds.ts';
import type { Report } from '../../report.ts';
import { here } from '../look.ts';
import type { Nas, Served } from '../nas.ts';
import { offsitePlace } from './place.ts';

/** rsync and ssh as they are, past Holdfast. */
const thiefWith =
  (nas: Nas, served: Served, access: 'append' | 'read') =>
  (program: 'rsync' | 'ssh', ...args: string[]) => {
    const way = `ssh -F none -i ${served.key(access)} -o IdentitiesOnly=yes -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -l keeper`;
    const argv =
      program === 'rsync'
        ? ['rsync', '-e', way, ...args.map((arg) => arg.replace('NAS:', `${nas.address.host}:`))]
        : [...way.split(' '), nas.address.host, ...args];
    const [command = '', ...rest] = argv;
    return spawnSync(command, rest, { encoding: 'utf8' }).status;
  };

export async function proveThief(report: Report, nas: Nas): Promise<void> {
  const served = nas.serve('thief');
  const to = join(served.root, 'points');
  const place = offsitePlace({ entry: { to, to_machine: 'nas' }, machines: [nas.servedEntry('nas', served)] });
  try {
    await place.take();
    await place.send();
    const [point = ''] = await place.points_of('away');
    const file = nas.sh(`find ${to} -name random`);
    const below = file.slice(served.root.length + 1);
    const picture = () =>
      nas.sh(`cd ${served.root}; find . -type f -exec sha256sum {} + | sort; find . -printf '%p %m %s %T@\\n' | sort`);
    const before = picture();
    const empty = join(place.estate.folder, 'empty');
    here(
      `mkdir ${empty}; mkdir -p ${place.estate.folder}/other; head -c 3000000 /dev/urandom >${place.estate.folder}/other/random; mkdir ${place.estate.folder}/read`,
    );
    const adding = thiefWith(nas, served, 'append');
    const reading = thiefWith(nas, served, 'read');
    const tried = {
      'delete by rsync': adding('rsync', '-a', '--delete', `${empty}/`, 'NAS:points/'),
      'overwrite a file': adding(
        'rsync',
        '-a',
        '--ignore-times',
        `${place.estate.folder}/other/random`,
        `NAS:${below}`,
      ),
      'overwrite in place': adding(
        'rsync',
        '-a',
        '--inplace',
        '--ignore-times',
        `${place.estate.folder}/other/random`,
        `NAS:${below}`,
      ),
      'move aside by --backup': adding(
        'rsync',
        '-a',
        '--backup',
        '--ignore-times',
        `${place.estate.folder}/other/random`,
        `NAS:${below}`,
      ),
      'remove what was sent': adding(
        'rsync',
        '-a',
        '--remove-source-files',
        `NAS:${below}`,
        `${place.estate.folder}/read/`,
      ),
      'read with the key that adds': adding('rsync', '-a', `NAS:${below}`, `${place.estate.folder}/read/`),
      'a shell with the key that adds': adding('ssh', 'rm', '-rf', served.root),
      'a shell with the key that reads': reading('ssh', 'rm', '-rf', served.root),
      'write with the key that reads': reading('rsync', '-a', `${place.estate.folder}/other/random`, 'NAS:written'),
      'delete with the key that reads': reading('rsync', '-a', '--delete', `${empty}/`, 'NAS:points/'),
    };
    const got = here(`ls -A ${place.estate.folder}/read`);
    // Modes of folders and times are what rrsync lets him change; names, content and modes of files are not.
    const allowed = Object.entries(tried)
      .filter(([, status]) => status === 0)
      .map(([name]) => name);
    const files = (text: string) =>
      text
        .split('\n')
        .filter((line) => /^[0-9a-f]{64} /.test(line))
        .join('\n');
    report.row(
      'a thief with both keys deletes nothing, overwrites nothing, runs nothing; the key that adds reads nothing',
      `rsync and ssh with the keys of the NAS: ${Object.keys(tried).join(', ')}`,
      'sha256sum of everything at the NAS, before and after; ls of what he got',
      holds(
        {
          'all content is as it was': files(picture()) === files(before) && files(before) !== '',
          'he got nothing': got === '',
        },
        `${allowed.join()} were answered with 0; ${got}`,
      ),
    );
    // Of a file that is there already rrsync says nothing (--ignore-existing), and leaves it: that it did, the sums above say.
    const leftAlone = ['overwrite a file', 'overwrite in place'];
    report.row(
      'and what he tried is refused, or passed over where a file is there already',
      'the same',
      'exit codes of rsync and ssh',
      holds({ 'all of it': allowed.every((name) => leftAlone.includes(name)) }, allowed.join()),
    );
    const ok = [
      reading('rsync', '-a', `NAS:${below}`, `${place.estate.folder}/read/`),
      adding('rsync', '-a', `${place.estate.folder}/other/random`, 'NAS:added'),
    ];
    report.control('keys that are refused whatever they are used for', ok.join() === '0,0' && point !== '');
    await proveBlind(report, nas);
  } finally {
    rmSync(place.estate.folder, { recursive: true, force: true });
  }
}

/** The estate has the key that adds, and none that reads. */
async function proveBlind(report: Report, nas: Nas): Promise<void> {
  const served = nas.serve('blind');
  const place = offsitePlace({
    entry: { to: join(served.root, 'points'), to_machine: 'nas' },
    machines: [nas.servedEntry('nas', served, ['append'])],
  });
  try {
    await place.take();
    const sent = await place.send();
    const counted = await place.points_of('away');
    const there = nas.sh(`find ${served.root} -name random | wc -l`);
    report.row(
      'without a key that reads, a point is `sent, unverified`: the run is degraded and nothing counts',
      sent.command,
      'find at the NAS; holdfast points',
      holds(
        {
          'it is there': there === '1',
          degraded: sent.status === 3,
          'said so': /unverified/.test(sent.stdout + sent.stderr),
          'nothing counts': counted.length === 0,
        },
        `${there} ${sent.status} ${counted.length} ${sent.stdout.slice(-500)}`,
      ),
    );
    // The owner of the NAS gives the second key: what was sent is verified by the next run, and counts from then on.
    const entry = nas.servedEntry('nas', served);
    here(
      `cat >${place.estate.file}.new <<'END'\n${JSON.stringify({ ...JSON.parse(here(`cat ${place.estate.file}`)), machines: [{ name: 'here', local: true }, entry] })}\nEND\nmv ${place.estate.file}.new ${place.estate.file}`,
    );
    const verified = await place.send();
    report.control(
      'a copy that never counts, whatever key is given later',
      verified.status === 0 && (await place.points_of('away')).length === 1,
    );
  } finally {
    rmSync(place.estate.folder, { recursive: true, force: true });
  }
}
