// Mission row 2.1, over every row of the facts' table on staging (pve-api section 5; failure-signatures section 4), both ways.
import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { GuestDisk, LeftOut } from '../../values/guest-disk.ts';
import { instantAt } from '../../values/instant.ts';
import type { Room, SeenStorage, StorageEntry } from '../../values/room.ts';
import { gibibytes } from '../../values/size.ts';
import type { GuestSeen } from '../fact-types.ts';
import { type Ask, factsOf, type Told } from '../facts.ts';
import { judgeStaging } from './judge-staging.ts';
import type { StagingJob } from './node-room.ts';
import { stagingAsks } from './staging-asks.ts';

const at = instantAt(Date.UTC(2026, 10, 21));
const room = (total: number, used = 0): Room => ({
  total: gibibytes(total),
  used: gibibytes(used),
  available: gibibytes(total - used),
});
const disk = (key: string, storage: string, gigabytes: number | undefined, leftOut?: LeftOut): GuestDisk => ({
  ...{ key, storage, leftOut, value: '', volume: `${storage}:${key}` },
  size: gigabytes === undefined ? undefined : gibibytes(gigabytes),
});
const guest = (type: 'qemu' | 'lxc', vmid: number, more: Partial<GuestSeen> = {}): GuestSeen => ({
  ...{ vmid, type, node: 'pve1', name: `guest${vmid}`, status: 'running', template: false, pool: undefined, ...more },
});
const ct = (more: Partial<GuestSeen> = {}) => guest('lxc', 102, more);
const vm = (more: Partial<GuestSeen> = {}) => guest('qemu', 201, more);

type Setting = Readonly<{
  job?: Partial<StagingJob>;
  guests: readonly (readonly [GuestSeen, readonly GuestDisk[]])[];
  root?: Room;
  tmpdir?: string;
  nodeFleecing?: string;
  /** over the usual ones */
  storages?: Readonly<Record<string, Partial<SeenStorage & StorageEntry>>>;
  /** facts that could not be had */
  refuses?: readonly Ask['fact'][];
}>;

const usual: Setting['storages'] = {
  pbs: { type: 'pbs', room: room(4000) },
  thin: { type: 'lvmthin', room: room(375), thick: false },
  thick: { type: 'lvm', room: room(375), thick: true },
  zfs: { type: 'zfspool', room: room(375), thick: false },
};

/** Only what is asked for is answered, as in a plan. */
function judge({ job = {}, guests, root = room(375, 31), tmpdir, nodeFleecing, storages = {}, refuses = [] }: Setting) {
  const wanted: StagingJob = { mode: 'snapshot', storage: 'pbs', toPbs: true, fleecing: undefined, ...job };
  const all = Object.entries({ ...usual, ...storages });
  const answers: Readonly<Record<string, unknown>> = {
    'backup-defaults': { tmpdir, fleecing: nodeFleecing },
    'root-disk': root,
    'seen-storages': all.map(([storage, { type = 'dir', active = true, room: own }]) => ({
      ...{ storage, type, active, room: active ? own : undefined },
    })),
    'storage-entries': all.map(([storage, { type = 'dir', path, mountDemanded = false, thick }]) => ({
      ...{ storage, type, path, mountDemanded, thick },
    })),
  };
  const answer = (ask: Ask): unknown =>
    ask.fact === 'guest-disks' ? guests.find(([{ vmid }]) => vmid === ask.vmid)?.[1] : answers[ask.fact];
  const seen = guests.map(([one]) => one);
  const told = new Map<string, Told>();
  for (let before = -1; before < told.size; ) {
    before = told.size;
    for (const ask of stagingAsks('lab', wanted, seen, factsOf([...told.values()])))
      told.set(JSON.stringify(ask), {
        ask,
        known: refuses.includes(ask.fact)
          ? { at, fault: { code: 'not-allowed', where: 'lab', says: `no right to ${ask.fact}`, remedy: '' } }
          : { at, answer: answer(ask) },
      });
  }
  const verdicts = judgeStaging('lab', wanted, seen, factsOf([...told.values()]));
  return {
    refused: verdicts.flatMap(({ refused }) => refused.map(({ says }) => says)),
    remedies: verdicts.flatMap(({ refused }) => refused.map(({ remedy }) => remedy)),
    notes: verdicts.flatMap(({ notes }) => notes),
    asked: [...told.values()].map(({ ask }) => (ask.fact === 'guest-disks' ? `config ${ask.vmid}` : ask.fact)),
  };
}

