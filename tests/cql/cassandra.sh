#!/usr/bin/env bash
# Apache Cassandra for tests, on loopback, with its data in a temporary directory.
#
#   cassandra.sh fetch          get its jars from Maven Central, once
#   cassandra.sh run DIR        start it with its data in DIR, which it makes, and stop it and remove DIR when standard input ends: it
#                               dies with whoever started it, however that one ends. With a line "keep" before the end, DIR stays,
#                               and can be run again with its data, on its port. DIR/port holds the port it will listen on, DIR/pid
#                               its process, DIR/log its log. With DIR/tls.pem (key and certificate) and DIR/authorities.pem it speaks
#                               TLS alone, and with those alone that show a certificate of such an authority.
#
# It is tuned to start fast and stay small (1 GiB of heap), not to be safe.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
version=$(sed -n 's:.*<version>\([0-9.]*\)</version>.*:\1:p' "$here/pom.xml" | tail -1)
jars=${EYRIE_TOOLS:-$HOME/.cache/eyrie-tools}/cassandra-$version

# Cassandra 5 runs on Java 11 and 17, and on nothing later.
java_bin() {
  local candidate
  for candidate in "${JAVA_HOME:-/nonexistent}/bin/java" "$(command -v java || true)" /usr/lib/jvm/*17*/bin/java; do
    if [ -x "$candidate" ] && "$candidate" -version 2>&1 | grep -q 'version "17\.'; then echo "$candidate"; return; fi
  done
  echo "cassandra.sh: Java 17 is missing; deploy/deps.sh test installs it" >&2
  return 1
}

fetch() {
  [ -e "$jars/.complete" ] && return
  mkdir -p "$jars"
  # One at a time: test binaries may start together.
  exec 9>"$jars/.lock"
  flock 9
  if [ ! -e "$jars/.complete" ]; then
    echo "==> fetching Apache Cassandra $version (66 MB)" >&2
    mvn -q -B -f "$here/pom.xml" dependency:copy-dependencies -DoutputDirectory="$jars" -DincludeScope=runtime >&2
    touch "$jars/.complete"
  fi
  exec 9>&-
}

# Two different free ports, below those that the kernel gives to outgoing connections: nobody is given one before it is listened on.
free_ports() {
  python3 -c 'import random, socket
found = []
while len(found) < 2:
    one, port = socket.socket(), random.randrange(12000, 20000)
    try:
        one.bind(("127.0.0.1", port))
    except OSError:
        continue
    found.append((one, port))
print(found[0][1], found[1][1])'
}

configure() {
  local dir=$1 native storage
  read -r native storage <<<"$(free_ports)"
  cat >"$dir/cassandra.yaml" <<YAML
cluster_name: eyrie-tests
num_tokens: 1
partitioner: org.apache.cassandra.dht.Murmur3Partitioner
endpoint_snitch: SimpleSnitch
seed_provider:
  - class_name: org.apache.cassandra.locator.SimpleSeedProvider
    parameters:
      - seeds: "127.0.0.1:$storage"
listen_address: 127.0.0.1
storage_port: $storage
rpc_address: 127.0.0.1
native_transport_port: $native
start_native_transport: true
auto_bootstrap: false
hinted_handoff_enabled: false
data_file_directories: [$dir/data]
commitlog_directory: $dir/commitlog
saved_caches_directory: $dir/saved_caches
hints_directory: $dir/hints
cdc_raw_directory: $dir/cdc_raw
commitlog_sync: periodic
commitlog_sync_period: 2000ms
commitlog_segment_size: 16MiB
commitlog_total_space: 256MiB
disk_failure_policy: stop
commit_failure_policy: stop
memtable_heap_space: 192MiB
memtable_offheap_space: 64MiB
memtable_allocation_type: unslabbed_heap_buffers
memtable_flush_writers: 1
key_cache_size: 4MiB
row_cache_size: 0MiB
counter_cache_size: 0MiB
file_cache_enabled: false
networking_cache_size: 16MiB
concurrent_reads: 8
concurrent_writes: 8
concurrent_counter_writes: 2
concurrent_compactors: 1
native_transport_max_threads: 16
read_request_timeout: 10000ms
range_request_timeout: 20000ms
write_request_timeout: 10000ms
cas_contention_timeout: 5000ms
request_timeout: 20000ms
truncate_request_timeout: 30000ms
auto_snapshot: false
snapshot_before_compaction: false
incremental_backups: false
trickle_fsync: false
batch_size_warn_threshold: 1024KiB
batch_size_fail_threshold: 4096KiB
YAML
  if [ -e "$dir/tls.pem" ]; then
    cat >>"$dir/cassandra.yaml" <<YAML
client_encryption_options:
  enabled: true
  optional: false
  require_client_auth: true
  ssl_context_factory:
    class_name: org.apache.cassandra.security.PEMBasedSslContextFactory
  keystore: $dir/tls.pem
  truststore: $dir/authorities.pem
YAML
  fi
  cat >"$dir/logback.xml" <<XML
<configuration>
  <appender name="FILE" class="ch.qos.logback.core.FileAppender">
    <file>$dir/log</file><append>true</append>
    <encoder><pattern>%d{HH:mm:ss.SSS} %-5level %logger{0} %msg%n</pattern></encoder>
  </appender>
  <root level="INFO"><appender-ref ref="FILE"/></root>
</configuration>
XML
  echo "$native" >"$dir/port"
}

