// 3.3, rule 8 and rule 22: what a copy has, and what came back out of it into an empty place.
import { join } from 'node:path';
import { seen } from '../../declare/world.ts';
import { holds } from '../../layers/holds.ts';
import type { Report } from '../../report.ts';
import { asked, differences, here } from '../look.ts';
import { everything, type FilesPlace, filesPlace } from './place.ts';

export async function proveMetadata(report: Report): Promise<void> {
  const place = filesPlace(', restore_devices: true');
  const { estate, data, back } = place;
  try {
    here(`cd ${data}; ${everything}; truncate -s 1T huge; printf end | dd of=huge bs=1 seek=1000000000000 conv=notrunc status=none
      perl -MSocket -e 'socket(S, AF_UNIX, SOCK_STREAM, 0); bind(S, sockaddr_un("socket")) or die'`);
    const ran = await place.run();
    const [tree = '/nowhere'] = place.trees();
    const copied = ran.status === 0 ? differences(here, data, tree, ['huge']) : `exit ${ran.status}`;
    report.row(
      '3.3 a generation: owner, mode, ACL, xattr, times, symlinks, hard links across folders, fifo, device, names that are no UTF-8',
      ran.command,
      asked,
      copied === '' || seen(ran, copied),
    );
    const restored = await estate.type('restore', 'photos', '--to', back, '--yes');
    const wrong = restored.status === 0 ? differences(here, data, back, ['huge']) : 'not restored';
    report.row(
      '3.3 restored whole into an empty place: all of it, names of every kind among it',
      restored.command,
      asked,
      wrong === '' || seen(restored, wrong),
    );
    const size = (path: string) =>
      here(`du -k --apparent-size ${path}/huge | cut -f1; du -k ${path}/huge | cut -f1`).split('\n').map(Number);
    const huge = [data, tree, back].map(size);
    const sums = [data, tree, back].map((path) => here(`tail -c +1000000000001 ${path}/huge | head -c 3`));
    report.row(
      '3.3 a sparse file of 1 TB stays sparse in the copy and in what comes back',
      `${ran.command}; ${restored.command}`,
      'du, du --apparent-size',
      holds(
        {
          'the size': huge.every(([apparent]) => apparent === 2 ** 30),
          'what it takes': huge.every(([, taken = 1e9]) => taken < 1024),
          'its one word': sums.every((word) => word === 'end'),
        },
        JSON.stringify([huge, sums]),
      ),
    );
    report.row(
      '3.3 of a socket, which no copy can hold, its being there is counted',
      `holdfast points --json`,
      'find -type s',
      here(`find ${data} -type s | wc -l`) === '1' &&
        /"sockets": *1/.test((await estate.type('points', '--json')).stdout),
    );
    await proveParts(report, place, tree);
    here(`setfacl -b ${back}/one/two/2`);
    report.control(
      'an ACL that is missing in what came back',
      /user:1234/.test(differences(here, data, back, ['huge'])),
    );
    here(`rm '${back}/with blank/hard too'; cp -a ${back}/one/1 '${back}/with blank/hard too'`);
    report.control(
      'a hard link that came back as a second file',
      /with blank\/hard too/.test(differences(here, data, back, ['huge'])),
    );
    here(`printf 3 | dd of=${back}/one/two/2 conv=notrunc status=none; touch -r ${data}/one/two/2 ${back}/one/two/2`);
    report.control(
      'one byte that differs under the same time and size',
      /one\/two\/2 differ/.test(differences(here, data, back, ['huge'])),
    );
  } finally {
    estate.close();
  }
}

/** One file and one folder out of a point. */
async function proveParts(report: Report, { estate, data }: FilesPlace, tree: string): Promise<void> {
  for (const [what, only] of [
    ['one file', 'one/two/2'],
    ['one folder', 'one'],
  ] as const) {
    const to = join(estate.folder, `back-${what.replace(' ', '-')}`);
    const restored = await estate.type('restore', 'photos', '--only', only, '--to', to, '--yes');
    const alone = what === 'one file' && restored.status === 0 ? here(`cd ${to} && find . -type f`) : '';
    const original = join(estate.folder, 'cut');
    // What there would be if nothing else had ever been: hard links to outside become files of their own.
    here(
      `mkdir ${original}; cd ${data}; rsync -aHAXS --numeric-ids --modify-window=-1 --relative ${only} ${original}/; touch -r . ${original}`,
    );
    const wrong =
      restored.status === 0
        ? differences(
            here,
            join(original, only === 'one' ? 'one' : 'one/two'),
            join(to, only === 'one' ? 'one' : 'one/two'),
          )
        : 'not restored';
    here(`rm -r ${original}`);
    report.row(
      `3.3 restored: ${what} out of a point, and nothing beside it`,
      restored.command,
      asked,
      (wrong === '' && (what === 'one folder' || alone === './one/two/2')) || seen(restored, `${wrong} ${alone}`),
    );
  }
  report.control(
    'a file of another folder in what came back of one',
    here(`test -e ${tree}/empty && ls ${estate.folder}/back-one-folder`) === 'one',
  );
}
