// What must be known before a gate is planned: the public halves of its keys, and whether sudo there knows regular expressions.
import type { World } from '../contracts/world.ts';
import { Fault } from '../fault.ts';
import { type Role, roles } from '../machines/gate/table.ts';
import { localMachine } from '../machines/local.ts';
import type { Machine } from '../machines/machine.ts';
import { nameOfReference, type SecretReference } from '../values/secret-reference.ts';
import { cut, shown } from '../values/text.ts';

const forKeygen = 'ssh-keygen';

/** ssh-keygen opens its input by name, which works for a pipe and not for the socket that a child of Node has there. */
const publicHalf = "cat | ssh-keygen -y -P '' -f /dev/stdin";

/** The private key goes to ssh-keygen by its standard input; only the public half comes back. */
export async function publicKeys(
  world: Pick<World, 'clock' | 'secret'>,
  access: Readonly<Record<Role, SecretReference>>,
): Promise<Readonly<Record<Role, string>>> {
  const here = localMachine({ name: 'this machine', clock: world.clock });
  const found: [Role, string][] = [];
  for (const role of roles) {
    const key = (await world.secret(access[role], forKeygen)).revealTo(forKeygen);
    const input = `${key.trimEnd()}\n`;
    const { exitCode, stdout, stderr } = await here.run(['sh', '-c', publicHalf], { input });
    const [type = '', blob = ''] = stdout.trim().split(' ');
    if (exitCode !== 0 || !/^(ssh|ecdsa)-[a-z0-9-]+$/.test(type))
      throw keyProblem(access[role], `ssh-keygen cannot read it: ${cut(shown(stderr.trim()), 300)}`);
    const other = found.find(([, known]) => known === `${type} ${blob}`);
    // sshd takes the first line that fits: the second role's key would be the first's.
    if (other !== undefined) throw keyProblem(access[role], `it is the same key as that of ${other[0]}`);
    found.push([role, `${type} ${blob}`]);
  }
  return Object.fromEntries(found) as Record<Role, string>;
}

const keyProblem = (reference: SecretReference, says: string): Fault =>
  new Fault('gate-key-unusable', {
    where: nameOfReference(reference),
    says,
    remedy: "make a key for each role: ssh-keygen -t ed25519 -N '' -f FILE",
    exit: 'invalid',
  });

const oldest = [1, 9, 10] as const;

/** Before 1.9.10 a line with a regular expression is an argument to be taken as it stands: nothing would be allowed. */
export async function refuseOldSudo(machine: Machine): Promise<void> {
  const { stdout } = await machine.run(['sudo', '--version']);
  const [, ...found] = /version (\d+)\.(\d+)\.(\d+)/.exec(stdout) ?? [];
  const version = found.map(Number);
  const differs = oldest.findIndex((part, index) => part !== version[index]);
  if (version.length === 3 && (differs < 0 || (version[differs] ?? 0) > (oldest[differs] ?? 0))) return;
  throw new Fault('sudo-too-old', {
    where: machine.name,
    says: `its sudo is ${version.length === 3 ? version.join('.') : 'of an unknown version'}; regular expressions need 1.9.10`,
    remedy: 'bring it up to Debian 12 (PVE 8), or reach the machine with `key` alone',
  });
}
