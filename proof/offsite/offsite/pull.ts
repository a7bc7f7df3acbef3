// Fetched by the far side: it has a key that reads, and the machine of the points has no way to the copies at all.
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { estateIn } from '../../../test/e2e/estate.test-support.ts';
import { seen } from '../../declare/world.ts';
import { pointsIn } from '../../layers/place.ts';
import type { Report } from '../../report.ts';
import { asked, differences, here } from '../look.ts';
import type { Nas } from '../nas.ts';
import { offsitePlace, send } from './place.ts';

export async function provePull(report: Report, nas: Nas): Promise<void> {
  // Points are made here as the layer makes them, and lie at the NAS from then on: it is the machine that is fetched from.
  const served = nas.serve('fetched');
  const made = offsitePlace({ entry: { remote: 'local:FOLDER/remote', rclone_config: 'FOLDER/rclone.conf' } });
  const estate = estateIn(
    JSON.stringify({
      estate: 'far',
      machines: [{ name: 'far', local: true }, nas.servedEntry('near', served, ['read'], 'root')],
      workloads: [{ name: 'photos' }, { name: 'away' }],
      layers: [
        {
          ...{
            name: 'files',
            kind: 'files',
            machine: 'near',
            workload: 'photos',
            from: { folders: [{ folder: '/srv/photos' }] },
          },
          ...{ to: join(served.root, 'disk'), keep: { keep_last: 20 } },
        },
        {
          ...{
            name: 'away',
            kind: 'offsite',
            machine: 'far',
            workload: 'away',
            points_of: ['files'],
            to: 'FOLDER/mnt/copies',
          },
          ...{ mounted_at: 'FOLDER/mnt', staging: 'FOLDER/staging', keep: { keep_last: 20 } },
        },
      ],
    }),
    'far',
  );
  here(
    `mkdir ${estate.folder}/mnt; truncate -s 64M ${estate.folder}/mnt.img; mke2fs -q -t ext4 ${estate.folder}/mnt.img; mount -o loop ${estate.folder}/mnt.img ${estate.folder}/mnt`,
  );
  try {
    await made.take();
    here(`cd ${made.data}; echo changed >one/two/2`);
    await made.take();
    nas.sh(`mkdir -m 700 ${served.root}/disk; rsync -aHAXS --numeric-ids ${made.points} ${served.root}/disk/`);
    const fetched = await estate.type(...send);
    const points = pointsIn(join(estate.folder, 'mnt/copies/away/files')).filter((name) => name !== 'trees');
    report.row(
      'fetched by the far side with a key that only reads: both points, linked to each other',
      fetched.command,
      'ls of the copies',
      (fetched.status === 0 && points.length === 2) || seen(fetched, points.join()),
    );
    nas.sh(`rm -r ${served.root}/disk`);
    const to = join(estate.folder, 'back');
    const restored = await estate.type('restore', 'photos', '--to', to, '--yes');
    const wrong = restored.status === 0 ? differences(here, made.data, to) : 'not restored';
    report.row(
      'from what was fetched: the whole, though the machine of the points is lost',
      restored.command,
      asked,
      wrong === '' || seen(restored, wrong),
    );
    const status = nas.tried(`grep -c keeper ${nas.disk}/../log`).status;
    report.control('a machine of the points that was never asked', status === 0);
  } finally {
    here(`umount ${estate.folder}/mnt`);
    estate.close();
    rmSync(made.estate.folder, { recursive: true, force: true });
  }
}
