// Kills at every kind of step of lvm-thin: worker, supervisor, both, the sessions of the machine's sshd, and the machine's power. The
// authorities are lvs, dmsetup and the process list; afterwards the next run must be whole, and the pool as it was.
import { type Estate, estateIn, kill, processesOf, until, type Victim } from '../../test/e2e/estate.test-support.ts';
import {
  lookAt,
  type PoolLook,
  smallPool,
  stateOf,
  tries,
  volumesEstate,
} from '../../test/e2e/volumes.test-support.ts';
import { type PveMachine, startPveMachine, unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import type { Report } from '../report.ts';
import { holds, sameList } from './holds.ts';

export type AnyVictim = Victim | 'sshd' | 'power';
/** On an emulated machine each takes most of a minute: both at once, too, with `--full`. */
export const victimsOf = (full: boolean): readonly AnyVictim[] => [
  ...(['worker', 'supervisor', 'sshd', 'power'] as const),
  ...(full ? ['both' as const] : []),
];
export const killText: Readonly<Record<AnyVictim, string>> = {
  worker: 'kill -9 of worker',
  supervisor: 'kill -9 of supervisor',
  both: 'kill -9 of both',
  sshd: 'kill -9 of sshd’s sessions',
  power: 'power-off of the machine',
};
export const isProcess = (victim: AnyVictim): victim is Victim => victim !== 'sshd' && victim !== 'power';

const kinds = [
  ['lvm-thin.discover', /^discover$/],
  ['lvm-thin.snapshot', /^discover>snapshot/],
  ['lvm-thin.retain', /^retain$/],
  ['lvm-thin.remove', /^retain>prune/],
] as const;

type Place = Readonly<{ machine: PveMachine; look: PoolLook; estate: Estate; twoEach: readonly string[] }>;

export async function proveKilledSnapshots(report: Report, full: boolean): Promise<void> {
  report.section('3.1 killed at every kind of step of lvm-thin');
  if (unlessMachine !== false) return report.skip('lvm-thin, killed', unlessMachine);
  const machine = await startPveMachine({ pool: smallPool });
  const estate = estateIn(volumesEstate(machine, undefined), 'lvm');
  try {
    const volumes = await machine.volumes.makeMany(2, 'none');
    const twoEach = volumes.flatMap(({ lv }) => [lv, lv]);
    const place: Place = { machine, look: lookAt(machine), estate, twoEach };
    for (const _ of [1, 2]) await estate.type('run', 'volumes');
    for (const [kind, path] of kinds)
      for (const victim of victimsOf(full)) await proveKill(report, place, kind, path, victim);
    await proveChecks(report, place);
  } finally {
    estate.close();
    await machine.stop();
  }
}

async function proveKill(report: Report, place: Place, kind: string, path: RegExp, victim: AnyVictim): Promise<void> {
  const { machine, estate, look, twoEach } = place;
  const known = estate.journal((runs) => runs[0]?.id);
  const started = estate.start('run', 'volumes');
  const run = await tries(estate, started, path, known);
  if (isProcess(victim)) kill(victim, started, run);
  else if (victim === 'sshd') await machine.faults.killSessions();
  else await machine.powerOff();
  await until('its end', () => started.process.exitCode !== null || started.process.signalCode !== null, 10);
  await started.ended;
  if (victim === 'power') await machine.boot();
  const next = await estate.type('run', 'volumes');
  const state = stateOf(estate, run) ?? 'unknown';
  // What could not be removed while the machine was off waits an hour for the next run; until then it is nobody's restore point.
  const waiting = victim === 'power' ? await look.unsealed() : [];
  const told = await estate.type('points', '--json');
  const counted = waiting.every((line) => !told.stdout.includes(line.split(' ')[0] ?? ''));
  for (const line of waiting) await machine.must(`lvremove -qq -y pve/${line.split(' ')[0]}`);
  const [wrong, origins] = [await look.wrong(), await look.origins()];
  const claims = {
    'the run has its last word': isProcess(victim) ? state === 'aborted' : state !== 'running' && state !== 'unknown',
    'no process is left': processesOf(run).length === 0,
    'the next run is whole': next.status === 0,
    'two points of each volume': sameList(origins, twoEach),
    'nothing half-made, suspended or active; the pool takes a volume': wrong.length === 0,
    'what was half-made is no restore point': counted && waiting.length <= 2,
  };
  report.row(
    `3.1 ${killText[victim]}, ${kind}`,
    'holdfast run volumes; kill; holdfast run volumes',
    'lvs, dmsetup info, lvcreate in the pool, ps; the journal',
    holds(
      claims,
      `${state}; ${wrong.join()}; ${origins.join()}; ${started.output().slice(-300)} ${next.stderr.slice(-300)}`,
    ),
  );
}

/** What the rows above looked for is found where it is. */
async function proveChecks(report: Report, { machine, look, twoEach }: Place): Promise<void> {
  const [lv = ''] = twoEach;
  const finds = async (what: RegExp) => (await look.wrong()).some((one) => what.test(one));
  await machine.must(`lvcreate -qq -s -ky -n hf_planted pve/${lv}`);
  report.control('a half-made snapshot that stayed', await finds(/half-made: hf_planted/));
  await machine.must('lvchange -ay -K pve/hf_planted');
  report.control('a snapshot that was activated', await finds(/active: hf_planted/));
  await machine.must('lvremove -qq -y pve/hf_planted');
  await machine.must(`dmsetup suspend --nolockfs --noflush pve-${lv.replaceAll('-', '--')}`);
  const suspended = await look.lines('dmsetup info -c --noheadings -o name -S suspended=Suspended');
  report.control('a device that stays suspended', suspended.length === 1);
  await machine.faults.unhang();
  const [one] = await look.lines(`lvs --noheadings -o lv_name -S 'origin=${lv}' pve`);
  await machine.must(`lvremove -qq -y pve/${one}`);
  report.control('a volume that lost a point', !sameList(await look.origins(), twoEach));
}
