// Two starts at once, a lock file of a dead process, and an estate that changes while a run is under way.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { estateIn, kill } from '../../test/e2e/estate.test-support.ts';
import { type PoolLook, stateOf, tries, volumesEstate } from '../../test/e2e/volumes.test-support.ts';
import type { PveMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import type { Report } from '../report.ts';
import { holds, sameList } from './holds.ts';

export type FirePlace = Readonly<{ machine: PveMachine; look: PoolLook }>;

export async function proveStarts(report: Report, { machine, look }: FirePlace): Promise<void> {
  const volumes = (await machine.volumes.makeMany(3, 'none')).map(({ lv }) => lv);
  const estate = estateIn(volumesEstate(machine, undefined), 'lvm');
  const run = ['run', 'volumes'] as const;
  try {
    const first = estate.start(...run);
    const id = await tries(estate, first, /^discover>snapshot/);
    const second = await estate.type(...run);
    const status = await first.ended;
    report.row(
      'two starts at once: the second is refused with the name of the first, and takes nothing',
      `${second.command} & ${second.command}`,
      'exit code 75; lvs: one snapshot of each volume',
      holds(
        {
          'exit code 75': second.status === 75,
          'the first by name': second.stderr.includes(id),
          'the first is whole': status === 0,
          'one of each': sameList(await look.origins(), volumes),
        },
        `${second.status} ${status} ${second.stderr}`,
      ),
    );

    const killed = estate.start(...run);
    const dead = await tries(estate, killed, 'discover', id);
    kill('both', killed, dead);
    await killed.ended;
    const locks = readdirSync(estate.state, { recursive: true })
      .map(String)
      .filter((name) => /lock/.test(name));
    const next = await estate.type(...run);
    report.row(
      'a lock file left by a dead process holds nobody up: its run is finished, and the next is whole',
      `holdfast run volumes; kill -9; ls; ${next.command}`,
      'ls of the state folder: the file is there; lvs: two snapshots of each volume',
      holds(
        {
          'the file is there': locks.length > 0,
          'exit code 0': next.status === 0,
          'the dead run is finished': stateOf(estate, dead) === 'aborted',
          'two of each': sameList(await look.origins(), [...volumes, ...volumes]),
        },
        `${locks.join()} ${next.status} ${next.stderr}`,
      ),
    );
    report.control('a start that is refused though nobody runs', next.status === 0 && second.status === 75);
    await proveChangedEstate(report, { machine, look }, estate, volumes);
  } finally {
    estate.close();
    await machine.volumes.reset();
  }
}

/** A run is what its plan says; what is written into the estate meanwhile is for the next one. */
async function proveChangedEstate(
  report: Report,
  { machine, look }: FirePlace,
  estate: ReturnType<typeof estateIn>,
  volumes: readonly string[],
): Promise<void> {
  const known = estate.journal((runs) => runs[0]?.id);
  const before = readFileSync(estate.file, 'utf8');
  const [gone = ''] = volumes;
  const exclude = [{ volume: gone, reason: 'not needed', owner: 'ops', review_by: '2099-01-01' }];
  const started = estate.start('run', 'volumes');
  await tries(estate, started, 'discover', known);
  writeFileSync(estate.file, volumesEstate(machine, undefined, { exclude, keep: { keep_last: 3 } }));
  const status = await started.ended;
  const counts = async () => {
    const by = Map.groupBy(await look.origins(), (origin) => origin);
    return volumes.map((lv) => String(by.get(lv)?.length ?? 0)).join();
  };
  const [byOldPlan, next] = [await counts(), await estate.type('run', 'volumes')];
  const byNew = await counts();
  report.row(
    'an estate that changes during a run: the run is what its plan said, and the next one is what the estate says then',
    `holdfast run volumes & edit ${estate.file.split('/').at(-1)}; ${next.command}`,
    'lvs: snapshots of each volume',
    holds(
      {
        'exit codes 0': status === 0 && next.status === 0,
        'the first as planned: all, two each': byOldPlan === '2,2,2',
        'the next as written: not the excluded one, three each': byNew === '2,3,3',
      },
      `${status} ${next.status} ${byOldPlan} ${byNew} ${next.stderr.slice(-400)}`,
    ),
  );
  writeFileSync(estate.file, '{');
  const broken = await estate.type('run', 'volumes');
  report.control('an estate that is half-written', broken.status === 65 && (await counts()) === byNew);
  writeFileSync(estate.file, before);
}
