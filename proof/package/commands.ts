// The commands of the package, in a bare Debian 12 without node, npm and git.
import assert from 'node:assert/strict';
import { cpSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { debianPath, inRoot, must, type Place, root, sh, version, well } from './place.ts';

export function proveRuns({ bare, deb, prove, control }: Place): void {
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
  prove(
    'reads a PVE and a PBS that have faults, and writes nothing',
    'holdfast doctor --json --root HOST',
    'diff -r',
    () => {
      assert.ok(findings(bare, 'pve-faulty') > 0);
      assert.ok(findings(bare, 'pbs') > 0);
      must(`diff -r --no-dereference '${root}/test/fixtures/hosts' '${bare}/tmp/hosts'`);
    },
  );
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

export function proveLab({ bare, prove, control }: Place): void {
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

const findings = (bare: string, host: string): number =>
  JSON.parse(well(inRoot(bare, `holdfast doctor --json --root /tmp/hosts/${host}`))).findings.length;

const tail = (file: string): string => (existsSync(file) ? `\n${file}\n${readFileSync(file, 'utf8').slice(-600)}` : '');