run() {
  local dir java open=() package
  mkdir -p "$1"
  dir=$(cd "$1" && pwd)
  java=$(java_bin)
  fetch
  [ -e "$dir/port" ] || configure "$dir"
  for package in java.lang java.lang.module java.io java.nio java.util java.util.concurrent java.util.concurrent.atomic \
      java.lang.reflect java.net java.math jdk.internal.loader jdk.internal.ref jdk.internal.reflect jdk.internal.math \
      jdk.internal.module jdk.internal.util.jar jdk.internal.misc sun.nio.ch; do
    open+=(--add-opens "java.base/$package=ALL-UNNAMED" --add-exports "java.base/$package=ALL-UNNAMED")
  done
  open+=(--add-exports java.management.rmi/com.sun.jmx.remote.internal.rmi=ALL-UNNAMED
    --add-exports java.rmi/sun.rmi.registry=ALL-UNNAMED --add-exports java.rmi/sun.rmi.server=ALL-UNNAMED
    --add-exports java.sql/java.sql=ALL-UNNAMED --add-exports jdk.unsupported/sun.misc=ALL-UNNAMED
    --add-opens jdk.management/com.sun.management.internal=ALL-UNNAMED)
  cd "$dir"
  "$java" -Xms512M -Xmx1G -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -XX:+ExitOnOutOfMemoryError -XX:-UsePerfData -Xss512k \
    -XX:MaxDirectMemorySize=256M -Djdk.attach.allowAttachSelf=true "${open[@]}" \
    -Djava.awt.headless=true -Dcassandra.config="file://$dir/cassandra.yaml" -Dlogback.configurationFile="file://$dir/logback.xml" \
    -Dcassandra.storagedir="$dir" -Dcassandra.ring_delay_ms=0 -Dcassandra.skip_wait_for_gossip_to_settle=0 \
    -Dcassandra.initial_token=0 -Dcassandra.allow_unlimited_concurrent_validations=true \
    -Dcassandra.test.flush_local_schema_changes=false -Dcassandra.load_ring_state=false \
    -Dcassandra.superuser_setup_delay_ms=-1 -Dcassandra.disable_auth_caches_remote_configuration=true \
    -cp "$jars/*" org.apache.cassandra.service.CassandraDaemon >>"$dir/out" 2>&1 </dev/null &
  local pid=$!
  echo "$pid" >"$dir/pid"
  trap 'kill "$pid" 2>/dev/null || true' EXIT
  # Until whoever holds the other end of the pipe closes it, or is gone.
  local line keep=
  while read -r line; do [ "$line" = keep ] && keep=1; done
  kill "$pid" 2>/dev/null || true
  for _ in $(seq 100); do kill -0 "$pid" 2>/dev/null || break; sleep 0.1; done
  kill -9 "$pid" 2>/dev/null || true
  trap - EXIT
  rm -f "$dir/pid"
  cd /
  if [ -z "$keep" ] && [ -e "$dir/cassandra.yaml" ]; then rm -rf "$dir"; fi
}

case "${1:-}" in
  fetch) fetch ;;
  run) run "${2:?a directory}" ;;
  *) sed -n '2,12s/^# \{0,1\}//p' "$0" >&2; exit 2 ;;
esac
