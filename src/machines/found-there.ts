// Processes on another machine, found by a mark in the environment they were started with: which shell code finds them, and
// what it prints. GNU grep finds them at once; busybox's may lack -z, and FreeBSD has ps(1) in the place of /proc.

/** `HOLDFAST_COMMAND=...`: letters, digits and what no pattern takes for a sign */
export type Mark = `HOLDFAST_${string}`;

/** A function `found`, which prints the ids of all that carry the mark, or fails where nobody can tell. */
function finding(mark: Mark, except?: Mark): string {
  if (!/^[\w=.-]+$/.test(mark + (except ?? ''))) throw new Error(`no mark: ${mark}`);
  // A pattern that the text of this very script does not fit.
  const hidden = (text: string) => `[H]${text.slice(1).replaceAll('.', '[.]')}`;
  const not = except === undefined ? 'cat' : `while read p; do has "$p" '^${hidden(except)}' || echo "$p"; done`;
  return `
has() { tr '\\0' '\\n' < /proc/$1/environ 2>/dev/null | grep -q "$2"; }
found() {
  if [ -r /proc/self/environ ]; then
    if printf 'a\\0b\\0' | grep -qzxF b 2>/dev/null; then
      (cd /proc && grep -lsz '^${hidden(mark)}$' [0-9]*/environ | sed 's:/.*::') | ${not}
    else
      (cd /proc && for p in [0-9]*; do if has "$p" '^${hidden(mark)}$'; then echo "$p"; fi; done) | ${not}
    fi
  elif ps axeww -o pid= -o command= >/dev/null 2>&1; then
    ps axeww -o pid= -o command= | grep '${hidden(mark)}' | ${except === undefined ? 'cat' : `grep -v '${hidden(except)}'`} | awk '{ print $1 }'
  else return 1; fi
}`;
}

/** Sends the signal (0: none) to all of them, and prints `PID NAME` of each; `blind` where nobody can tell. */
export const signalling = (
  signal: '0' | 'TERM' | 'KILL',
  mark: Mark,
  except?: Mark,
): string => `${finding(mark, except)}
l=$(found) || { echo blind; exit 0; }
for p in $l; do
  kill -${signal} "$p" 2>/dev/null
  n=$(cat "/proc/$p/comm" 2>/dev/null || ps -o comm= -p "$p" 2>/dev/null) && echo "$p $n"
done
exit 0`;

/**
 * The keeper: it lives as long as the connection does, and kills what was started through it when it hears nothing any more
 * (the worker, ssh or sshd was killed; the network was cut). It carries no mark itself.
 */
export const keeping = (ready: string, mark: Mark): string => `${finding(mark)}
trap '' HUP TERM INT PIPE
printf '%s\\n' '${ready}'
if timeout 1 true 2>/dev/null; then
  while b=$(timeout 60 dd bs=64 count=1 2>/dev/null) && [ -n "$b" ]; do :; done
else
  while read -r b; do :; done
fi
exec >/dev/null 2>&1
i=0
while [ "$i" -lt 30 ]; do
  l=$(found) || exit 0
  [ -n "$l" ] || [ "$i" -lt 2 ] || exit 0
  for p in $l; do kill -KILL "$p"; done
  i=$((i + 1)); sleep 0.2 || sleep 1
done`;
