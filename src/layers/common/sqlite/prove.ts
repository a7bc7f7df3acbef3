// The step `sqlite.prove`: the last one of a restore. SQLite reads every database that was brought back; one that was whole when it
// was copied and is not now leads the whole restore back.
import { join } from 'node:path';
import * as z from 'zod';
import type { Done, StepKind } from '../../../contracts/step-kind.ts';
import { Fault } from '../../../fault.ts';
import { absent } from '../../../model/step.ts';
import { count, cut } from '../../../values/text.ts';
import { versionOf } from '../commands.ts';
import { givenOf } from '../given.ts';
import { checkDatabase } from './check.ts';
import { nameOf } from './found.ts';
import { searchBelow } from './search.ts';
import { deadlineFor, uriOf } from './shell.ts';

const proveGiven = z.strictObject({
  machine: z.string(),
  target: z.string().startsWith('/'),
  /** how many there are in the point, and which of them were not sound when they were copied */
  databases: z.int().nonnegative(),
  not_whole: z.array(z.string()),
});

export const proveKind: StepKind = {
  name: 'sqlite.prove',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const given = givenOf(proveGiven, context.step);
    const machine = context.world.machine(given.machine);
    const { target: folder, not_whole: notWhole } = given;
    const { signal } = context;
    const { databases } = await searchBelow({ machine, folder, signal, looked: () => {} });
    if (databases.length > 0 && (await versionOf(machine, 'sqlite3')) === undefined)
      return {
        result: { databases: databases.length, sound: 0 },
        degraded: [notAsked(machine.name, databases.length)],
      };
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

const notAsked = (machine: string, databases: number): string =>
  `${count(databases, 'database')} ${databases === 1 ? 'is' : 'are'} back as it was copied, and nobody asked whether it is sound: sqlite3 is missing on ${machine}`;

const notSound = (target: string, broken: readonly string[]): Fault =>
  new Fault('restore-not-sound', {
    where: target,
    says: `${count(broken.length, 'database')} that ${broken.length === 1 ? 'was' : 'were'} whole ${broken.length === 1 ? 'is' : 'are'} not: ${cut(broken.join('; '), 600)}`,
    remedy: 'check the disk of the target (dmesg, smartctl), or restore another point',
  });
