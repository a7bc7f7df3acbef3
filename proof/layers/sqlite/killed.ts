// The whole sweep of kill -9 over the steps of sqlite.
import { existsSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { database } from '../../../src/layers/common/sqlite/databases.test-support.ts';
import { estateIn } from '../../../test/e2e/estate.test-support.ts';
import type { Report } from '../../report.ts';
import { pointsIn, sh, sqlite } from '../place.ts';
import { sweep } from '../sweep.ts';
import { appsEstate } from './databases.ts';

const run = ['run', 'databases', '--now'];

export async function proveSqliteKills(report: Report): Promise<void> {
  report.section('kill -9 of worker, supervisor and both, at every kind of step of sqlite');
  const estate = estateIn(appsEstate.replace('keep_last: 2', 'keep_last: 1'), 'apps');
  const [data, points, target] = ['data', 'copies/databases', 'back'].map((name) => join(estate.folder, name)) as [
    string,
    string,
    string,
  ];
  try {
    mkdirSync(data);
    database(join(data, 'large.db'), 60_000);
    for (let nth = 0; nth < 20; nth += 1) database(join(data, `${nth}.db`), 10);
    const sums = () => sh('sha256sum *', data);
    const before = sums();
    await estate.type(...run);
    const restore = ['restore', 'apps', '--to', target, '--yes'];
    const wrong = () => {
      const restored = join(target, 'large.db');
      if (existsSync(restored) && sqlite(restored, 'SELECT count(*) FROM notes') !== '60000')
        return 'the target is half of it; ';
      return sums() === before ? '' : 'the sources have changed; ';
    };
    // Removing a point is over in a moment, unless something heavy lies in it.
    const slower = ({ kind }: { kind: string }) => {
      if (kind !== 'point.prune') return;
      for (const one of pointsIn(points)) sh(`mkdir -p junk; cd junk; seq 20000 | xargs touch`, join(points, one));
    };
    await sweep(report, 'sqlite', { estate, points, folders: [estate.folder], target, wrong, before: slower }, [
      { kind: 'sqlite.look', path: /^look$/, typed: run },
      { kind: 'sqlite.copy', path: /^look>copy/, typed: run },
      { kind: 'point.prune', path: />.*prune/, typed: run },
      { kind: 'tree.unpack', path: /unpack/, typed: restore },
      { kind: 'tree.settle', path: /settle/, typed: restore },
      { kind: 'sqlite.prove', path: /prove/, typed: restore },
    ]);
    const last = await estate.type(...run);
    report.control('a state folder that no run can use after all of it', last.status === 0);
  } finally {
    estate.close();
  }
}
