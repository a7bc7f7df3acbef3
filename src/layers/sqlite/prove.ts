// The step `sqlite.prove`: the last one of a restore. SQLite reads every database that was brought back; one that was whole when it
// was copied and is not now leads the whole restore back.
import { join } from 'node:path';
import type { Done, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { absent } from '../../model/step.ts';
import { count, cut } from '../../values/text.ts';
import { givenOf } from '../common/given.ts';
import { checkDatabase } from './check.ts';
import { nameOf } from './found.ts';
import { proveGiven } from './given.ts';
import { searchBelow } from './search.ts';
import { deadlineFor, uriOf } from './shell.ts';

export const proveKind: StepKind = {
  name: 'sqlite.prove',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const given = givenOf(proveGiven, context.step);
    const machine = context.world.machine(given.machine);
    const { target: folder, not_whole: notWhole } = given;
    const { signal } = context;
    const { databases } = await searchBelow({ machine, folder, signal, looked: () => {} });
    const broken: string[] = [];
    for (const [at, found] of databases.entries()) {
      const name = nameOf(found);
      context.progress({ done: at, total: databases.length, unit: 'items', what: `checking ${name}` });
      if (notWhole.includes(name)) continue;
      const path = Buffer.concat([Buffer.from(join(folder, '/')), found.path]);
      const { sound, says } = await checkDatabase(
        {
          ...{ machine, access: 'read', folder, signal, database: uriOf(path, 'mode=ro&immutable=1') },
          limits: { deadline: deadlineFor(found.size) },
        },
        { rows: false },
      );
      if (sound !== 'yes') broken.push(`${name}: ${says}`);
    }
    const sound = databases.length - notWhole.length;
    if (broken.length > 0) throw notSound(folder, broken);
    const degraded = notWhole.map((name) => `${name} was not whole when it was copied, and is as it was`);
    return { result: { databases: databases.length, sound: Math.max(sound, 0) }, degraded };
  },

  probe: async () => ({ answer: 'not done', evidence: 'a check that nobody heard the end of is made again' }),
};

const notSound = (target: string, broken: readonly string[]): Fault =>
  new Fault('restore-not-sound', {
    where: target,
    says: `${count(broken.length, 'database')} that ${broken.length === 1 ? 'was' : 'were'} whole ${broken.length === 1 ? 'is' : 'are'} not: ${cut(broken.join('; '), 600)}`,
    remedy: 'check the disk of the target (dmesg, smartctl), or restore another point',
  });
