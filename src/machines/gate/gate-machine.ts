// A machine that is reached through its gate only: each command is a verb of the table, asked for with the key of the role that the
// verb belongs to. What is no verb is refused here already, by name; a taken key can ask for no more than that.
import { randomBytes } from 'node:crypto';
import { Fault } from '../../fault.ts';
import { shellWord } from '../../values/shell.ts';
import { cut, shown } from '../../values/text.ts';
import { type Begin, type Begun, commandsBy } from '../commands.ts';
import { type Line, type Opening, openLine, type Place } from '../line.ts';
import { type Lines, linesBy } from '../lines.ts';
import type { Entrance } from '../local.ts';
import type { Argv, Ended, Machine } from '../machine.ts';
import { noConnection } from '../ssh-options.ts';
import { commandStays, lastWait, untilStopped, within } from '../stopping.ts';
import { between, type Passed } from '../through.ts';
import { marksOf } from '../wrapper.ts';
import { gateFiles } from './gate-files.ts';
import { sudoersLine } from './sudoers.ts';
import { type GateSettings, type MadeVerb, type Request, type Role, requestFor, roles, verbsFor } from './table.ts';

export type Gate = Place &
  Readonly<{
    run?: string | undefined;
    settings: GateSettings;
    /** the account there, for the line of sudoers(5) that may be missing */
    user: string;
    /** a connection with the key of that role; what is entered is a request as JSON */
    opening(role: Role): Promise<Opening>;
  }>;

export type GateMachine = Machine &
  Entrance &
  AsyncDisposable &
  Readonly<{
    /** waits until nothing of that run goes on there; @throws Fault `command-stays` */
    endLeftovers(run: string): Promise<void>;
  }>;

type Asked = Begun & Pick<Passed, 'settled'>;

export function gateMachine(gate: Gate): GateMachine {
  const verbs = verbsFor(gate.settings);
  const lines = Object.fromEntries(
    roles.map((role) => [role, linesBy(async () => openLine(gate, await gate.opening(role)))]),
  ) as Record<Role, Lines>;
  const begin: Begin = (...command) => beginThere(gate, verbs, lines, command);
  const judge = (argv: Argv, ended: Ended) => refuseUnlessSudo(gate, verbs, argv, ended);
  const commands = commandsBy(begin, judge);
  return {
    ...{ name: gate.name, knowsWords: true, ...commands, begin, files: gateFiles(gate.name, commands) },
    endLeftovers: (run) => waitThere(gate, lines.snap, run),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(roles.map((role) => lines[role].close()));
    },
  };
}

/** A line that takes no more is left for another one: as often as there may be others that are on their way out, too. */
const tries = 5;

async function beginThere(
  gate: Gate,
  verbs: readonly MadeVerb[],
  lines: Readonly<Record<Role, Lines>>,
  command: Parameters<Begin>,
): Promise<Begun> {
  const [argv, { signal }] = command;
  const request = asVerb(gate, verbs, argv);
  const pool = lines[request.verb.role];
  for (let tried = 1; ; tried += 1) {
    signal?.throwIfAborted();
    const line = await pool.take();
    const leave = () => pool.leave(line);
    try {
      signal?.throwIfAborted();
      const begun = await asked(gate, line, request, command);
      const { begun: stands, says } = await begun.settled;
      // Nothing was said at all: the connection broke, and what was asked for may have begun. It is not asked for twice.
      if (!stands && says.trim() === '') line.lost = true;
      if (stands || !says.includes(noConnection) || tried === tries) {
        begun.ended.then(leave, leave);
        return begun;
      }
      if (says.includes('session request failed') && line.used > 1) pool.full(line);
      else line.lost = true;
    } catch (error) {
      leave();
      throw error;
    }
    leave();
  }
}