const silent = { refused: [], remedies: [], notes: [] };
const said = ({ asked: _, ...rest }: ReturnType<typeof judge>) => rest;
const big = [disk('scsi0', 'thin', 500)];
const onThick = [disk('rootfs', 'thin', 8), disk('mp0', 'thick', 492)];
const onThin = [disk('rootfs', 'thin', 500)];

describe('a VM that goes to a PBS', () => {
  it('is never refused for staging, and costs no question (control)', () => {
    for (const mode of ['snapshot', 'suspend', 'stop'])
      assert.deepEqual(judge({ job: { mode }, guests: [[vm(), big]], root: room(10, 10) }), { ...silent, asked: [] });
  });
});

describe('a container', () => {
  it('in suspend mode is refused with both sizes where the root disk has no room for its copy', () => {
    const { refused, remedies, notes } = judge({ job: { mode: 'suspend' }, guests: [[ct(), onThin]] });
    assert.deepEqual([refused.length, notes], [1, []]);
    assert.equal(
      refused[0],
      'ct/102 guest102 on pve1 is copied whole to /var/tmp on the root disk, up to 500 GiB, where 344 GiB of 375 GiB are free: the mode is suspend',
    );
    assert.match(remedies[0] ?? '', /mode: stop; or in mode: snapshot.*; or set a tmpdir/);
  });

  it('in snapshot mode is refused likewise where one of its volumes has no snapshots', () => {
    const { refused } = judge({ guests: [[ct(), onThick]] });
    assert.match(
      refused[0] ?? '',
      /\/var\/tmp .*up to 500 GiB, where 344 GiB of 375 GiB are free: its mp0 lies on thick \(lvm\), which has no snapshots, so vzdump falls back to suspend/,
    );
    for (const type of ['dir', 'nfs', 'cifs'])
      assert.equal(
        judge({ guests: [[ct(), onThick]], storages: { thick: { type, room: room(1) } } }).refused.length,
        1,
      );
  });

  it('stages nothing in snapshot mode where its volumes have snapshots, nor in stop mode, nor as a template (control)', () => {
    for (const storage of ['thin', 'zfs'])
      assert.deepEqual(said(judge({ guests: [[ct(), [disk('rootfs', storage, 500)]]] })), silent);
    assert.deepEqual(said(judge({ job: { mode: 'stop' }, guests: [[ct(), onThick]] })), silent);
    assert.deepEqual(said(judge({ job: { mode: 'suspend' }, guests: [[ct({ template: true }), onThick]] })), silent);
  });

  it('is measured by the volumes that a backup takes', () => {
    const left = [
      disk('rootfs', 'thick', 8),
      disk('mp0', 'thick', 500, 'no backup=1'),
      disk('mp1', '', undefined, 'bind mount'),
    ];
    assert.deepEqual(said(judge({ guests: [[ct(), left]] })), silent);
  });

  it('that fits is only spoken of from four fifths of the free space on', () => {
    const of = (gigabytes: number) =>
      said(judge({ job: { mode: 'suspend' }, guests: [[ct(), [disk('rootfs', 'thin', gigabytes)]]], root: room(100) }));
    assert.deepEqual(of(79), silent);
    assert.deepEqual([of(80).refused, of(80).notes.length], [[], 1]);
    assert.deepEqual([of(100).refused, of(100).notes.length], [[], 1]);
    assert.equal(of(101).refused.length, 1);
  });

  it('that does not run is read where it is, and only spoken of', () => {
    const { refused, notes } = judge({ guests: [[ct({ status: 'stopped' }), onThick]] });
    assert.deepEqual(refused, []);
    assert.match(notes[0] ?? '', /it is copied only while it runs/);
  });

  it('is copied to the tmpdir of the node where it has one, whose room a storage there tells', () => {
    const disks = { tmpdir: '/mnt/scratch/vz', guests: [[ct(), onThick]] } as const;
    const scratch = (total: number) => ({ scratch: { type: 'dir', path: '/mnt/scratch', room: room(total) } });
    assert.deepEqual(said(judge({ ...disks, storages: scratch(900) })), silent);
    assert.match(
      judge({ ...disks, storages: scratch(400) }).refused[0] ?? '',
      /\/mnt\/scratch\/vz on scratch, .*400 GiB of 400 GiB/,
    );
    const blind = judge(disks);
    assert.deepEqual(blind.refused, []);
    assert.match(
      blind.notes[0] ?? '',
      /^could not be computed: .*PVE does not tell how much is free in \/mnt\/scratch\/vz/,
    );
  });

  describe('that goes to a file storage', () => {
    const to = (storage: string, more: Partial<Setting>) =>
      judge({ job: { storage, toPbs: false, mode: 'suspend' }, guests: [[ct(), onThin]], ...more });
    it('is copied beside its archive on NFS, which loses ACLs', () => {
      const nas = (total: number) => ({ nas: { type: 'nfs', room: room(total) } });
      assert.match(
        to('nas', { storages: nas(400) }).refused[0] ?? '',
        /\/mnt\/pve\/nas\/dump on nas, up to 500 GiB, where 400 GiB/,
      );
      const fits = to('nas', { storages: nas(4000) });
      assert.deepEqual(fits.refused, []);
      assert.match(fits.notes.join(), /NFS: its backup has no ACLs/);
    });
    it('is copied to the root disk where the target is CIFS', () => {
      assert.match(to('smb', { storages: { smb: { type: 'cifs', room: room(4000) } } }).refused[0] ?? '', /\/var\/tmp/);
    });
    it('is refused for a folder only where it fits neither beside the archive nor in /var/tmp', () => {
      const usb = (total: number) => ({ usb: { type: 'dir', path: '/mnt/usb', room: room(total) } });
      assert.match(to('usb', { storages: usb(450) }).refused[0] ?? '', /\/mnt\/usb\/dump on usb/);
      const either = to('usb', { storages: usb(4000) });
      assert.deepEqual(either.refused, []);
      assert.match(either.notes[0] ?? '', /^could not be computed: .*by the file system of the first/);
    });
  });
});

