// `npm run demo`: the guided first look. Everything it shows is typed as an operator would type it, against the lab; as root
// it also protects, wrecks and brings back a real disk image.
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import {
  appendFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';

const root = resolve(import.meta.dirname, '..');
const holdfast = join(root, 'bin', 'holdfast');
const folder = mkdtempSync(join(tmpdir(), 'holdfast-demo-'));
const lab = join(folder, 'lab');
const terminal = process.stdout.isTTY === true;
const strong = (text: string): string => (terminal ? `\u001b[1m${text}\u001b[0m` : text);

const say = (text: string): void => console.log(`\n${strong(text)}`);

/** Types a command and shows what it answers; anything but the exit that belongs to it ends the demo. */
function type(args: readonly string[], wanted = 0): string {
  console.log(`\n$ holdfast ${args.join(' ').replaceAll(folder, '.')}`);
  const { status, stdout, stderr } = spawnSync(
    holdfast,
    ['--estate', join(lab, 'estate.yaml'), '--state', join(folder, 'state'), ...args],
    { encoding: 'utf8', cwd: folder },
  );
  const shown = `${stderr}${stdout}`.replaceAll(folder, '.').trimEnd();
  console.log(shown.replaceAll(/^/gm, '  '));
  if (status !== wanted) throw new Error(`it ended with ${status}, and should with ${wanted}`);
  return stdout;
}

function shell(program: string, ...args: readonly string[]): string {
  console.log(`\n# ${[program, ...args].join(' ').replaceAll(folder, '.')}`);
  return execFileSync(program, args, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] });
}

function demand(holds: boolean, promise: string): void {
  if (!holds) throw new Error(`not so: ${promise}`);
  console.log(`  ${terminal ? '\u001b[32m✓\u001b[0m' : 'ok'} ${promise}`);
}

async function startLab(): Promise<ChildProcess> {
  mkdirSync(lab);
  const ready = new Promise<void>((done) => {
    const watching = watch(lab, (_, name) => {
      if (name !== 'lab.json') return;
      watching.close();
      done();
    });
  });
  const child = spawn(holdfast, ['lab', '--dir', lab], { stdio: ['ignore', 'ignore', 'pipe'] });
  let words = '';
  child.stderr?.on('data', (chunk) => {
    words += chunk;
  });
  const gone = once(child, 'close').then(() => Promise.reject(new Error(`the lab did not start: ${words}`)));
  await Promise.race([ready, gone]);
  gone.catch(() => {});
  return child;
}

const writes = (): number =>
  readFileSync(join(lab, 'requests.ndjson'), 'utf8')
    .split('\n')
    .filter((line) => line !== '' && !['GET', 'HEAD'].includes(JSON.parse(line).method)).length;

async function tour(): Promise<void> {
  say('1. An estate: two PVE hosts, one PBS, and more declared than they hold.');
  console.log(readFileSync(join(lab, 'estate.yaml'), 'utf8').replaceAll(/^/gm, '  '));
  type(['validate', '--offline']);

  say('2. The plan: every change with its reason, and what it means. Nothing is written.');
  type(['plan']);
  demand(writes() === 0, 'the servers were only asked (requests.ndjson has no write)');

  say('3. Carried out, step by step, each read back from its server.');
  type(['apply', '--yes']);
  const before = writes();
  type(['plan', '--detailed-exitcode']);
  type(['apply', '--yes']);
  demand(writes() === before, 'the second apply wrote nothing');

  say('4. Somebody changes a storage by hand. Drift is found, explained and repaired.');
  await foreignHand();
  type(['doctor', '--detailed-exitcode'], 2);
  type(['apply', '--yes']);
  type(['doctor', '--detailed-exitcode']);

  if (process.getuid?.() !== 0)
    say('5. Left out: protecting a disk image needs root (it is mounted). Run the demo as root to see it.');
  else diskImage();
  type(['runs']);
}

async function foreignHand(): Promise<void> {
  const { control } = JSON.parse(readFileSync(join(lab, 'lab.json'), 'utf8'));
  const change = { server: 'ruapehu', storage: 'pbs-pihanga', set: { disable: 1, 'prune-backups': 'keep-last=1' } };
  const answer = await fetch(`${control}/change`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(change),
  });
  demand(answer.ok, 'a foreign hand switched the storage off and cut its retention');
}

function diskImage(): void {
  say('5. A disk image: protected, wrecked, brought back.');
  const [photos, image, copies, back] = ['photos', 'photos.img', 'copies', 'back'].map((name) => join(folder, name));
  if (photos === undefined || image === undefined || copies === undefined || back === undefined) return;
  mkdirSync(join(photos, '2026'), { recursive: true });
  for (const name of ['harbour', 'summit', 'the only one'])
    writeFileSync(join(photos, '2026', `${name}.jpg`), name.repeat(50_000));
  shell('mke2fs', '-q', '-t', 'ext4', '-d', photos, image, '64M');
  appendFileSync(
    join(lab, 'estate.yaml'),
    `machines:\n  - { name: here, local: true }\nworkloads:\n  - { name: photos }\nlayers:\n  - { name: photos-image, kind: disk-image, machine: here, workload: photos, image: ${image}, to: ${copies}, keep: { keep_daily: 7 } }\n`,
  );
  type(['run', 'photos-image']);
  type(['points', 'photos']);
  shell('dd', 'if=/dev/urandom', `of=${image}`, 'bs=1M', 'count=64', 'conv=notrunc', 'status=none');
  console.log('  the image is now noise');
  type(['restore', 'photos', '--to', back, '--yes']);
  const differences = spawnSync('diff', ['-r', '--exclude=lost+found', photos, back], { encoding: 'utf8' });
  demand(differences.status === 0, 'diff finds no difference between what was there and what came back');
}

const labProcess = await startLab();
try {
  await tour();
  say('That was Holdfast: declared, explained, applied, watched, protected, brought back.');
} catch (error) {
  console.error(`\nthe demo failed: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
} finally {
  const gone = once(labProcess, 'close');
  labProcess.kill('SIGTERM');
  await gone;
  if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
}
