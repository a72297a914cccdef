#!/usr/bin/env bash
# Builds a static libcrypto in build/openssl, for systems that package none (Fedora). The scripts find it there.
#
#   deps/build-openssl.sh [openssl-3.5.7.tar.gz]     without the archive it is downloaded; its hash is checked
set -euo pipefail
cd "$(dirname "$0")/.."

version=3.5.7
sha256=a8c0d28a529ca480f9f36cf5792e2cd21984552a3c8e4aa11a24aa31aeac98e8
prefix="$PWD/build/openssl"
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT

archive="${1:-}"
if [[ -z "$archive" ]]; then
  archive="$work/openssl.tar.gz"
  curl --fail --location --silent --show-error --output "$archive" \
    "https://github.com/openssl/openssl/releases/download/openssl-$version/openssl-$version.tar.gz"
fi
echo "$sha256  $archive" | { sha256sum --check --quiet 2>/dev/null || shasum -a 256 --check --quiet; }
tar -xf "$archive" -C "$work" --strip-components=1

echo "Building libcrypto $version in $prefix."
cd "$work"
if ! { ./Configure --prefix="$prefix" --libdir=lib no-shared no-tests no-apps no-docs no-module no-legacy no-engine \
    no-dso no-atexit no-autoload-config -fPIC -fvisibility=hidden &&
    make -s -j"${NODE_MLS_JOBS:-2}" build_generated &&
    make -s -j"${NODE_MLS_JOBS:-2}" libcrypto.a; } >log 2>&1; then
  tail -n 40 log >&2
  exit 1
fi
mkdir -p "$prefix/lib" "$prefix/include/openssl"
cp libcrypto.a "$prefix/lib/"
cp include/openssl/*.h "$prefix/include/openssl/"