describe('an archive that goes to a folder', () => {
  const to = (usb: Partial<SeenStorage & StorageEntry>, root = room(375, 31), gigabytes = 500) =>
    judge({
      job: { storage: 'usb', toPbs: false },
      guests: [[vm(), [disk('scsi0', 'thin', gigabytes)]]],
      ...{ root, storages: { usb: { type: 'dir', path: '/mnt/usb', ...usb } } },
    });
  it('is refused with both sizes where its disk is not mounted, so that it would land on the root disk beneath', () => {
    const { refused, remedies } = to({ room: room(375, 31) });
    assert.equal(
      refused[0],
      'no disk is mounted where usb lies on pve1: the archive of vm/201 guest201 lands on the root disk beneath, up to 500 GiB, where 344 GiB of 375 GiB are free',
    );
    assert.match(remedies[0] ?? '', /mount its disk on pve1.*--is_mountpoint yes/);
    // Between the two answers something was written.
    assert.equal(to({ room: room(375, 32) }).refused.length, 1);
  });
  it('is refused where PVE knows that a disk belongs there, and it is not mounted', () => {
    assert.match(
      to({ active: false, mountDemanded: true }).refused[0] ?? '',
      /the disk of usb is not mounted on pve1.*up to 500 GiB, where 344 GiB of 375 GiB are free on the root disk beneath/,
    );
  });
  it('is said to land on the root disk where it fits there', () => {
    const small = to({ room: room(375, 31) }, room(375, 31), 20);
    assert.deepEqual(small.refused, []);
    assert.deepEqual(small.notes, [
      'no disk is mounted where usb (/mnt/usb) lies on pve1: backups land on the root disk beneath, where 344 GiB of 375 GiB are free',
    ]);
    assert.match(
      to({ active: false, mountDemanded: true }, room(375, 31), 20).notes[0] ?? '',
      /every backup to it fails/,
    );
  });
  it('is not spoken of where the folder has a disk of its own, which then asks for no config (control)', () => {
    const own = to({ room: room(375, 200) });
    assert.deepEqual(said(own), silent);
    assert.ok(!own.asked.includes('config 201'));
  });
  it("is not refused in PVE's own folder, which is meant to lie on the root disk", () => {
    const { refused, notes } = to({ path: '/var/lib/vz', room: room(375, 31) });
    assert.deepEqual(refused, []);
    assert.match(
      notes[0] ?? '',
      /goes to usb, which lies on the root disk of pve1, up to 500 GiB, where 344 GiB of 375/,
    );
  });
  it('could not be told where the storage is off for another reason', () => {
    const { refused, notes } = to({ active: false });
    assert.deepEqual(refused, []);
    assert.match(notes[0] ?? '', /^could not be computed: whether an archive fits .*usb is not active on pve1/);
  });
  it('to NFS is written straight there (control)', () => {
    assert.deepEqual(said(to({ type: 'nfs', room: room(10) })), silent);
  });
});

