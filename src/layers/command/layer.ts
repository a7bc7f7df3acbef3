// The layer `command`: whatever a program writes out, kept (docs/layers/command.md).
import { defineLayer } from '../../contracts/layer.ts';
import { dumpLayer } from '../common/dumps/layer.ts';
import { safetyKind } from '../common/dumps/safety-step.ts';
import { commandDumps } from './dumps.ts';
import { restoreKind } from './restore.ts';
import { planRestore, restoreTargets } from './restore-plan.ts';
import { routesOf } from './routes.ts';
import { type CommandEntry, commandEntry } from './schema.ts';

export const command = defineLayer<CommandEntry>(
  dumpLayer({
    dumps: commandDumps,
    schema: commandEntry,
    routes: routesOf,
    targets: restoreTargets,
    restore: planRestore,
    stepKinds: [
      safetyKind(
        commandDumps,
        commandEntry,
        'bring the dumps as files (--to /FOLDER), and give them to the program by hand',
      ),
      restoreKind,
    ],
  }),
);
