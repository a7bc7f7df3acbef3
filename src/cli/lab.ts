// `lab`: the simulated estate, until it is stopped.
import { join, resolve } from 'node:path';
import type { LabAnswer } from './answers.ts';
import { type Command, flag, optionText } from './command.ts';
import { misused } from './open.ts';

export const lab: Command<LabAnswer> = {
  name: 'lab',
  says: 'a simulated estate on this machine',
  run: async (invocation) => {
    const { surroundings } = invocation;
    const given = optionText(invocation, 'dir');
    if (given === undefined)
      throw misused('lab', 'it needs a folder for its estate', 'say `holdfast lab --dir FOLDER`');
    const { startLab } = await import('../../lab/lab.ts');
    const size = flag(invocation, 'small') ? 'small' : 'full';
    const running = await startLab({ dir: resolve(surroundings.folder, given), size, volumes: size === 'full' });
    invocation.say(greeting(running));
    const { stopped } = surroundings;
    if (!stopped.aborted)
      await new Promise<void>((done) => stopped.addEventListener('abort', () => done(), { once: true }));
    await running.close();
    const { dir, servers } = running;
    return { exit: 'fine', value: { dir, servers: Object.keys(servers) }, text: 'The lab is down.\n' };
  },
};

type Running = Readonly<{
  dir: string;
  servers: Readonly<Record<string, Readonly<{ url: string }>>>;
  s3: Readonly<{ url: string }> | undefined;
  control: string;
  files: readonly string[];
}>;

const remarks: Readonly<Record<string, string>> = {
  'estate.yaml': 'declares more than the servers hold',
  'volumes.yaml': "a host with a cluster's volumes, to snapshot and bring back",
  'connections.yaml': 'only how the servers are reached',
  'requests.ndjson': 'every request they get, one line each',
  'lab.json': 'where they are; it goes when the lab ends',
};

function greeting({ dir, servers, s3, control, files }: Running): string {
  const line = (name: string, says: string): string => `  ${name.padEnd(18)}${says}`;
  const secrets = files.filter((name) => name.endsWith('.token'));
  return [
    'The lab is up, until you stop it with Ctrl-C:',
    ...Object.entries(servers).map(([name, { url }]) => line(name, url)),
    ...(s3 === undefined ? [] : [line('s3', s3.url)]),
    line('control', `${control}/faults`),
    '',
    `Written to ${dir}:`,
    ...Object.entries(remarks).flatMap(([name, says]) => (files.includes(name) ? [line(name, says)] : [])),
    line('*.token', `the secrets: ${secrets.join(', ')}`),
    line('*.pem, *.key', 'the certificates and their keys'),
    '',
    `Look what it would change: holdfast plan --estate ${join(dir, 'estate.yaml')}`,
  ].join('\n');
}
