// Canary secrets of all five kinds are sent through every way in which JavaScript turns a value into text. The same ways are
// tried with what a careless program would hold instead: a suite that does not catch that would catch nothing.
import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { before, describe, it } from 'node:test';
import { format, inspect, promisify } from 'node:util';
import { serialize } from 'node:v8';
import { MessageChannel } from 'node:worker_threads';
import { asFault, Fault } from '../fault.ts';
import type { Secret } from '../values/secret.ts';
import { secretStore } from './resolve.ts';
import { anything, fileIn, inFolder, settings } from './secrets.test-support.ts';

const audience = 'ruapehu:8006';
const canaryOf = (kind: string): string => `canary/${kind}+"ü\\ %=${'0123456789abcdef'.repeat(2)}`;

const formsOf = (canary: string): readonly string[] => [
  canary,
  encodeURIComponent(canary),
  new URLSearchParams({ canary }).toString().slice('canary='.length),
  JSON.stringify(canary).slice(1, -1),
  inspect(canary).slice(1, -1),
  ...(['base64', 'base64url', 'hex', 'utf16le', 'latin1'] as const).map((encoding) =>
    Buffer.from(canary).toString(encoding),
  ),
];
const shows = (text: string, canary: string): boolean => formsOf(canary).some((form) => text.includes(form));

const everything = { depth: Number.POSITIVE_INFINITY, showHidden: true, getters: true, maxStringLength: null } as const;
const deep = (value: unknown): string =>
  inspect(value, everything) + inspect(value, { ...everything, customInspect: false });

async function posted(value: unknown): Promise<unknown> {
  const { port1, port2 } = new MessageChannel();
  port1.postMessage(value);
  const [received] = await once(port2, 'message');
  port1.close();
  return received;
}

const thrownWith = (held: unknown): Error =>
  new Error(`could not log in with ${held}`, { cause: new AggregateError([new Error(String(held), { cause: held })]) });

const ways: Readonly<Record<string, (held: unknown) => string | Promise<string>>> = {
  'String()': (held) => String(held),
  'a template': (held) => `${held}`,
  concatenation: (held) => `${'Authorization: '.concat(held as string)}${['', held].join('')}`,
  'a list as text': (held) => String([held, [held]]),
  'a date or a number of it': (held) => `${new Date(held as string)} ${Object(held).toLocaleString()}`,
  'JSON.stringify': (held) => JSON.stringify({ held, nested: [{ held }] }),
  'JSON.stringify with its keys': (held) => JSON.stringify({ held, ...(held as object) }, null, 2),
  'util.inspect, nested and hidden': (held) =>
    deep({ held, nested: { list: [held, new Map([['held', held]]), new Set([held])] } }),
  'util.format': (held) => format('%s %o %O %j %d', held, held, held, held, held),
  'keys and entries': (held) =>
    deep([
      Object.keys(Object(held)),
      Object.entries(Object(held)),
      Object.getOwnPropertyDescriptors(Object(held)),
      Reflect.ownKeys(Object(held)),
    ]),
  'a spread copy': (held) => deep({ ...(held as object) }) + deep(Object.assign({}, held)),
  structuredClone: (held) => deep(structuredClone(held)) + deep(structuredClone({ held })),
  'a message to another thread': async (held) => deep(await posted({ held })),
  serialisation: (held) =>
    [serialize(held), serialize({ held })].map((bytes) => bytes.toString('latin1') + bytes.toString('utf8')).join(),
  'an error and its causes': (held) => deep(thrownWith(held)) + thrownWith(held).stack,
  'a fault': (held) => {
    const fault = new Fault('test', { where: `${held}`, says: `${held}`, remedy: `${held}`, cause: held });
    return JSON.stringify(fault) + JSON.stringify(asFault(thrownWith(held), String(held))) + deep(fault) + fault.stack;
  },
  'a failed assertion': (held) => {
    try {
      assert.deepEqual({ held }, { held: 'something else' });
    } catch (error) {
      return `${error} ${deep(error)}`;
    }
    return '';
  },
  'a query': (held) =>
    new URLSearchParams({ held: held as string }).toString() + new URL(`https://ruapehu/?${held}`).href,
  'bytes of its text': (held) => Buffer.from(String(held)).toString('hex'),
};

type Kind = 'env' | 'file' | 'command' | 'vault' | 'systemd';
const kinds: readonly Kind[] = ['env', 'file', 'command', 'vault', 'systemd'];

