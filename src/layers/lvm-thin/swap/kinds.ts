// Every kind of step that a restore of a volume is made of.
import type { StepKind } from '../../../contracts/step-kind.ts';
import { checkKind } from './check.ts';
import { detachKind } from './detach.ts';
import { nameKind } from './name.ts';
import { prepareKind } from './prepare.ts';
import { quiesceKind } from './quiesce.ts';
import { resumeKind, verifyKind } from './resume.ts';
import { safetyKind } from './safety.ts';
import { swapKind } from './swap.ts';
import { tidyKind } from './tidy.ts';

export const swapKinds: readonly StepKind[] = [
  ...[prepareKind, checkKind, quiesceKind, detachKind, safetyKind, swapKind],
  ...[resumeKind, verifyKind, tidyKind, nameKind],
];
