import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { guestAddresses, neighboursIn, ownAddresses, resolvedIn, sameAddress } from './addresses.ts';
import { disksIn, sizeIn } from './disks.ts';
import { mountOf, parseMounts } from './folders.ts';
import { parseKeyValues } from './key-values.ts';
import { retentionIn } from './retention.ts';
import { parseSections } from './section-config.ts';

describe('storage.cfg and its like', () => {
  it('reads sections, switches without a value, and passes over comments', () => {
    const { sections, oddLines } = parseSections(
      '# mine\nzfspool: tank\n\tpool rpool/data\n\tsparse\n\nnfs: nas\n\tserver  10.0.0.2  \n',
    );
    assert.deepEqual(oddLines, []);
    assert.deepEqual(
      sections.map(({ type, id, values }) => [type, id, Object.fromEntries(values)]),
      [
        ['zfspool', 'tank', { pool: 'rpool/data', sparse: '1' }],
        ['nfs', 'nas', { server: '10.0.0.2' }],
      ],
    );
  });

  it('says which lines it did not understand, and reads the rest', () => {
    const text =
      'dir: ok\n\tpath /a\n\tpath /b\n\t=\nnonsense\n\tbelongs to nonsense\n\n\tbelongs to nobody\ndir: also\n\tpath /c';
    const { sections, oddLines } = parseSections(text);
    assert.deepEqual(oddLines, [3, 4, 5, 8]);
    assert.deepEqual(
      sections.map(({ id, values }) => [id, values.get('path')]),
      [
        ['ok', '/a'],
        ['also', '/c'],
      ],
    );
  });

  it('takes no id that could be more than a word in a command', () => {
    for (const id of ['a;reboot', '$(id)', '-rf', 'a b', '\u001b[31mred', '`id`', "a'b"])
      assert.deepEqual(parseSections(`dir: ${id}\n\tpath /x\n`).sections, [], id);
  });

  it('is not misled by names that objects have of themselves', () => {
    const { sections } = parseSections('dir: constructor\n\t__proto__ x\n\ttoString y\n');
    assert.equal(sections[0]?.values.get('constructor'), undefined);
    assert.equal(sections[0]?.values.get('toString'), 'y');
  });

  it('never throws, whatever stands in the file', () => {
    fc.assert(fc.property(fc.string(), (text) => void parseSections(text)));
    fc.assert(fc.property(fc.string(), (text) => void parseKeyValues(text)));
  });
});

describe('the config of a guest', () => {
  it('ends where snapshots, pending changes and special sections begin', () => {
    const { values, oddLines } = parseKeyValues('#note\nname: web\n\n[PENDING]\nname: other\n[snap]\nscsi9: x\n');
    assert.deepEqual([...values], [['name', 'web']]);
    assert.deepEqual(oddLines, []);
  });

  it('reads lxc lines in both spellings, and says what it does not understand', () => {
    const { values, oddLines } = parseKeyValues('lxc.apparmor.profile: unconfined\nlxc.cap.drop = \n???\n');
    assert.deepEqual([...values.keys()], ['lxc.apparmor.profile', 'lxc.cap.drop']);
    assert.deepEqual(oddLines, [3]);
  });
});

describe('the disks of a guest', () => {
  const leftOut = (kind: 'vm' | 'ct', lines: Record<string, string>) =>
    Object.fromEntries(disksIn(kind, new Map(Object.entries(lines))).map(({ key, leftOut }) => [key, leftOut]));

  it('are all backed up in a VM, unless they say backup=0 in any spelling or are a device of the host', () => {
    assert.deepEqual(
      leftOut('vm', {
        bios: 'ovmf',
        efidisk0: 'lvm:vm-1-disk-0,size=4M',
        scsi0: 'lvm:vm-1-disk-1,backup=1,size=8G',
        scsi1: 'file=lvm:vm-1-disk-2,backup=0',
        scsi2: 'lvm:vm-1-disk-3,backup=no',
        scsi3: '/dev/disk/by-id/ata-x,size=1T',
        scsi4: '/dev/disk/by-id/ata-y,backup=0,size=8T',
        ide0: 'none,media=cdrom',
        ide2: 'local:iso/x.iso,media=cdrom',
        unused0: 'lvm:vm-1-disk-9',
        scsihw: 'virtio-scsi-pci',
      }),
      {
        ...{ efidisk0: undefined, scsi0: undefined, scsi1: 'backup=0', scsi2: 'backup=0' },
        // Taking its backup=0 away would protect nothing.
        ...{ scsi3: 'device of the host', scsi4: 'device of the host' },
      },
    );
  });

  it('count no EFI disk that the VM does not use', () => {
    assert.deepEqual(leftOut('vm', { efidisk0: 'lvm:vm-1-disk-0,backup=0,size=4M' }), {});
  });

  it('are backed up in a container only when they are its root or say backup=1', () => {
    assert.deepEqual(
      leftOut('ct', {
        rootfs: 'lvm:vm-2-disk-0,size=8G',
        mp0: 'lvm:vm-2-disk-1,mp=/a,backup=1',
        mp1: 'lvm:vm-2-disk-2,mp=/b',
        mp2: '/srv/data,mp=/c,backup=1',
        mp3: '/dev/sdb1,mp=/d',
      }),
      { rootfs: undefined, mp0: undefined, mp1: 'no backup=1', mp2: 'bind mount', mp3: 'device of the host' },
    );
  });

  it('have sizes in the units Proxmox writes, or none', () => {
    assert.equal(sizeIn('4M'), 4 * 1024 ** 2);
    assert.equal(sizeIn('1.5T'), 1.5 * 1024 ** 4);
    assert.equal(sizeIn('512'), 512);
    for (const text of [undefined, '', 'big', '-1G', '1E']) assert.equal(sizeIn(text), undefined);
  });
});

