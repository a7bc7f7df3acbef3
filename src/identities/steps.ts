// Steps that make a login on the host Holdfast runs on: a role, a user, a token, a right. Each is one command, shown as it is
// run; a token's secret goes to its file before anything else happens.
import type { Done, StepContext, StepKind } from '../contracts/step-kind.ts';
import { Fault } from '../fault.ts';
import type { Argv } from '../machines/machine.ts';
import { absent, type Step } from '../model/step.ts';
import type { Json } from '../values/canonical.ts';
import { minutes } from '../values/duration.ts';
import { ref } from '../values/ref.ts';
import { forKeeping, Secret } from '../values/secret.ts';
import type { SecretReference } from '../values/secret-reference.ts';
import { shellWord } from '../values/shell.ts';
import { commandFor, commandsBefore, secretIn } from './commands.ts';
import { type HostTools, presentOn, runTool } from './present.ts';
import { type Missing, missingOn, type Product } from './wanted.ts';

export const hereMachine = 'here';

type LoginGiven = Readonly<{
  product: Product;
  tools: HostTools;
  missing: Missing;
  saveTo: SecretReference | null;
}>;
const givenOf = ({ step }: StepContext): LoginGiven => step.given as unknown as LoginGiven;

const nameOf = (missing: Missing): string => {
  switch (missing.what) {
    case 'role':
      return missing.name;
    case 'user':
    case 'token':
      return missing.id;
    case 'right':
      return `${missing.right.role} ${missing.right.authId} ${missing.right.path}`;
  }
};

const typed = (argv: Argv): string => argv.map(shellWord).join(' ');

/** @param fileFor where the secret of an identity is kept */
export function loginSteps(
  product: Product,
  { host, tools }: Readonly<{ host: string; tools: HostTools }>,
  missing: readonly Missing[],
  fileFor: (identity: string) => SecretReference,
): readonly Step[] {
  const steps = missing.map((one): Step => {
    const subject = ref('login', host, product, one.what, nameOf(one));
    const commands = [...commandsBefore(product, one), commandFor(product, one)];
    const saveTo = one.what === 'token' ? fileFor(one.identity) : null;
    return {
      ...{ id: subject, kind: 'login.make', subject, act: 'create', title: commands.map(typed).join(' && ') },
      because: because(one, saveTo),
      changes: [{ field: one.what, to: nameOf(one), class: 'reaches' }],
      ...{ after: [], lanes: [`${host} ${product} access`], risk: 'adds', needs: [], expects: [], expands: false },
      ...{
        given: { product, tools, missing: one, saveTo } as unknown as Json,
        wayBack: 'one-way',
        patience: minutes(2),
      },
    };
  });
  return steps.map((step, index) => ({ ...step, after: beforeIt(missing, steps, index) }));
}

function because(one: Missing, saveTo: SecretReference | null): readonly string[] {
  if (one.what === 'user') return [one.purpose];
  if (one.what !== 'token' || saveTo === null || !('file' in saveTo)) return [];
  const anew = one.isThere ? 'it is there, and nobody has its secret: it is made anew; ' : '';
  return [`${anew}its secret goes to ${saveTo.file}, for root alone`];
}

/** Roles and users first, then tokens, then rights. */
function beforeIt(missing: readonly Missing[], steps: readonly Step[], index: number): readonly string[] {
  const order = ['role', 'user', 'token', 'right'] as const;
  const rank = (one: Missing | undefined): number => (one === undefined ? -1 : order.indexOf(one.what));
  const own = rank(missing[index]);
  return steps
    .filter((_, other) => rank(missing[other]) === own - 1 || (own === 3 && rank(missing[other]) < 3))
    .map(({ id }) => id);
}

async function isMissing(context: StepContext): Promise<boolean> {
  const { product, tools, missing, saveTo } = givenOf(context);
  const present = await presentOn(
    context.world.machine(hereMachine),
    tools,
    product,
    await savedHere(context, saveTo, missing),
    [missing.what],
  );
  return missingOn(product, present).some((one) => one.what === missing.what && nameOf(one) === nameOf(missing));
}

async function savedHere(context: StepContext, saveTo: SecretReference | null, missing: Missing) {
  if (saveTo === null || missing.what !== 'token') return [];
  try {
    await context.world.secret(saveTo, forKeeping);
    return [missing.identity];
  } catch {
    return [];
  }
}

async function make(context: StepContext): Promise<Done> {
  const { product, tools, missing, saveTo } = givenOf(context);
  const machine = context.world.machine(hereMachine);
  const run = async (argv: Argv): Promise<string> => {
    const { exitCode, stdout, stderr } = await runTool(machine, tools, argv, { signal: context.signal });
    if (exitCode === 0) return stdout;
    throw new Fault('host-tool-failed', {
      where: typed(argv),
      says: stderr.trim() === '' ? `it ended with ${exitCode}` : stderr.trim(),
      remedy: 'put right what it says, then run `holdfast init --here` again: what is done stays done',
    });
  };
  for (const argv of commandsBefore(product, missing)) await run(argv);
  const output = await run(commandFor(product, missing));
  if (saveTo !== null) {
    const secret = secretIn(output);
    if (secret === undefined)
      throw new Fault('host-tool-failed', {
        where: typed(commandFor(product, missing)),
        says: 'it made the token and showed no secret that could be read',
        remedy: 'run `holdfast init --here` again: the token is made anew',
      });
    await context.world.keepSecret(saveTo, new Secret(`the secret of ${nameOf(missing)}`, secret, forKeeping));
  }
  if (await isMissing(context))
    throw new Fault('not-as-written', {
      where: context.step.subject,
      says: 'the command said yes, and the host does not have it',
      remedy: 'look at it with the command that lists it; then run `holdfast init --here` again',
    });
  return { result: null };
}

export const loginStepKinds: readonly StepKind[] = [
  {
    name: 'login.make',
    observe: async () => absent,
    do: make,
    probe: async (context) =>
      (await isMissing(context))
        ? { answer: 'not done', evidence: 'the host does not have it' }
        : { answer: 'done', evidence: 'the host has it' },
  },
];
