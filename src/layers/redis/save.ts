// The server saves to its own disk, and is watched until that is over: how long it takes nobody knows.
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { milliseconds, seconds } from '../../values/duration.ts';
import { ask, type Client, whereOf } from './client.ts';
import { infoFrom } from './info.ts';

type Watched = Pick<StepContext, 'signal' | 'progress' | 'world'>;

const tries = 20;

/** @returns when the save before it ended, by the clock of the server, in seconds: what it wrote is not older */
export async function saveNow(client: Client, context: Watched): Promise<number> {
  const before = await lastSave(client, context);
  for (let tried = 0; tried < tries; tried += 1) {
    const [words] = await ask(client, ['bgsave'], /Background saving (started|scheduled)|already in progress/, context);
    await untilSaved(client, context);
    // One that was begun before we asked may lack what was written since: only a save of our own counts.
    if (!words.includes('already') && (await lastSave(client, context)) > before) return before;
    await context.world.clock.sleep(seconds(1), context.signal);
  }
  throw notSaved(client, `none of ${tries} saves that were asked for was one of its own`);
}

const lastSave = async (client: Client, context: Watched): Promise<number> =>
  Number((await ask(client, ['lastsave'], /^\d+/, context))[0]);

async function untilSaved(client: Client, context: Watched): Promise<void> {
  for (;;) {
    const info = await infoFrom(client, context);
    if (info['rdb_bgsave_in_progress'] === '0') {
      if (info['rdb_last_bgsave_status'] === 'ok') return;
      throw notSaved(client, `its last save ended with \`${info['rdb_last_bgsave_status']}\``);
    }
    const done = Number(info['current_save_keys_processed'] ?? 0);
    context.progress({ done, unit: 'items', what: 'saving keys' });
    await context.world.clock.sleep(milliseconds(250), context.signal);
  }
}

const notSaved = ({ entry }: Client, says: string): Fault =>
  new Fault('dump-failed', {
    where: `${entry.name}: ${whereOf(entry.server)}`,
    says,
    remedy: 'see the log of the server: most often its disk is full, or it may not fork (vm.overcommit_memory)',
  });
