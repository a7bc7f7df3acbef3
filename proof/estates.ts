// Bad estates: exit 65, every problem with its place, and nothing contacted. The authority is the lab's own request log.
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Answered, estateAt, root } from '../test/e2e/estate.test-support.ts';
import type { LabFolder } from './lab.ts';
import type { Report } from './report.ts';

type Bad = Readonly<{ name: string; says: RegExp; write(folder: string, good: string): string }>;

const replaced = (name: string, says: RegExp, from: string | RegExp, to: string): Bad => ({
  ...{ name, says },
  write: (folder, good) => into(folder, good.replace(from, to)),
});

function into(folder: string, text: string): string {
  const file = join(folder, 'estate.yaml');
  writeFileSync(file, text);
  return file;
}

const bad: readonly Bad[] = [
  replaced('unknown key', /datastor: .*did you mean.*datastore/, '    datastore: tank\n', '    datastor: tank\n'),
  replaced('wrong type', /port/, /port: \d+/, 'port: [8007]'),
  replaced('duplicate', /already/, 'pve:\n', 'pve:\n  - { name: pihanga, url: "https://127.0.0.1:1", trust: ca }\n'),
  replaced('bad fingerprint', /fingerprint/, /fingerprint: "[^"]+"/, 'fingerprint: "AA:BB"'),
  replaced('keep_all beside another keep', /keep_all/, 'keep_all: 1', 'keep_all: 1, keep_daily: 7'),
  replaced('literal secret', /secret/, /secret: \{ file: \S*ruapehu\.token \}/, 'secret: hunter2-hunter2-hunter2'),
  replaced('overlapping destinations', /destination|inside|prefix/, /$/, overlapping()),
  replaced('__proto__', /__proto__/, /^/, '__proto__: { polluted: true }\n'),
  {
    ...{ name: 'world-readable secret file', says: /readable|0600|chmod/ },
    write: (folder, good) => {
      writeFileSync(join(folder, 'open.token'), 'aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee', { mode: 0o644 });
      return into(folder, good.replace(/file: \S*ruapehu\.token/, `file: ${join(folder, 'open.token')}`));
    },
  },
  {
    ...{ name: 'YAML bomb', says: /alias|anchor|repeats|too many|mapping/i },
    write: (folder) => {
      const rows = ['a0: &a0 [x,x,x,x,x,x,x,x,x]'];
      for (let level = 1; level < 12; level += 1) rows.push(`a${level}: &a${level} [${`*a${level - 1},`.repeat(9)}]`);
      return into(folder, rows.join('\n'));
    },
  },
  {
    ...{ name: '100 MB scalar', says: /MiB/ },
    write: (folder) => into(folder, `estate: ${'x'.repeat(100 * 1024 * 1024)}\n`),
  },
  {
    ...{ name: 'symlinked include', says: /link/ },
    write: (folder, good) => {
      writeFileSync(join(folder, 'elsewhere.txt'), 'tiers: []\n');
      symlinkSync(join(folder, 'elsewhere.txt'), join(folder, 'more.yaml'));
      return into(folder, `include: [more.yaml]\n${good}`);
    },
  },
];

function overlapping(): string {
  const layer = (name: string, to: string) =>
    `  - { name: ${name}, kind: disk-image, machine: here, workload: w, image: /srv/${name}.img, to: ${to}, keep: { keep_daily: 7 } }\n`;
  return `machines: [{ name: here, local: true }]\nworkloads: [{ name: w }]\nlayers:\n${layer('one', '/mnt/b')}${layer('two', '/mnt/b/one')}`;
}

const isRefused = ({ status, stderr }: Answered, says: RegExp): true | Error =>
  status === 65 && says.test(stderr) && /:\d+:\d+ /.test(stderr)
    ? true
    : new Error(`exit ${status}: ${stderr.slice(0, 400)}`);

export async function proveEstates(report: Report, lab: LabFolder): Promise<void> {
  report.section('Bad estates: exit 65, nothing contacted');
  const good = lab.estateWithAbsoluteSecrets();
  for (const { name, says, write } of bad) {
    const folder = mkdtempSync(join(tmpdir(), 'holdfast-bad-'));
    const asked = lab.requests().length;
    const estate = estateAt(write(folder, good), 'lab', join(folder, 'state'), folder);
    const answered = await estate.type('plan');
    const untouched = lab.requests().length === asked;
    report.row(
      `bad estate: ${name}`,
      answered.command,
      'exit code; requests.ndjson did not grow',
      untouched && isRefused(answered, says),
    );
    rmSync(folder, { recursive: true, force: true });
  }
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-good-'));
  mkdirSync(join(folder, 'state'));
  const asked = lab.requests().length;
  const fine = await estateAt(into(folder, good), 'lab', join(folder, 'state'), folder).type('plan');
  report.control(
    'an estate in order taken for a bad one, or a log that never grows',
    fine.status === 0 && lab.requests().length > asked,
  );
  rmSync(folder, { recursive: true, force: true });
  await proveSeed(report);
}

/** S1's own file, as it stands in the seed. */
async function proveSeed(report: Report): Promise<void> {
  const file = join(root, 'examples/s1/pbs-storage.yaml');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-s1-'));
  const estate = estateAt(file, 's1', join(folder, 'state'), folder);
  const valid = await estate.type('validate', '--offline');
  report.row('1.1 S1 file, verbatim', valid.command, 'exit code', valid.status === 0);
  const planned = await estate.type('plan');
  const told = planned.status === 64 && /--pve .*--pve-token .*--pve-fingerprint/.test(planned.stderr);
  report.row('1.4 S1 file without a PVE server: 64, with the line to add', planned.command, 'exit code', told);
  const sum = execFileSync('sha256sum', [file], { encoding: 'utf8' }).slice(0, 12);
  report.control(
    'a changed seed file',
    sum !== execFileSync('sha256sum', { input: `${readFileSync(file, 'utf8')} `, encoding: 'utf8' }).slice(0, 12),
  );
  rmSync(folder, { recursive: true, force: true });
}
