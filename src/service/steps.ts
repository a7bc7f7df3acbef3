// Steps that make the daemon a service of this host, or end that: one writes its unit, one has systemd take it up.
import type { Done, Probed, StepContext, StepKind } from '../contracts/step-kind.ts';
import { Fault } from '../fault.ts';
import type { Argv } from '../machines/machine.ts';
import { absent, type Step } from '../model/step.ts';
import { type Digest, digestOfText, type Json } from '../values/canonical.ts';
import { minutes } from '../values/duration.ts';
import { partsOf, type Ref, ref } from '../values/ref.ts';
import { shellWord } from '../values/shell.ts';

type FileGiven = Readonly<{
  machine: string;
  path: string;
  /** null: it is to be gone */
  text: string | null;
  /** what stood there, for the way back; a unit holds no secrets */
  before: string | null;
}>;
type SystemdGiven = Readonly<{ machine: string; unit: string; runs: boolean }>;

const fileOf = ({ step }: StepContext): FileGiven => step.given as unknown as FileGiven;
const systemdOf = ({ step }: StepContext): SystemdGiven => step.given as unknown as SystemdGiven;

const mostOfUnit = 1024 * 1024;

export async function unitText(
  files: Readonly<{ read(path: string, limit: number): Promise<Uint8Array | undefined> }>,
  path: string,
): Promise<string | undefined> {
  const content = await files.read(path, mostOfUnit);
  return content === undefined ? undefined : new TextDecoder().decode(content);
}

const digestIn = (text: string | undefined): Digest => (text === undefined ? absent : digestOfText(text));

const common = {
  after: [] as readonly string[],
  needs: [],
  expects: [],
  expands: false,
  patience: minutes(6),
} as const;

export function fileStep(machine: string, path: string, before: string | undefined, text: string | undefined): Step {
  const subject = ref('service-unit', path);
  const act = text === undefined ? 'do' : before === undefined ? 'create' : 'update';
  const says = before === undefined ? `there is no ${path}` : `${path} is as it was read`;
  return {
    ...common,
    ...{ id: 'unit', kind: 'service.unit', subject, act, title: `${text === undefined ? 'remove' : 'write'} ${path}` },
    because: [
      text === undefined
        ? 'nothing is to watch the schedules any more'
        : 'systemd starts the daemon by it, and fences it in',
    ],
    changes: [
      {
        field: 'unit',
        to: text === undefined ? 'none' : 'as shown',
        class: text === undefined ? 'weakens' : 'reaches',
      },
    ],
    lanes: ['systemd'],
    risk: 'changes',
    expects: [{ subject, says, digest: digestIn(before) }],
    given: { machine, path, text: text ?? null, before: before ?? null } satisfies FileGiven as unknown as Json,
    wayBack: 'undo',
  };
}

const commandsFor = (unit: string, runs: boolean): readonly Argv[] =>
  runs
    ? [
        ['systemctl', 'daemon-reload'],
        ['systemctl', 'enable', unit],
        ['systemctl', 'restart', unit],
      ]
    : [['systemctl', 'disable', '--now', unit]];

/** Taken up after its unit is written; ended before that is removed. */
export function systemdStep(machine: string, unit: string, runs: boolean): Step {
  const subject = ref('service', unit);
  return {
    ...common,
    ...{ id: 'systemd', kind: 'service.systemd', subject, act: 'do', changes: [], lanes: ['systemd'], risk: 'changes' },
    title: commandsFor(unit, runs)
      .map((argv) => argv.map(shellWord).join(' '))
      .join(' && '),
    because: [runs ? 'it starts now and with the host' : 'it is stopped, and runs that go on are undone'],
    after: runs ? ['unit'] : [],
    given: { machine, unit, runs } satisfies SystemdGiven as unknown as Json,
    wayBack: 'one-way',
  };
}

export const serviceSteps: readonly StepKind[] = [
  {
    name: 'service.unit',
    observe: async (context, subject: Ref) =>
      digestIn(await unitText(context.world.machine(fileOf(context).machine).files, partsOf(subject)[0] ?? '')),
    do: async (context) => {
      const { path, text } = fileOf(context);
      await put(context, path, text);
      return { result: path };
    },
    probe: async (context): Promise<Probed> => {
      const { path, text } = fileOf(context);
      const now = await unitText(context.world.machine(fileOf(context).machine).files, path);
      return now === (text ?? undefined)
        ? { answer: 'done', evidence: `${path} is as it should be`, result: path }
        : { answer: 'not done', evidence: `${path} is not as it should be` };
    },
    undo: async (context) => {
      const { path, text, before } = fileOf(context);
      const now = await unitText(context.world.machine(fileOf(context).machine).files, path);
      // Somebody else's by now: it is left.
      if (now === (text ?? undefined)) await put(context, path, before);
    },
  },
  {
    name: 'service.systemd',
    observe: async () => absent,
    do: takeUp,
    probe: async (context): Promise<Probed> => {
      const { machine, unit, runs } = systemdOf(context);
      const { stdout } = await context.world.machine(machine).run(['systemctl', 'is-active', unit]);
      const active = stdout.trim() === 'active';
      return { answer: active === runs ? 'done' : 'not done', evidence: `systemd says it is ${stdout.trim()}` };
    },
  },
];

async function put(context: StepContext, path: string, text: string | null): Promise<void> {
  const { files } = context.world.machine(fileOf(context).machine);
  if (text === null) await files.remove(path);
  else await files.write(path, text, 0o644);
}

async function takeUp(context: StepContext): Promise<Done> {
  const { machine, unit, runs } = systemdOf(context);
  for (const argv of commandsFor(unit, runs)) {
    const { exitCode, stderr } = await context.world.machine(machine).run(argv, { signal: context.signal });
    if (exitCode === 0) continue;
    throw new Fault('service-not-taken-up', {
      where: argv.join(' '),
      says: stderr.trim() === '' ? `it ended with ${exitCode}` : stderr.trim(),
      remedy: `see why: journalctl -u ${unit}; then run the command again`,
    });
  }
  return { result: null };
}
