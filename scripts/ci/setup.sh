#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Installs what the gate needs beyond a C++ compiler and Node, and nothing that is there already.
set -euo pipefail

missing=()
need() {
  command -v "$1" >/dev/null || missing+=("$2")
}
need g++ g++
need make make
need python3 python3
need nm binutils
need cmake cmake
need clang-format clang-format
if [ "$(uname -m)" = x86_64 ]; then
  need aarch64-linux-gnu-g++ g++-aarch64-linux-gnu
  need qemu-aarch64 qemu-user
fi

if [ ${#missing[@]} -gt 0 ]; then
  echo "Installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi
