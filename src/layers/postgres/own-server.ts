// A server of PostgreSQL that is nobody's: its data in a folder of the run, reached by a socket in that folder alone, gone after.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import type { Argv, Machine } from '../../machines/machine.ts';
import { milliseconds } from '../../values/duration.ts';
import { lastWords, must } from '../common/commands.ts';
import type { Connection } from './connection.ts';

export type OwnServer = Readonly<{ machine: Machine; folder: string; as: string; programs: string; name: string }>;

const port = 5432;

/** Nothing of it has to survive a crash of the machine. */
const settings = [
  'fsync=off',
  'full_page_writes=off',
  'synchronous_commit=off',
  'listen_addresses=',
  'max_connections=10',
];

export async function whileServed<Result>(
  { machine, folder, as, programs, name }: OwnServer,
  context: StepContext,
  work: (connection: Connection) => Promise<Result>,
): Promise<Result> {
  const { signal } = context;
  const run = (...argv: readonly string[]): Argv => ['runuser', '-u', as, '--', ...argv];
  context.take('server that points are proved on', folder);
  await machine.files.remove(folder);
  await machine.files.makeFolder(folder, 0o700);
  await must(machine, ['chown', `${as}:`, '--', folder], { signal });
  const data = join(folder, 'data');
  // In a folder that only its account may enter, whoever reaches the socket is that account.
  const made = ['--pgdata', data, '--auth=trust', '--username=postgres', '--encoding=UTF8', '--no-locale', '--no-sync'];
  await must(machine, run(join(programs, 'initdb'), ...made), { signal });
  const over = new AbortController();
  const options = settings.flatMap((one) => ['-c', one]);
  const serving = machine.stream(
    run(join(programs, 'postgres'), '-D', data, '-k', folder, '-p', String(port), ...options),
    { signal: AbortSignal.any([signal, over.signal]) },
  );
  const drained = drain(serving.stdout);
  try {
    await ready({ machine, folder, as, programs, name }, serving.ended, context);
    const server = { host: folder, port, user: 'postgres', database: 'postgres' };
    return await work({ machine, entry: { server, as, name }, programs, passfile: undefined });
  } finally {
    over.abort();
    await serving.ended.catch(() => {});
    await drained;
    await machine.files.remove(folder);
  }
}

async function drain(output: AsyncIterable<Uint8Array>): Promise<void> {
  try {
    for await (const _ of output);
  } catch {
    // How it ended, `ended` tells.
  }
}

async function ready(
  { machine, folder, as, programs, name }: OwnServer,
  ended: Promise<unknown>,
  { world, signal }: StepContext,
): Promise<void> {
  let over = false;
  const end = ended.then(
    () => (over = true),
    () => (over = true),
  );
  const argv: Argv = ['runuser', '-u', as, '--', join(programs, 'pg_isready'), '-q', '-h', folder, '-p', String(port)];
  for (let tried = 0; tried < 600 && !over; tried += 1) {
    const asked = await machine.run(argv, { signal });
    if (asked.exitCode === 0) return;
    if (tried === 599)
      throw new Fault('own-server-not-started', {
        where: name,
        says: `the server that the point is to be proved on does not answer: ${lastWords(asked)}`,
        remedy: 'see whether that account may run it there (`prove` of the layer)',
      });
    await Promise.race([world.clock.sleep(milliseconds(100), signal), end]);
  }
  throw new Fault('own-server-not-started', {
    where: name,
    says: 'the server that the point is to be proved on ended at once',
    remedy: `see that ${as} may run ${join(programs, 'postgres')} there, and that there is room`,
  });
}
