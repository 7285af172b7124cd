#!/bin/sh
# Drives accounts of every tier with the stellar CLI and sign-auth, on a local network that was deployed to and filled (test.sh).
#
# Needs STELLAR_RPC_URL, STELLAR_NETWORK_PASSPHRASE, DEPLOYMENT, SIGN_AUTH, and the identity `deployer` in the CLI's keys.
set -eu

stellar=${STELLAR:-stellar}
sign_auth=${SIGN_AUTH:?the path of sign-auth}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT

fail() { printf 'FAILED: %s\n' "$*" >&2; cat "$work"/log "$work"/words >&2 2>/dev/null; exit 1; }
passed() { printf 'ok: %s\n' "$*"; }
deployed() { sed -n "s/.*\"$1\": \"\(.*\)\".*/\1/p" "$DEPLOYMENT"; }
vault=$(deployed vault) usdc=$(deployed 'token USDC') xlm=$(deployed 'token XLM') factory=$(deployed factory)

# key NAME: a new key; its seed is in the variable of that name, as sign-auth reads it.
key() {
    "$stellar" keys generate --overwrite "$1" > "$work/log" 2>&1 || fail "a key"
    eval "export $1=$("$stellar" keys secret "$1" 2>/dev/null)"
}
# public NAME..: public keys as a list of JSON strings, ascending.
public() {
    for p_name; do
        "$stellar" strkey decode "$("$stellar" keys address "$p_name")" | sed -n 's/.*"\([0-9a-f]\{64\}\)".*/"\1"/p'
    done | sort | paste -sd , -
}
invoke() { "$stellar" contract invoke --source deployer --id "$@" 2> "$work/log" || fail "$*"; }
expires() { echo $(($("$stellar" ledger latest --output json | sed 's/.*"sequence":\([0-9]*\).*/\1/') + 60)); }
# recorded CONTRACT ARGUMENT..: the call with what the account has to consent to.
recorded() {
    r_id=$1
    shift
    "$stellar" contract invoke --source deployer --build-only --id "$r_id" -- "$@" 2> "$work/log" |
        "$stellar" tx simulate --source deployer 2> "$work/log"
}
# sent: enforces what comes in signed, signs for the fee, sends.
sent() {
    "$stellar" tx simulate --source deployer --auth-mode enforce 2> "$work/log" > "$work/enforced" || return 1
    "$stellar" tx sign --sign-with-key deployer < "$work/enforced" 2> "$work/log" > "$work/envelope" || return 1
    "$stellar" tx send < "$work/envelope" > "$work/sent" 2> "$work/log" && grep -q '"status": *"SUCCESS"' "$work/sent"
}
# refuses WHAT CODE: what comes in is refused by the account.
refuses() {
    if sent; then fail "$1 should be refused"; fi
    grep -q "Error(Contract, #$2)" "$work/log" || fail "$1: not code $2"
    passed "$1: $2"
}
signs() { "$sign_auth" --yes --expires "$(expires)" "$@" 2> "$work/words"; }
# create TIER SIGNER..: the variable `account` is a new one with 1,000 USDC deposited.
create() {
    c_tier=$1
    shift
    account=$(invoke "$factory" -- create_account --salt "$(openssl rand -hex 32)" --config "{
        \"account_type\": $c_tier, \"auto_deleverage_threshold\": 12000, \"max_leverage\": 300,
        \"owner\": \"$deployer\", \"signers\": [$(public "$@")] }" | tr -d '"')
    invoke "$usdc" -- mint --to "$account" --amount 10000000000 > /dev/null
    c_keys=
    for c_name; do c_keys="$c_keys --key env:$c_name"; done
    # shellcheck disable=SC2086 # several words
    recorded "$vault" deposit --from "$account" --account "$account" --asset "$usdc" --amount 10000000000 |
        signs $c_keys | sent || fail "a deposit"
}

deployer=$("$stellar" keys address deployer)
key stranger

# ---- one owner, both kinds of credentials ---------------------------------------------------------------------------------