function secretsOfAllKinds(): Promise<Readonly<Record<Kind, Secret>>> {
  return inFolder(async (folder) => {
    const file = await fileIn(folder, 'file', canaryOf('file'));
    await fileIn(folder, 'unit', canaryOf('systemd'));
    await fileIn(folder, 'printed', canaryOf('command'));
    const command = await fileIn(folder, 'command', `#!/bin/sh\nexec cat ${join(folder, 'printed')}\n`, 0o755);
    const env = {
      CANARY: canaryOf('env'),
      CREDENTIALS_DIRECTORY: folder,
      VAULT_ADDR: 'https://vault:8200',
      VAULT_TOKEN: 'token',
    };
    const fetch = async () => new Response(JSON.stringify({ data: { key: canaryOf('vault') } }));
    const store = secretStore(settings({ env, fetch }), { ...anything, commands: [{ path: command }] });
    return {
      env: await store({ env: 'CANARY' }, audience),
      file: await store({ file }, audience),
      command: await store({ command: [command] }, audience),
      vault: await store({ vault: 'kv/path#key' }, audience),
      systemd: await store({ systemd: 'unit' }, audience),
    };
  });
}

describe('no secret leaks', () => {
  let secrets: Readonly<Record<Kind, Secret>>;
  before(async () => {
    secrets = await secretsOfAllKinds();
    for (const kind of kinds)
      assert.equal(secrets[kind].revealTo(audience), canaryOf(kind), 'the canary is really in there');
  });

  for (const [way, show] of Object.entries(ways)) {
    it(`through ${way}`, async () => {
      for (const kind of kinds)
        assert.ok(!shows(await show(secrets[kind]), canaryOf(kind)), `${kind} leaks through ${way}`);
    });

    it(`through ${way}: what a careless program holds would be caught`, async () => {
      const canary = canaryOf('control');
      const careless: readonly unknown[] = [canary, { name: 'token', value: canary }, { toString: () => canary }];
      const caught = await Promise.all(careless.map(async (held) => shows(await tried(show, held), canary)));
      assert.ok(caught.includes(true), `${way} would show nothing, whatever it was given`);
    });
  }
});

/** Some ways do not take everything (a function cannot be cloned): that is no leak. */
async function tried(show: (held: unknown) => string | Promise<string>, held: unknown): Promise<string> {
  try {
    return await show(held);
  } catch {
    return '';
  }
}

describe('no secret leaks from a process that', () => {
  /** A process of its own that holds the canary, as a secret or as a careless program would. */
  async function output(held: 'secret' | 'careless', doing: string): Promise<string> {
    const script = `
      const { secretStore } = await import(${JSON.stringify(join(import.meta.dirname, 'resolve.ts'))});
      const { systemClock } = await import(${JSON.stringify(join(import.meta.dirname, '../values/instant.ts'))});
      const canary = process.env.CANARY;
      const store = secretStore({ env: { CANARY: canary }, clock: systemClock, user: 0, home: '/' }, { commands: [], bindings: [] });
      const secret = await store({ env: 'CANARY' }, 'here');
      const held = ${held === 'secret' ? 'secret' : '{ value: canary }'};
      ${doing}`;
    const run = promisify(execFile)(
      process.execPath,
      ['--input-type=module', '--disable-warning=ExperimentalWarning', '-e', script],
      {
        env: { CANARY: canaryOf('process') },
      },
    );
    const { stdout, stderr } = await run.catch((ended: { stdout: string; stderr: string }) => ended);
    return stdout + stderr;
  }

  const doings: Readonly<Record<string, string>> = {
    'logs it':
      'console.log(held, { held }); console.error("%o", held); console.dir(held, { showHidden: true, depth: 9 }); console.table([held]);',
    'dies of an error about it': 'throw Object.assign(new Error("login failed", { cause: held }), { held });',
    'forgets a rejected promise':
      'Promise.reject(Object.assign(new Error("login failed"), { held })); await new Promise(() => {});',
    'warns of it': 'process.emitWarning(JSON.stringify(held));',
  };
  for (const [title, doing] of Object.entries(doings))
    it(title, async () => {
      const [careful, careless] = await Promise.all([output('secret', doing), output('careless', doing)]);
      assert.notEqual(careful, '', 'the process said something');
      assert.ok(!shows(careful, canaryOf('process')), careful);
      assert.ok(shows(careless, canaryOf('process')), 'a careless program would be caught');
    });
});
