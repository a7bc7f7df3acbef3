// Steps that install a gate on a machine, or take it away: one for each account, folder and file that is not as it should be. What was
// there before stands in the plan itself, so that whoever undoes needs nothing else.
import { changedSincePlanned, type StepContext, type StepKind } from '../contracts/step-kind.ts';
import { Fault } from '../fault.ts';
import type { Argv, Machine } from '../machines/machine.ts';
import { absent, type Step } from '../model/step.ts';
import { type Digest, digestOf, type Json } from '../values/canonical.ts';
import { minutes } from '../values/duration.ts';
import { ref } from '../values/ref.ts';
import { cut, shown } from '../values/text.ts';
import type { GateThing } from './gate-wanted.ts';

type Before = Readonly<{ content: string | null; mode: number }> | null;
type GateGiven = Readonly<{ machine: string; thing: GateThing; before: Before; act: 'make' | 'remove' }>;

const largest = 256 * 1024;
const nameOf = (thing: GateThing): string => (thing.what === 'user' ? thing.name : thing.path);

/** What is there now; null: nothing. Whatever is not root's, or is a link, is not as it should be and not ours to follow. */
async function stateOf(machine: Machine, thing: GateThing): Promise<Before> {
  if (thing.what === 'user') {
    const { exitCode, stdout } = await machine.run(['getent', 'passwd', thing.name]);
    const [, , , , , home, shell] = stdout.trim().split(':');
    return exitCode === 0 ? { content: `${home}:${shell}`, mode: 0 } : null;
  }
  const info = await machine.files.info(thing.path);
  if (info === undefined) return null;
  const type = thing.what === 'folder' ? 'folder' : 'file';
  if (info.type !== type || info.uid !== 0)
    throw new Fault('gate-in-the-way', {
      where: `${machine.name}:${shown(thing.path)}`,
      says: info.type === type ? `it belongs to the user ${info.uid}, and not to root` : `it is a ${info.type}`,
      remedy: 'see whose it is, and move it away; nothing was done to it',
    });
  if (type === 'folder') return { content: null, mode: info.mode & 0o7777 };
  const content = await machine.files.read(thing.path, largest);
  return { content: Buffer.from(content ?? '').toString(), mode: info.mode & 0o7777 };
}

const wantedState = (thing: GateThing): Before =>
  thing.what === 'user'
    ? { content: `${thing.home}:/bin/dash`, mode: 0 }
    : { content: thing.what === 'file' ? thing.content : null, mode: thing.mode };

const digestOfState = (state: Before): Digest => (state === null ? absent : digestOf(state));

/** Only what is not there, or differs. */
export async function gateSteps(machine: Machine, things: readonly GateThing[]): Promise<readonly Step[]> {
  const looked = await Promise.all(things.map(async (thing) => ({ thing, before: await stateOf(machine, thing) })));
  const due = looked.filter(({ thing, before }) => digestOfState(before) !== digestOfState(wantedState(thing)));
  return due.map(({ thing, before }, index) =>
    stepFor(machine, thing, before, 'make', index === 0 ? [] : [idOf(due[index - 1]?.thing ?? thing)]),
  );
}

/** The way back: keys first, so that nobody logs in any more; a folder goes when nothing else is in it. */
export async function gateRemoval(machine: Machine, things: readonly GateThing[]): Promise<readonly Step[]> {
  const looked = await Promise.all(
    things.toReversed().map(async (thing) => ({ thing, before: await stateOf(machine, thing) })),
  );
  const due = looked.filter(({ before }) => before !== null);
  return due.map(({ thing, before }, index) =>
    stepFor(machine, thing, before, 'remove', index === 0 ? [] : [idOf(due[index - 1]?.thing ?? thing)]),
  );
}

const idOf = (thing: GateThing): string => `${thing.what}-${nameOf(thing)}`;

function stepFor(
  machine: Machine,
  thing: GateThing,
  before: Before,
  act: GateGiven['act'],
  after: readonly string[],
): Step {
  const subject = ref('gate', machine.name, thing.what, nameOf(thing));
  const verb = act === 'remove' ? 'remove' : before === null ? 'make' : 'change';
  return {
    ...{ id: idOf(thing), kind: 'gate.install', subject, title: `${verb} ${titleOf(thing)}` },
    // Not `remove`, which asks for each object by name: nothing is lost with a gate that `install-gate` would not make again.
    act: act === 'remove' ? 'do' : before === null ? 'create' : 'update',
    because: [thing.what === 'file' ? thing.says : 'the gate needs it'],
    changes: [
      {
        field: nameOf(thing),
        to: act === 'remove' ? null : titleOf(thing),
        class: act === 'remove' ? 'neutral' : 'reaches',
      },
    ],
    ...{ after, lanes: [`${machine.name} gate`], risk: 'adds', needs: [], expands: false },
    expects: [{ subject, says: 'it is as it was when the plan was made', digest: digestOfState(before) }],
    given: { machine: machine.name, thing, before, act } as unknown as Json,
    ...{ wayBack: 'undo', patience: minutes(2) },
  };
}

