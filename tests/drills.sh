#!/usr/bin/env bash
# Runs drills on local cells, one after the other, and writes their reports: drills.sh REPORTS [NAME…]. Without names, the whole
# catalogue of docs/drills but the hour of random faults. Fails when a drill failed, was broken off, or was refused for another
# reason than that local cells cannot do it yet.
set -euo pipefail
reports=$(mkdir -p "$1" && cd "$1" && pwd)
shift
cd "$(dirname "$0")/.."
eyrie=${EYRIE:-${CARGO_TARGET_DIR:-target}/release/eyrie}

if [ $# = 0 ]; then
  for file in docs/drills/*.yaml; do
    name=$(basename "$file" .yaml)
    [ "$name" = an-hour-of-anything ] || set -- "$@" "$name"
  done
fi

# A Cassandra for all of them; each drill makes a keyspace of its own. It ends with this script, which alone holds its pipe.
store=$(mktemp -d)
mkfifo "$store/hold"
tests/cql/cassandra.sh run "$store/data" <"$store/hold" >/dev/null &
cassandra=$!
exec 9>"$store/hold"
trap 'exec 9>&-; wait $cassandra || true; rm -rf "$store"' EXIT
echo "==> starting a Cassandra"
for _ in $(seq 600); do
  [ -s "$store/data/port" ] && (exec 3<>"/dev/tcp/127.0.0.1/$(<"$store/data/port")") 2>/dev/null && break
  kill -0 $cassandra 2>/dev/null || { tail -20 "$store/data/log" >&2; exit 1; }
  sleep 0.5
done
contact=127.0.0.1:$(<"$store/data/port")

status=0
summary=()
for name in "$@"; do
  echo "==> $name"
  code=0
  "$eyrie" drill run "docs/drills/$name.yaml" --store "$contact" --report "$reports" 9>&- || code=$?
  case $code in
    0) outcome=passed ;;
    3) outcome=aborted ;;
    4) outcome=refused ;;
    5) outcome="not supported by local cells yet" ;;
    *) outcome=failed ;;
  esac
  [ $code = 0 ] || [ $code = 5 ] || status=1
  summary+=("$(printf '%-32s %s' "$name" "$outcome")")
done
printf '\n'
printf '%s\n' "${summary[@]}"
echo "reports: $reports"
exit $status
