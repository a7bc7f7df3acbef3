// A vault in a process of its own, so that it can be killed: what it holds lies in a file, and is there again when it is started anew.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { Cluster, startVault } from '../../src/layers/vault/stand-in.test-support.ts';
import { filledCluster } from './vault-place.ts';

export type VaultProcess = Readonly<{
  url: string;
  fingerprint: undefined;
  kill(): Promise<void>;
  start(): Promise<void>;
}>;

/** @param bulk how many bytes a snapshot has at least: so it takes some time */
export async function vaultProcess(folder: string, bulk: number): Promise<VaultProcess> {
  const file = join(folder, 'vault.json');
  writeFileSync(file, JSON.stringify(filledCluster().contents), { mode: 0o600 });
  let [url, child] = await started(file, bulk, 0);
  const port = Number(new URL(url).port);
  return {
    ...{ url, fingerprint: undefined },
    kill: async () => {
      const gone = once(child, 'close');
      if (!child.kill('SIGKILL')) return;
      await gone;
    },
    start: async () => {
      [url, child] = await started(file, bulk, port);
    },
  };
}

async function started(file: string, bulk: number, port: number): Promise<[url: string, child: ChildProcess]> {
  const words = ['--disable-warning=ExperimentalWarning', import.meta.filename, file, `${bulk}`, `${port}`];
  const child = spawn(process.execPath, words, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [line] = (await once(child.stdout, 'data')) as [Buffer];
  return [line.toString().trim(), child];
}

async function serve(file: string, bulk: number, port: number): Promise<void> {
  const cluster = new Cluster('one', {});
  let held = JSON.parse(readFileSync(file, 'utf8')) as Cluster['contents'];
  Object.defineProperty(cluster, 'contents', {
    get: () => held,
    set: (contents: Cluster['contents']) => {
      held = contents;
      writeFileSync(`${file}.new`, JSON.stringify(held), { mode: 0o600 });
      renameSync(`${file}.new`, file);
    },
  });
  cluster.bulk = bulk;
  const { url } = await startVault({ cluster, port });
  console.log(url);
  // Whoever started it is gone.
  process.stdin.on('end', () => process.exit()).resume();
}

const [, program = '', file = '', bulk, port] = process.argv;
if (program === import.meta.filename) await serve(file, Number(bulk), Number(port));
