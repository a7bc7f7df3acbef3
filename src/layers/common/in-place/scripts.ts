// The exchange of what a data folder holds, as scripts for its owner's shell: `$1` the folder, `$2` the folder to work in, then names.
// Each may be cut off anywhere and begun again. `before/.put-aside` lists what was there: from then on whatever has one of the names is ours.

/** Old ones out, new ones in. */
export const swapScript = `data=$1; work=$2; shift 2; cd -- "$data"
mkdir -p -- "$work/before"
if [ ! -e "$work/before/.put-aside" ]; then
  for name; do
    if [ -e "$name" ] || [ -L "$name" ]; then mv -T -- "$name" "$work/before/$name"; fi
  done
  cd -- "$work/before"
  for name; do
    if [ -e "$name" ] || [ -L "$name" ]; then printf '%s\\n' "$name"; fi
  done > .listing
  sync -- .listing; mv -T -- .listing .put-aside; cd -- "$data"
fi
for name; do
  if [ -e "$work/new/$name" ] || [ -L "$work/new/$name" ]; then mv -T -- "$work/new/$name" "$name"; fi
done
sync -- "$data" "$work/before"`;

/** Everything as it was; nothing where the exchange had not begun, or was settled. */
export const unswapScript = `data=$1; work=$2; shift 2; cd -- "$data"
[ -d "$work/before" ] || exit 0
if [ -e "$work/before/.put-aside" ]; then
  for name; do
    if [ -e "$work/before/$name" ] || [ -L "$work/before/$name" ]; then
      rm -rf -- "$name"; mv -T -- "$work/before/$name" "$name"
    elif ! grep -qxF -e "$name" -- "$work/before/.put-aside"; then rm -rf -- "$name"; fi
  done
  rm -f -- "$work/before/.put-aside"
else
  for name; do
    if [ -e "$work/before/$name" ] || [ -L "$work/before/$name" ]; then mv -T -- "$work/before/$name" "$name"; fi
  done
  rm -f -- "$work/before/.listing"
fi
rmdir -- "$work/before"; sync -- "$data"`;

/** From the one rename on nothing leads back. \`$3\`: where what was there goes, \`$4\`: whether it stays there. */
export const settleScript = `[ ! -d "$2/before" ] || mv -T -- "$2/before" "$3"
[ "$4" = stays ] || rm -rf -- "$3"
rm -f -- "$3/.put-aside"; rm -rf -- "$2"`;
