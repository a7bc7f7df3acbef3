// The narrow gate, against a real sshd and a real sudo: what each of its keys can do, and everything else that a thief would try.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { after, before, beforeEach, describe, it } from 'node:test';
import { Fault } from '../../src/fault.ts';
import { gateStepKind, gateSteps } from '../../src/identities/gate-steps.ts';
import { gateThings } from '../../src/identities/gate-wanted.ts';
import { gateScript } from '../../src/machines/gate/gate-script.ts';
import { longestExpression, sudoersLine } from '../../src/machines/gate/sudoers.ts';
import { type Role, verbsFor } from '../../src/machines/gate/table.ts';
import { cannotGate, contextOf, install, machine, openGate, type TestGate, user } from './gate.test-support.ts';

const uuid = `${'a'.repeat(6)}-bbbb-cccc-dddd-eeee-ffff-${'g'.repeat(6)}`;
const place = '/run/holdfast/mnt/mnt-0123456789';
/** A script of a layer, as it would be installed beside the gate. */
const script = 'echo "script as $(id -u): $*"\n';

/** Every verb, as a layer writes it. */
const good: readonly (readonly [Role, readonly [string, ...string[]]])[] = [
  ['observe', ['lvs', '--reportformat', 'json', '--units', 'b', '-o', 'lv_name,lv_uuid', 'pve']],
  ['observe', ['vgs', '--reportformat', 'json', '--units', 'b', '-o', 'vg_name', 'ssd.1']],
  ['observe', ['dmsetup', 'status', 'pve-data-tpool']],
  ['observe', ['cat', '--', '/proc/meminfo']],
  ['observe', ['df', '--block-size=1', '--output=avail,used', '--', '/mnt/backup']],
  ['observe', ['tail', '--lines', '50', '--', '/var/log/pve/tasks/A/UPID:pve:0001:0002:65:vzdump:100:root@pam:']],
  ['snap', ['lvcreate', '-s', '-k', 'y', '-n', 'hf_r_0123456789', '--addtag', 'hf.run=r', 'pve/vm-9999-pvc-1a-2b']],
  [
    'snap',
    [
      'lvchange',
      '--addtag',
      'hf.sealed=2026-01-31T02:00:00Z',
      '-S',
      'lv_size=4b && lv_tags=["hf.run=r"]',
      'pve/hf_r_0',
    ],
  ],
  ['snap', ['lvremove', '-f', '-S', `lv_uuid="${uuid}" && lv_tags=["hf.run=r" && "hf.layer=x"]`, 'pve/hf_r_0']],
  ['snap', ['lvchange', '--ignoreactivationskip', '--activate', 'y', '--', 'pve/hf_r_0']],
  ['snap', ['blockdev', '--setro', '/dev/pve/hf_r_0']],
  ['snap', ['blockdev', '--getro', '/dev/pve/hf_r_0']],
  ['snap', ['lvchange', '--activate', 'n', '--', 'pve/hf_r_0']],
  [
    'snap',
    [
      'lvcreate',
      '--snapshot',
      '--permission',
      'rw',
      '--setactivationskip',
      'n',
      '--activate',
      'y',
      '--addtag',
      'hf.run=r',
      '--name',
      'hf_r_c_0123456789',
      '--',
      'pve/hf_r_0',
    ],
  ],
  ['snap', ['lvremove', '--yes', '--', 'pve/hf_r_c_0123456789']],
  ['snap', ['blkid', '--probe', '--output', 'export', '--', '/dev/pve/hf_r_0']],
  [
    'snap',
    [
      'cryptsetup',
      'open',
      '--test-passphrase',
      '--type',
      'luks',
      '--batch-mode',
      '--key-file=-',
      '--',
      '/dev/pve/hf_r_0',
    ],
  ],
  ['snap', ['cryptsetup', 'open', '--type', 'luks', '--batch-mode', '--key-file=-', '--', '/dev/pve/hf_r_0', 'hf_r_0']],
  ['snap', ['dmsetup', 'info', '--columns', '--noheadings', '-o', 'name', 'hf_r_0']],
  ['snap', ['cryptsetup', 'close', '--', 'hf_r_0']],
  ['snap', ['mkdir', '--parents', '--mode=0700', '--', '/var/lib/holdfast/home/runs/20260131T020000-ab12cd/taken']],
  ['snap', ['stat', '--printf=%F\\n%s\\n%a\\n%u\\n%g\\n%Y\\n%d\\n%i\\n%h\\n', '--', place]],
  [
    'snap',
    [
      'mount',
      '--internal-only',
      '--types',
      'xfs',
      '--options',
      'ro,nodev,nosuid,noexec,norecovery,nouuid',
      '--',
      '/dev/mapper/hf_r_0',
      place,
    ],
  ],
  ['snap', ['mountpoint', '--quiet', '--', place]],
  ['snap', ['umount', '--', place]],
  ['snap', ['umount', '--lazy', '--', place]],
  ['snap', ['rmdir', '--', place]],
  ['snap', ['rmdir', '--ignore-fail-on-non-empty', '--', '/run/holdfast/mnt']],
  ['copy', ['rsync', '--server', '--sender', '-vlogDtpre.iLsfxCIvu', '--numeric-ids', '.', `${place}/`]],
];

