// One command that only reads: its whole output, or a Fault that says how it ended.
import { Fault } from '../fault.ts';
import type { Argv, Machine } from '../machines/machine.ts';
import { type Duration, formatDuration } from '../values/duration.ts';
import { formatSize, mebibytes } from '../values/size.ts';
import { cut, shown } from '../values/text.ts';

// A PBS lists some 60,000 restore points of a namespace in this.
const largest = mebibytes(64);

export async function outputOf(
  machine: Pick<Machine, 'stream'>,
  argv: Argv,
  source: string,
  deadline: Duration,
  signal?: AbortSignal,
) {
  const command = machine.stream(argv, signal === undefined ? { deadline } : { deadline, signal });
  const chunks: Uint8Array[] = [];
  let size = 0;
  for await (const chunk of command.stdout) {
    size += chunk.length;
    chunks.push(chunk);
    if (size > largest) throw notUnderstood(source, `it answered more than ${formatSize(largest)}`);
  }
  const { exitCode, signal: killedBy, stderr } = await command.ended;
  if (killedBy !== undefined) throw killed(source, killedBy, deadline);
  if (exitCode !== 0) throw refused(source, exitCode, stderr);
  return Buffer.concat(chunks);
}

const killed = (where: string, signal: string, deadline: Duration): Fault =>
  new Fault('host-command-killed', {
    where,
    says: `ended by ${signal}; it had ${formatDuration(deadline)}`,
    remedy: 'run it by hand as root and see what it waits for',
  });

const refused = (where: string, exitCode: number, stderr: string): Fault =>
  new Fault('host-command-failed', {
    where,
    says: `exit code ${exitCode}: ${cut(shown(stderr.trim()), 400) || 'it said nothing'}`,
    remedy: 'run it by hand as root; it only reads',
  });

export const notUnderstood = (where: string, says: string): Fault =>
  new Fault('host-answer-not-understood', {
    where,
    says,
    remedy: 'run it by hand and look; if Proxmox writes it so, report this with its version',
  });
