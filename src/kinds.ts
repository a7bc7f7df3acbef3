// Every kind there is, gathered from the folders' own lists: what the stages are handed.
import { channels } from './channels/all.ts';
import { checks } from './checks/all.ts';
import type { StepKind } from './contracts/step-kind.ts';
import { layers } from './layers/all.ts';
import { resources } from './resources/all.ts';

export const kinds = { resources, layers, checks, channels } as const;

export const stepKinds: ReadonlyMap<string, StepKind> = new Map(
  [...resources, ...layers].flatMap((kind) => kind.stepKinds.map((step): [string, StepKind] => [step.name, step])),
);
