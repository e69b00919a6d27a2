#!/usr/bin/env bash
# Installs the Debian packages that the suite uses, and unpacks kubectl and serf of several ages. Needs root and Debian.
# What is there already is not fetched again.
set -euo pipefail
cd "$(dirname "$0")/.."

tools=.cache/test-tools
mkdir -p "$tools/bin"

packages=(binutils curl gcc iproute2 iputils-arping iputils-ping libc6-dev libcap2-bin ndisc6 nftables procps tcpdump util-linux wget)
# The routers that BGP is tested with.
packages+=(bird2 exabgp frr gobgpd)
# Prometheus scrapes our processes and evaluates our alerts; promtool is part of it.
packages+=(prometheus)
missing=()
for package in "${packages[@]}"; do
  dpkg-query -W -f='${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
done
if [ "${#missing[@]}" -gt 0 ]; then
  echo "installing ${missing[*]}"
  apt-get update -qq
  # No daemon starts by itself: the machine may be somebody's, and the tests start their own.
  policy=/usr/sbin/policy-rc.d
  if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
  fi
  DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

# fetch_tool NAME VERSION SUITE PACKAGE: unpacks a suite's NAME as NAME-VERSION, without touching the system's apt.
fetch_tool() {
  local name=$1 version=$2 suite=$3 package=$4
  [ -x "$tools/bin/$name-$version" ] && return
  local state="$tools/apt-$suite"
  mkdir -p "$state/lists/partial" "$state/cache/archives/partial"
  echo "deb [signed-by=/usr/share/keyrings/debian-archive-keyring.gpg] http://deb.debian.org/debian $suite main" >"$state/sources.list"
  local options=(
    -qq
    -o "Dir::Etc::sourcelist=$PWD/$state/sources.list" -o Dir::Etc::sourceparts=/dev/null
    -o "Dir::State::lists=$PWD/$state/lists" -o "Dir::Cache=$PWD/$state/cache" -o Dir::State::status=/dev/null -o APT::Sandbox::User=root
  )
  echo "fetching $name $version from Debian $suite"
  apt-get "${options[@]}" update
  (cd "$state" && apt-get "${options[@]}" download "$package")
  # serf can't tell its version; that of the package is the only one.
  [ "$suite" = sid ] || compgen -G "$state/${package}_$version*.deb" >/dev/null ||
    { echo "Debian $suite has another $name: $(cd "$state" && echo ./*.deb)" >&2; exit 1; }
  rm -rf "$state/root"
  dpkg -x "$state/$package"_*.deb "$state/root"
  mv "$state/root/usr/bin/$name" "$tools/bin/$name-$version"
  rm -rf "$state"
}

fetch_tool kubectl 1.20 bookworm kubernetes-client
fetch_tool kubectl 1.32 trixie kubectl
fetch_tool kubectl 1.36 sid kubectl
# memberlist 0.2.2 and 0.5.0
fetch_tool serf 0.9.4 bookworm serf
fetch_tool serf 0.10.1 trixie serf

# sid moves on: a newer kubectl in place of 1.36 is worth a note, an older or a broken one is an error.
for version in 1.20 1.32 1.36; do
  got=$("$tools/bin/kubectl-$version" version --client -o json | grep -o '"gitVersion": *"v[0-9]*\.[0-9]*' | grep -o '[0-9]*\.[0-9]*$')
  [ "$got" = "$version" ] && continue
  [ "$version" = 1.36 ] && [ "$(printf '%s\n' 1.36 "$got" | sort -V | tail -n 1)" = "$got" ] && [ -n "$got" ] ||
    { echo "kubectl-$version reports version '$got'" >&2; exit 1; }
  echo "Debian sid has kubectl $got by now; it stands in for $version"
done
echo "test tools are ready"
