// The guard file on this machine, and its judgement of an estate before that estate is used for anything.
import { Fault } from './fault.ts';
import { defaultGuard, type Guard } from './guard/guard.ts';
