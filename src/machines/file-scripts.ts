// What is done with a file on another machine, for its sh(1): the file is $1, an absolute path. Coreutils do most of it; what
// only busybox is there for is done in its way. An exit code other than 0 comes with the command's own words on stderr.
import { statFormat } from './file-info.ts';

const gnu = 'gnu() { dd --version 2>/dev/null | grep -q coreutils; }';

/** A folder on some network file systems cannot be synced; its entries are then as durable as the server makes them. */
const synced = `synced() {
  e=$(sync "$1" 2>&1) || case $e in *'Invalid argument'|*'not supported') ;; *) printf '%s\\n' "$e" >&2; return 1 ;; esac
}`;

/** As open(2) says it of a link with O_NOFOLLOW. */
const noLink = `[ -h "$1" ] && { echo 'Too many levels of symbolic links' >&2; exit 1; }`;

export const info = `s=$(stat -c '${statFormat}' -- "$1") || exit
printf '%s' "$s"
if [ -h "$1" ]; then exec readlink -n -- "$1"; fi`;

/** What `read` ends with where it finds something else than a regular file. */
export const noRegularFile = 65;

export const read = `${gnu}
${noLink}
if [ -e "$1" ] && [ ! -f "$1" ]; then exit ${noRegularFile}; fi
if gnu; then exec dd if="$1" bs=1M count="$2" iflag=nofollow,nonblock,fullblock,count_bytes status=none; fi
exec head -c "$2" "$1"`;

export const source = `${gnu}
if gnu; then exec dd if="$1" bs=1M skip="$2" iflag=nofollow,nonblock,skip_bytes status=none; fi
${noLink}
exec tail -c +$(($2 + 1)) "$1"`;

export const list = `exec find "$1/." -mindepth 1 -maxdepth 1 -print0`;

/**
 * Made by this very command, and known by its descriptor from then on. A shell that is not to clobber still opens what is no
 * regular file, through links, too: nothing is written before that was looked at.
 */
const made = (name: string, mode: string) => `umask 077; set -C
exec 3>${name} || exit
if [ ! -f /proc/self/fd/3 ]; then echo 'File exists' >&2; exit 1; fi
chmod ${mode} /proc/self/fd/3 || exit`;

export const sink = `${synced}
if [ -e "$1" ] || [ -h "$1" ]; then echo 'File exists' >&2; exit 1; fi
${made('"$1"', '"$2"')}
echo made
dd bs=1M conv=fsync status=none >&3 && synced "$3"`;

/** $2: the name beside it, $3: its mode, $4: its size, by which a line that broke half-way is noticed, $5: its folder */
export const write = `${synced}
${made('"$2"', '"$3"')}
whole() { [ "$(stat -L -c %s /proc/self/fd/3)" = "$4" ] || { echo 'it did not arrive whole' >&2; return 1; }; }
dd bs=1M conv=fsync status=none >&3 && whole "$@" && mv -fT -- "$2" "$1" && synced "$5" && exit
rm -f -- "$2"
exit 1`;

export const makeFolder = `${synced}
e=$(mkdir -m "$2" -- "$1" 2>&1) && { synced "$3"; exit; }
if [ -d "$1" ] && [ ! -h "$1" ]; then exit 0; fi
printf '%s\\n' "$e" >&2
exit 1`;

/** mv(1) would copy to another file system; perl, which every Debian has, renames and does nothing else. */
export const rename = `${synced}
if perl -e 1 2>/dev/null; then
  perl -e 'rename($ARGV[0], $ARGV[1]) or do { print STDERR "rename: $!\\n"; exit 1 }' -- "$1" "$2" || exit
else
  a=$(stat -c %d -- "$1") && b=$(stat -c %d -- "$4") || exit
  if [ "$a" != "$b" ]; then echo 'Invalid cross-device link' >&2; exit 1; fi
  mv -fT -- "$1" "$2" || exit
fi
synced "$4" && { [ "$3" = "$4" ] || synced "$3"; }`;

/** GNU rm works below directory handles: a folder that is swapped for a link while it goes on leads it nowhere. */
export const remove = `${gnu}
if gnu; then exec rm --recursive --force --one-file-system -- "$1"; fi
if [ -e "$1" ] || [ -h "$1" ]; then exec find "$1" -xdev -depth -delete; fi`;

export const abandon = `exec rm -f -- "$1"`;

export const space = `exec stat -f -c '%a %b %f %S' -- "$1"`;
