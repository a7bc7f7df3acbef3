// Somebody on the tests' PVE host who writes volumes in turn, past every cache and each write on the disk before the next (O_DIRECT,
// O_SYNC), and has their devices open as a guest's process has: whatever the second volume holds, the first held before.
import type { Must } from './groups.test-support.ts';
import type { Volume } from './volumes.test-support.ts';

export interface Writer {
  readonly pid: string;
  /** as proc(5) has it: `T` is stopped */
  state(): Promise<string>;
  /** how often it has written so far */
  written(): Promise<number>;
  end(): Promise<void>;
}

const program = String.raw`use strict; use Fcntl; my ($said, @paths) = @ARGV;
my @files = map { sysopen my $f, $_, O_RDWR | O_SYNC | 040000 or die "$_: $!"; $f } @paths;
my $page = "\0" x 12288; substr $page, 0, 1, "\0";
# The kernel takes only whole pages past its cache.
my $at = (4096 - unpack('J', pack 'p', $page) % 4096) % 4096;
for (my $n = 1; ; $n++) {
  substr $page, $at, 12, sprintf '%012d', $n;
  for (@files) { sysseek $_, 0, 0; (syswrite $_, $page, 4096, $at) == 4096 or die "written: $!" }
  if ($n == 1) { open my $f, '>', $said or die; print $f "ready\n"; close $f }
}`;

export async function startWriter(must: Must, volumes: readonly Volume[]): Promise<Writer> {
  const devices = volumes.map(({ device }) => device).join(' ');
  const pid = await must(
    `cat >/tmp/writer.pl; rm -f /tmp/writer.ready
    setsid perl /tmp/writer.pl /tmp/writer.ready ${devices} </dev/null >/tmp/writer.log 2>&1 &
    pid=$!; while [ ! -e /tmp/writer.ready ]; do kill -0 $pid || { cat /tmp/writer.log >&2; exit 1; }; sleep 0.1; done
    echo $pid`,
    program,
  );
  return {
    pid,
    state: () => must(`cut -d ' ' -f 3 /proc/${pid}/stat`),
    written: async () =>
      Number(await must(`dd if=${volumes[0]?.device} iflag=direct bs=4096 count=1 status=none | head -c 12`)),
    end: async () => {
      await must(`kill -KILL ${pid} 2>/dev/null; while [ -e /proc/${pid} ]; do sleep 0.05; done; true`);
    },
  };
}
