// A run within its budget: whatever machine its steps work on, they work no harder than the schedule allows.
import { withBudget } from './machines/budget.ts';
import type { Machine } from './machines/machine.ts';
import type { Budget } from './model/estate.ts';
import { limitOf } from './schedule/timetable.ts';
import type { OpenWorld } from './world.ts';

export function withinBudget(world: OpenWorld, budget: Budget | undefined): OpenWorld {
  if (budget === undefined) return world;
  const { nice, io } = budget;
  // One for each machine and run: its rate is one for all the steps that are on it.
  const known = new Map<string, Machine>();
  return {
    ...world,
    machine: (name) => {
      const machine =
        known.get(name) ??
        withBudget(world.machine(name), { nice, io, bytes_per_second: limitOf(budget) }, world.clock);
      known.set(name, machine);
      return machine;
    },
  };
}
