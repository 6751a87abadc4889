#!/usr/bin/env bash
# The local stack in the foreground: embedded warehouse, Prefect server, deployments, worker.
# Ctrl-C stops the server and the worker it started; the warehouse goes on (`oracul warehouse stop`).
set -euo pipefail
cd "$(dirname "$0")/../.."
bin=.venv/bin
home=${ORACUL_HOME:-.oracul}
mkdir -p "$home/logs"
home=$(cd "$home" && pwd)
port=${ORACUL_PREFECT_PORT:-4200}

export ORACUL_HOME=$home
export ORACUL_PROJECT_DIR=$PWD
export PREFECT_HOME=$home/prefect
export PREFECT_API_URL=http://127.0.0.1:$port/api
# The UI asks the address it was served from; no telemetry, no promotion, no outside request.
export PREFECT_SERVER_UI_API_URL=/api
export PREFECT_SERVER_UI_V2_ENABLED=false
export PREFECT_SERVER_UI_SHOW_PROMOTIONAL_CONTENT=false
export PREFECT_SERVER_ANALYTICS_ENABLED=false
export DO_NOT_TRACK=1
export PREFECT_CLI_PROMPT=false
export PREFECT_WORKER_QUERY_SECONDS=5

if curl -fs "$PREFECT_API_URL/health" >/dev/null 2>&1; then
  echo "Port $port already answers as a Prefect server: stop it, or set ORACUL_PREFECT_PORT." >&2
  exit 1
fi

$bin/oracul warehouse start
$bin/prefect server start --host 127.0.0.1 --port "$port" >"$home/logs/prefect-server.log" 2>&1 &
server=$!
trap 'kill "$server" 2>/dev/null; wait "$server" 2>/dev/null || true' EXIT

echo "Starting the Prefect server (log: $home/logs/prefect-server.log) …"
for _ in $(seq 120); do
  curl -fs "$PREFECT_API_URL/health" >/dev/null 2>&1 && break
  kill -0 "$server" 2>/dev/null || { tail -n 20 "$home/logs/prefect-server.log" >&2; exit 1; }
  sleep 0.5
done
curl -fs "$PREFECT_API_URL/health" >/dev/null || { echo "The Prefect server did not answer within a minute." >&2; exit 1; }

$bin/prefect work-pool create oracul --type process --overwrite >/dev/null
$bin/prefect --no-prompt deploy --all >"$home/logs/prefect-deploy.log" 2>&1 ||
  { tail -n 20 "$home/logs/prefect-deploy.log" >&2; exit 1; }

echo "Prefect UI: http://127.0.0.1:$port  (deployments: oracul)"
echo "Ctrl-C stops the server and the worker."
$bin/prefect worker start --pool oracul --type process --limit 2
