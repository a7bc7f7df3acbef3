// The lab as a process of its own, started by the command an operator types, and what it says of itself.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Estate, estateAt, holdfast, until } from '../test/e2e/estate.test-support.ts';

export type Request = Readonly<{ server: string; method: string; path: string; status: number; params: unknown }>;

export type LabFolder = Readonly<{
  folder: string;
  requests(): readonly Request[];
  writes(): readonly Request[];
  /** the lab's estate, with its secrets named absolutely, so that it can stand in another folder */
  estateWithAbsoluteSecrets(): string;
  /** the lab's estate with a state of its own */
  estate(): Estate;
  fault(server: string, name: string, options?: object): Promise<void>;
  clear(): Promise<void>;
  change(body: object): Promise<void>;
  state(): Promise<Record<string, unknown>>;
  stop(): Promise<void>;
}>;

export async function startedLab(size: 'small' | 'full' = 'small'): Promise<LabFolder> {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-proof-lab-'));
  const [program = '', ...rest] = holdfast;
  const child: ChildProcess = spawn(
    program,
    [...rest, 'lab', '--dir', folder, ...(size === 'small' ? ['--small'] : [])],
    { stdio: 'ignore' },
  );
  await until('lab.json', () => existsSync(join(folder, 'lab.json')));
  const { control } = JSON.parse(readFileSync(join(folder, 'lab.json'), 'utf8')) as { control: string };
  const tell = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${control}${path}`, {
      method,
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json().catch(() => undefined);
  };
  const requests = (): readonly Request[] =>
    readFileSync(join(folder, 'requests.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return {
    folder,
    requests,
    writes: () => requests().filter(({ method }) => method !== 'GET'),
    estateWithAbsoluteSecrets: () =>
      readFileSync(join(folder, 'estate.yaml'), 'utf8').replaceAll(/file: ([a-z-]+\.token)/g, `file: ${folder}/$1`),
    estate: () =>
      estateAt(join(folder, 'estate.yaml'), 'lab', mkdtempSync(join(tmpdir(), 'holdfast-proof-state-')), folder),
    fault: async (server, name, options = {}) => void (await tell('PUT', '/faults', { server, name, ...options })),
    clear: async () => void (await tell('DELETE', '/faults')),
    change: async (body) => void (await tell('POST', '/change', body)),
    state: async () => (await tell('GET', '/state')) as Record<string, unknown>,
    stop: async () => {
      const gone = once(child, 'close');
      child.kill('SIGTERM');
      await gone;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
