#!/usr/bin/env bash
# Fuzzes each target for a while: `tests/fuzz/run.sh [SECONDS] [TARGET …]`; 60 s and every target unless told otherwise. Inputs that
# are kept lie in tests/fuzz/corpus (seeds, committed) and tests/fuzz/found (grown, not committed); what makes a target fail lies in
# tests/fuzz/artifacts. A target that fails does not keep the others from running; a table at the end says how each went.
#
# With a nightly toolchain the address sanitizer watches too. Without one the targets are built by the stable compiler, without a
# sanitizer: the code is safe Rust, so what is looked for (panics, overflows, endless loops, memory) is found all the same.
set -euo pipefail
cd "$(dirname "$0")"

missing() {
  echo "tests/fuzz/run.sh: $1 is missing: $2" >&2
  exit 1
}
command -v cargo >/dev/null || missing cargo "install Rust from https://rustup.rs"
command -v c++ >/dev/null || command -v clang++ >/dev/null || missing "a C++ compiler" "libFuzzer is compiled; apt-get install g++"
if ! command -v cargo-fuzz >/dev/null; then
  echo "==> installing cargo-fuzz"
  cargo install --quiet --locked cargo-fuzz || missing cargo-fuzz "cargo install --locked cargo-fuzz failed, see above"
fi

seconds=60
if [[ ${1:-} =~ ^[0-9]+$ ]]; then
  seconds=$1
  shift
fi
mapfile -t known < <(cargo fuzz list --fuzz-dir .)
targets=("$@")
[ ${#targets[@]} -gt 0 ] || targets=("${known[@]}")
for target in "${targets[@]}"; do
  printf '%s\n' "${known[@]}" | grep -qx -- "$target" || missing "target $target" "there are ${known[*]}"
done

if rustup toolchain list 2>/dev/null | grep -q '^nightly'; then
  cargo=(cargo +nightly)
  sanitizer=${SANITIZER:-address}
else
  cargo=(cargo)
  sanitizer=${SANITIZER:-none}
  # Lets the stable compiler take the flags that make a target tell which branches it took.
  export RUSTC_BOOTSTRAP=1
fi
build=(--fuzz-dir . --sanitizer "$sanitizer")
echo "==> building (sanitizer: $sanitizer); the first time takes some minutes"
if [ ${#targets[@]} -eq ${#known[@]} ]; then
  "${cargo[@]}" fuzz build "${build[@]}"
else
  for target in "${targets[@]}"; do "${cargo[@]}" fuzz build "${build[@]}" "$target"; done
fi

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT
failed=0
table=()
for target in "${targets[@]}"; do
  echo "==> $target, $seconds s"
  mkdir -p "found/$target" "corpus/$target"
  outcome=nothing
  "${cargo[@]}" fuzz run "${build[@]}" "$target" "found/$target" "corpus/$target" -- -max_total_time="$seconds" -max_len=65536 \
    -timeout=10 -rss_limit_mb=2048 -print_final_stats=1 2>&1 | tee "$logs/$target" | grep -v '#[0-9]*[[:space:]]*REDUCE' \
    || { outcome="FAILED, see artifacts/$target" && failed=1; }
  runs=$(sed -n 's/^stat::number_of_executed_units: *//p' "$logs/$target" | tail -1)
  reached=$(grep -o 'cov: [0-9]*' "$logs/$target" | tail -1 || true)
  table+=("| \`$target\` | $seconds | ${runs:-?} | ${reached#cov: } | $outcome |")
done
printf '%s\n' '' '| target | seconds | executions | edges covered | found |' '| --- | --- | --- | --- | --- |' "${table[@]}"
exit "$failed"
