// The unit of the daemon, judged by systemd itself.
import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, it } from 'node:test';
import { layers } from '../layers/all.ts';
import { localMachine } from '../machines/local.ts';
import type { Files } from '../machines/machine.ts';
import type { Estate, LayerEntry, MachineEntry } from '../model/estate.ts';
import { systemClock } from '../values/instant.ts';
import { foreignBackups } from './foreign.ts';
import table from './layer-needs.json' with { type: 'json' };
import { serviceNeeds } from './needs.ts';
import { estateOfUnit, serviceUnit } from './unit.ts';

const here: MachineEntry = { name: 'here', local: true };
const away = {
  name: 'away',
  ssh: { host: '10.10.0.20', port: 22, user: 'root', key: { file: '/k' }, host_key: 'x' },
} as unknown as MachineEntry;
const layer = (kind: string, machine = 'here', more: object = {}): LayerEntry =>
  ({ name: `${kind}-one`, kind, machine, workload: 'w', keep: {}, ...more }) as LayerEntry;

type Parts = Partial<Pick<Estate, 'pve' | 'pbs' | 'machines' | 'kubernetes' | 'layers' | 'channels'>>;
const estate = (parts: Parts) => ({
  pve: [],
  pbs: [],
  machines: [here, away],
  kubernetes: [],
  layers: [],
  channels: [],
  ...parts,
});

const unitFor = (parts: Parts, writes: readonly string[] = ['/srv/copies']): string =>
  serviceUnit({
    ...{ estate: 'home', estateFile: '/etc/holdfast/estate.yaml', state: '/var/lib/holdfast', guard: undefined },
    program: ['/bin/true'],
    needs: serviceNeeds(estate(parts), () => writes.map((folder) => ({ machine: 'here', folder: `${folder}/one` }))),
    addresses: ['10.10.0.10'],
  });

