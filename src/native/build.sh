#!/bin/sh
# Compiles the addon with one compiler line, without node-gyp. Run by `npm ci`, so whatever is missing is said and the
# installation goes on: the packages that don't touch the network (most tests, the controller) work without the addon.
set -eu
cd "$(dirname "$0")"

output=build/metallb.node
if [ -f "$output" ] && [ -z "$(find . -maxdepth 1 \( -name '*.c' -o -name '*.h' -o -name build.sh \) -newer "$output")" ]; then
  exit 0
fi

give_up() {
  echo "metallb-ts: the native addon was not built: $1. Layer 2 needs it; mend this and run: sh src/native/build.sh" >&2
  exit 0
}

compiler=${CC:-cc}
command -v "${compiler%% *}" >/dev/null 2>&1 || give_up "no C compiler (${compiler}); on Debian: apt-get install gcc libc6-dev"

case $(uname -m) in
  aarch64 | arm64) arch=arm64 ;;
  *) arch=x64 ;;
esac
modules=../../node_modules
include=
for candidate in "$modules/node-linux-$arch/include/node" "$modules/node/node_modules/node-linux-$arch/include/node" /usr/include/node; do
  if [ -f "$candidate/node_api.h" ] && [ -f "$candidate/uv.h" ]; then
    include=$candidate
    break
  fi
done
[ -n "$include" ] || give_up "no Node.js headers (node_api.h and uv.h, which npm's node-linux-$arch brings)"

# A newer compiler's new warning must not cost a user layer 2; here it must be seen.
werror=
[ "${CI:-}" = true ] && werror=-Werror

mkdir -p build
# The same bytes from any folder: a compiler that is told to keep debug information would write this one's path into it.
reproducible="-ffile-prefix-map=$PWD=src/native"
# Renamed into place: a process that has the old addon loaded keeps its own file.
# CC may hold flags.
# shellcheck disable=SC2086
$compiler -std=gnu11 -O2 -Wall -Wextra $werror "$reproducible" -fPIC -shared -fvisibility=hidden -isystem "$include" -o "build/metallb.$$" ./*.c ||
  give_up "the compiler failed, see above"
mv "build/metallb.$$" "$output"