const titleOf = (thing: GateThing): string => {
  if (thing.what === 'user') return `the account ${thing.name}, without a password, with the shell dash`;
  return `the ${thing.what} ${thing.path}, root's, ${thing.mode.toString(8).padStart(4, '0')}`;
};

const placed = ({ step, world }: StepContext): GateGiven & Readonly<{ on: Machine }> => {
  const given = step.given as unknown as GateGiven;
  return { ...given, on: world.machine(given.machine) };
};

async function must(machine: Machine, argv: Argv): Promise<void> {
  const { exitCode, stderr } = await machine.run(argv);
  if (exitCode === 0) return;
  throw new Fault('gate-not-installed', {
    where: machine.name,
    says: `${argv[0]}: ${cut(shown(stderr.trim()), 500)} (exit code ${exitCode})`,
    remedy: `run it by hand to see more: ${shown(argv.join(' '))}`,
  });
}

async function bring(machine: Machine, thing: GateThing, state: Before, run: string): Promise<void> {
  if (thing.what === 'user') {
    if (state === null) return must(machine, ['userdel', thing.name]);
    const [home = '', shell = ''] = (state.content ?? '').split(':');
    const there = (await stateOf(machine, thing)) !== null;
    // `*` is no password; `!`, which useradd takes by itself, is a locked account, which some sshd do not let in at all.
    return there
      ? must(machine, ['usermod', '--home', home, '--shell', shell, thing.name])
      : must(machine, [
          ...(['useradd', '--system', '--no-create-home', '--password', '*'] as const),
          ...['--home-dir', home, '--shell', shell, thing.name],
        ]);
  }
  if (thing.what === 'folder') {
    if (state === null) return must(machine, ['rmdir', '--ignore-fail-on-non-empty', '--', thing.path]);
    await machine.files.makeFolder(thing.path, state.mode);
    return must(machine, ['chmod', state.mode.toString(8), '--', thing.path]);
  }
  if (state === null) return machine.files.remove(thing.path);
  const content = state.content ?? '';
  if (thing.checked === 'visudo') await checkSudoers(machine, thing.path, content, run);
  await machine.files.write(thing.path, content, state.mode);
}

/** A file that sudo does not understand may lock everybody out of it: it is looked at beside, under a name that sudo passes over. */
async function checkSudoers(machine: Machine, path: string, content: string, run: string): Promise<void> {
  const beside = `${path}.${run}`;
  await machine.files.write(beside, content, 0o440);
  try {
    await must(machine, ['visudo', '-c', '-f', beside]);
  } finally {
    await machine.files.remove(beside);
  }
}

export const gateStepKind: StepKind = {
  name: 'gate.install',
  observe: async (context) => {
    const { on, thing } = placed(context);
    return digestOfState(await stateOf(on, thing));
  },
  do: async (context) => {
    const { on, thing, act } = placed(context);
    await bring(on, thing, act === 'remove' ? null : wantedState(thing), context.run);
    const now = digestOfState(await stateOf(on, thing));
    const wanted = digestOfState(act === 'remove' ? null : wantedState(thing));
    // A folder with something of somebody else in it stays.
    if (now !== wanted && !(act === 'remove' && thing.what === 'folder'))
      throw changedSincePlanned(context.step.subject, 'it was written, and is not there as it was written');
    return { result: null };
  },
  probe: async (context) => {
    const { on, thing, act } = placed(context);
    const now = digestOfState(await stateOf(on, thing));
    return now === digestOfState(act === 'remove' ? null : wantedState(thing))
      ? { answer: 'done', evidence: 'it is there as wanted' }
      : { answer: 'not done', evidence: 'it is not there as wanted' };
  },
  undo: async (context) => {
    const { on, thing, before, act } = placed(context);
    const now = digestOfState(await stateOf(on, thing));
    // What is neither as before nor as we made it is somebody else's by now.
    if (now !== digestOfState(act === 'remove' ? null : wantedState(thing)) || now === digestOfState(before)) return;
    await bring(on, thing, before, context.run);
  },
};