function inFolder<Result>(work: (folder: string) => Result): Result {
  const folder = mkdtempSync(join(tmpdir(), 'holdfast-unit-'));
  try {
    return work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** The overall exposure level, from 0 to 10. */
const exposure = (unit: string): number =>
  inFolder((folder) => {
    const file = join(folder, 'holdfast.service');
    writeFileSync(file, unit);
    const said = execFileSync('systemd-analyze', ['security', '--offline=true', '--no-pager', file], {
      encoding: 'utf8',
    });
    return Number(/Overall exposure level for holdfast\.service: ([\d.]+)/.exec(said)?.[1]);
  });

const complaints = (unit: string): string =>
  inFolder((folder) => {
    const file = join(folder, 'holdfast.service');
    writeFileSync(file, unit);
    const { status, stderr } = spawnSync('systemd-analyze', ['verify', file], { encoding: 'utf8' });
    return status === 0 && stderr === '' ? '' : `${status} ${stderr}`;
  });

const everyKind = Object.keys(table).map((kind) => layer(kind));
const hasSystemd = spawnSync('systemd-analyze', ['--version']).status === 0;

describe('the unit of the service', { skip: hasSystemd ? false : 'it needs systemd-analyze' }, () => {
  it('is exposed by 3.0 at most, where trees are copied as they are by 3.7; with no layer on this host by much less', () => {
    assert.ok(exposure(unitFor({ layers: everyKind })) <= 3.7, String(exposure(unitFor({ layers: everyKind }))));
    for (const [kind, needs] of Object.entries(table)) {
      const found = exposure(unitFor({ layers: [layer(kind)] }));
      assert.ok(found <= ((needs as readonly string[]).includes('trees') ? 3.7 : 3), `${kind}: ${found}`);
    }
    assert.ok(exposure(unitFor({ layers: [layer('pfsense', 'away')] }, [])) <= 2.3);
    const loose = unitFor({ layers: everyKind }).replaceAll(/^(Protect|Restrict|Capability|SystemCall).*$/gm, '');
    assert.ok(exposure(loose) > 5, 'control: it is the fence that counts');
  });

  it('is understood by systemd without a word, also with names that have its own marks in them', () => {
    assert.equal(complaints(unitFor({ layers: everyKind })), '');
    assert.equal(complaints(unitFor({ layers: everyKind }, ['/srv/100% "copies"/a b', '/srv/$HOME'])), '');
    assert.match(complaints(unitFor({}).replace('Type=notify', 'Type=nonsense')), /nonsense/, 'control');
  });

  it('gives each layer what it needs, and what no layer on this host needs to none', () => {
    const remote = unitFor({ layers: [layer('lvm-thin', 'away')] }, []);
    assert.match(remote, /^PrivateDevices=yes$/m);
    assert.match(remote, /^CapabilityBoundingSet=$/m);
    const images = unitFor({ layers: [layer('disk-image')] });
    assert.match(images, /^CapabilityBoundingSet=.*CAP_SYS_ADMIN/m);
    assert.match(images, /^DeviceAllow=\/dev\/loop-control rw$/m);
    assert.match(images, /^ReadWritePaths="-\/srv\/copies"$/m);
    assert.match(images, /^RestrictNamespaces=yes\nRestrictRealtime=yes\nRestrictSUIDSGID=yes$/m);
    // A copy of a file that has a setuid bit has it too, and sources are mounted in a namespace of their own.
    const trees = unitFor({ layers: [layer('files')] });
    assert.match(trees, /^RestrictNamespaces=mnt$/m);
    assert.match(trees, /^CapabilityBoundingSet=.*CAP_SYS_CHROOT/m);
    assert.doesNotMatch(trees, /RestrictSUIDSGID/);
    for (const right of ['CAP_SYS_ADMIN', 'CAP_CHOWN'])
      assert.match(unitFor({ layers: [layer('a-kind-of-tomorrow')] }), new RegExp(`^Capability.*${right}`, 'm'));
  });

  it('knows every kind of layer there is', () => {
    for (const { kind } of layers) assert.ok(Object.hasOwn(table, kind), `${kind} has a row in layer-needs.json`);
  });

  it('speaks to nobody but this host and whom the estate names', () => {
    const url = 'https://10.10.0.10:8006';
    const { hosts } = serviceNeeds(
      estate({
        pve: [{ product: 'pve', name: 'ruapehu', url }],
        channels: [{ name: 'hook', kind: 'webhook', url: 'https://hooks.example/x' } as Estate['channels'][number]],
        layers: [layer('pfsense', 'here', { url: 'https://[fd00::1]:443' })],
      }),
      () => [],
    );
    assert.deepEqual(hosts, ['10.10.0.10', '10.10.0.20', 'fd00::1', 'hooks.example']);
    const allowed = [...unitFor({}).matchAll(/^IPAddressAllow=(.*)$/gm)].map(([, address]) => address);
    assert.deepEqual(allowed, ['localhost', '10.10.0.10']);
    assert.match(unitFor({}), /^IPAddressDeny=any$/m);
  });

  it('says what it cannot do: containers that are entered from this host', () => {
    const inside = { name: 'inside', pct: { on: 'here', guest: 101 } } as MachineEntry;
    const { warnings } = serviceNeeds(estate({ machines: [here, inside] }), () => []);
    assert.match(warnings.join(), /inside is entered by `pct exec` on this host/);
  });

  it('says for which estate it was written; another file of that name is none of ours', () => {
    assert.equal(estateOfUnit(unitFor({})), '/etc/holdfast/estate.yaml');
    assert.equal(estateOfUnit('[Unit]\nDescription=mine\n'), undefined);
  });
});

describe('other backups of a host', () => {
  const rooted = (root: string): Files => {
    const { files } = localMachine({ name: 'here', clock: systemClock });
    return {
      ...files,
      list: (folder) => files.list(`${root}${folder}`),
      read: (path, limit) => files.read(`${root}${path}`, limit),
    };
  };
  const files: Readonly<Record<string, string>> = {
    '/etc/systemd/system/old-backup.service': '[Service]\nExecStart=/usr/local/bin/old-backup.sh /mnt/nas\n',
    '/etc/systemd/system/mirror.service':
      '[Service]\nType=oneshot\nExecStart=/usr/bin/rsync -a --delete /srv /mnt/nas\n',
    '/etc/systemd/system/web.service': '[Service]\nExecStart=/usr/sbin/nginx\n',
    '/etc/systemd/system/holdfast.service': '[Service]\nExecStart=/usr/bin/holdfast serve backup\n',
    '/etc/cron.d/dump': '# pg_dump is commented\n0 3 * * * postgres pg_dumpall | gzip > /srv/dump.gz\n',
    '/etc/cron.d/quiet': '# rsync was here once\n',
    '/etc/cron.daily/dpkg': 'backup of the status of dpkg\n',
    '/var/spool/cron/crontabs/root': '5 4 * * * /root/bin/borgmatic\n',
  };

  it('are found in units and cron tables, with the line that tells, and ours is none of them (reality 2.23)', async () => {
    const root = mkdtempSync(join(tmpdir(), 'holdfast-foreign-'));
    try {
      for (const [file, text] of Object.entries(files)) {
        mkdirSync(dirname(`${root}${file}`), { recursive: true });
        writeFileSync(`${root}${file}`, text);
      }
      const found = await foreignBackups(rooted(root), '/etc/systemd/system/holdfast.service');
      assert.deepEqual(found.map(({ file }) => file).sort(), [
        '/etc/cron.d/dump',
        '/etc/systemd/system/mirror.service',
        '/etc/systemd/system/old-backup.service',
        '/var/spool/cron/crontabs/root',
      ]);
      assert.match(found.find(({ file }) => file.endsWith('mirror.service'))?.line ?? '', /rsync -a --delete/);
    } finally {
      rmSync(root, { recursive: true });
    }
  });

  it('are none on a host that has nothing of the kind', async () => {
    assert.deepEqual(await foreignBackups(rooted('/nonexistent'), 'x'), []);
  });
});
