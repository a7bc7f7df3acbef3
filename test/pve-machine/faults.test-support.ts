// What goes wrong on a PVE host, on demand. Each is what its name says to LVM and the kernel themselves, not an answer made up.
import type { Must } from './groups.test-support.ts';
import type { Volume, Volumes } from './volumes.test-support.ts';

export interface Faults {
  /** writes a volume of its own (vm-900-disk-0) until that share of the pool's data is used, in percent */
  fillData(percent: number): Promise<void>;
  freeData(): Promise<void>;
  /** until that share of the pool's metadata is used, in percent; by thin devices that LVM does not know */
  fillMetadata(percent: number): Promise<void>;
  freeMetadata(): Promise<void>;
  /** a device of the mapper answers nothing: whoever mounts or reads it waits in D state. By its name as `dmsetup ls` has it. */
  hang(device: string): Promise<void>;
  /** the same, as soon as a device whose name matches the shell pattern appears */
  hangWhenSeen(pattern: string): Promise<void>;
  /** everything that hangs goes on, nothing is watched for any more */
  unhang(): Promise<void>;
  /** reading and writing this volume gives EIO, until it is mended */
  breakDisk(volume: Volume): Promise<void>;
  mendDisk(volume: Volume): Promise<void>;
  /** leaves the volume closed, with a journal that must be replayed for the file to be there */
  dirty(volume: Volume, file: string, text: string): Promise<void>;
  setClock(instant: string): Promise<void>;
  /** the cable is pulled: connections stay, nothing comes */
  cutNetwork(): Promise<void>;
  joinNetwork(): Promise<void>;
  /** new connections are refused; the old ones stay */
  closePort(): Promise<void>;
  openPort(): Promise<void>;
  /** the whole machine stands still */
  freeze(): Promise<void>;
  thaw(): Promise<void>;
  /** kill -9 of every session of sshd but the outer shell's; returns how many there were */
  killSessions(): Promise<number>;
}

/** As `dmsetup` names a logical volume. */
export const mapperName = (lv: string, group = 'pve'): string =>
  `${group.replaceAll('-', '--')}-${lv.replaceAll('-', '--')}`;

export type Faulty = Readonly<{
  must: Must;
  volumes: Pick<Volumes, 'open' | 'close'>;
  monitor(command: string): Promise<string>;
  port: number;
}>;

export function faultsOf({ must, volumes, monitor, port }: Faulty): Faults {
  const told = async (command: string) => {
    const answer = await monitor(command);
    // `hostfwd_remove` confirms; everything else is silent when it works.
    if (answer !== '' && !/ removed$/.test(answer)) throw new Error(`${command}: ${answer}`);
  };
  return {
    fillData: async (percent) => {
      await must(`set -e
        lvs pve/vm-900-disk-0 >/dev/null 2>&1 || lvcreate -qq -y -V 1T -T pve/data -n vm-900-disk-0 2>/dev/null
        set -- $(dmsetup status pve-data-tpool); used=\${6%/*}; total=\${6#*/}; chunk=$(dmsetup table pve-data-tpool | cut -d' ' -f6)
        want=$((total * ${percent} / 100 - used + 1)); from=$(cat /run/filled 2>/dev/null || echo 0)
        if [ $want -gt $((total - used)) ]; then want=$((total - used)); fi
        if [ $want -gt 0 ]; then
          timeout 100 dd if=/dev/zero of=/dev/pve/vm-900-disk-0 bs=$((chunk * 512)) seek=$from count=$want conv=notrunc oflag=direct status=none
          echo $((from + want)) >/run/filled
        fi; dmsetup status pve-data-tpool >/dev/null`);
    },
    freeData: async () => void (await must('rm -f /run/filled; lvremove -qq -y pve/vm-900-disk-0')),
    fillMetadata: async (percent) => void (await must(`perl - ${percent} create_thin <<'END'\n${thinMessages}END`)),
    freeMetadata: async () => void (await must(`perl - 0 delete <<'END'\n${thinMessages}END`)),
    hang: async (device) => void (await must(`dmsetup suspend --nolockfs --noflush ${device}`)),
    hangWhenSeen: async (pattern) => {
      await must(
        `set -e
        cat >/run/hang-it; touch /run/hang-starts
        setsid perl /run/hang-it '${pattern}' </dev/null >/dev/null 2>&1 & echo $! >>/run/watchers
        while [ -e /run/hang-starts ]; do sleep 0.05; done`,
        hangIt,
      );
    },
    unhang: async () => {
      await must(`for pid in $(cat /run/watchers 2>/dev/null); do kill "$pid" 2>/dev/null; done; rm -f /run/watchers
        for name in $(dmsetup info -c --noheadings -o name -S suspended=Suspended); do dmsetup resume "$name"; done`);
    },
    breakDisk: async ({ lv }) => {
      const name = mapperName(lv);
      await must(`set -e; lvchange -ay pve/${lv}; size=$(blockdev --getsz /dev/mapper/${name})
        dmsetup suspend --nolockfs ${name}; dmsetup load ${name} --table "0 $size error"; dmsetup resume ${name}`);
    },
    mendDisk: async ({ lv }) =>
      void (await must(`dmsetup remove ${mapperName(lv)}; lvchange -an pve/${lv}; lvchange -ay pve/${lv}`)),
    dirty: (volume, file, text) => makeDirty(must, volumes, volume, file, text),
    setClock: async (instant) => void (await must(`date -u -s '${instant}'`)),
    cutNetwork: () => told('set_link card0 off'),
    joinNetwork: () => told('set_link card0 on'),
    closePort: () => told(`hostfwd_remove net0 tcp:127.0.0.1:${port}`),
    openPort: () => told(`hostfwd_add net0 tcp:127.0.0.1:${port}-:22`),
    freeze: () => told('stop'),
    thaw: () => told('cont'),
    killSessions: async () => Number(await must(killOthers)),
  };
}

