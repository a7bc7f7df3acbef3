// The program whose data a restore replaces: how it is stopped and started on its machine, by systemd or by commands.
import * as z from 'zod';
import { Fault } from '../../../fault.ts';
import type { Argv, Machine } from '../../../machines/machine.ts';
import { minutes } from '../../../values/duration.ts';
import { shown } from '../../../values/text.ts';
import { lastWords } from '../commands.ts';

const command = z.tuple([z.string().min(1)], z.string()).describe('a program and its arguments');

export const serviceSchema = z
  .union([
    z.string().regex(/^[A-Za-z0-9_][A-Za-z0-9:_.@\\-]*$/, 'is no name of a unit of systemd'),
    z.strictObject({
      stop: command.describe('ends with 0 when it does not run any more, also where it did not run before'),
      start: command.describe(
        'ends with 0 when it was started, also where it runs already; what it starts keeps no output open',
      ),
    }),
  ])
  .describe(
    'for a restore in place: the unit of systemd on `machine` that runs the server, or `stop` and `start`, each a program with its arguments',
  );
export type Service = z.infer<typeof serviceSchema>;

/** A restore in place is planned only where both are declared. */
export function inPlace({
  service,
  data,
}: Readonly<{ service?: Service | undefined; data?: string | undefined }>): Readonly<{
  service: Service;
  data: string;
}> {
  if (service === undefined || data === undefined) throw new Error('a restore in place was planned without a service');
  return { service, data };
}

export const serviceName = (service: Service): string =>
  typeof service === 'string' ? service : shown(service.start.join(' '));

/** A program that goes on after the run is none of the run's: by HOLDFAST_RUN it would be ended with it. */
const argvOf = (service: Service, act: 'stop' | 'start'): Argv =>
  typeof service === 'string' ? ['systemctl', act, '--', service] : ['env', '-u', 'HOLDFAST_RUN', ...service[act]];

export async function tell(
  machine: Machine,
  service: Service,
  act: 'stop' | 'start',
  signal: AbortSignal,
): Promise<void> {
  const argv = argvOf(service, act);
  const ended = await machine.run(argv, { signal, deadline: minutes(10) });
  if (ended.exitCode === 0) return;
  throw new Fault('service-not-told', {
    where: `${machine.name}: ${serviceName(service)}`,
    says: `it could not be ${act === 'stop' ? 'stopped' : 'started'}: ${lastWords(ended)}`,
    remedy:
      typeof service === 'string'
        ? `systemctl status ${service}; journalctl -u ${service}`
        : 'run that command by hand to see more',
  });
}
