// A gate on this very machine, with an account, a folder and a sudoers file of its own, an sshd on loopback before it, and
// recording stand-ins in the place of LVM and the others. All of it is taken away again.
import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, join } from 'node:path';
import type { StepContext } from '../../src/contracts/step-kind.ts';
import { gateStepKind, gateSteps } from '../../src/identities/gate-steps.ts';
import { accountOf, type GateWanted, gateThings } from '../../src/identities/gate-wanted.ts';
import { type GateMachine, gateMachine } from '../../src/machines/gate/gate-machine.ts';
import { gateOpening } from '../../src/machines/gate/gate-ssh.ts';
import { type GateSettings, type Role, roles, runPlaces, verbsFor } from '../../src/machines/gate/table.ts';
import { localMachine } from '../../src/machines/local.ts';
import { privateFolder } from '../../src/machines/ssh.ts';
import { cannotServe, type Sshd, startSshd } from '../../src/machines/sshd.test-support.ts';
import type { Step } from '../../src/model/step.ts';
import { systemClock } from '../../src/values/instant.ts';

const has = (program: string): boolean => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
export const cannotGate = (): string | false => {
  if (existsSync('/etc/pve')) return 'this is a Proxmox host: no accounts are made on it by tests';
  const missing = ['sudo', 'visudo', 'useradd', 'perl'].filter((program) => !has(program));
  return cannotServe() || (missing.length > 0 ? `${missing.join(', ')} is missing` : false);
};

export const user = `holdfast-test-${process.pid}`;
export const machine = localMachine({ name: 'here', clock: systemClock });

/** What the stand-ins were started with, one line of JSON each: program, whose rights, arguments. */
export type Recorded = Readonly<{ program: string; uid: number; words: readonly string[] }>;

export type TestGate = Readonly<{
  wanted: GateWanted;
  sshd: Sshd;
  /** what a stolen key can try: any words for ssh, then a command */
  ssh(role: Role, options: readonly string[], command?: string, input?: string): ReturnType<typeof spawnSync>;
  keyFile(role: Role): string;
  recorded(): readonly Recorded[];
  forget(): void;
  through(): GateMachine;
  close(): Promise<void>;
}>;

export const contextOf = (step: Step): StepContext =>
  ({ run: 'run-1', step, path: step.id, world: { machine: () => machine } }) as unknown as StepContext;

export async function install(wanted: GateWanted): Promise<readonly Step[]> {
  const steps = await gateSteps(machine, gateThings(wanted));
  for (const step of steps) await gateStepKind.do(contextOf(step));
  return steps;
}

/** Whatever becomes of it, no account and no line of sudoers is left behind. */
export async function openGate(scripts: GateSettings['scripts'] = {}): Promise<TestGate> {
  try {
    return await opened(scripts);
  } catch (error) {
    takeAway();
    throw error;
  }
}

export function takeAway(): void {
  spawnSync('userdel', [user]);
  for (const path of [`/usr/local/lib/${user}`, accountOf(user).home, accountOf(user).sudoers])
    rmSync(path, { recursive: true, force: true });
}

async function opened(scripts: GateSettings['scripts']): Promise<TestGate> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-gate-'));
  const own = `/usr/local/lib/${user}`;
  const log = `${own}/recorded`;
  mkdirSync(own, { mode: 0o755 });
  const base = { volumeGroups: ['pve', 'ssd.1'], place: runPlaces, scripts, folder: own };
  const real = [...new Set(verbsFor(base).flatMap((verb) => (verb.script === undefined ? [verb.program] : [])))];
  const programs = Object.fromEntries(real.map((path) => [path, `${own}/stand-in/${basename(path)}`]));
  mkdirSync(`${own}/stand-in`, { mode: 0o755 });
  writeFileSync(log, '');
  chmodSync(log, 0o666);
  for (const path of Object.values(programs)) {
    const record = `my $n = $0; $n =~ s{.*/}{}; open(my $f, ">>", "${log}"); print $f encode_json({program=>$n, uid=>$<+0, words=>[@ARGV]}),"\\n"; print "did $n\\n"; exit(($ARGV[-1]//"") =~ /^PLEASE-FAIL/ ? 3 : 0)`;
    writeFileSync(path, `#!/usr/bin/perl\nuse JSON::PP;\n${record}\n`, { mode: 0o755 });
  }
  for (const role of roles)
    execFileSync('ssh-keygen', ['-q', '-t', 'ed25519', '-N', '', '-C', '', '-f', join(folder, role)]);
  const keys = Object.fromEntries(
    roles.map((role) => [role, readFileSync(join(folder, `${role}.pub`), 'utf8').trim()]),
  ) as Record<Role, string>;
  const wanted: GateWanted = {
    ...{ settings: { ...base, programs }, account: accountOf(user), keys, from: ['127.0.0.1', '::1'] },
  };
  await install(wanted);
  const config = ['AuthorizedKeysFile %h/.ssh/authorized_keys', 'StrictModes yes', 'Subsystem sftp internal-sftp'];
  const sshd = await startSshd({ config: [...config, 'AcceptEnv LVM_* LANG', 'AllowTcpForwarding yes'] });
  const known = join(folder, 'known_hosts');
  writeFileSync(known, `[127.0.0.1]:${sshd.port} ${sshd.hostKey}\n`);
  const common = ['-F', 'none', '-o', 'BatchMode=yes', '-o', `UserKnownHostsFile=${known}`, '-o', 'LogLevel=ERROR'];
  const identity = (role: Role) => ['-o', 'IdentitiesOnly=yes', '-i', join(folder, role)];
  return {
    ...{ wanted, sshd },
    keyFile: (role) => join(folder, role),
    ssh: (role, options, command, input) =>
      spawnSync(
        'ssh',
        [
          ...[...common, ...identity(role), '-p', String(sshd.port), ...options, `${user}@127.0.0.1`],
          ...(command === undefined ? [] : [command]),
        ],
        { encoding: 'utf8', timeout: 15_000, input: input ?? '', env: { ...process.env, LVM_SYSTEM_DIR: '/tmp/evil' } },
      ),
    recorded: () =>
      readFileSync(log, 'utf8')
        .split('\n')
        .filter((line) => line !== '')
        .map((line) => JSON.parse(line)),
    forget: () => writeFileSync(log, ''),
    through: () => {
      const address = { host: '127.0.0.1', port: sshd.port, user, hostKey: sshd.hostKey };
      const made = privateFolder(address);
      const local = machine;
      return gateMachine({
        ...{ name: 'gated', clock: systemClock, world: `w${process.pid}`, begin: local.begin, run: 'run-1' },
        ...{ settings: wanted.settings, user },
        opening: (role) =>
          gateOpening(
            {
              ...{ name: 'gated', local, address, folder: () => made, jump: undefined },
              key: async (of) => readFileSync(join(folder, of), 'utf8'),
            },
            role,
          ),
      });
    },
    close: async () => {
      await sshd.stop();
      takeAway();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
