// config.xml by the REST API package of pfSense. Neither version of it gives the file itself (v1's system/config answers the parsed
// configuration as JSON, which pfSense cannot take back), but both run a command; the answer is base64, so that no encoding of
// theirs changes a byte.
import * as z from 'zod';
import type { StepContext } from '../../contracts/step-kind.ts';
import { Fault } from '../../fault.ts';
import { redactor } from '../../values/secret.ts';
import { cut, shown } from '../../values/text.ts';
import { configPath, notRead } from './firewall.ts';
import type { PfsenseApi } from './schema.ts';

// FreeBSD's base64 came late (14); openssl is on every pfSense.
const command = `/usr/bin/openssl base64 -in ${configPath}`;

/** As the packages' own sources have them: pfSense-pkg-RESTAPI (CommandPrompt), pfSense-pkg-API (APIDiagnosticsCommandPromptCreate). */
const ways = {
  v1: { path: '/api/v1/diagnostics/command_prompt', body: { shell_cmd: command } },
  v2: { path: '/api/v2/diagnostics/command_prompt', body: { command } },
} as const;

const answers = {
  v1: z.object({ data: z.object({ cmd_output: z.string() }) }).transform(({ data }) => data.cmd_output),
  v2: z
    .object({ data: z.object({ output: z.string(), result_code: z.int().nullish() }) })
    .refine(({ data }) => (data.result_code ?? 0) === 0, 'the command failed there')
    .transform(({ data }) => data.output),
} as const;

/** Twice what a config.xml may have: base64 and JSON around it. */
const largest = 128 * 1024 * 1024;

/** @throws Fault `credentials-refused`, `firewall-not-read`, and what a connection can meet */
export async function configByApi(name: string, api: PfsenseApi, { world, signal }: StepContext): Promise<Buffer> {
  const { audienceOf, postTo } = await import('../../proxmox/appliance.ts');
  const { url, version, client, token, fingerprint } = api;
  const trust = fingerprint === undefined ? ('ca' as const) : { fingerprint };
  const secret = await world.secret(token, audienceOf({ url }));
  const login =
    version === 'v2'
      ? { header: 'x-api-key', before: '', secret }
      : { header: 'authorization', before: `${client ?? ''} `, secret };
  const call = { ...ways[version], login, largest, signal };
  const { status, text: said } = await postTo({ name, url, trust, clock: world.clock }, call);
  // An answer may echo what it was asked with.
  const text = redactor([secret])(said);
  if (status === 401 || status === 403) throw refused(name, status);
  if (status !== 200) throw notRead(name, `its API answers ${status}: ${cut(text, 300)}`);
  return decoded(name, outputOf(name, version, text));
}

function outputOf(name: string, version: 'v1' | 'v2', text: string): string {
  try {
    return answers[version].parse(JSON.parse(text));
  } catch {
    throw notRead(name, `its API answers something else than version ${version} does: ${cut(shown(text), 200)}`);
  }
}

function decoded(name: string, output: string): Buffer {
  // Lines and nothing else: `Permission denied` is base64, too, once its blank is gone.
  const text = output.replaceAll(/\r?\n/g, '');
  if (/^[A-Za-z0-9+/]+={0,2}$/.test(text) && text.length % 4 === 0) return Buffer.from(text, 'base64');
  throw notRead(name, `the command there said: ${cut(shown(output), 200)}`);
}

const refused = (where: string, status: number): Fault =>
  new Fault('credentials-refused', {
    where,
    says: `its API refuses the token (${status})`,
    remedy: 'see that the key is valid there, and may use diagnostics/command_prompt',
  });
