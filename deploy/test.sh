#!/bin/sh
# Tests the deployment script: its configurations in dry runs, and on a local network where one is at hand.
#
# A local network is the one at STELLAR_RPC_URL, or at its usual port (`stellar container start local`). Without one only the
# dry runs are tested.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
stellar=${STELLAR:-stellar}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
export XDG_CONFIG_HOME="$work/config" DEPLOY_RECORD="$work/record.json"

fail() { printf 'FAILED: %s\n' "$*" >&2; cat "$work/out" >&2; exit 1; }
passed() { printf 'ok: %s\n' "$*"; }
deploy() { sh "$here/deploy.sh" "$@" > "$work/out" 2>&1 < /dev/null; }
# refuses PATTERN COMMAND..
refuses() {
    pattern=$1
    shift
    if "$@"; then fail "$* should have failed"; fi
    grep -q "$pattern" "$work/out" || fail "$*: no '$pattern'"
}
awk_reads() { printf '%b' "$1" | awk -f "$here/toml.awk" > "$work/out" 2>&1; }

# ---- the configuration language -----------------------------------------------------------------------------------------

for bad in 'a = [1]\n' 'a = 1.5\n' '[t]\na = 1\na = 2\n' '[t]\n[t]\n' 'a\n' 'a = "b|c"\n'; do
    refuses ':' awk_reads "$bad"
done
awk_reads '[t.u]\na = "1_000" # note\nb.c = 2_0\nd = true\ne = "x y"\n' || fail "a correct configuration"
printf 't.u||\nt.u|a|"1000"\nt.u|b.c|20\nt.u|d|true\nt.u|e|"x y"\n' | cmp -s - "$work/out" || fail "what is read"
passed "the configuration language"

# ---- dry runs -------------------------------------------------------------------------------------------------------------

for identity in deployer admin guardian; do
    "$stellar" keys generate $identity > "$work/out" 2>&1 || fail "an identity"
done
for config in "$here"/*.toml; do
    network=$(basename "$config" .toml)
    DRY_RUN=1 deploy "$network" deployer || fail "a dry run for $network"
    grep -q '^dry run: nothing was sent$' "$work/out" || fail "the end of a dry run for $network"
    [ ! -f "$DEPLOY_RECORD" ] || fail "a dry run leaves no record"
    passed "dry run for $network"
done
refuses 'test contracts on mainnet' env DRY_RUN=1 DEPLOY_CONFIG="$here/local.toml" sh -c "sh '$here/deploy.sh' mainnet deployer > '$work/out' 2>&1"
refuses 'no such configuration' deploy nowhere deployer
refuses 'neither an address nor an identity' deploy local nobody
passed "mainnet accepts no test contracts"

# On mainnet nothing is read or sent before somebody said so. The addresses of the configuration are the governors' to fill in.
sed 's/^\(admin\|guardian\) = .*/\1 = "source"/' "$here/mainnet.toml" > "$work/mainnet.toml"
mainnet() { DEPLOY_CONFIG="$work/mainnet.toml" STELLAR_RPC_URL=http://127.0.0.1:9 deploy mainnet deployer; }
refuses 'mainnet wants a confirmation' mainnet
refuses 'mainnet wants a confirmation' env CONFIRM=yes DEPLOY_CONFIG="$work/mainnet.toml" STELLAR_RPC_URL=http://127.0.0.1:9 \
    sh -c "sh '$here/deploy.sh' mainnet deployer > '$work/out' 2>&1 < /dev/null"
refuses 'STELLAR_RPC_URL is not set' env DEPLOY_CONFIG="$work/mainnet.toml" STELLAR_RPC_URL= \
    sh -c "sh '$here/deploy.sh' mainnet deployer > '$work/out' 2>&1 < /dev/null"
passed "mainnet wants a confirmation and a server"

# ---- a local network --------------------------------------------------------------------------------------------------------

. "$here/network.sh"
if ! local_network deployer; then
    echo "skipped: no local network at $STELLAR_RPC_URL"
    exit 0
fi

# Interrupted in the middle.
sh "$here/deploy.sh" local deployer > "$work/out" 2>&1 &
interrupted=$!
for _ in 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20; do
    grep -q '^+ margin-ledger' "$work/out" && break
    sleep 1
done
kill -TERM $interrupted 2> /dev/null || fail "a run that is interrupted"
wait $interrupted && fail "an interrupted run says that it was"
[ ! -f "$DEPLOY_RECORD" ] || fail "an interrupted run leaves no record"

deploy local deployer || fail "a deployment"
grep -q '^= oracle' "$work/out" || fail "what an interrupted run deployed is found again"
grep -q 'values on-chain are those of' "$work/out" || fail "the verification"
passed "deployment: $(tail -1 "$work/out")"

cp "$DEPLOY_RECORD" "$work/first"
deploy local deployer || fail "a second run"
! grep -q '^+\|^  [a-z-]*\.' "$work/out" || fail "a second run writes"
cmp -s "$DEPLOY_RECORD" "$work/first" || fail "a second run changes the record"
passed "a second run writes nothing"

# What the chain has and what the file says differ: the script says so and fails.
sed 's/^ltv_bps = 7_000$/ltv_bps = 6_999/' "$here/local.toml" > "$work/other.toml"
refuses 'WRONG asset XLM' env DEPLOY_CONFIG="$work/other.toml" sh -c "sh '$here/deploy.sh' local deployer > '$work/out' 2>&1"
passed "a value that differs is found"

# An interrupted run goes on where it stopped: everything but the last market is there.
sed 's/BTC_USD/BTC_TWO/' "$here/local.toml" > "$work/more.toml"
DEPLOY_CONFIG="$work/more.toml" deploy local deployer || fail "going on"
[ "$(grep -c '^+' "$work/out")" = 0 ] || fail "going on deploys nothing again"
grep -q 'perp-clearing.open_market' "$work/out" || fail "going on opens the market"
passed "an interrupted run goes on"
