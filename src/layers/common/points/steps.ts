// The step kinds of restore points themselves, the same for every layer.
import type { StepKind } from '../../../contracts/step-kind.ts';
import { pruneKind } from './prune.ts';

export const pointSteps: readonly StepKind[] = [pruneKind];