// LVM makes the node before it resumes the device, so whoever suspends it at once must do so again, for a while. By ioctl
// (DM_DEV_SUSPEND, without flushing and without freezing what is mounted): a process each time would be too slow.
const hangIt = `use strict; use Time::HiRes qw(sleep time);
my ($pattern) = @ARGV; my %since;
open(my $control, '+<', '/dev/mapper/control') or die "control: $!";
chdir '/dev/mapper';
for (my $turn = 0;; $turn++, sleep 0.004) {
  unlink '/run/hang-starts' if $turn == 1;
  delete @since{grep { !-e } keys %since};
  for my $name (grep { -e } glob $pattern) {
    next if time - ($since{$name} //= time) > 2;
    my $flags = 1 << 1 | 1 << 10 | 1 << 11;
    my $packet = pack('L<3 L<7 Q< a128 a129 a7', 4, 0, 0, 312, 312, 0, 0, $flags, 0, 0, 0, $name, '', '');
    ioctl($control, 0xC138FD06, $packet); } }
`;

// A copy of the volume is taken while its file system is open, and put back once it is closed: what a power cut leaves. One file is
// synced, so it is in the journal; to sync the whole file system (`sync -f`) would write it to its place, too.
async function makeDirty(
  must: Must,
  volumes: Pick<Volumes, 'open' | 'close'>,
  volume: Volume,
  file: string,
  text: string,
) {
  const at = await volumes.open(volume);
  await must(`cat >'${at}/${file}'; sync '${at}/${file}'`, text);
  await must(`dd if=${volume.device} of=/tmp/copy bs=1M conv=sparse status=none`);
  await volumes.close(volume);
  await must(`set -e; dd if=/tmp/copy of=${volume.device} bs=1M conv=notrunc,fsync status=none; rm /tmp/copy`);
}

// Each thin device takes a block of metadata for its own tree. dmsetup(8) would be a process a message; this is its ioctl
// (DM_TARGET_MSG of linux/dm-ioctl.h). The ids are far above those that LVM gives.
const thinMessages = `use strict;
my ($percent, $message) = @ARGV;
open(my $control, '+<', '/dev/mapper/control') or die "control: $!";
# Before it has thin volumes, LVM puts no layer over the pool.
my ($pool) = grep { -e "/dev/mapper/$_" } 'pve-data-tpool', 'pve-data' or die 'no pool';
sub used { my @status = split ' ', \`dmsetup status $pool\`; die 'no thin pool' unless $status[2] eq 'thin-pool';
  return split '/', $status[4]; }
sub pool_told { my ($text) = @_;
  my $data = pack('Q<', 0) . $text . chr(0);
  my $head = pack('L<3 L<7 Q< a128 a129 a7', 4, 0, 0, 312 + length($data), 312, 0, 0, 0, 0, 0, 0, $pool, '', '');
  my $packet = $head . $data;
  return ioctl($control, 0xC138FD0E, $packet); }
my ($id, $before) = (16000000);
if ($message eq 'delete') { while (pool_told("delete $id")) { $id++ } exit 0 }
for (;;) { my ($used, $total) = used();
  my $missing = int($total * $percent / 100) + 1 - $used;
  last if $missing <= 0;
  die "the pool does not fill up" if defined $before && $used <= $before;
  $before = $used;
  for (1 .. $missing) { until (pool_told("create_thin $id")) { die "create_thin $id: $!" unless $!{EEXIST}; $id++ } $id++ } }
`;

// The listener's children are sessions; the one above this shell is the test's own.
const killOthers = `count=0; listener=$(pgrep -o -x sshd); mine=$$
  while [ "$(ps -o ppid= -p $mine | tr -d ' ')" != "$listener" ]; do mine=$(ps -o ppid= -p $mine | tr -d ' '); done
  for pid in $(pgrep -P "$listener"); do
    if [ "$pid" != "$mine" ]; then kill -9 "$pid" $(pgrep -P "$pid" -x sshd); count=$((count + 1)); fi
  done; echo $count`;
