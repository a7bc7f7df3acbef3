// `init`: a first estate file. With `--here`, on a PVE or PBS host, also the logins that Holdfast works with: shown as the
// commands they are, then, on a yes, made by a plan like everything else.
import { X509Certificate } from 'node:crypto';
import { basename, join, resolve } from 'node:path';
import { Fault } from '../fault.ts';
import { readGuardFile } from '../guard-file.ts';
import type { Holdfast } from '../holdfast.ts';
import { holdfastIn } from '../holdfast.ts';
import { programs } from '../identities/commands.ts';
import { type HostTools, presentOn } from '../identities/present.ts';
import { emptyStarter, type Here, starterText } from '../identities/starter-text.ts';
import { hereMachine, loginSteps } from '../identities/steps.ts';
import { identitiesOf, missingOn, type Product } from '../identities/wanted.ts';
import { localMachine } from '../machines/local.ts';
import type { Machine } from '../machines/machine.ts';
import type { Estate } from '../model/estate.ts';
import { makePlan, type Plan } from '../model/plan.ts';
import type { Step } from '../model/step.ts';
import { carryOut } from '../pipeline.ts';
import { planAsText } from '../plan/plan-text.ts';
import { digestOf } from '../values/canonical.ts';
import { hours } from '../values/duration.ts';
import { parseFingerprint } from '../values/fingerprint.ts';
import type { InitAnswer } from './answers.ts';
import { type Answer, type Command, flag, type Invocation, optionText } from './command.ts';
import { agreed } from './consent.ts';
import { misused, onPath, stateRoot } from './open.ts';
import { exitOf, telling } from './run-telling.ts';

export const init: Command<InitAnswer> = {
  name: 'init',
  says: 'a first estate file; with --here also the logins that Holdfast needs on this host',
  run: async (invocation) => {
    const out = resolve(invocation.surroundings.folder, optionText(invocation, 'out') ?? 'estate.yaml');
    if (!flag(invocation, 'here')) return starter(invocation, out);
    return here(invocation, out);
  },
};

async function starter(invocation: Invocation, out: string): Promise<Answer<InitAnswer>> {
  await refuseToOverwrite(invocation, out);
  await thisMachine(invocation).files.write(out, emptyStarter('home'), 0o644);
  return {
    exit: 'fine',
    value: { file: out, made: [] },
    text: `Written to ${basename(out)}: fill in the way to your servers, then \`holdfast validate\`.\n`,
  };
}

const thisMachine = ({ surroundings: { clock } }: Invocation): Machine => localMachine({ name: hereMachine, clock });

async function refuseToOverwrite(invocation: Invocation, out: string): Promise<void> {
  if ((await thisMachine(invocation).files.info(out)) === undefined) return;
  throw new Fault('init-file-exists', {
    where: out,
    says: 'there is an estate of that name already',
    remedy: 'name another file with --out; what is there is left as it is',
    exit: 'misused',
  });
}

async function here(invocation: Invocation, out: string): Promise<Answer<InitAnswer>> {
  const { surroundings } = invocation;
  const tools = toolsOn(surroundings.env['PATH'] ?? '');
  const products = (['pve', 'pbs'] as const).filter((product) => tools[programs[product]] !== undefined);
  if (surroundings.user !== 0)
    throw misused('init --here', 'only root may make logins on this host', 'run it as root, on the PVE or PBS host');
  if (products.length === 0)
    throw misused(
      'init --here',
      'this is neither a PVE nor a PBS host: there is no pveum and no proxmox-backup-manager',
      'run it there; without --here it writes an estate file to fill in',
    );
  const { holdfast, estate, folder } = await openHere(invocation);
  const machine = thisMachine(invocation);
  invocation.show('asking this host what it has');
  const fileFor = (product: Product, identity: string) => join(folder, `${product}-${identity}.token`);
  const steps = (
    await Promise.all(
      products.map((product) => stepsFor(machine, { host: surroundings.hostName, tools }, product, fileFor)),
    )
  ).flat();
  const plan = planOf(estate, steps, surroundings.clock.now());
  const servers = await Promise.all(products.map((product) => aboutHost(machine, surroundings.hostName, product)));
  const text = starterText(estate.name, servers, fileFor);
  if (flag(invocation, 'dryRun')) return shownOnly(invocation, plan, text, out);
  if (steps.length > 0) {
    invocation.say(planAsText(plan, invocation.paint));
    const confirmed = await agreed(invocation, holdfast, plan);
    await makeFolder(machine, folder);
    const verdict = await carryOut(holdfast, estate, plan, { upTo: 'adds', confirmed }, telling(invocation, plan));
    const exit = exitOf(verdict);
    if (exit !== 'fine')
      return {
        exit,
        value: { file: null, made: [] },
        text: `Run ${verdict.run}: ${verdict.outcome} (${verdict.summary}); run it again when that is put right.\n`,
      };
  }
  return written(invocation, machine, { out, text, made: steps.map(({ title }) => title) });
}

