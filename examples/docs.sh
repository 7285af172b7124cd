#!/bin/sh
# Reads every command of a page's `sh` blocks against the built contracts, without executing it: functions, names and types of
# arguments are what the contracts say. Reads are made.
#
# docs.sh PAGE.. Needs STELLAR_RPC_URL, STELLAR_NETWORK_PASSPHRASE, DEPLOYMENT and the identity `deployer`.
set -eu

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
stellar=${STELLAR:-stellar}
deployed() { sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p" "$DEPLOYMENT"; }

# What the pages call things.
export ORACLE="$(deployed oracle)" LEDGER="$(deployed margin-ledger)" VAULT="$(deployed vault)" CLEARING="$(deployed perp-clearing)"
export FACTORY="$(deployed factory)" USDC="$(deployed 'token USDC')" XLM="$(deployed 'token XLM')"
export PRICE_SOURCE="$(deployed test-source-first)" UPGRADER="$(deployed upgrader)"
deployer=$("$stellar" keys address deployer)
export ADMIN="$deployer" GUARDIAN="$deployer" KEEPER="$deployer" SUCCESSOR="$deployer" ALICE="$deployer" NETWORK=local
export KEY=00000000000000000000000000000000000000000000000000000000000000bb
export CHANGE=00000000000000000000000000000000000000000000000000000000000000aa HASH="$(deployed 'wasm vault')"
# An account to name.
ACCOUNT=$("$stellar" contract invoke --source deployer --id "$FACTORY" -- create_account --salt "$(openssl rand -hex 32)" --config "{
    \"account_type\": 0, \"auto_deleverage_threshold\": 12000, \"max_leverage\": 300, \"owner\": \"$deployer\",
    \"signers\": [\"$(openssl rand -hex 32)\"] }" 2> "$work/log" | tr -d '"') || { cat "$work/log" >&2; exit 1; }
export ACCOUNT

cat > "$work/commands" <<'COMMANDS'
count=0
checked() {
    "${STELLAR:-stellar}" contract invoke --source deployer "$@" > "$work/out" 2> "$work/log" || {
        printf 'FAILED: %s\n' "$*" >&2
        cat "$work/log" >&2
        exit 1
    }
    count=$((count + 1))
}
invoke() { checked --build-only --id "$@"; }
guard() { invoke "$@"; }
govern() { invoke "$@"; }
signed() { invoke "$@"; }
soon() { echo 9999999999; }
look() { checked --send no --id "$@" && cat "$work/out"; }
cd "$work"
COMMANDS
for page; do
    # What defines something, or only moves between tools, is the reader's: wallet/cli.sh runs that.
    awk '
        /^```/ { on = $0 == "```sh"; next }
        !on { next }
        body { body = $0 !~ /^}/; next }
        more { more = /[\\|]$/; next }
        /^[a-z]*\(\) *{/ { body = !/}/; next }
        /^stellar / { more = /[\\|]$/; next }
        /^[A-Z]+=.*create_account/ { sub(/^[A-Z]+=\$\(/, ""); account = 1 }
        account && / \| tr / { sub(/ \| tr .*/, ""); account = 0 }
        /^[A-Z]+=/ { next }
        { print }' "$page" > "$work/page"
    { cat "$work/commands" "$work/page"; echo 'echo "$count" > "$work/count"'; } > "$work/run"
    work="$work" sh -eu "$work/run" > /dev/null
    echo "ok: $(cat "$work/count") commands of $(basename "$page")"
done
