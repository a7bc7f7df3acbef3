// The step `command.restore`: the dump goes to the program that takes it in. It is read whole before that program is started: one that
// is damaged must not be what it begins with.
import type { Done, StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import { lastWords } from '../common/commands.ts';
import { inPlaceKind, type Putting } from '../common/dumps/in-place.ts';
import { commandNamed } from './dumps.ts';
import { type RestoreGiven, restoreGiven } from './restore-given.ts';
import { started } from './started.ts';

export const restoreKind = inPlaceKind<RestoreGiven>({ name: 'command.restore', schema: restoreGiven, put });

async function put(
  { entry, taken }: RestoreGiven,
  { dump, bytes: expected, begins }: Putting,
  context: StepContext,
): Promise<Pick<Done, 'result'>> {
  const command = commandNamed(entry, taken.name);
  const { restore_command: words } = command;
  if (words === undefined) throw new Error(`${taken.name} has no restore_command`);
  for await (const _ of dump());
  const { argv, options, handed, redact } = await started(command, words, { codes: [0], input: 'kept' }, context);
  await begins();
  const feeding = context.world.machine(entry.machine).feed(argv, options);
  let bytes = 0;
  try {
    let listens = handed === '' || (await feeding.write(Buffer.from(handed)));
    for await (const piece of dump()) {
      listens &&= await feeding.write(piece);
      if (!listens) break;
      bytes += piece.length;
    }
  } catch (error) {
    await feeding.close().catch(() => {});
    throw error;
  }
  const ended = await feeding.close();
  if (ended.exitCode === 0 && bytes === expected) return { result: { bytes } };
  const said = ended.exitCode === 0 ? `it ended well after ${bytes} of ${expected} bytes` : lastWords(ended);
  throw new Fault('restore-failed', {
    where: shown(taken.name),
    says: redact(`${words[0]}: ${said}`),
    remedy: 'run it by hand on its machine with the dump as a file (--to /FOLDER) to see more',
  });
}
