#!/usr/bin/env bash
# Fuzzes each target for a while: `SECONDS_EACH=600 tests/fuzz/run.sh [target …]`. Needs the nightly toolchain and cargo-fuzz.
set -euo pipefail
cd "$(dirname "$0")"

rustup toolchain list | grep -q nightly || { echo "fuzzing needs: rustup toolchain install nightly" >&2; exit 1; }
command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo +nightly fuzz list --fuzz-dir .)
for target in "${targets[@]}"; do
  echo "==> $target"
  cargo +nightly fuzz run --fuzz-dir . "$target" -- -max_total_time="${SECONDS_EACH:-60}" -max_len=65536 -timeout=10
done
