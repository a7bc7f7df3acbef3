// Bad estates: exit 65, every problem with its place, and nothing contacted. The authority is the lab's own request log.
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
  replaced(
    'duplicate',
    /already/,
    'pve:\n',
    'pve:\n  - { name: pbs-pihanga, url: "https://127.0.0.1:1", trust: ca }\n',
  ),
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
  await proveSeed(report, lab);
}

/** S1's own file, as it stands in the seed. */
async function proveSeed(report: Report, lab: LabFolder): Promise<void> {
  const file = join(root, 'examples/s1/pbs-storage.yaml');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-s1-'));
  const estate = estateAt(file, 's1', join(folder, 'state'), lab.folder);
  const valid = await estate.type('validate', '--offline');
  report.row('1.1 S1 file, verbatim', valid.command, 'exit code', valid.status === 0);
  const altered = into(folder, readFileSync(file, 'utf8').replace('54:52:', '54:'));
  const refused = await estateAt(altered, 's1', join(folder, 'state'), folder).type('validate', '--offline');
  report.control('S1 file with a byte less in its fingerprint', refused.status === 65);

  const planned = await estate.type('plan');
  const told = planned.status === 64 && /--pve .*--pve-token .*--pve-fingerprint/.test(planned.stderr);
  report.row('1.4 S1 file without a PVE server: 64, with the line to add', planned.command, 'exit code', told);

  const { servers } = JSON.parse(readFileSync(join(lab.folder, 'lab.json'), 'utf8')) as {
    servers: Record<string, { url: string; fingerprint: string }>;
  };
  const { url = '', fingerprint = '' } = servers['ruapehu'] ?? {};
  const named = (print: string) =>
    estate.type('plan', '--pve', url, '--pve-token', 'holdfast@pve!ops=file:ruapehu.token', '--pve-fingerprint', print);
  const from = lab.requests().length;
  const against = await named(fingerprint);
  const asked = lab.requests().slice(from);
  report.row(
    '1.4 S1 file against a server of the command line: the storage PVE could not make, with the line to add',
    against.command,
    'requests.ndjson: only ruapehu was asked, and only by GET',
    (against.status === 1 &&
      /password: \{ file: \/etc\/holdfast\/homelab-backup\.password \}/.test(against.stdout) &&
      asked.length > 0 &&
      asked.every(({ server, method }) => server === 'ruapehu' && method === 'GET')) ||
      new Error(`exit ${against.status}: ${against.stdout}${against.stderr}`.slice(0, 600)),
  );
  const before = lab.requests().length;
  const impostor = await named(fingerprint.replace(/^../, (first) => (first === '00' ? '01' : '00')));
  report.control(
    'another certificate than the one that is named (nothing may reach the server)',
    /certificate-changed/.test(impostor.stdout) && lab.requests().length === before,
  );
  rmSync(folder, { recursive: true, force: true });
}
