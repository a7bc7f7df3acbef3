// A lab, the estates that are written for it, and what it holds as it says so itself over its control.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type LabOptions, startLab } from '../../lab/lab.ts';
import type { PbsState } from '../../lab/pbs/state.ts';
import type { PveState } from '../../lab/pve/state.ts';
import { type Answered, type Estate, estateAt } from '../../test/e2e/estate.test-support.ts';
import { type Request, startedLab } from '../lab.ts';

export type At = Readonly<{ url: string; fingerprint: string; port: number }>;

export type World = Readonly<{
  folder: string;
  at(server: string): At;
  s3: Readonly<{ url: string; fingerprint: string; accessKey: string; region: string }>;
  requests(): readonly Request[];
  writes(): readonly Request[];
  pve(name: string): Promise<PveState>;
  pbs(name: string): Promise<PbsState>;
  /** a foreign hand */
  change(body: object): Promise<void>;
  fault(server: string, name: string, options?: object): Promise<void>;
  clear(): Promise<void>;
  /** an estate in a folder of its own, with a state of its own, or that of another; `FOLDER/` in it is that folder, `LAB/` the lab's */
  estate(text: string, like?: Estate): Estate;
  /** a file in the lab's own folder, with a state of its own */
  own(file: string): Estate;
  stop(): Promise<void>;
}>;

/** The lab that an operator starts: `holdfast lab`. */
export async function typedWorld(size: 'small' | 'full' = 'full'): Promise<World> {
  const lab = await startedLab(size);
  return worldIn(lab.folder, lab.stop);
}

/** One of another version, or whose tasks take no time. */
export async function worldOf(options: Omit<LabOptions, 'dir'>): Promise<World> {
  const dir = mkdtempSync(join(tmpdir(), 'holdfast-proof-lab-'));
  const lab = await startLab({ size: 'full', ...options, dir });
  return worldIn(dir, async () => {
    await lab.close();
    rmSync(dir, { recursive: true, force: true });
  });
}

type LabJson = Readonly<{
  servers: Readonly<Record<string, Omit<At, 'port'>>>;
  s3?: World['s3'];
  control: string;
}>;

function worldIn(folder: string, end: () => Promise<void>): World {
  const { servers, s3, control } = JSON.parse(readFileSync(join(folder, 'lab.json'), 'utf8')) as LabJson;
  const folders: string[] = [];
  const folderFor = (): string => {
    const made = mkdtempSync(join(tmpdir(), 'holdfast-declare-'));
    folders.push(made);
    return made;
  };
  const tell = async (method: string, path: string, body?: object): Promise<unknown> => {
    const answer = await fetch(`${control}${path}`, {
      method,
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    if (!answer.ok) throw new Error(`${method} ${path}: ${answer.status} ${await answer.text()}`);
    return answer.json();
  };
  const held = async (name: string): Promise<unknown> => {
    const { servers: all } = (await tell('GET', '/state')) as { servers: Record<string, unknown> };
    if (all[name] === undefined) throw new Error(`the lab has no server ${name}`);
    return all[name];
  };
  const requests = (): readonly Request[] =>
    readFileSync(join(folder, 'requests.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  return {
    folder,
    at: (server) => {
      const found = servers[server];
      if (found === undefined) throw new Error(`lab.json has no server ${server}`);
      return { ...found, port: Number(new URL(found.url).port) };
    },
    s3: s3 ?? { url: '', fingerprint: '', accessKey: '', region: '' },
    requests,
    writes: () => requests().filter(({ method }) => method !== 'GET'),
    pve: async (name) => (await held(name)) as PveState,
    pbs: async (name) => (await held(name)) as PbsState,
    change: async (body) => void (await tell('POST', '/change', body)),
    fault: async (server, name, options = {}) => void (await tell('PUT', '/faults', { server, name, ...options })),
    clear: async () => void (await tell('DELETE', '/faults')),
    estate: (text, like) => {
      const own = like?.folder ?? folderFor();
      mkdirSync(join(own, 'secrets'), { recursive: true, mode: 0o700 });
      const file = join(own, 'estate.yaml');
      writeFileSync(file, text.replaceAll('FOLDER/', `${own}/`).replaceAll('LAB/', `${folder}/`));
      const [, name = 'estate'] = /^estate: (\S+)/m.exec(text) ?? [];
      return estateAt(file, name, join(own, 'state'), own);
    },
    own: (file) => estateAt(join(folder, file), 'lab', folderFor(), folder),
    stop: async () => {
      await end();
      for (const one of folders) rmSync(one, { recursive: true, force: true });
    },
  };
}

/** The lab's logins look after datastores; making those, users and rights takes more. What stands nearer counts alone. */
export async function grantEverything(world: World, server = 'pbs-pihanga'): Promise<void> {
  for (const name of ['holdfast@pbs', 'holdfast@pbs!ops'])
    for (const path of ['/', '/datastore'])
      await world.change({ server, kind: 'acl', name, set: { path, role: 'Admin' } });
}

export const pveText = (world: World, names: readonly string[]): string => {
  const entries = names.map((name) => {
    const { url, fingerprint } = world.at(name);
    return `  - { name: ${name}, url: "${url}", fingerprint: "${fingerprint}", token: { id: holdfast@pve!ops, secret: { file: LAB/${name}.token } } }\n`;
  });
  return `pve:\n${entries.join('')}`;
};

/** @param sections what the estate says of that PBS, as YAML that begins at the left */
export function pbsText(world: World, name: string, sections = ''): string {
  const { url, fingerprint } = world.at(name);
  const inside = sections.replace(/^(?=.)/gm, '    ');
  return `  - name: ${name}
    url: ${url}
    fingerprint: "${fingerprint}"
    token: { id: holdfast@pbs!ops, secret: { file: LAB/${name}.token } }
${inside}${inside === '' || inside.endsWith('\n') ? '' : '\n'}`;
}

export const hosts = ['ruapehu', 'pihanga', 'hikurangi'] as const;

const telling = /^\s*[!✗?]|^ {6}|do this|: [a-z-]+$/;

/** What was seen where it should have been otherwise, for whoever reads the proof: what went wrong first. */
export const seen = (...answers: readonly (Answered | string)[]): Error =>
  new Error(
    answers
      .map((one) => {
        if (typeof one === 'string') return one;
        const lines = `${one.stderr}\n${one.stdout}`.split('\n');
        const wrong = lines.filter((line) => telling.test(line) && !/\(\w+\)$/.test(line));
        return `exit ${one.status}\n${wrong.join('\n').slice(0, 900)}\n...${one.stdout.slice(-300)}`;
      })
      .join('\n')
      .trim(),
  );
