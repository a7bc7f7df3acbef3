// A machine whose worker dies after so many of the things it does to it: nothing happens any more, and nobody hears of the last.
import { sweep } from '../../../test/sweep.test-support.ts';
import type { Machine, Sink } from '../../machines/machine.ts';
import type { Begun, Driven } from './driver.test-support.ts';

/** From one place at which a worker is killed to the next: each in the sweep; in CI so many that every kind of step is met. */
export const toNextPlace = sweep ? 1 : 7;

export class Killed extends Error {}
type Call = (...args: never[]) => unknown;

const atOnce: readonly string[] = ['stream', 'feed', 'talk', 'source'];

/** @param before is told of each call; what it throws is all that comes of it */
export function mortalMachine(
  real: Machine,
  before: (name: string, args: readonly unknown[]) => void,
  after: (answer: unknown) => unknown = (answer) => answer,
): Machine {
  const mortal =
    (name: string, call: Call): Call =>
    (...args) => {
      try {
        before(name, args);
      } catch (error) {
        // What answers with a promise never throws at once: whoever asks for two things together gets two answers.
        if (!atOnce.includes(name)) return Promise.reject(error);
        throw error;
      }
      return after(call(...args));
    };
  const wrapped = (calls: object): object =>
    Object.fromEntries(
      Object.entries(calls).map(([name, call]) => [name, typeof call === 'function' ? mortal(name, call) : call]),
    );
  return { ...wrapped(real), files: wrapped(real.files) } as Machine;
}

/** What a process had open, the kernel closes. */
const closed = (answer?: Partial<Sink>): Promise<void> | undefined => answer?.close?.();

/** One life for all the machines it is given: the last call still took effect. */
export function lifeOf(calls: number): Readonly<{ machine: (real: Machine) => Machine; count: () => number }> {
  let made = 0;
  const machine = (real: Machine): Machine =>
    mortalMachine(
      real,
      () => {
        made += 1;
        if (made > calls) throw new Killed();
      },
      (answer) =>
        made === calls && answer instanceof Promise
          ? answer.then(closed).then(() => Promise.reject(new Killed()))
          : answer,
    );
  return { machine, count: () => made };
}

/** @returns how many calls the work took in all; undefined where it was killed after so many */
export async function killAfter(
  calls: number,
  { world }: Pick<Driven, 'world'>,
  begun: Begun[],
  work: (over: Partial<Driven>) => Promise<unknown>,
): Promise<number | undefined> {
  const life = lifeOf(calls);
  const machine = (name: string) => life.machine(world.machine(name));
  try {
    await work({ world: { ...world, machine }, began: (one) => void begun.push(one) });
  } catch (error) {
    if (life.count() < calls) throw error;
    return undefined;
  }
  return life.count();
}
