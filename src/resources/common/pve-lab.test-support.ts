// The lab's servers as the world of a test: an estate's text is planned against them and carried out on them by the real
// engine, and what the engine remembers is there for the next plan.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestLab, testLab } from '../../../lab/ask.test-support.ts';
import type { LabOptions } from '../../../lab/lab.ts';
import { benchFor } from '../../../test/engine-world.ts';
import { carryOut } from '../../apply/engine.ts';
import { desire } from '../../desired/desire.ts';
import { read } from '../../estate/estate.test-support.ts';
import { guardSchema } from '../../guard/guard.ts';
import type { Estate } from '../../model/estate.ts';
import type { Plan } from '../../model/plan.ts';
import type { Wrote } from '../../model/run.ts';
import { type Risk, worse } from '../../model/step.ts';
import { observe } from '../../observed/observe.ts';
import { secretsNow } from '../../observed/secrets-now.ts';
import { decide } from '../../plan/decide.ts';
import { escrowAndTransports } from '../../remembered.ts';
import type { Surroundings } from '../../surroundings.ts';
import { systemClock } from '../../values/instant.ts';
import type { Ref } from '../../values/ref.ts';
import { type OpenWorld, openWorld } from '../../world.ts';
import { resources } from '../all.ts';

export type Applied = Readonly<{ fates: readonly string[]; faults: string }>;

export interface LabEstate extends AsyncDisposable {
  readonly lab: TestLab;
  /** @param sections what the estate has beside its connections, as YAML */
  estate(sections: string): Promise<Estate>;
  plan(sections: string, wish?: { prune: boolean }): Promise<Plan>;
  apply(plan: Plan): Promise<Applied>;
  /** plan and apply; it must go well, and leave nothing to do */
  settle(sections: string): Promise<void>;
  /** of another Holdfast, which remembers nothing of this lab; the lab ends with the first */
  another(): Omit<LabEstate, keyof AsyncDisposable>;
}

export const labEstate = async (options: Omit<LabOptions, 'dir'> = {}): Promise<LabEstate> =>
  estateOn(await testLab(options));

function estateOn(lab: TestLab): LabEstate {
  const owned = new Set<Ref>();
  const wrote = new Map<Ref, Wrote>();
  const connections = readFileSync(join(lab.dir, 'connections.yaml'), 'utf8');
  const file = join(lab.dir, 'own.yaml');

  const worldOf = (estate: Estate): OpenWorld => {
    const surroundings = { clock: systemClock, env: {}, home: lab.dir, user: process.getuid?.() ?? -1 };
    return openWorld(surroundings as unknown as Surroundings, estate, guardSchema.parse({}), lab.dir);
  };
  const estate = (sections: string) => {
    writeFileSync(file, `${connections}\n${sections}`);
    return read(file);
  };
  const plan: LabEstate['plan'] = async (sections, { prune } = { prune: false }) => {
    const declared = await estate(sections);
    await using world = worldOf(declared);
    const desired = desire(declared, resources);
    const observed = await observe(world, { resources, desired, owned });
    const secrets = await secretsNow(world, desired, wrote);
    const context = { ...escrowAndTransports(declared), notes: [], prune };
    return decide({ estate: declared.name, desired, observed, resources, owned, secrets, ...context });
  };
  const apply: LabEstate['apply'] = async (made) => {
    await using world = worldOf(await read(file));
    const upTo = made.steps.reduce<Risk>((most, { risk }) => (worse(risk, most) ? risk : most), 'adds');
    const consent = { upTo, confirmed: made.steps.map(({ subject }) => subject) };
    const kinds = resources.flatMap(({ stepKinds }) => stepKinds);
    const bench = benchFor(made, kinds, { world, consent });
    const { fates } = await carryOut(bench, made);
    const faults = bench.journal.entries('run-1').flatMap((one) => ('fault' in one ? [one.fault] : []));
    for (const subject of bench.journal.owned()) owned.add(subject);
    for (const [subject, digests] of bench.journal.wrote()) wrote.set(subject, { ...wrote.get(subject), ...digests });
    bench.journal.close();
    return {
      fates: [...fates.values()],
      faults: faults.map(({ code, says, remedy }) => `${code}: ${says} (${remedy})`).join('\n'),
    };
  };
  const settle: LabEstate['settle'] = async (sections) => {
    const made = await plan(sections);
    if (made.refusals.length > 0) throw new Error(JSON.stringify(made.refusals));
    const { fates, faults } = await apply(made);
    if (fates.some((fate) => fate !== 'done')) throw new Error(`${fates.join()}: ${faults}`);
    const left = await plan(sections);
    if (left.steps.length + left.refusals.length > 0) throw new Error(JSON.stringify([left.steps, left.refusals]));
  };
  const another = () => estateOn(lab);
  return { lab, estate, plan, apply, settle, another, [Symbol.asyncDispose]: () => lab[Symbol.asyncDispose]() };
}