describe('fleecing', () => {
  const on = (fleecing: string, more: Partial<Setting> = {}) =>
    judge({
      job: { fleecing },
      guests: [[vm(), [...big, disk('efidisk0', 'thin', 1), disk('scsi1', 'thin', 200, 'backup=0')]]],
      ...more,
    });
  it('on thick storage is refused with both sizes where it has no room for the whole disks', () => {
    assert.equal(
      on('thick').refused[0],
      'fleecing of vm/201 guest201 on pve1 takes 500 GiB on thick (lvm, where an image takes the whole size of its disk at once), and 375 GiB of 375 GiB are free there',
    );
    assert.equal(on('zfs', { storages: { zfs: { type: 'zfspool', room: room(375), thick: true } } }).refused.length, 1);
    assert.deepEqual(said(on('thick', { storages: { thick: { type: 'lvm', room: room(900), thick: true } } })), silent);
  });
  it('on thin storage is only spoken of: what is overwritten meanwhile is rarely everything', () => {
    const { refused, notes } = on('thin');
    assert.deepEqual(refused, []);
    assert.match(notes[0] ?? '', /takes at the worst 500 GiB on thin .*375 GiB of 375 GiB are free/);
    assert.deepEqual(
      said(on('thin', { storages: { thin: { type: 'lvmthin', room: room(501), thick: false } } })),
      silent,
    );
  });
  it('takes nothing for containers and templates (control)', () => {
    assert.deepEqual(said(judge({ job: { fleecing: 'thick' }, guests: [[ct(), onThin]] })), silent);
    assert.deepEqual(said(judge({ job: { fleecing: 'thick' }, guests: [[vm({ template: true }), big]] })), silent);
  });
  it("of the node's own defaults counts where the job has none", () => {
    const guests = [
      [vm(), big],
      [ct(), onThin],
    ] as const;
    assert.match(judge({ guests, nodeFleecing: 'thick' }).refused[0] ?? '', /fleecing of vm\/201 .* takes 500 GiB/);
  });
  it('could not be told on a storage that the node does not show, or of a type nobody knows', () => {
    assert.match(
      on('other').notes[0] ?? '',
      /^could not be computed: whether the images of fleecing fit on other .*shows no storage other/,
    );
    const strange = on('thick', { storages: { thick: { type: 'linstor', room: room(375) } } });
    assert.deepEqual(strange.refused, []);
    assert.match(strange.notes[0] ?? '', /type linstor: nobody knows/);
  });
});

describe('what could not be asked', () => {
  it('is said, and refuses nothing', () => {
    for (const fact of ['root-disk', 'backup-defaults', 'guest-disks', 'seen-storages'] as const) {
      const { refused, notes } = judge({ guests: [[ct(), onThick]], refuses: [fact] });
      assert.deepEqual(refused, [], fact);
      assert.match(
        notes.join(),
        new RegExp(`^could not be computed: whether .*no right to ${fact}\\): ct/102 guest102$`),
      );
    }
    const unsized = judge({ guests: [[ct(), [disk('rootfs', 'thick', undefined)]]] });
    assert.deepEqual(unsized.refused, []);
    assert.match(unsized.notes[0] ?? '', /gives no size of rootfs/);
    const strange = judge({ guests: [[ct(), [disk('rootfs', 'elsewhere', 500)]]] });
    assert.match(strange.notes[0] ?? '', /rootfs lies on elsewhere, which the node does not show/);
  });
});

describe('what is asked', () => {
  it('is a node once, and the config of those alone that a copy is made of', () => {
    const others = [103, 104].map((vmid) => [guest('qemu', vmid), big] as const);
    const { asked } = judge({ guests: [[ct(), onThin], ...others] });
    assert.deepEqual(asked.sort(), ['backup-defaults', 'config 102', 'root-disk', 'seen-storages']);
  });
  it('says together what is the same for many guests, the largest first', () => {
    const containers = [300, 301, 302].map(
      (vmid, index) => [guest('lxc', vmid), [disk('rootfs', 'thick', 400 + index * 50)]] as const,
    );
    const { refused } = judge({ guests: containers });
    assert.equal(refused.length, 1);
    assert.match(
      refused[0] ?? '',
      /^ct\/302 .*up to 500 GiB.*; and so for ct\/301 guest301, 450 GiB; ct\/300 guest300, 400 GiB$/,
    );
  });
});