describe('retention', () => {
  const keepsAll = (text: string) => retentionIn(new Map([['prune-backups', text]]))?.keepsAll;

  it('keeps everything where it says so, or says nothing but zeros', () => {
    for (const text of ['keep-all=1', 'keep-all=0', 'keep-last=0,keep-daily=0'])
      assert.equal(keepsAll(text), true, text);
    for (const text of ['keep-last=1', 'keep-daily=7,keep-monthly=3']) assert.equal(keepsAll(text), false, text);
    assert.equal(retentionIn(new Map()), undefined);
  });

  it('is read from the older spelling, too', () => {
    assert.deepEqual(retentionIn(new Map([['maxfiles', '3']])), { text: 'maxfiles=3', keepsAll: false });
    assert.equal(retentionIn(new Map([['maxfiles', '0']]))?.keepsAll, true);
  });
});

describe('mounts', () => {
  const table = [
    '28 1 252:1 / / rw shared:1 - ext4 /dev/sda1 rw',
    '40 28 0:40 / /mnt/my\\040disk rw shared:9 - xfs /dev/sdb1 rw',
    '41 28 0:41 / /mnt/pve/nas rw shared:9 master:2 - nfs4 10.0.0.2:/x rw',
    'broken',
  ].join('\n');
  const on = (path: string) => mountOf(path, parseMounts(table)).point;

  it('are told by the path, whether or not there is such a folder', () => {
    assert.equal(on('/var/tmp'), '/');
    assert.equal(on('/mnt/my disk/dump'), '/mnt/my disk');
    assert.equal(on('/mnt/pve/nas'), '/mnt/pve/nas');
    assert.equal(on('/mnt/pve/nas2'), '/', 'a name that only begins alike is another folder');
  });
});

describe('addresses', () => {
  it('are compared in one spelling', () => {
    assert.equal(sameAddress('FD00:0:0::151'), sameAddress('fd00::151'));
    assert.equal(sameAddress('::ffff:10.10.0.151'), '10.10.0.151');
    assert.equal(sameAddress('fe80::1%vmbr0'), 'fe80::1');
    for (const text of ['', 'pbs.example', '10.10.0', '10.10.0.256', 'g::1'])
      assert.equal(sameAddress(text), undefined);
  });

  it("are read from the kernel's tables, a guest's agent and the resolver, and what is odd there is no address", () => {
    assert.deepEqual(ownAddresses([{ addr_info: [{ local: '10.0.0.1' }, { local: 'x' }, {}] }, null]), ['10.0.0.1']);
    assert.deepEqual(neighboursIn([{ dst: '10.0.0.9', lladdr: 'AA:BB:CC:00:11:22' }, { dst: '10.0.0.8' }, 7]), [
      { address: '10.0.0.9', mac: 'aa:bb:cc:00:11:22' },
    ]);
    const agent = { result: [{ 'ip-addresses': [{ 'ip-address': '127.0.0.1' }, { 'ip-address': 'fd00::5' }] }, {}] };
    assert.deepEqual(guestAddresses(agent), ['fd00::5']);
    assert.deepEqual(guestAddresses([{ name: 'eth0', inet: '10.0.0.7/24', inet6: '' }]), ['10.0.0.7']);
    assert.deepEqual(resolvedIn('10.0.0.1  STREAM a\n10.0.0.1  DGRAM\nfd00::1 STREAM\n'), ['10.0.0.1', 'fd00::1']);
    for (const answer of [undefined, null, 'x', {}, { result: 'x' }]) assert.deepEqual(guestAddresses(answer), []);
  });
});
