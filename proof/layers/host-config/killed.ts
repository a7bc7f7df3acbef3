// The whole sweep of kill -9 over the steps of host-config, on the configuration of this very machine, which is only read.
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { estateIn } from '../../../test/e2e/estate.test-support.ts';
import type { Report } from '../../report.ts';
import { pointsIn, sh } from '../place.ts';
import { sweep } from '../sweep.ts';

const text = `
estate: own
machines: [{ name: here, local: true }]
workloads: [{ name: host }]
layers:
  - { name: config, kind: host-config, machine: here, workload: host, also: [FOLDER/own], to: FOLDER/copies, keep: { keep_last: 1 } }
`;
const run = ['run', 'config', '--now'];

export async function proveHostKills(report: Report): Promise<void> {
  report.section('kill -9 of worker, supervisor and both, at every kind of step of host-config');
  if (process.getuid?.() !== 0) return report.skip('kills of host-config', 'it needs root');
  const estate = estateIn(text, 'own');
  const [own, points, target] = ['own', 'copies/config', 'back'].map((name) => join(estate.folder, name)) as [
    string,
    string,
    string,
  ];
  try {
    mkdirSync(own);
    writeFileSync(join(own, 'script'), 'mine');
    await estate.type(...run);
    const restore = ['restore', 'host', '--to', target, '--yes'];
    const wrong = () =>
      !existsSync(target) || readdirSync(target).length === 0 || existsSync(join(target, 'files', own, 'script'))
        ? ''
        : 'the target is half of it; ';
    const before = ({ kind }: { kind: string }) => {
      if (kind !== 'point.prune') return;
      for (const one of pointsIn(points)) sh('mkdir -p junk; cd junk; seq 20000 | xargs touch', join(points, one));
    };
    await sweep(report, 'host-config', { estate, points, folders: [estate.folder], target, wrong, before }, [
      { kind: 'host-config.gather', path: /^gather$/, typed: run },
      { kind: 'host-config.copy', path: /^gather>copy$/, typed: run },
      { kind: 'point.prune', path: />.*prune/, typed: run },
      { kind: 'tree.unpack', path: /unpack/, typed: restore },
      { kind: 'tree.settle', path: /settle/, typed: restore },
    ]);
    const points0 = pointsIn(points).length;
    const last = await estate.type(...run);
    report.control('a host that no run can read after all of it', [0, 3].includes(last.status ?? 1) && points0 > 0);
  } finally {
    estate.close();
  }
}
