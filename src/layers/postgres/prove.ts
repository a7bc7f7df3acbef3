// The step `postgres.prove`: the point of this run is brought back on a server of its own, with its roles, and counted there.
import { join } from 'node:path';
import * as z from 'zod';
import type { Done, StepContext, StepKind } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { absent } from '../../model/step.ts';
import { opened } from '../common/dumps/opened.ts';
import { rememberProved } from '../common/dumps/proved.ts';
import { takenIn } from '../common/dumps/taken.ts';
import { givenOf } from '../common/given.ts';
import { forAge } from '../common/points/encryption.ts';
import { pointsMachine } from '../common/points/entry.ts';
import { layerFolder } from '../common/points/places.ts';
import { manifestIn } from '../common/points/point-proof.ts';
import type { Connection } from './connection.ts';
import { rolesItem } from './inventory.ts';
import { loadDatabase } from './loading.ts';
import { whileServed } from './own-server.ts';
import { programsFor } from './programs.ts';
import { ask } from './psql.ts';
import { majorIn } from './restore-plan.ts';
import { statementsFor } from './roles-sql.ts';
import { postgresEntry } from './schema.ts';

const given = z.strictObject({ entry: postgresEntry, id: z.string() });

function placed(context: StepContext) {
  const { entry, id } = givenOf(given, context.step);
  const { prove } = entry;
  if (prove === undefined) throw new Error('nothing is to be proved');
  const machine = context.world.machine(prove.on ?? pointsMachine(entry));
  const folder = join(prove.staging, `.holdfast-${context.run}-prove`);
  return { entry, id, machine, folder, as: prove.as ?? 'postgres' };
}

export const proveKind: StepKind = {
  name: 'postgres.prove',
  observe: async () => absent,

  do: async (context): Promise<Done> => {
    const { entry, id, machine, folder, as } = placed(context);
    const points = context.world.machine(pointsMachine(entry));
    const point = join(layerFolder(entry), id);
    const manifest = await manifestIn(points.files, point);
    const programs = entry.programs ?? (await programsFor(machine, majorIn(manifest), context.signal));
    if (programs === undefined) throw withoutPrograms(entry.name, machine.name, majorIn(manifest));
    const identity = entry.identity && (await context.world.secret(entry.identity, forAge));
    const at = { points, folder: point, identity };
    const counted = await whileServed({ machine, folder, as, programs, name: entry.name }, context, async (server) => {
      const taken = takenIn(manifest);
      const roles = taken.find(({ name, form }) => name === rolesItem && form === 'sql');
      if (roles !== undefined)
        await makeRoles(server, opened({ machine: points, taken: roles, ...at }, context), roles.about, context);
      const rows: Record<string, number> = {};
      for (const [nth, one] of taken.filter(({ form }) => form === 'dump').entries()) {
        const name = `proved_${nth}`;
        rows[one.name] = await loadDatabase({ connection: server, from: 'postgres', name, taken: one, ...at }, context);
        // One after the other: it needs the room of the largest, not of all.
        await ask(server, 'postgres', `DROP DATABASE ${name};`, context);
      }
      return rows;
    });
    rememberProved(entry, context.world, id);
    return { result: { point: id, databases: Object.keys(counted).length, rows: counted } };
  },

  probe: async () => ({ answer: 'not done', evidence: 'a proof that nobody saw the end of is made again' }),
  undo: giveBack,
  release: giveBack,
};

async function giveBack(context: StepContext): Promise<void> {
  const { machine, folder } = placed(context);
  await machine.files.remove(folder);
}

/** All but the one that this server begins with. */
async function makeRoles(server: Connection, dump: AsyncIterable<Uint8Array>, about: unknown, context: StepContext) {
  const text: Buffer[] = [];
  for await (const piece of dump) text.push(Buffer.from(piece));
  const names = z.array(z.string()).parse(about);
  const statements = statementsFor(
    Buffer.concat(text).toString(),
    names.filter((name) => name !== 'postgres'),
  );
  await ask(server, 'postgres', statements.join('\n'), context);
}

const withoutPrograms = (layer: string, machine: string, major: number): Fault =>
  new Fault('own-server-missing', {
    where: layer,
    says: `${machine} has no server of PostgreSQL ${major} or later to prove a point on`,
    remedy: `install it there (postgresql-${major}; it need not run), or name another machine: \`prove: { on: ... }\``,
  });
