// The volumes of a Kubernetes cluster on a host's thin pool: snapshotted with one bad among them, lost, brought back in place. LVM,
// kubectl and the volumes are the lab's; what is in a volume is read by debugfs, which knows nothing of Holdfast.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Simulated } from './simulated.ts';
import type { Teller } from './teller.ts';

const estate = ['--estate', 'volumes.yaml'] as const;
const claim = 'vaultwarden/vaultwarden-data';
const lv = 'vm-9999-pvc-3f6c1f7e-52a4-4d0e-9a53-0c2f3f8f9b11';
const device = `/dev/pve/${lv}`;
const back = ['restore', claim, '--to', 'live', '--yes'] as const;
const steps = [/^ {2}✓ check/, /^ {2}✓ scale/, /^ {2}✓ put/] as const;

export async function volumes(tell: Teller, lab: Simulated): Promise<void> {
  tell.chapter("A cluster's volumes: found, one of them bad");
  tell.say(
    "The host tongariro has a Kubernetes cluster's volumes on its thin pool: passwords, budgets, books. They belong to no guest, so no backup job takes them. LVM and kubectl are simulated here, too, and nothing of this machine's own is touched; the volumes are real file systems, each in a file. This layer finds and protects them:",
  );
  const text = readFileSync(join(lab.folder, 'volumes.yaml'), 'utf8');
  tell.show(text.slice(text.indexOf('\nlayers:') + 1, text.indexOf('\nschedules:')));
  await oneBad(tell, lab);
  tell.chapter('A volume is lost, and brought back in place');
  await ledBack(tell, lab);
  broughtBack(tell);
}

async function oneBad({ say, type, demand }: Teller, { breaks, mend }: Simulated): Promise<void> {
  say('Tonight the volume of freshrss has a bad disk beneath it. That must not cost the others their night.');
  await breaks('bad-volume', 'freshrss/freshrss-data');
  const degraded = type([...estate, 'run', 'volumes'], {
    exit: 3,
    only: [/^ {2}✓ snapshot (?!.{90})/, /^ {4}but(?!.{99})/],
  });
  demand(/but: freshrss\/freshrss-data: (?!.*but: \w+\/)/s.test(degraded), 'it fails alone, by name');
  demand(!/snapshot (?:dbaas|monitoring)/.test(degraded), 'the excluded namespaces were left alone');
  say('What can be brought back, and what should be there and is not? The last line counts it:');
  const counted = type([...estate, 'points'], { only: [/^volumes: /] });
  demand(
    /10 expected, 9 done; missing: freshrss\/freshrss-data/.test(counted),
    'nine of ten, and which one is missing',
  );
  await mend();
  say('The disk is well again. The next run begins with what waits longest.');
  const whole = type([...estate, 'run', 'volumes'], { only: [/^Run /], first: [/^ {6}snapshot /] });
  demand(/^ {6}snapshot .*$/m.exec(whole)?.[0].includes('freshrss') === true, 'the bad one of before came first');
  demand(/^Run .*: done \((\d+) of \1 /m.test(whole), 'and now nothing is missing');
}

async function ledBack({ say, typeAndStop, shell, demand }: Teller, { breaks, mend }: Simulated): Promise<void> {
  say(`Vaultwarden keeps its logins in ${claim}. There they are, and then somebody deletes them:`);
  demand(logins(shell).includes('bank.example'), 'the logins are there');
  shell(['host/bin/debugfs', '-w', '-R', 'rm /logins.csv', device], { only: [] });
  demand(/not found/.test(logins(shell)), 'they are gone');
  say(
    'Back to the newest point, in place of the live volume: a copy of the point is checked, vaultwarden is scaled down, the two are swapped, and it is scaled up again. But this time it does not get ready, and you change your mind: Ctrl-C.',
  );
  await breaks('pods-not-ready', claim);
  const stopped = await typeAndStop([...estate, ...back], {
    ...{ exit: 130, at: /✓ scale .* back to/ },
    only: [...steps, /^stopping/, /^ {2}↺ (?:put|scale)/, /^Run /],
  });
  demand(/↺ put the copy in the place of .* led back/.test(stopped), 'the swap was undone');
  await mend();
  const there = shell(['host/bin/lvs', '-o', 'lv_name,lv_attr', '-S', `lv_name=${lv}`]);
  demand(/Vwi-ao/.test(there), 'the volume of before is in its place, and in use');
  demand(replicas(shell) === 1, 'vaultwarden has the one replica that it had');
  demand(/not found/.test(logins(shell)), 'and holds what it held before: everything led back');
}

function broughtBack({ say, type, shell, demand }: Teller): void {
  say('Once more, to the end. What is there now is kept as a point of its own first: a restore can be a mistake, too.');
  type([...estate, ...back], { only: [...steps, /^ {2}✓ wait until it is ready/, /^Run /] });
  demand(logins(shell).includes('bank.example'), 'the logins are back');
  demand(replicas(shell) === 1, 'and vaultwarden runs on them');
}

const logins = (shell: Teller['shell']): string =>
  shell(['host/bin/debugfs', '-R', 'cat /logins.csv', device], { only: [/,|not found/] });

function replicas(shell: Teller['shell']): number {
  const words = ['get', 'deployment', 'vaultwarden', '-n', 'vaultwarden', '-o', 'json'] as const;
  const ready = /"readyReplicas": (\d+)/;
  return Number(ready.exec(shell(['host/bin/kubectl', ...words], { only: [ready] }))?.[1] ?? 0);
}
