#!/bin/sh
# Builds build/metallb.node with one compiler line. Runs within `npm ci`, so it never fails it: without a compiler or
# Node's headers it says so and leaves the addon out.
set -eu
cd "$(dirname "$0")"
root=../..
out=build/metallb.node

if [ -e "$out" ] && [ -z "$(find metallb.c build.sh -newer "$out")" ]; then
  exit 0
fi

compiler=
for candidate in "${CC:-}" cc gcc clang; do
  if [ -n "$candidate" ] && command -v "$candidate" >/dev/null 2>&1; then
    compiler=$candidate
    break
  fi
done
if [ -z "$compiler" ]; then
  echo "metallb: packet addon not built: no C compiler (Debian: apt-get install gcc libc6-dev); layer 2 will not work until \`sh src/native/build.sh\` ran"
  exit 0
fi

case $(uname -m) in
aarch64 | arm64) arch=arm64 ;;
*) arch=x64 ;;
esac
headers=
for candidate in \
  "$root/node_modules/node-linux-$arch/include/node" \
  "$root/node_modules/node/node_modules/node-linux-$arch/include/node" \
  /usr/include/node; do
  if [ -e "$candidate/node_api.h" ] && [ -e "$candidate/uv.h" ]; then
    headers=$candidate
    break
  fi
done
if [ -z "$headers" ]; then
  echo "metallb: packet addon not built: Node's headers (node_api.h, uv.h) are not in node_modules/node-linux-$arch nor /usr/include/node; layer 2 will not work until \`sh src/native/build.sh\` ran"
  exit 0
fi

mkdir -p build
if "$compiler" -O2 -Wall -Wextra -Werror -fPIC -shared -isystem "$headers" metallb.c -o "$out.new"; then
  mv "$out.new" "$out"
else
  rm -f "$out.new"
  echo "metallb: packet addon not built: the compiler refused metallb.c, see above; layer 2 will not work"
fi
