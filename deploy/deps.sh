#!/usr/bin/env bash
# Installs what `make demo`, `make test`, `make bench` or `make check` needs and is missing, on Debian or Ubuntu. Says what it does, does
# nothing twice. Tools that no package brings go to $EYRIE_TOOLS (default ~/.cache/eyrie-tools).
set -euo pipefail

what=${1:?usage: deps.sh demo|test|bench|check}
tools=${EYRIE_TOOLS:-$HOME/.cache/eyrie-tools}
node_version=22.22.0
npm_version=11

say() { printf '==> %s\n' "$*"; }
have() { command -v "$1" >/dev/null 2>&1; }
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

if ! have cargo; then
  echo "Rust is missing. Install it with this line, then run make again:" >&2
  echo "  curl --proto '=https' --tlsv1.2 -sSf https://sh.rustup.rs | sh -s -- -y && . \"\$HOME/.cargo/env\"" >&2
  exit 1
fi

# command it brings → package
packages=()
need() { have "$1" || packages+=("$2"); }
need_file() { [ -e "$1" ] || packages+=("$2"); }
need cc build-essential
need cmake cmake
case $what in
  demo | test | bench) need ffmpeg ffmpeg; need_file /usr/share/fonts/truetype/dejavu/DejaVuSans-Bold.ttf fonts-dejavu-core ;;
  check) have python3 || packages+=(python3); python3 -c 'import ensurepip' 2>/dev/null || packages+=(python3-venv) ;;
esac
if [ "$what" = test ] || [ "$what" = bench ]; then
  need chromium chromium
  # Apache Cassandra, which the metadata store is tested with: it runs on Java 17 and comes from Maven Central.
  have_java17() {
    local java
    for java in "${JAVA_HOME:-/nonexistent}/bin/java" "$(command -v java || true)" /usr/lib/jvm/*17*/bin/java; do
      [ -x "$java" ] && "$java" -version 2>&1 | grep -q 'version "17\.' && return
    done
    return 1
  }
  have_java17 || packages+=(openjdk-17-jre-headless)
  need mvn maven
  need redis-server redis-server
  # Drills put each node into a network of its own.
  need ip iproute2
  # Agents cut nodes off with it.
  [ -e /usr/sbin/nft ] || need nft nftables
  # And give some a wrong clock.
  need_file "$(echo /usr/lib/*/faketime/libfaketimeMT.so.1)" libfaketime
  /usr/bin/python3 -c 'import gi; gi.require_version("GstRtspServer", "1.0"); from gi.repository import GstRtspServer' 2>/dev/null ||
    packages+=(python3-gi gir1.2-gst-rtsp-server-1.0)
  # Its TLS.
  need_file "$(echo /usr/lib/*/gio/modules/libgiognutls.so)" glib-networking
  need openssl openssl
  need gst-launch-1.0 gstreamer1.0-tools
  need_file "$(echo /usr/lib/*/gstreamer-1.0/libgstx264.so)" gstreamer1.0-plugins-ugly
  need_file "$(echo /usr/lib/*/gstreamer-1.0/libgstx265.so)" gstreamer1.0-plugins-bad
  need_file "$(echo /usr/lib/*/gstreamer-1.0/libgstrtp.so)" gstreamer1.0-plugins-good
  need_file "$(echo /usr/lib/*/gstreamer-1.0/libgstvideotestsrc.so)" gstreamer1.0-plugins-base
  need_file "$(echo /usr/lib/*/gstreamer-1.0/libgstlibav.so)" gstreamer1.0-libav
fi
if [ "$what" = bench ]; then
  # What pushed cameras are measured against. Not for tests: Debian starts a web server with it.
  need nginx nginx-light
  need_file /usr/lib/nginx/modules/ngx_rtmp_module.so libnginx-mod-rtmp
fi
node_is_new() { have node && have npm && node "$(dirname "$0")/node-is-new.mjs"; }
if [ "$what" != check ] && ! node_is_new && ! have npm; then packages+=(npm); fi

if [ ${#packages[@]} -gt 0 ]; then
  have apt-get || { echo "Please install: ${packages[*]} (only Debian and Ubuntu are done by themselves)" >&2; exit 1; }
  say "installing ${packages[*]}"
  log=$(mktemp)
  as_root env DEBIAN_FRONTEND=noninteractive bash -c "apt-get update -q && apt-get install -y -q --no-install-recommends ${packages[*]}" >"$log" 2>&1 ||
    { tail -20 "$log" >&2; echo "installing failed; the whole log is $log" >&2; exit 1; }
  rm -f "$log"
fi

# Debian 12 brings Node 18, too old for the dashboard's build; npm itself ships newer ones as packages.
if [ "$what" != check ] && ! node_is_new; then
  case $(uname -m) in
    x86_64) arch=x64 ;;
    aarch64) arch=arm64 ;;
    *) echo "Please install a Node that satisfies dashboard/package.json: none is packaged for $(uname -m)" >&2; exit 1 ;;
  esac
  say "installing Node $node_version into $tools/node"
  mkdir -p "$tools/node"
  npm install --silent --no-audit --no-fund --prefix "$tools/node" "node-linux-$arch@$node_version" "npm@$npm_version"
  mkdir -p "$tools/node/bin"
  ln -sf "../node_modules/node-linux-$arch/bin/node" "$tools/node/bin/node"
  ln -sf ../node_modules/npm/bin/npm-cli.js "$tools/node/bin/npm"
  ln -sf ../node_modules/npm/bin/npx-cli.js "$tools/node/bin/npx"
fi

if [ "$what" = test ]; then "$(dirname "$0")/../tests/cql/cassandra.sh" fetch; fi
