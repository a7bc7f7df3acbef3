// No secret is anywhere: not in what is printed, not in the state, not in the request log, not in the arguments or the
// environment of any process that a run starts. The authorities are grep and /proc.
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answered, estateAt } from '../test/e2e/estate.test-support.ts';
import type { LabFolder } from './lab.ts';
import type { Report } from './report.ts';

const commands = [
  ['validate', '--offline', '--verbose'],
  ['plan'],
  ['--json', 'plan'],
  ['apply', '--yes'],
  ['status'],
  ['--json', 'status'],
  ['doctor'],
  ['run', 'nightly'],
  ['runs'],
  ['--json', 'log'],
  ['points'],
] as const;

export async function proveSecrets(report: Report, lab: LabFolder): Promise<void> {
  report.section('No secret is printed, kept, logged, or handed to a process');
  const secrets = ['ruapehu', 'hikurangi', 'pbs-pihanga', 'storage'].map((name) =>
    readFileSync(join(lab.folder, `${name}.token`), 'utf8').trim(),
  );
  const state = mkdtempSync(join(tmpdir(), 'holdfast-proof-secrets-'));
  const estate = estateAt(join(lab.folder, 'estate.yaml'), 'lab', state, lab.folder);
  const said: Answered[] = [];
  const seen = new Set<string>();
  for (const args of commands) {
    const started = estate.start(...args);
    let over = false;
    void started.ended.then(() => {
      over = true;
    });
    while (!over) {
      look(seen);
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    said.push({ status: await started.ended, ...started.said, command: args.join(' ') });
  }
  const has = (text: string): boolean => secrets.some((secret) => text.includes(secret));
  for (const { command, stdout, stderr } of said)
    report.row('nothing printed', `holdfast ${command}`, 'the output', !has(`${stdout}${stderr}`));
  report.row('nothing in the state', 'grep -rF', state, grep(secrets, state) === '');
  report.row(
    'nothing in the request log',
    'grep -F',
    'requests.ndjson',
    grep(secrets, join(lab.folder, 'requests.ndjson')) === '',
  );
  report.row(
    'nothing in arguments or environments',
    'all of these',
    `/proc of ${seen.size} command lines`,
    ![...seen].some(has),
  );
  writeFileSync(join(state, 'planted'), `x${secrets[0]}x`);
  report.control('a secret planted in the state', grep(secrets, state).includes('planted'));
  report.control('a look at processes that saw none', seen.size > commands.length);
  rmSync(state, { recursive: true, force: true });
}

/** Command line and environment of every process there is. */
function look(seen: Set<string>): void {
  for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid))
    for (const file of ['cmdline', 'environ'])
      try {
        seen.add(readFileSync(`/proc/${pid}/${file}`, 'latin1'));
      } catch {
        // It has ended meanwhile, or is somebody else's.
      }
}

const grep = (secrets: readonly string[], where: string): string =>
  spawnSync('grep', ['-rlaF', ...secrets.flatMap((secret) => ['-e', secret]), where], { encoding: 'utf8' }).stdout;