const takes = 'lvcreate -s -k y -n hf_r_0 --addtag hf.a=b pve/vm-1-d';
// What comes before the volumes, as it is right: an attempt that is refused is refused for what is bad in it.
const head = ['pve-data-tpool', '900', '800', '10', 'apart'];
const seals = `lvchange --addtag hf.sealed=2026-01-31T02:00:00.000Z -S 'lv_size=4b && lv_tags=["hf.a=b"]' pve/hf_r_0`;

/** What a thief of a key would type; none of it may start anything. */
const ask = (verb: string, ...args: unknown[]): string => JSON.stringify({ verb, args });
const bad: Readonly<Record<Role, readonly string[]>> = {
  observe: [
    'id',
    'sh -c id',
    '/bin/sh',
    'lvs',
    '{"verb":"list-volumes"',
    '[]',
    'null',
    '"id"',
    '{}',
    ask('shell'),
    ask('list-volumes'),
    ask('list-volumes', 'lv_name'),
    ask('list-volumes', 'lv_name', 'pve', 'more'),
    ask('list-volumes', 'lv_name', 'pve; id'),
    ask('list-volumes', 'lv_name', 'pve\n'),
    ask('list-volumes', 'lv_name', 'other'),
    ask('list-volumes', '--config', 'pve'),
    ask('list-volumes', 'lv_name --config=x', 'pve'),
    ask('list-volumes', ['lv_name'], 'pve'),
    ask('list-volumes', 'lv_name', 'ssdx1'),
    ask('list-volumes', 'lv_name', 'pve\u0000'),
    ask('list-volumes', { a: 1 }, 'pve'),
    ask('remove', `lv_uuid="${uuid}" && lv_tags=""`, 'pve/hf_r_0'),
    ask('send-tree', '-r', `${place}/`),
    ask('memory', '/etc/shadow'),
    ask('memory', '/proc/meminfo/../../etc/shadow'),
    ask('task-log', '5', '/var/log/pve/tasks/../../../etc/shadow'),
    ask('task-log', '-f', '/var/log/pve/tasks/A/UPID:x'),
    ask('space', '/mnt/../etc'),
    ask('space', '-i'),
    ask('pool-status', 'x -tpool'),
    JSON.stringify({ verb: 'list-volumes', args: ['lv_name', 'pve'], env: { LVM_SYSTEM_DIR: '/tmp' } }),
    JSON.stringify({ verb: 'list-volumes', args: ['lv_name', 'pve'], program: '/bin/sh' }),
    JSON.stringify({ verb: 'list-volumes', args: ['lv_name', 'pve'], words: ['--config', 'x'] }),
    'LVM_SYSTEM_DIR=/tmp/evil lvs pve',
    `rsync --server --sender -r . ${place}/`,
    'x'.repeat(121_000),
  ],
  snap: [
    'id',
    'sudo id',
    'sudo -s',
    ask('list-volumes', 'lv_name', 'pve'),
    ask('remove', `lv_uuid="${uuid}" && lv_tags=""`, 'pve/vm-100-disk-0'),
    ask('remove', `lv_uuid="${uuid}" && lv_tags=""`, 'other/hf_r_0'),
    ask('remove', 'lv_name=~.', 'pve/hf_r_0'),
    ask('remove', `lv_uuid="${uuid}" && lv_tags=""`, 'pve/hf_r_0 pve/vm-100-disk-0'),
    ask('remove-clone', 'pve/hf_r_0'),
    ask('remove-clone', '--config=x'),
    ask('remove-clone', 'pve/vm-1-disk-0'),
    ask('take-snapshot', 'hf_r_0', 'hf.run=r', 'pve/root'),
    ask('take-snapshot', 'evil', 'hf.run=r', 'pve/vm-1-disk-0'),
    ask('take-snapshot', 'hf_r_0', 'x=y', 'pve/vm-1-disk-0'),
    ask('activate', 'pve/vm-1-disk-0'),
    ask('forbid-writing', '/dev/sda'),
    ask('activate', '--config=devices { }', 'pve/hf_r_0'),
    ask('clone', 'hf.run=r', 'vm-1-disk-0', 'pve/hf_r_0'),
    ask('mount', 'ext4', 'bind', '/dev/pve/hf_r_0', place),
    ask('mount', 'ext4', 'ro,nodev,nosuid,noexec,suid', '/dev/pve/hf_r_0', place),
    ask('mount', 'ext4', 'rw', '/dev/pve/hf_r_0', place),
    ask('mount', 'ext4', 'ro,nodev,nosuid,noexec', '/dev/sda', place),
    ask('mount', 'ext4', 'ro,nodev,nosuid,noexec', '/dev/pve/hf_r_0', '/etc'),
    ask('mount', 'nfs', 'ro,nodev,nosuid,noexec', '/dev/pve/hf_r_0', place),
    ask('mount', 'ext4', 'ro,nodev,nosuid,noexec', '/dev/pve/hf_r_0', `${place}/../../../../etc`),
    ask('unmount', '/'),
    ask('unmount-lazily', '-a'),
    ask('make-place', '/etc/holdfast'),
    ask('make-place', '/var/lib/holdfast/../../../etc/runs/x/taken'),
    ask('remove-place', '/run'),
    ask('look-at-place', '/root'),
    ask('open-luks', '/dev/sda', 'hf_r_0'),
    ask('open-luks', '/dev/pve/hf_r_0', 'root'),
    ask('content', '/dev/pve/root'),
    ask('take-snapshots', ...head, '0'),
    ask('take-snapshots', ...head.with(4, 'id'), '500', 'pve-vm--1--d', takes, seals),
    ...(
      [
        ['500', 'pve-root', 'lvcreate -s -k y -n hf_r_0 --addtag hf.a=b pve/root', seals],
        ['500', 'pve-vm--1--d', 'lvcreate -s -k y -n hf_r_0 --config x pve/vm-1-d', seals],
        ['500', 'pve-vm--1--d', 'lvcreate -s -k y -n hf_r_0 --addtag hf.a=b pve/vm-1-d\nlvremove -f pve/vm-1-d', seals],
        ['500', 'pve-vm--1--d', 'lvremove -f pve/vm-1-d', seals],
        ['500', 'pve-vm--1--d', takes, `${seals} pve/root`],
        ['500', 'pve-vm--1--d', takes],
        // A guest that is held for an hour.
        ['360000', 'pve-vm--1--d', takes, seals],
      ] as const
    ).map((words) => ask('take-snapshots', ...head, ...words)),
  ],
  copy: [
    'id',
    'rsync',
    `rsync --server -vlogDtpr --numeric-ids . ${place}/`,
    `rsync --server --sender -r --numeric-ids . /etc/`,
    `rsync --server --sender -r --numeric-ids . ${place}/../../../../etc/`,
    `rsync --server --sender -r --log-file=/etc/x --numeric-ids . ${place}/`,
    `rsync --server --sender -r --numeric-ids . ${place}/ /etc/shadow`,
    `rsync --server --sender -r --remove-source-files --numeric-ids . ${place}/`,
    `rsync --server --sender -r --numeric-ids . ${place}/;id`,
    `rsync --daemon --config=/tmp/x`,
    `scp -f ${place}/x`,
    `scp -t /tmp`,
    ask('send-tree', '-e sh', `${place}/`),
    ask('send-tree', '-r', '/'),
    ask('list-volumes', 'lv_name', 'pve'),
    '/usr/lib/openssh/sftp-server',
  ],
};

