// `plan`: shows what would change, and why. It writes nothing, neither to a server nor to the state.
import { resolve } from 'node:path';
import { Fault } from '../fault.ts';
import { localMachine } from '../machines/local.ts';
import type { Files } from '../machines/machine.ts';
import { planEstate } from '../pipeline.ts';
import { planAsText } from '../plan/plan-text.ts';
import type { PlanAnswer } from './answers.ts';
import { type Command, flag, optionText } from './command.ts';
import { open, withPve } from './open.ts';
import { planExit } from './plan-exit.ts';

/** A plan is written over an older plan, and over nothing else: an estate under that name would be gone. */
async function refuseOther(files: Files, file: string): Promise<void> {
  const found = await files.info(file);
  if (found === undefined) return;
  const beginning = found.type === 'file' ? await firstBytes(files.source(file)) : '';
  if (/^\s*\{\s*"format": 1,/.test(beginning)) return;
  throw new Fault('plan-file-exists', {
    where: file,
    says: 'there is a file of that name, and it is no plan',
    remedy: 'name another file with --out; what is there is left as it is',
    exit: 'misused',
  });
}

async function firstBytes(source: AsyncIterable<Uint8Array>): Promise<string> {
  for await (const chunk of source) return Buffer.from(chunk.subarray(0, 100)).toString();
  return '';
}

export const plan: Command<PlanAnswer> = {
  name: 'plan',
  says: 'show what would change, and why',
  run: async (invocation) => {
    const { clock, folder } = invocation.surroundings;
    const { holdfast, estate } = await open(invocation);
    invocation.show('asking the servers');
    const made = await planEstate(holdfast, withPve(invocation, estate), { prune: flag(invocation, 'prune') });
    const file = optionText(invocation, 'out');
    if (file !== undefined) {
      const { files } = localMachine({ name: 'this machine', clock });
      await refuseOther(files, resolve(folder, file));
      await files.write(resolve(folder, file), `${JSON.stringify(made, null, 2)}\n`, 0o600);
    }
    const saved =
      file === undefined ? '' : `Written to ${file}: \`holdfast apply ${file}\` carries out this plan and no other.\n`;
    return {
      exit: planExit(made, flag(invocation, 'detailedExitcode')),
      value: made,
      text: `${planAsText(made, invocation.paint)}${saved}`,
    };
  },
};
