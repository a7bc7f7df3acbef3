// A kubectl whose cluster is a folder: it takes kubectl's arguments, refuses what kubectl refuses, and prints what kubectl prints
// (messages and exit codes seen with 1.31 against a server made to fail). What it does not act out ends with exit code 64.
import { setTimeout as pause } from 'node:timers/promises';
import { type CommandLine, commandLine, everywhere, type Flags, isOn } from './arguments.ts';
import { requestOf } from './configuration.ts';
import { reconcile } from './controller.ts';
import { exec, execFlags, execWish, type Inside } from './exec.ts';
import { get, getFlags, notListed } from './get.ts';
import { Refused } from './refused.ts';
import { type Request, refusedConnection } from './request.ts';
import { nothingToScale, scale, scaleFlags, scaleWish } from './scale.ts';
import { type Api, audit, type State, withState } from './store.ts';
import { version, versionFlags } from './version.ts';

const commands: Readonly<Record<string, Flags>> = {
  get: getFlags,
  scale: scaleFlags,
  exec: execFlags,
  version: versionFlags,
};
const unplayed = [
  'api-resources',
  'apply',
  'auth',
  'cp',
  'create',
  'delete',
  'describe',
  'logs',
  'patch',
  'rollout',
  'wait',
];

/** `inside` is what is left to do: a command that has to run in a pod. */
export type Answer = Readonly<{ stdout: string; stderr: string; exitCode: number; inside?: Inside | undefined }>;

/** Flags may stand before the command, too. */
function taken(argv: readonly string[]): Readonly<{ command: string; rest: readonly string[] }> {
  for (let at = 0; at < argv.length; at++) {
    const word = argv[at] ?? '';
    if (!word.startsWith('-')) return { command: word, rest: argv.toSpliced(at, 1) };
    const takesNext = (word === '-n' || everywhere[word.slice(2)] === 'value') && !word.includes('=');
    if (takesNext) at += 1;
  }
  throw new Refused('this fake kubectl prints no help', 64);
}

/** @param kubeconfig the one of the environment, where none is named */
export async function kubectl(argv: readonly string[], kubeconfig: string | undefined): Promise<Answer> {
  const printed: string[] = [];
  try {
    const answer = await answerTo(argv, kubeconfig, (text) => void printed.push(text));
    return { ...answer, stdout: printed.join('') + answer.stdout };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { stdout: printed.join(''), stderr: `${error.message}\n`, exitCode: error.exitCode };
  }
}

type Print = (text: string) => void;

async function answerTo(argv: readonly string[], kubeconfig: string | undefined, print: Print): Promise<Answer> {
  const { command, rest } = taken(argv);
  const flags = Object.hasOwn(commands, command) ? commands[command] : undefined;
  if (flags === undefined) {
    if (unplayed.includes(command)) throw new Refused(`this fake kubectl does not act out ${command}`, 64);
    throw new Refused(`error: unknown command "${command}" for "kubectl"\n`);
  }
  const line = commandLine(command, rest, flags);
  if (command === 'scale') scaleWish(line);
  if (command === 'exec') execWish(line);
  if (command === 'version' && isOn(line, 'client')) return version(undefined, line);
  const request = requestOf(line, kubeconfig);
  const api = apiNow(request.folder);
  await reach(api, command, line, request, print);
  const answer = withState(request.folder, (state) => answered(state, command, line, request));
  const said = { command, argv: rest, namespace: request.namespace, exitCode: answer.exitCode };
  audit(request.folder, { at: new Date().toISOString(), ...said, stderr: answer.stderr });
  return answer;
}

const apiNow = (folder: string): Api =>
  withState(folder, (state) => {
    state.asked += 1;
    reconcile(state);
    return state.behaviour.api;
  });

/** Fails as the connection does, before anything is asked. */
async function reach(api: Api, command: string, line: CommandLine, request: Request, print: Print): Promise<void> {
  if (api === 'silent') await pause(request.timeout === 0 ? 2 ** 31 - 1 : request.timeout);
  if (api !== 'silent' && api !== 'refused') return;
  audit(request.folder, { at: new Date().toISOString(), command, argv: line.operands, api });
  if (command === 'version') print(version(undefined, line).stdout);
  if (command === 'scale') throw new Refused(nothingToScale);
  if (api === 'refused') throw new Refused(refusedConnection(request.server, request.timeout).trimEnd());
  if (command === 'get') print(notListed(line));
  throw new Refused(
    'Unable to connect to the server: net/http: request canceled (Client.Timeout exceeded while awaiting headers)',
  );
}

function answered(state: State, command: string, line: CommandLine, request: Request): Answer {
  try {
    if (command === 'get') return get(state, line, request);
    if (command === 'version') return version(state, line);
    if (command === 'exec') return { ...nothing, inside: exec(state, line, request) };
    return { ...nothing, stdout: scale(state, line, request) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    return { stdout: '', stderr: `${error.message}\n`, exitCode: error.exitCode };
  }
}

const nothing: Answer = { stdout: '', stderr: '', exitCode: 0 };
