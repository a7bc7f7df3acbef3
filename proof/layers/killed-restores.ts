// Kills at every kind of step of a restore: worker, supervisor, both, the sessions of the machine's sshd, and the machine's power.
// Whatever was killed, afterwards there is all of what was there before, or all of what was to be: lvs, mount and the cluster say.
import { kill, until } from '../../test/e2e/estate.test-support.ts';
import { type Homelab, homelabPool, homelabsOn } from '../../test/e2e/homelab.test-support.ts';
import { stateOf, tries } from '../../test/e2e/volumes.test-support.ts';
import { startPveMachine, unlessMachine } from '../../test/pve-machine/pve-machine.test-support.ts';
import type { Report } from '../report.ts';
import { holds } from './holds.ts';
import { type AnyVictim, isProcess, killText, victimsOf } from './killed-snapshots.ts';
import { authorities, leftOn, picture } from './swap-look.ts';

/** Kinds by the step that is of it. */
const inPlace = {
  prepare: 'prepare',
  check: 'check',
  quiesce: 'quiesce-0',
  detach: 'detach',
  safety: 'safety',
  swap: 'swap',
  resume: 'resume-0',
  verify: 'verify',
  tidy: 'tidy',
} as const;

export async function proveKilledRestores(report: Report, full: boolean): Promise<void> {
  report.section('3.2 killed at every kind of step of a restore');
  if (unlessMachine !== false) return report.skip('restores, killed', unlessMachine);
  const machine = await startPveMachine({ pool: homelabPool });
  let home: Homelab | undefined;
  try {
    home = await homelabsOn(machine)();
    const [point = ''] = await pointsOf(home);
    for (const [kind, step] of Object.entries(inPlace))
      for (const victim of victimsOf(full)) await proveKill(report, home, point, `lvm-thin.${kind}`, step, victim);
    for (const victim of victimsOf(full)) await proveKilledCopy(report, home, point, victim);
    await proveChecks(report, home);
  } finally {
    home?.close();
    await machine.stop();
  }
}

export const pointsOf = async ({ estate }: Homelab): Promise<readonly string[]> =>
  (JSON.parse((await estate.type('--json', 'points', 'media/jellyfin')).stdout) as { manifest: { id: string } }[]).map(
    ({ manifest }) => manifest.id,
  );

/** @returns the run, over and settled, and what it said */
async function killed(home: Homelab, typed: readonly string[], step: string, victim: AnyVictim) {
  const { machine, estate } = home;
  const known = estate.journal((runs) => runs[0]?.id);
  const started = estate.start(...typed);
  const run = await tries(estate, started, step, known);
  if (isProcess(victim)) kill(victim, started, run);
  else if (victim === 'sshd') await machine.faults.killSessions();
  else {
    await machine.powerOff();
    await machine.boot();
  }
  await until('its end', () => started.process.exitCode !== null || started.process.signalCode !== null, 20);
  await started.ended;
  // Whoever comes next finishes it.
  if (victim === 'supervisor' || victim === 'both') await estate.type('cancel', run);
  home.cluster.tick();
  home.open();
  return { run, said: started.output().slice(-400), state: stateOf(estate, run) ?? 'unknown' };
}

const hasLastWord = (victim: AnyVictim, state: string): boolean =>
  isProcess(victim) ? state === 'aborted' : state !== 'running' && state !== 'unknown';

async function proveKill(
  report: Report,
  home: Homelab,
  point: string,
  kind: string,
  step: string,
  victim: AnyVictim,
): Promise<void> {
  await home.write('today');
  await home.machine.must('sync');
  const [before, names, uuid] = [await picture(home), await home.names(), await home.uuid()];
  const typed = ['restore', 'media/jellyfin', '--point', point, '--to', 'live', '--yes'];
  const { run, said, state } = await killed(home, typed, step, victim);
  const [after, left, content] = [await picture(home), await leftOn(home, run), await home.inPod()];
  const whole = content === 'yesterday';
  const claims = {
    'the run has its last word': hasLastWord(victim, state),
    'today as before in everything, or yesterday as a whole': whole
      ? (await home.uuid()) !== uuid && (await home.names()).length === names.length + 1
      : after === before,
    'one replica, which reads it': home.replicas() === 1 && (whole || content === 'today'),
    'nothing left': left.length === 0,
  };
  report.row(
    `3.2 ${killText[victim]}, ${kind}: ${whole ? 'restored as a whole' : 'led back'}`,
    'holdfast restore media/jellyfin --to live --yes; kill',
    authorities,
    holds(claims, `${state}; left ${left.join()}; ${said}\n${before}\n--\n${after}`),
  );
}

/** Beside the live volume: there is no volume of that name, or a whole one. */
async function proveKilledCopy(report: Report, home: Homelab, point: string, victim: AnyVictim): Promise<void> {
  const { machine } = home;
  const before = await picture(home);
  const typed = ['restore', 'media/jellyfin', '--point', point, '--to', 'pve/rescued', '--yes'];
  const { run, said, state } = await killed(home, typed, 'name', victim);
  const read = 'mkdir -p /mnt/r; mount -o ro,noload /dev/pve/rescued /mnt/r; cat /mnt/r/library.db; umount /mnt/r';
  const there = (await machine.sh('lvs pve/rescued')).exitCode === 0;
  const content = there ? await machine.must(`lvchange -ay pve/rescued; ${read}`) : undefined;
  if (there) await machine.must('lvremove -qq -y pve/rescued');
  const [after, left] = [await picture(home), await leftOn(home, run)];
  const claims = {
    'the run has its last word': hasLastWord(victim, state),
    'nothing of that name, or all of it': content === undefined || content === 'yesterday',
    'the live volume is as it was': after === before,
    'nothing left': left.length === 0,
  };
  report.row(
    `3.2 ${killText[victim]}, lvm-thin.name: ${there ? 'all of it' : 'nothing of it'} is there`,
    'holdfast restore media/jellyfin --to pve/rescued --yes; kill',
    authorities,
    holds(claims, `${state}; ${content}; left ${left.join()}; ${said}\n${before}\n--\n${after}`),
  );
}

/** What the rows above looked for is found where it is. */
async function proveChecks(report: Report, home: Homelab): Promise<void> {
  const { machine, cluster } = home;
  const before = await picture(home);
  await machine.must(
    'lvcreate -qq -s -kn -n hf_20260101t000000_abcdef_n_0123456789 pve/$(lvs --noheadings -o lv_name -S "lv_name=~^vm-9999" pve | tr -d " ")',
  );
  const left = await leftOn(home, 'no run');
  report.control(
    'a copy that stayed',
    left.some((one) => one.startsWith('hf_20260101')),
  );
  report.control('a volume more than before', (await picture(home)) !== before);
  await machine.must('lvremove -qq -y pve/hf_20260101t000000_abcdef_n_0123456789');
  report.control('a look that sees differences where there are none', (await picture(home)) === before);
  cluster.scale('StatefulSet', 'media', 'jellyfin', 0);
  await machine.must(`umount /var/lib/pods/* 2>/dev/null || true`);
  const scaled = await picture(home).catch(() => 'nobody reads it');
  report.control('a workload that stays at 0 replicas', scaled !== before);
}
