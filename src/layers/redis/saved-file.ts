// The file that a server has saved, on the machine that its disk belongs to.
import { join } from 'node:path';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { shown } from '../../values/text.ts';
import { ask, type Client } from './client.ts';
import { saveNow } from './save.ts';

export type Saved = Readonly<{ path: string; bytes: number; notBefore: number }>;

export const settingOf = async (client: Client, name: string, context: Pick<StepContext, 'signal'>): Promise<string> =>
  (await ask(client, ['config', 'get', name], new RegExp(`^${name}\\n(.*)\\n`), context))[1] ?? '';

export async function savedFile(client: Client, context: StepContext): Promise<Saved> {
  const notBefore = await saveNow(client, context);
  const path = join(await settingOf(client, 'dir', context), await settingOf(client, 'dbfilename', context));
  const found = await client.machine.files.info(path);
  if (found?.type === 'file') return { path, bytes: found.size, notBefore };
  throw notTheFile(client, `the server has saved to ${shown(path)}, and there is no such file`);
}

export const notTheFile = ({ machine, entry }: Client, says: string): Fault =>
  new Fault('dump-not-found', {
    where: `${entry.name}: ${machine.name}`,
    says,
    remedy:
      'the server has another disk than `machine` (a container, another host): name that one, or use `way: replication`',
  });