key alice
create 0 alice
borrow() { recorded "$vault" borrow --borrower "$account" --asset "$xlm" --amount "$1"; }
borrow 20000000 > "$work/tx" || fail "a recorded loan"
# Without a terminal there is nobody to ask, and nothing is signed.
if command -v setsid > /dev/null; then
    if setsid "$sign_auth" --expires "$(expires)" --key env:alice < "$work/tx" > "$work/log" 2> "$work/words"; then
        fail "signed unasked"
    fi
    grep -q 'no terminal to ask on' "$work/words" || fail "the question"
fi
# asked ANSWER: what a terminal shows and is told.
asked() {
    printf '%s\n' "$1" | script -qec "'$sign_auth' --expires $(expires) --key env:alice < '$work/tx' > '$work/signed'" /dev/null > "$work/words"
}
if command -v script > /dev/null; then
    asked n || true
    [ ! -s "$work/signed" ] || fail "signed against the answer"
    asked y || fail "a question"
    grep -q 'Sign? \[y/N\]' "$work/words" || fail "the question"
    [ -s "$work/signed" ] || fail "not signed"
    passed "it asks, and does what it is told"
fi
borrow 20000000 | signs --key env:alice --name "$vault=vault" | sent || fail "an owner's loan"
for words in "$account consents, up to ledger " "borrow of vault ($vault)" "amount          20,000,000" "asset           $xlm" \
    "will sign: $("$stellar" keys address alice)"; do
    grep -qF "$words" "$work/words" || fail "the words: $words"
done
passed "a Basic owner borrows; what is signed is said in words"
borrow 20000000 | signs --v2 --key env:alice | sent || fail "an owner's loan, credentials V2"
passed "the same with credentials that name the account"
borrow 20000000 | signs --key env:stranger | refuses "a stranger's key" 3

# ---- a session of a Pro account -------------------------------------------------------------------------------------------

key owner
key bot
create 1 owner
invoke "$account" -- grant_session --grant "{
    \"allowed_ops\": [\"borrow\", \"repay\"], \"daily_limit\": \"1000000000\", \"expires_at\": $(($(date +%s) + 10 * 86400)),
    \"key\": $(public bot), \"markets\": \"All\", \"max_leverage\": 200, \"max_ops_per_day\": 10,
    \"max_per_ledger\": \"500000000\", \"max_per_tx\": \"500000000\" }" > /dev/null
for v2 in "" --v2; do
    # shellcheck disable=SC2086 # nothing, or one word
    borrow 2000000000 | signs $v2 --key env:bot | sent || fail "a session's loan $v2"
    passed "a session borrows within its limits${v2:+, credentials V2}"
done
borrow 6000000000 | signs --key env:bot | refuses "a session beyond its limit" 104
recorded "$xlm" transfer --from "$account" --to "$deployer" --amount 1 | signs --key env:bot | refuses "a session's payment" 106
invoke "$account" -- revoke_session_key --key "$(public bot | tr -d '"')" > /dev/null
borrow 20000000 | signs --key env:bot | refuses "a revoked session" 3

# ---- three of five --------------------------------------------------------------------------------------------------------

for member in m1 m2 m3 m4 m5; do key $member; done
create 2 m1 m2 m3 m4 m5
last=$(expires)
# One after another, each on a machine of his own: the envelope travels.
borrow 20000000 | "$sign_auth" --yes --expires "$last" --key env:m4 2> "$work/words" > "$work/first"
"$sign_auth" --yes --expires "$last" --key env:m1 < "$work/first" 2> "$work/words" > "$work/second"
refuses "two of five" 4 < "$work/second"
"$sign_auth" --yes --expires $((last + 1)) --key env:m5 < "$work/second" > "$work/log" 2> "$work/words" && fail "another expiration"
"$sign_auth" --yes --expires "$last" --key env:m5 < "$work/second" 2> "$work/words" | sent || fail "three of five"
passed "three of five sign one after another"
borrow 20000000 | signs --v2 --key env:m2 --key env:m3 --key env:m5 | sent || fail "three of five at once"
passed "three of five sign at once, credentials V2"
borrow 20000000 | signs --key env:m2 --key env:m3 --key env:stranger | refuses "two of five and a stranger" 3
