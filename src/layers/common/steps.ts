// The step kinds of restore points themselves and of the trees in them, the same for every layer.
import type { StepKind } from '../../contracts/step-kind.ts';
import { pruneKind } from './points/prune.ts';
import { settleKind } from './trees/settle.ts';
import { unpackKind } from './trees/unpack.ts';

export const commonSteps: readonly StepKind[] = [pruneKind, unpackKind, settleKind];
