// The step kinds of restore points themselves, of the trees and databases in them and of canaries, the same for every layer.
import type { StepKind } from '../../contracts/step-kind.ts';
import { unpackKind as unpackDumpsKind } from './dumps/unpack-step.ts';
import { dataSteps } from './in-place/steps.ts';
import { plantKind, removeKind } from './judgement/canaries/steps.ts';
import { pruneKind } from './points/prune.ts';
import { proveKind } from './sqlite/prove.ts';
import { settleKind } from './trees/settle.ts';
import { unpackKind } from './trees/unpack.ts';

export const commonSteps: readonly StepKind[] = [
  pruneKind,
  unpackKind,
  settleKind,
  proveKind,
  plantKind,
  removeKind,
  unpackDumpsKind,
  ...dataSteps,
];
