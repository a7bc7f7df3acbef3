// Every kind there is, gathered from the folders' own lists: what the stages are handed.
import { channels } from './channels/all.ts';
import { checks } from './checks/all.ts';
import { consequences } from './consequences/all.ts';
import type { StepKind } from './contracts/step-kind.ts';
import { gateStepKind } from './identities/gate-steps.ts';
import { loginStepKinds } from './identities/steps.ts';
import { layers } from './layers/all.ts';
import { commonSteps } from './layers/common/steps.ts';
import { guestSteps } from './layers/guest/backup-job.ts';
import { resources } from './resources/all.ts';
import { serviceSteps } from './service/steps.ts';

export const kinds = { resources, consequences, layers, checks, channels } as const;

const everyStep: readonly StepKind[] = [
  ...[...resources, ...layers].flatMap((kind) => kind.stepKinds),
  ...commonSteps,
  ...guestSteps,
  ...loginStepKinds,
  ...serviceSteps,
  gateStepKind,
];
export const stepKinds: ReadonlyMap<string, StepKind> = new Map(everyStep.map((step) => [step.name, step]));