/** @throws Fault `gate-refused` */
function asVerb({ name, settings }: Gate, verbs: readonly MadeVerb[], argv: Argv): Request {
  const found = requestFor(settings, verbs, argv);
  if ('verb' in found) return found;
  const { program, near } = found;
  const others = near.length === 0 ? '' : `; the verbs of ${program} (${near.join(', ')}) are written otherwise`;
  const path = `/usr/…/${cut(shown(program.slice(program.lastIndexOf('/') + 1)), 40)}`;
  throw new Fault('gate-refused', {
    where: name,
    says: `its gate has no verb for ${cut(shown(argv.map(shellWord).join(' ')), 300)}${others}`,
    remedy: `this layer needs more than the gate gives: reach the machine with \`key\` alone, or add the line { "role": …, "verb": …, "program": "${path}", "sudo": …, "arguments": […] } to the table of the gate`,
  });
}

async function asked(gate: Gate, line: Line, request: Request, command: Parameters<Begin>): Promise<Asked> {
  const [argv, options, stdin] = command;
  const marks = marksOf(randomBytes(8).toString('hex'));
  const [begins, ends] = [marks.begins.trimEnd(), marks.ends.trimEnd()];
  const run = gate.run === undefined ? {} : { run: gate.run };
  const text = JSON.stringify({ verb: request.verb.verb, args: request.words, begins, ends, ...run });
  const refused = { notEntered: (says: string) => refusedThere(gate, says) };
  const passed = await between({ ...gate, ...refused }, line.enter(text), marks, argv, stdin);
  // Nothing there may be killed by us: what root began, root ends. LVM is not to be killed midway in any case.
  const stop = async () => {
    passed.input?.destroy();
    const gone = await within(gate.clock, lastWait, passed.ended);
    passed.giveUp();
    if (!gone) throw commandStays(gate.name, argv[0]);
  };
  const ended = untilStopped(gate, argv, options, passed.ended, stop);
  ended.catch(() => {});
  return { ...passed, ended };
}

/** The gate itself waits for 20 seconds. */
async function waitThere(gate: Gate, pool: Lines, run: string): Promise<void> {
  const wait = async (): Promise<Begun> => {
    const line = await pool.take();
    const marks = marksOf(randomBytes(8).toString('hex'));
    const [begins, ends] = [marks.begins.trimEnd(), marks.ends.trimEnd()];
    const text = JSON.stringify({ verb: 'wait', args: [run], begins, ends });
    const refused = { notEntered: (says: string) => refusedThere(gate, says) };
    const passed = await between({ ...gate, ...refused }, line.enter(text), marks, ['wait'], 'ignore');
    const leave = () => pool.leave(line);
    passed.ended.then(leave, leave);
    return passed;
  };
  const { stdout } = await commandsBy(wait).run(['wait']);
  if (stdout.trim() !== '0') throw commandStays(gate.name, `what run ${run} began`);
}

const refusal = /^holdfast-gate-refused: (.*)$/m;

function refusedThere({ name }: Gate, says: string): Fault | undefined {
  const why = refusal.exec(says)?.[1];
  if (why === undefined) return undefined;
  return new Fault('gate-refused', {
    where: name,
    says: `its gate refused: ${cut(shown(why), 300)}`,
    remedy: `the gate there is of another version than this Holdfast, or for other volume groups: \`holdfast install-gate ${name}\``,
  });
}

/** sudo says so itself, and always in English: the gate gives it no language. */
function refuseUnlessSudo(gate: Gate, verbs: readonly MadeVerb[], argv: Argv, ended: Ended): void {
  if (
    ended.exitCode !== 1 ||
    !/^sudo: (a password is required|sorry, )|is not allowed to execute|may not run sudo/m.test(ended.stderr)
  )
    return;
  const { verb } = asVerb(gate, verbs, argv);
  throw new Fault('gate-line-missing', {
    where: gate.name,
    says: `sudo there does not allow the verb ${verb.verb}; this line is missing: ${sudoersLine(gate.user, verb)}`,
    remedy: `holdfast install-gate ${gate.name}`,
  });
}
