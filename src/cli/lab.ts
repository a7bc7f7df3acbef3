// `lab`: the simulated estate, until it is stopped.
import { resolve } from 'node:path';
import type { LabAnswer } from './answers.ts';
import { type Command, optionText } from './command.ts';
import { misused } from './open.ts';

export const lab: Command<LabAnswer> = {
  name: 'lab',
  says: 'a simulated estate on this machine',
  run: async (invocation) => {
    const { surroundings } = invocation;
    const given = optionText(invocation, 'dir');
    if (given === undefined)
      throw misused('lab', 'it needs a folder for its estate', 'say `holdfast lab --dir FOLDER`');
    const dir = resolve(surroundings.folder, given);
    const { startLab } = await import('../../lab/lab.ts');
    const running = await startLab({ dir });
    const servers = Object.entries(running.servers).map(([name, { url }]) => `  ${name.padEnd(12)}${url}`);
    invocation.say(
      `The lab is up, until you stop it with Ctrl-C:\n${servers.join('\n')}\n  its estate  ${dir}/estate.yaml`,
    );
    const { stopped } = surroundings;
    if (!stopped.aborted)
      await new Promise<void>((done) => stopped.addEventListener('abort', () => done(), { once: true }));
    await running.close();
    return { exit: 'fine', value: { dir, servers: Object.keys(running.servers) }, text: 'The lab is down.\n' };
  },
};
