// The steps that stop a server before its data is replaced, and start it on the new: each leads back to what it found.
import type { Done, StepContext, StepKind } from '../../../contracts/step-kind.ts';
import type { World } from '../../../contracts/world.ts';
import { Fault } from '../../../fault.ts';
import type { Machine } from '../../../machines/machine.ts';
import { absent } from '../../../model/step.ts';
import { milliseconds } from '../../../values/duration.ts';
import { type Service, serviceName, tell } from './service.ts';

/** `loading`: it has begun, and says itself that it is not ready. */
export type Answers = 'yes' | 'loading' | 'no';

export type Serving = Readonly<{
  machine: Machine;
  service: Service;
  /** whether it ran when the restore was planned: what did not run is not started to lead back */
  ran: boolean;
  answers(): Promise<Answers>;
}>;

type Of = (context: StepContext) => Promise<Serving>;
type Waiting = Pick<StepContext, 'signal' | 'progress'> & Readonly<{ world: Pick<World, 'clock'> }>;

/** How often it is asked, a quarter of a second apart, before a server that says nothing is given up. */
const patience = 240;

async function stopped(serving: Serving, context: Waiting): Promise<void> {
  await tell(serving.machine, serving.service, 'stop', context.signal);
  for (let asked = 0; asked < patience; asked += 1) {
    if ((await serving.answers()) === 'no') return;
    await context.world.clock.sleep(milliseconds(250), context.signal);
  }
  throw new Fault('service-still-runs', {
    where: `${serving.machine.name}: ${serviceName(serving.service)}`,
    says: 'it was stopped, and a server still answers: something else runs it, or starts it again',
    remedy: 'see what `service` of the layer really stops; no file was replaced',
  });
}

async function started(serving: Serving, context: Waiting): Promise<void> {
  await tell(serving.machine, serving.service, 'start', context.signal);
  for (let asked = 0; asked < patience; ) {
    const answers = await serving.answers();
    if (answers === 'yes') return;
    if (answers === 'no') asked += 1;
    else context.progress({ done: 0, unit: 'items', what: 'the server loads its data' });
    await context.world.clock.sleep(milliseconds(250), context.signal);
  }
  throw new Fault('service-not-up', {
    where: `${serving.machine.name}: ${serviceName(serving.service)}`,
    says: 'it was started, and does not answer',
    remedy: 'see its log: what it was to load is led back',
  });
}

export function stopKind(name: string, of: Of): StepKind {
  return {
    name,
    observe: async () => absent,
    do: async (context): Promise<Done> => {
      await stopped(await of(context), context);
      return { result: { stopped: true } };
    },
    probe: async () => ({ answer: 'not done', evidence: 'stopping it twice does no harm' }),
    undo: async (context) => {
      const serving = await of(context);
      if (serving.ran) await started(serving, context);
    },
  };
}

export function startKind(name: string, of: Of): StepKind {
  return {
    name,
    observe: async () => absent,
    do: async (context): Promise<Done> => {
      await started(await of(context), context);
      return { result: { started: true } };
    },
    probe: async () => ({ answer: 'not done', evidence: 'starting it twice does no harm' }),
    undo: async (context) => stopped(await of(context), context),
  };
}
