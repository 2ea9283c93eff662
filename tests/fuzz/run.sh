#!/usr/bin/env bash
# Fuzzes each target for a while: `SECONDS_EACH=600 tests/fuzz/run.sh [target …]`. Inputs that are kept lie in tests/fuzz/corpus
# (seeds, committed) and tests/fuzz/found (grown, not committed); what makes a target fail lies in tests/fuzz/artifacts.
#
# With a nightly toolchain the address sanitizer watches too. Without one the targets are built by the stable compiler, without a
# sanitizer: the code is safe Rust, so what is looked for (panics, overflows, endless loops, memory) is found all the same.
set -euo pipefail
cd "$(dirname "$0")"

command -v cargo-fuzz >/dev/null || cargo install --quiet --locked cargo-fuzz
if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
  toolchain=(+nightly)
  sanitizer=${SANITIZER:-address}
else
  toolchain=()
  sanitizer=${SANITIZER:-none}
  # Lets the stable compiler take the flags that make a target tell which branches it took.
  export RUSTC_BOOTSTRAP=1
fi
targets=("$@")
[ ${#targets[@]} -gt 0 ] || mapfile -t targets < <(cargo "${toolchain[@]}" fuzz list --fuzz-dir .)
echo "==> building ${#targets[@]} targets (sanitizer: $sanitizer)"
cargo "${toolchain[@]}" fuzz build --fuzz-dir . --sanitizer "$sanitizer"
for target in "${targets[@]}"; do
  echo "==> $target"
  mkdir -p "found/$target" "corpus/$target"
  cargo "${toolchain[@]}" fuzz run --fuzz-dir . --sanitizer "$sanitizer" "$target" "found/$target" "corpus/$target" -- \
    -max_total_time="${SECONDS_EACH:-60}" -max_len=65536 -timeout=10 -rss_limit_mb=2048 -print_final_stats=1
done
