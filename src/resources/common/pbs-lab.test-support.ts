// The PBS of the lab as the world of a test: what stands below `pbs` in an estate is planned against it and carried out on it.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestLab } from '../../../lab/ask.test-support.ts';
import type { Lab, LabOptions } from '../../../lab/lab.ts';
import type { PbsState } from '../../../lab/pbs/state.ts';
import type { ResourceKind } from '../../contracts/resource.ts';
import { desire } from '../../desired/desire.ts';
import { guardSchema } from '../../guard/guard.ts';
import type { Plan } from '../../model/plan.ts';
import type { Surroundings } from '../../surroundings.ts';
import type { Json } from '../../values/canonical.ts';
import { systemClock } from '../../values/instant.ts';
import { openWorld } from '../../world.ts';
import { type Applied, labEstate } from './pve-lab.test-support.ts';

export const pbs = 'pbs-pihanga';

export interface PbsEstate extends AsyncDisposable {
  readonly state: PbsState;
  readonly lab: TestLab;
  /** @param sections what the estate says of the PBS, as YAML: `datastores: [...]` */
  plan(sections: string, wish?: { prune: boolean }): Promise<Plan>;
  apply(plan: Plan): Promise<Applied>;
  /** plan and apply; it must go well, and leave nothing to do */
  settle(sections: string): Promise<void>;
  /** what was sent by writes to such a path, newest last */
  sent(path: RegExp): readonly Readonly<Record<string, unknown>>[];
  /** how often such a path was read */
  readings(path: RegExp): number;
  /** what `import` would write of a kind that is found there, as the sections of an estate */
  written(kind: ResourceKind): Promise<Readonly<Record<string, Json>>>;
  /** what is found there of a kind, and what the sections say declares, by name */
  foundAndDeclared(kind: ResourceKind, sections: string): Promise<readonly [object, object]>;
  secretFile(name: string, secret: string): void;
  fault(...given: FaultGiven): Promise<void>;
}
type FaultGiven = Parameters<Lab['fault']> extends readonly [string, ...infer Rest] ? Rest : never;

/** With every right on the PBS. */
export async function pbsEstate(options: Omit<LabOptions, 'dir'> = {}): Promise<PbsEstate> {
  const on = await labEstate({ taskSeconds: 0, ...options });
  const state = on.lab.lab.servers[pbs]?.state as PbsState;
  for (const authId of ['holdfast@pbs', 'holdfast@pbs!ops'])
    state.acl = [
      ...state.acl.filter((entry) => entry.authId !== authId),
      { authId, path: '/', role: 'Admin', propagate: true },
    ];
  const inPlace = (sections: string) => sections.replace(/^(?=.)/gm, '    ');
  const find = async (kind: ResourceKind) => {
    const surroundings = { clock: systemClock, env: {}, home: on.lab.dir, user: process.getuid?.() ?? -1 };
    const estate = await on.estate('');
    await using world = openWorld(surroundings as unknown as Surroundings, estate, guardSchema.parse({}), on.lab.dir);
    const within = state.datastores.map(({ name }) => name);
    return (await kind.read(await world.server(pbs, 'observe'), { within })).found;
  };
  const ofPath = (path: RegExp, isRead: boolean) =>
    on.lab.log().filter((one) => one.server === pbs && path.test(one.path) && (one.method === 'GET') === isRead);
  return {
    state,
    lab: on.lab,
    plan: (sections, wish) => on.plan(inPlace(sections), wish),
    apply: on.apply,
    settle: (sections) => on.settle(inPlace(sections)),
    sent: (path) => ofPath(path, false).map(({ method, params }) => ({ method, ...params })),
    readings: (path) => ofPath(path, true).length,
    written: async (kind) => {
      const found = (await find(kind)).map((one) => ({ ...one, server: pbs }));
      const { section } = kind;
      if (section.at !== 'datastore') return section.write(found);
      const entries = state.datastores.map(({ name }) => ({ name, ...section.write(found, name) }));
      return { datastores: entries };
    },
    foundAndDeclared: async (kind, sections) => {
      const found = await find(kind);
      const { declared } = desire(await on.estate(inPlace(sections)), [kind]);
      return [
        Object.fromEntries(found.map(({ name, value }) => [name, value])),
        Object.fromEntries(declared.map(({ name, item }) => [name, item])),
      ];
    },
    secretFile: (name, secret) => writeFileSync(join(on.lab.dir, name), `${secret}\n`, { mode: 0o600 }),
    fault: (...given) => on.lab.lab.fault(pbs, ...given),
    [Symbol.asyncDispose]: () => on[Symbol.asyncDispose](),
  };
}

/** JSON is YAML. */
export const asYaml = (sections: Readonly<Record<string, Json>>): string =>
  Object.entries(sections)
    .map(([key, value]) => `${key}: ${JSON.stringify(value)}`)
    .join('\n');
