// A small lab for what looks at servers before anything is changed: an estate typed at it, and what was asked of it.
import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before } from 'node:test';
import { type Lab, startLab } from '../../lab/lab.ts';
import { readEstateFile } from '../../src/estate-file.ts';
import { readGuardFile } from '../../src/guard-file.ts';
import { holdfastIn } from '../../src/holdfast.ts';
import type { Surroundings } from '../../src/surroundings.ts';
import type { Check, Validation } from '../../src/validate/check.ts';
import { type ValidateOptions, validateEstate } from '../../src/validate-estate.ts';
import { type Clock, systemClock } from '../../src/values/instant.ts';
import { type Estate, estateAt } from './estate.test-support.ts';

type Request = Readonly<{ server: string; method: string; path: string; user?: string | null }>;

/** Comes up before the tests of the file, and goes after them. */
export function validatingLab() {
  let started: Lab | undefined;
  const folders: string[] = [];
  const folderFor = (what: string): string => {
    const made = mkdtempSync(join(tmpdir(), `holdfast-${what}-`));
    folders.push(made);
    return made;
  };
  const folder = (): string => folders[0] ?? assert.fail('the lab is not up yet');
  const lab = (): Lab => started ?? assert.fail('the lab is not up yet');
  before(async () => {
    started = await startLab({ dir: folderFor('lab'), taskSeconds: 0 });
  });
  after(async () => {
    await started?.close();
    for (const one of folders) rmSync(one, { recursive: true, force: true });
  });

  const pbs = () => {
    const [found] = Object.entries(lab().servers).filter(([, { product }]) => product === 'pbs');
    assert.ok(found !== undefined);
    const [name, server] = found;
    return { name, ...server, port: Number(new URL(server.url).port) };
  };
  const requests = (): readonly Request[] =>
    readFileSync(join(folder(), 'requests.ndjson'), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line));
  const writes = (): number => requests().filter(({ method }) => method !== 'GET').length;

  const server = (name: string, realm: 'pve' | 'pbs', more = ''): string => {
    const { url = '', fingerprint = '' } = lab().servers[name] ?? {};
    return `{ name: ${name}, url: "${url}", fingerprint: "${fingerprint}", token: { id: holdfast@${realm}!ops, secret: { file: ${name}.token } }${more} }`;
  };
  const storage = (more: string): string =>
    `{ server: 127.0.0.1, port: ${pbs().port}, datastore: tank, username: holdfast@pbs!storage, password: { file: storage.token }, fingerprint: "${pbs().fingerprint}", ${more} }`;
  const jobs = '[{ name: nightly, schedule: "02:00", select: all, storage: old-pbs, on: [ruapehu] }]';
  /** One host, one PBS with one datastore, one job; and these storages. */
  const small = (storages: string): string => `estate: lab
pve: [${server('ruapehu', 'pve')}]
pbs: [${server(pbs().name, 'pbs', ', datastores: [{ name: tank, prune: { schedule: "03:30", keep_daily: 7 } }]')}]
pbs_storages: [${storages}]
backup_jobs: ${jobs}
`;

  let count = 0;
  const fileWith = (text: string): string => {
    count += 1;
    const file = join(folder(), `validate-${count}.yaml`);
    writeFileSync(file, text);
    return file;
  };
  const typed = (text: string): Estate => estateAt(fileWith(text), 'lab', folderFor('state'), folder());

  /** In this process, for what is asked many times. */
  async function validated(
    text: string,
    options: ValidateOptions = {},
    clock: Clock = systemClock,
  ): Promise<Validation> {
    const surroundings = {
      ...{ arguments: [], env: process.env, clock, folder: folder(), home: folder(), hostName: 'here' },
      ...{ user: process.getuid?.() ?? -1, process: process.pid, version: '0', stopped: new AbortController().signal },
    } as unknown as Surroundings;
    const guard = await readGuardFile(surroundings, undefined);
    const estate = await readEstateFile(surroundings, fileWith(text), guard);
    const root = folderFor('state');
    return validateEstate(
      holdfastIn({ surroundings, guard, guardFile: undefined, root, startedBy: 'test' }),
      estate,
      options,
    );
  }
  return { lab, folder, folderFor, pbs, requests, writes, storage, small, typed, validated };
}

export const checksOf = ({ servers, storages }: Validation): readonly Check[] =>
  [...servers, ...storages].flatMap(({ checks }) => checks);