async function written(
  invocation: Invocation,
  machine: Machine,
  { out, text, made }: Readonly<{ out: string; text: string; made: readonly string[] }>,
): Promise<Answer<InitAnswer>> {
  const said = made.length === 0 ? 'Everything was there already.\n' : '';
  if ((await machine.files.info(out)) !== undefined)
    return {
      exit: 'fine',
      value: { file: null, made },
      text: `${said}${out} is there and was left as it is; what belongs in it:\n\n${text}`,
    };
  await machine.files.write(out, text, 0o644);
  const next = `Written to ${out}. Next: \`holdfast --estate ${out} validate\`, then \`holdfast --estate ${out} import --out full.yaml\`.\n`;
  invocation.show('');
  return { exit: 'fine', value: { file: out, made }, text: `${said}${next}` };
}

function shownOnly(invocation: Invocation, plan: Plan, text: string, out: string): Answer<InitAnswer> {
  return {
    exit: 'fine',
    value: { file: null, made: [] },
    text: `${planAsText(plan, invocation.paint)}Dry run: nothing was done. ${out} would hold:\n\n${text}`,
  };
}

function toolsOn(path: string): HostTools {
  const found = ['pveum', 'pvesh', 'proxmox-backup-manager'].map(
    (program) => [program, onPath(path, program)] as const,
  );
  return Object.fromEntries(found.flatMap(([program, at]) => (at === undefined ? [] : [[program, at]])));
}

async function openHere(invocation: Invocation): Promise<{ holdfast: Holdfast; estate: Estate; folder: string }> {
  const { surroundings, given } = invocation;
  const guard = await readGuardFile(surroundings, given.guard);
  const root = stateRoot(invocation);
  const startedBy = `holdfast ${surroundings.arguments.join(' ')}`;
  const holdfast = holdfastIn({ surroundings, guard, guardFile: given.guard, root, startedBy });
  const nothing = { places: [], pve: [], pbs: [], layers: [], tiers: [], workloads: [], schedules: [], exclusions: [] };
  const estate: Estate = {
    ...nothing,
    ...{ name: surroundings.hostName, time_zone: 'UTC', approval_expires: hours(1), channels: [], sections: {} },
    machines: [{ name: hereMachine, local: true }],
    kubernetes: [],
    ...{ digest: digestOf(surroundings.hostName), file: '', placeOf: () => 'init' },
  };
  const folder = resolve(surroundings.folder, optionText(invocation, 'secrets') ?? '/etc/holdfast');
  return { holdfast, estate, folder };
}

async function makeFolder(machine: Machine, folder: string): Promise<void> {
  if ((await machine.files.info(folder)) === undefined) await machine.files.makeFolder(folder, 0o700);
}

async function stepsFor(
  machine: Machine,
  here: Readonly<{ host: string; tools: HostTools }>,
  product: Product,
  fileFor: (product: Product, identity: string) => string,
): Promise<readonly Step[]> {
  const identities = Object.keys(identitiesOf(product));
  const looked = await Promise.all(
    identities.map(async (identity) => ({ identity, info: await machine.files.info(fileFor(product, identity)) })),
  );
  const saved = looked.filter(({ info }) => info !== undefined).map(({ identity }) => identity);
  const present = await presentOn(machine, here.tools, product, saved);
  return loginSteps(product, here, missingOn(product, present), (identity) => ({ file: fileFor(product, identity) }));
}

const planOf = (estate: Estate, steps: readonly Step[], madeAt: Plan['madeAt']): Plan =>
  makePlan({
    ...{ estate: estate.name, job: 'init', madeAt, desired: estate.digest, observed: estate.digest, steps },
    ...{ notes: [], refusals: [], unchanged: 0, afterFailure: 'keep' },
  });

/** Where each product keeps the certificate it shows; an uploaded one comes before its own. */
const certificates = {
  pve: ['/etc/pve/local/pveproxy-ssl.pem', '/etc/pve/local/pve-ssl.pem'],
  pbs: ['/etc/proxmox-backup/proxy.pem'],
} as const satisfies Record<Product, readonly string[]>;

async function aboutHost(machine: Machine, host: string, product: Product): Promise<Here> {
  for (const file of certificates[product]) {
    const pem = await machine.files.read(file, 64 * 1024).catch(() => undefined);
    if (pem === undefined) continue;
    return { product, host, fingerprint: parseFingerprint(new X509Certificate(Buffer.from(pem)).fingerprint256) };
  }
  return { product, host, fingerprint: undefined };
}