describe('the gate', { skip: cannotGate() }, () => {
  let gate: TestGate;
  before(async () => {
    gate = await openGate({ 'take-snapshots': script });
  });
  after(() => gate.close());
  beforeEach(() => gate.forget());

  it('lets each verb through with the key of its role, word by word, with the rights that it needs', async () => {
    await using through = gate.through();
    for (const [, argv] of good) {
      gate.forget();
      const { exitCode, stdout, stderr } = await through.run(argv);
      assert.equal(exitCode, 0, `${argv.join(' ')}: ${stderr}`);
      assert.equal(stdout, `did ${argv[0]}\n`);
      const asRoot = !['cat', 'df'].includes(argv[0]);
      assert.deepEqual(
        gate.recorded().map(({ program, uid, words }) => [program, uid === 0, words]),
        [[argv[0], asRoot, argv.slice(1)]],
      );
    }
    const verbs = verbsFor(gate.wanted.settings).filter(({ script: name }) => name === undefined);
    assert.equal(good.length, verbs.length, 'every verb of the table was asked for');
  });

  it('starts a script of a layer by its name, though it is asked for with its whole text', async () => {
    await using through = gate.through();
    const words = ['pve-vm--1--d', takes, seals];
    const more = ['500', ...words, ...words];
    const given = [...head.toSpliced(4, 0, '/sys/block'), ...more];
    const { stdout, stderr } = await through.run(['sh', '-c', script, 'holdfast-snapshot', ...given]);
    assert.equal(stdout, `script as 0: ${given.join(' ')}\n`, stderr);
    assert.equal(
      gate.ssh('snap', [], ask('take-snapshots', ...head, ...more)).stdout,
      stdout,
      'by its name alone, too',
    );
    await assert.rejects(through.run(['sh', '-c', `${script} id`, 'x', ...given]), { code: 'gate-refused' });
  });

  for (const role of ['observe', 'snap', 'copy'] as const)
    it(`starts nothing for a stolen ${role} key that asks for anything else (${bad[role].length} attempts)`, () => {
      for (const attempt of bad[role]) {
        const { status, stdout } = gate.ssh(role, [], attempt);
        assert.notEqual(status, 0, attempt.slice(0, 200));
        assert.equal(stdout, '', attempt.slice(0, 200));
      }
      assert.deepEqual(gate.recorded(), []);
    });

  it('gives a stolen key no shell, no terminal, no files, no forwarding, and no environment', () => {
    for (const role of ['observe', 'snap', 'copy'] as const) {
      const shell = gate.ssh(role, [], undefined, 'id\n');
      assert.deepEqual([shell.status, shell.stdout], [77, '']);
      assert.match(String(gate.ssh(role, ['-tt'], undefined, 'id\n').stderr), /PTY allocation request failed/);
      assert.notEqual(gate.ssh(role, ['-s'], 'sftp').status, 0);
      assert.notEqual(gate.ssh(role, ['-o', 'ExitOnForwardFailure=yes', '-N', '-R', '0:127.0.0.1:22']).status, 0);
      assert.notEqual(gate.ssh(role, ['-W', '127.0.0.1:22']).status, 0);
      const agent = gate.ssh(role, ['-A', '-X', '-o', 'SendEnv=LVM_*', '-o', 'SetEnv=LVM_SYSTEM_DIR=/tmp'], 'env');
      assert.deepEqual([agent.status, agent.stdout], [77, '']);
    }
    const scp = spawnSync('scp', [
      '-o',
      'BatchMode=yes',
      '-i',
      gate.keyFile('copy'),
      '-P',
      String(gate.sshd.port),
      '-o',
      'StrictHostKeyChecking=no',
      '-o',
      'UserKnownHostsFile=/dev/null',
      `${user}@127.0.0.1:/etc/passwd`,
      '/dev/null',
    ]);
    assert.notEqual(scp.status, 0);
    assert.deepEqual(gate.recorded(), []);
  });

  it('takes no environment of LVM from anybody on the way to root', async () => {
    writeFileSync(`${gate.wanted.settings.folder}/stand-in/lvs`, `#!/bin/sh\nenv\n`, { mode: 0o755 });
    await using through = gate.through();
    const [, argv] = good[0] ?? assert.fail();
    const { stdout } = await through.run(argv);
    const names = stdout
      .split('\n')
      .map((line) => line.split('=')[0])
      .filter((name) => /^(LVM|LD|PERL|HOLDFAST)/.test(name ?? ''));
    assert.deepEqual(names.sort(), ['HOLDFAST_RUN', 'LVM_SUPPRESS_FD_WARNINGS']);
  });

  it('lets rsync read a mounted tree with the copy key, and nothing else', () => {
    const command = `rsync --server --sender -logDtpre.iLsfxCIvu --numeric-ids . ${place}/`;
    assert.equal(gate.ssh('copy', [], command).status, 0);
    assert.deepEqual(
      gate.recorded().map(({ program, uid }) => [program, uid]),
      [['rsync', 0]],
    );
  });

  it('is not reached by a key from another address', async () => {
    await install({ ...gate.wanted, from: ['192.0.2.1'] });
    const [, argv] = good[3] ?? assert.fail();
    await using elsewhere = gate.through();
    await assert.rejects(
      elsewhere.run(argv),
      (error) => error instanceof Fault && /Permission denied/.test(error.says),
    );
    await install(gate.wanted);
    await using here = gate.through();
    assert.equal((await here.run(argv)).exitCode, 0, 'control');
  });

  it('names the one line that sudo lacks, whichever it is', async () => {
    const { sudoers } = gate.wanted.account;
    const whole = readFileSync(sudoers, 'utf8');
    await using through = gate.through();
    for (const [, argv] of good.filter(([, [program]]) => !['cat', 'df'].includes(program))) {
      const verb = verbsFor(gate.wanted.settings).find(
        (one) => whole.includes(sudoersLine(user, one)) && sameVerb(one, argv),
      );
      const line = sudoersLine(user, verb ?? assert.fail(argv.join(' ')));
      writeFileSync(sudoers, whole.replace(`${line}\n`, ''));
      gate.forget();
      await assert.rejects(
        through.run(argv),
        (error) => error instanceof Fault && error.code === 'gate-line-missing' && error.says.includes(line),
        argv.join(' '),
      );
      assert.deepEqual(gate.recorded(), []);
    }
    writeFileSync(sudoers, whole);
  });

  it('says here already, by name, what the gate has no verb for; and gives no files', async () => {
    await using through = gate.through();
    const refused = (says: RegExp) => (error: unknown) =>
      error instanceof Fault && error.code === 'gate-refused' && says.test(`${error.says} ${error.remedy}`);
    await assert.rejects(
      through.run(['lvrename', 'pve', 'a', 'b']),
      refused(/no verb for lvrename pve a b .*"program": "\/usr\/…\/lvrename"/),
    );
    await assert.rejects(
      through.run(['lvremove', '-f', 'pve/vm-100-disk-0']),
      refused(/the verbs of lvremove \(remove, remove-clone\)/),
    );
    await assert.rejects(through.files.write('/etc/x', 'x', 0o600), refused(/gives no files/));
    await assert.rejects(through.files.list('/etc'), refused(/gives no files/));
    assert.deepEqual(gate.recorded(), []);
  });

  it('says how a verb ended, and that a connection was lost', async () => {
    writeFileSync(`${gate.wanted.settings.folder}/stand-in/vgs`, '#!/bin/sh\necho out; echo err >&2; exit 5\n', {
      mode: 0o755,
    });
    await using through = gate.through();
    const [, argv] = good[1] ?? assert.fail();
    assert.deepEqual(await through.run(argv), { exitCode: 5, signal: undefined, stdout: 'out\n', stderr: 'err\n' });
    writeFileSync(`${gate.wanted.settings.folder}/stand-in/vgs`, '#!/bin/sh\necho begun; exec sleep 3\n', {
      mode: 0o755,
    });
    const { stdout, ended } = through.stream(argv);
    for await (const _ of stdout) {
      for (const pid of gate.sshd.sessions()) process.kill(pid, 'SIGKILL');
      break;
    }
    await assert.rejects(ended);
    writeFileSync(`${gate.wanted.settings.folder}/stand-in/vgs`, '#!/bin/sh\nexit 0\n', { mode: 0o755 });
    // The first one may still be sent into the broken connection.
    await through.run(argv).catch(() => {});
    assert.equal((await through.run(argv)).exitCode, 0, 'the next one goes over a new connection');
  });

  it('waits for what a dead run has begun there before the run is settled, and says when that does not end', async () => {
    const standIn = `${gate.wanted.settings.folder}/stand-in/vgs`;
    const release = `${gate.wanted.settings.folder}/release`;
    writeFileSync(standIn, `#!/bin/sh\necho begun; while [ ! -e ${release} ]; do sleep 0.1; done\n`, { mode: 0o755 });
    const [, argv] = good[1] ?? assert.fail();
    await using dead = gate.through();
    const { stdout, ended } = dead.stream(argv);
    ended.catch(() => {});
    const output = stdout[Symbol.asyncIterator]();
    await output.next();
    await using recovering = gate.through();
    try {
      await recovering.endLeftovers('run-2');
      await assert.rejects(recovering.endLeftovers('run-1'), { code: 'command-stays' });
    } finally {
      writeFileSync(release, '');
    }
    await recovering.endLeftovers('run-1');
    assert.equal((await output.next()).done, true);
    assert.equal((await ended).exitCode, 0, 'it came to its own end');
  });

  it('is nothing that its own account could change', () => {
    const { account, settings } = gate.wanted;
    for (const path of [
      settings.folder,
      `${settings.folder}/gate`,
      `${settings.folder}/take-snapshots`,
      account.home,
      `${account.home}/.ssh`,
      `${account.home}/.ssh/authorized_keys`,
      account.sudoers,
    ]) {
      const { uid, mode } = statSync(path);
      assert.deepEqual([uid, mode & 0o022], [0, 0], path);
    }
  });

  it('is installed twice without a step, and mends what was changed by hand', async () => {
    assert.deepEqual(await gateSteps(machine, gateThings(gate.wanted)), []);
    writeFileSync(`${gate.wanted.settings.folder}/gate`, '#!/bin/sh\nexec sh -c "$SSH_ORIGINAL_COMMAND"\n');
    const steps = await install(gate.wanted);
    assert.deepEqual(
      steps.map(({ title }) => title),
      [`change the file ${gate.wanted.settings.folder}/gate, root's, 0755`],
    );
    assert.equal(readFileSync(`${gate.wanted.settings.folder}/gate`, 'utf8'), gateScript(gate.wanted.settings));
  });

  it('refuses sudo lines that sudo does not understand before they are in force, and leaves what was there', async () => {
    const { sudoers } = gate.wanted.account;
    const whole = readFileSync(sudoers, 'utf8');
    const things = gateThings(gate.wanted).map((thing) =>
      thing.what === 'file' && thing.path === sudoers ? { ...thing, content: 'this is no sudoers\n' } : thing,
    );
    const [step] = await gateSteps(machine, things);
    assert.ok(step !== undefined);
    await assert.rejects(gateStepKind.do(contextOf(step)), { code: 'gate-not-installed' });
    assert.equal(readFileSync(sudoers, 'utf8'), whole);
  });

  it('leads back what an installation changed, to the letter, and touches nothing that somebody changed since', async () => {
    const path = `${gate.wanted.settings.folder}/gate`;
    const whole = readFileSync(path, 'utf8');
    const things = gateThings({ ...gate.wanted, settings: { ...gate.wanted.settings, volumeGroups: ['nvme'] } });
    const steps = await gateSteps(machine, things);
    for (const step of steps) await gateStepKind.do(contextOf(step));
    assert.notEqual(readFileSync(path, 'utf8'), whole);
    for (const step of steps.toReversed()) await gateStepKind.undo?.(contextOf(step), 'done');
    assert.equal(readFileSync(path, 'utf8'), whole);
    for (const step of steps) await gateStepKind.do(contextOf(step));
    writeFileSync(path, 'of somebody else');
    for (const step of steps.toReversed()) await gateStepKind.undo?.(contextOf(step), 'done');
    assert.equal(readFileSync(path, 'utf8'), 'of somebody else');
    await install(gate.wanted);
  });
});

const sameVerb = (verb: ReturnType<typeof verbsFor>[number], argv: readonly string[]): boolean =>
  verb.program.endsWith(`/${argv[0]}`) &&
  verb.arguments.length === argv.length - 1 &&
  verb.arguments.every((word, index) => !('word' in word) || word.word === argv[index + 1]);

describe('the lines for sudo', () => {
  it('are short enough for sudo, and have no glob', () => {
    const settings = { volumeGroups: ['pve'], place: '/p', scripts: { 'take-snapshots': script }, folder: '/f' };
    for (const verb of verbsFor(settings)) {
      const line = sudoersLine('holdfast', verb);
      assert.ok(line.length < longestExpression, `${verb.verb}: ${line.length}`);
      assert.match(line, /NOPASSWD: \/\S+ \^.*\$$/);
    }
  });
});
