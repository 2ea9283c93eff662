#!/usr/bin/env bash
# Runs every benchmark on the release build and writes the results into docs/benchmarks.md, between its marks.
set -euo pipefail
cd "$(dirname "$0")/../.."
bench=${CARGO_TARGET_DIR:-target}/release/eyrie-bench

results=$(mktemp -d)
trap 'rm -rf "$results"' EXIT

measure() {
  local name=$1
  shift
  echo "==> $name: eyrie-bench $*"
  "$bench" "$@" >"$results/$name.md"
  python3 - "$name" "$results/$name.md" <<'PY'
import pathlib, re, sys
name, result = sys.argv[1], pathlib.Path(sys.argv[2]).read_text().strip()
page = pathlib.Path("docs/benchmarks.md")
begin, end = f"<!-- begin {name} -->", f"<!-- end {name} -->"
text, count = re.subn(f"{begin}.*?{end}", lambda _: f"{begin}\n{result}\n{end}", page.read_text(), flags=re.S)
assert count == 1, f"docs/benchmarks.md has no place for {name}"
page.write_text(text)
PY
}

measure crash crash "${KILLS:-100}"
# Cameras in the directory, rounds, seconds of each load.
measure api-10000 api 10000 "${ROUNDS:-3}" 1
measure api-100000 api 100000 "${ROUNDS:-3}" 2
measure markers markers "${MARKERS:-1000000}"
measure cost-50 cost "${ROUNDS:-3}" 50
measure cost-200 cost "${ROUNDS:-3}" 200
# Publishers, rounds, seconds of each.
measure publish publish 100 "${ROUNDS:-3}" 20
# 1,000 cameras for 10 minutes fill 40 GB; with less room: CAMERAS=400 make bench.
measure capacity capacity "${CAMERAS:-1000}" "${SECONDS_LONG:-600}"
# Cameras, rounds, starts of playback in each.
measure playback playback 50 "${ROUNDS:-3}" 150
# Segments in the index of a directory each; the largest take 1.7 GB.
indexes=()
for index in 10000:hourly 100000:hourly 1000000:hourly 10000000:hourly 1000000:dense 10000000:dense; do
  echo "==> an index of $index"
  "$bench" make-index "$results/$index" "${index%:*}" "${index#*:}"
  indexes+=("$results/$index")
done
measure timeline timeline "${indexes[@]}"
rm -rf "${indexes[@]}"
# Cameras, rounds, seconds of each.
measure latency latency 50 "${ROUNDS:-3}" 30
# Cameras, seconds recorded before, rounds, seconds of each.
measure extract extract 50 60 "${ROUNDS:-3}" 30
measure page page "${ROUNDS:-3}" 30
# Cameras, rounds, seconds of each, viewers; these start a cell of three nodes over a Cassandra.
measure edge edge 12 "${ROUNDS:-3}" 20 1000 10000
# Cameras, rounds, plays in each.
measure spread spread 6 "${ROUNDS:-3}" 20
