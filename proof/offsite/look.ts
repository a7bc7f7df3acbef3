// Two trees, as diff, getfacl, getfattr, find and stat have them: what is not the same in both, as they say it. It is one script of
// sh, so that it can be asked wherever both lie: on this machine, at the NAS, in QEMU.
import { spawnSync } from 'node:child_process';

export const asked =
  'diff -r --no-dereference, getfacl -R, getfattr -R -d -m -, find -printf, the inodes of hard links';

export type Shell = (script: string) => string;

/** Also with names that are no UTF-8: as bytes, each one a character. */
export const here: Shell = (script) => {
  const { status, stdout, stderr } = spawnSync('sh', ['-ec', script], {
    ...{ cwd: '/', encoding: 'latin1', maxBuffer: 2 ** 28, env: { ...process.env, LC_ALL: 'C' } },
  });
  if (status !== 0) throw new Error(`${script.slice(0, 300)}: ${stdout.slice(-300)}${stderr.slice(-600)}`);
  return stdout.trim();
};

const links = `use strict; use File::Find; my %n; find({ no_chdir => 1, wanted => sub { my @s = lstat or return;
  push @{$n{"$s[0]:$s[1]"}}, $_ if $s[3] > 1 && !-d _ } }, "."); print map { join(" = ", sort @$_), "\\n" } sort { $a->[0] cmp $b->[0] } map { [sort @$_] } grep { @$_ > 1 } values %n`;

/** Of sockets no backup keeps more than their names, if that; what takes long to read is compared by its metadata alone. */
export const comparing = (one: string, other: string, unread: readonly string[] = []): string => `
export LC_ALL=C
picture() {
  if [ -d "$1" ]; then cd "$1"; what=.; else cd "$(dirname "$1")"; what="./$(basename "$1")"; fi
  find "$what" ! -type s \\( -type d -printf '%p d %m %U:%G %T@\\n' -o -printf '%p %y %m %U:%G %s %T@ %l\\n' \\) | sort
  find "$what" ! -type s ! -type l -print0 | sort -z | xargs -0 getfacl -n
  find "$what" ! -type s -print0 | sort -z | xargs -0 getfattr -h -d -e hex -m - 2>/dev/null || true
  [ "$what" != . ] || perl -e '${links}'
}
work=$(mktemp -d)
(picture ${one}) >$work/one
(picture ${other}) >$work/other
diff $work/one $work/other || true
diff -rq --no-dereference ${unread.map((name) => `-x '${name}'`).join(' ')} ${one} ${other} 2>&1 | grep -avE 'is a (fifo|socket|character special file|block special file) while|^Only in .*: socket$' || true
rm -r $work`;

/** Nothing where they are the same; why they could not be compared where one of them is not there. @param unread names whose content is not compared */
export function differences(shell: Shell, one: string, other: string, unread: readonly string[] = []): string {
  try {
    return shell(comparing(one, other, unread));
  } catch (error) {
    return `not compared: ${String(error).slice(-300)}`;
  }
}
