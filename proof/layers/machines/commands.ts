// Commands on each kind of machine: exit codes, signals, arguments of every kind, files with names that no text can hold.
import { readFileSync } from 'node:fs';
import { machinesOf } from '../../../src/machines-of-estate.ts';
import { systemClock } from '../../../src/values/instant.ts';
import { Secret } from '../../../src/values/secret.ts';
import type { Report } from '../../report.ts';
import { type Places, ways } from './places.ts';

const hostile = [
  ...[
    '-rf',
    '--help',
    '$(touch /tmp/x)',
    '`touch x`',
    '; touch x',
    'a\nb',
    `it's "quoted"`,
    'back\\slash',
    ' blanks ',
    '*',
    '',
  ],
  ...['ünïcode 名前', '\u202egnp.exe', '\u001b[31mred', 'x'.repeat(255)],
] as const;

export async function proveCommands(report: Report, { connections }: Places): Promise<void> {
  const secret = async (reference: object, audience: string) =>
    new Secret('key', readFileSync((reference as { file: string }).file, 'utf8'), audience);
  await using machines = machinesOf({ clock: systemClock, run: undefined, connections, secret });
  for (const way of ways) {
    const machine = machines.machine(way);
    const ended = await machine.run(['sh', '-c', 'echo out; echo err >&2; exit 3']);
    const killed = await machine.run(['sh', '-c', 'kill -KILL $$']);
    report.row(
      `exit codes, output, errors and signals come as they are by ${way}`,
      "sh -c 'echo out; echo err >&2; exit 3'; sh -c 'kill -KILL $$'",
      'the shell there',
      (ended.exitCode === 3 && ended.stdout === 'out\n' && ended.stderr === 'err\n' && killed.signal === 'SIGKILL') ||
        new Error(JSON.stringify([ended, killed])),
    );
    const { stdout } = await machine.run(['printf', '%s\\0', ...hostile]);
    const bytes = Buffer.from(Array.from({ length: 256 }, (_, index) => index));
    const { stdout: digest } = await machine.run(['sha256sum'], { input: bytes });
    report.row(
      `arguments are handed over as they are by ${way}, whatever they look like, and so is every byte of the input`,
      "printf '%s\\0' …; sha256sum",
      'printf and sha256sum there',
      (stdout === `${hostile.join('\0')}\0` &&
        digest.startsWith('40aff2e9d2d8922e47afd4648e6967497158785fbd1da870e7110266bf944880')) ||
        new Error(JSON.stringify([stdout, digest])),
    );
    const missing = await machine.run(['holdfast-no-such-command']).catch((error: { code?: string }) => error.code);
    report.control(`a command that is not there, taken for one that failed by ${way}`, missing === 'command-missing');
  }
}
