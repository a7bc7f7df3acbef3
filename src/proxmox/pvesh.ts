// The port through the local `pvesh` command, for root on a node: no token, no network, and the cluster's own API behind it.
import { Fault } from '../fault.ts';
import { Secret } from '../values/secret.ts';
import { cut, shown } from '../values/text.ts';
import {
  type Answer,
  type ApiPath,
  apiThrough,
  callName,
  type Params,
  type ProxmoxApi,
  plainPath,
  type ServerName,
  type Verb,
} from './api.ts';
import { textsOf } from './encoding.ts';
import { saidInText } from './error-text.ts';
import { parseJson } from './json.ts';
import { outcomeUnknown } from './outcome-unknown.ts';
import { ProxmoxRefusal } from './refusal.ts';

/** `signal` is set where one killed the command. A command that could not be started at all rejects. */
export type Ran = Readonly<{ exitCode: number; signal?: string | undefined; stdout: string; stderr: string }>;
export type Runner = (argv: readonly [string, ...string[]], signal?: AbortSignal) => Promise<Ran>;

const words = { get: 'get', post: 'create', put: 'set', delete: 'delete' } as const satisfies Record<Verb, string>;

export function throughPvesh(name: string, run: Runner): ProxmoxApi {
  const server: ServerName = { product: 'pve', name, identity: 'root@pam', audience: 'pvesh' };
  return apiThrough(server, async (verb, path, params, options) => {
    options.signal?.throwIfAborted();
    const where = callName(server, verb, path);
    const ran = await run(argvOf(where, verb, path, params), options.signal).catch((error: unknown) => {
      // Where the call was interrupted, the command may have been at work already.
      throw verb !== 'get' && options.signal?.aborted ? outcomeUnknown(where, error) : error;
    });
    if (ran.signal !== undefined) throw killed(verb, where, ran.signal);
    if (ran.exitCode !== 0) throw new ProxmoxRefusal(server, where, saidInText('pve', 500, spoken(ran.stderr)));
    return answerIn(where, ran.stdout);
  });
}

function argvOf(where: string, verb: Verb, path: ApiPath, params: Params): readonly [string, ...string[]] {
  const given = Object.entries(params).flatMap(([key, value]) => {
    if (value instanceof Secret) throw onCommandLine(where, value);
    return textsOf(value, (secret) => String(secret)).flatMap((text) => [`--${key}`, text]);
  });
  return ['pvesh', words[verb], plainPath(path), '--output-format', 'json', ...given];
}

const onCommandLine = (where: string, secret: Secret): Fault =>
  new Fault('secret-on-command-line', {
    where,
    says: `pvesh would need the secret ${secret.name} as an argument, and every process on the node can read arguments`,
    remedy: 'go over HTTPS instead: add --pve URL --pve-token REF --pve-fingerprint FP',
    exit: 'misused',
  });

function killed(verb: Verb, where: string, signal: string): Fault {
  const fault = new Fault('server-slow', {
    where,
    says: `pvesh was killed (${signal}) before it answered`,
    remedy: 'see how busy the node is (a dead storage makes PVE wait), then try again',
  });
  return verb === 'get' ? fault : outcomeUnknown(where, fault);
}

// Behind the error pvesh prints how it is called, and perl complains of the locale before it.
const spoken = (stderr: string): string =>
  stderr
    .split('\n')
    .filter(
      (line) => !/^(?:pvesh (?:get|create|set|delete|ls|usage) |perl: warning:|\t(?:LC_|LANG|LANGUAGE))/.test(line),
    )
    .join('\n')
    .trim();

function answerIn(where: string, stdout: string): Answer {
  const whole = stdout.trim();
  if (whole === '') return { data: null };
  const parsed = parseJson(Buffer.from(whole));
  if (parsed.kind === 'value') return { data: parsed.value };
  // pvesh runs a worker in the foreground: the task's log stands before the answer, which is the last line.
  const last = parseJson(Buffer.from(whole.slice(whole.lastIndexOf('\n') + 1)));
  if (last.kind === 'value') return { data: last.value };
  throw new Fault('answer-not-understood', {
    where,
    says: `pvesh printed something else than JSON: ${shown(cut(whole, 80))}`,
    remedy: 'run the same pvesh command by hand and see what it prints',
  });
}
