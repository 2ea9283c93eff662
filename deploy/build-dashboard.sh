#!/usr/bin/env bash
# Builds dashboard/dist where its sources are newer.
set -euo pipefail
cd "$(dirname "$0")/../dashboard"

stamp=dist/index.html
if [ -f "$stamp" ] && [ -z "$(find . -path ./node_modules -prune -o -path ./dist -prune -o -type f -newer "$stamp" -print -quit)" ]; then
  exit 0
fi
if [ ! -f node_modules/.package-lock.json ] || [ package-lock.json -nt node_modules/.package-lock.json ]; then
  echo "==> installing the dashboard's packages"
  npm ci --silent --no-audit --no-fund
fi
echo "==> building the dashboard"
npm run --silent build
touch "$stamp"
