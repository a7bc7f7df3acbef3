// The step `vaultwarden.compare`: the database that Vaultwarden runs on now is asked whether it is sound, and has the rows of its
// point. One that is not, or has not, leads everything back.
import { join } from 'node:path';
import * as z from 'zod';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { absent } from '../../model/step.ts';
import { seconds } from '../../values/duration.ts';
import { checkFile } from '../common/sqlite/check-live.ts';
import { checkFolder, removeCheckFolder } from './check-folder.ts';
import { givenIn } from './live.ts';
import { database } from './names.ts';
import { judgedTables } from './rows.ts';
import { fewer, notSound } from './rows-compared.ts';

const placed = (context: StepContext) => {
  const given = givenIn(context);
  const { entry } = given;
  return { ...given, work: checkFolder(entry, context), machine: context.world.machine(entry.machine) };
};

/** A second apart: it may be at its migrations. */
const tries = 30;

export const compareKind: StepKind = {
  name: 'vaultwarden.compare',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { entry, rows, machine, work } = placed(context);
    const { signal, progress, world } = context;
    context.take('copy of a database, for its check', work);
    const doing = (what: string) => progress({ done: 0, total: 1, unit: 'items', what });
    const sql = judgedTables
      .filter((table) => table in rows)
      .map((table) => `SELECT json_object('table', '${table}', 'rows', count(*)) FROM main.${table};\n`)
      .join('');
    for (let asked = 1; ; asked += 1) {
      const { ok, says, answers } = await checkFile({ machine, work, signal, doing }, join(entry.data, database), sql);
      const counted = Object.fromEntries(answers.flatMap(rowsIn));
      const wrong = ok ? fewer(rows, counted) : says;
      if (wrong === undefined) return { result: counted };
      if (asked === tries) throw notSound(entry, `the database that it runs on: ${wrong}`);
      await world.clock.sleep(seconds(1), signal);
    }
  },

  probe: async () => ({ answer: 'not done', evidence: 'it only looks' }),

  release: (context) => {
    const { machine, work } = placed(context);
    return removeCheckFolder(machine, work, context);
  },
};

const answer = z.strictObject({ table: z.string(), rows: z.int() });

const rowsIn = (one: unknown): readonly (readonly [string, number])[] => {
  const parsed = answer.safeParse(one);
  return parsed.success ? [[parsed.data.table, parsed.data.rows]] : [];
};
