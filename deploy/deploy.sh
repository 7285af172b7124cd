#!/bin/sh
# Deploys and configures the protocol: deploy.sh NETWORK SOURCE. `make deploy` builds the Wasm first.
#
# Reads deploy/NETWORK.toml. Every step looks at the network first and does only what is missing, so the script may be run
# again after a failure, or to verify a deployment: a second run writes nothing. Addresses and hashes are recorded in
# deployments/NETWORK.json. Needs the stellar CLI and the tools of POSIX.
#
#   DRY_RUN=1   print what would be done; reads nothing from the network
#   CONFIRM=mainnet   answers the question that mainnet asks
set -eu

network=${1:?usage: deploy.sh NETWORK SOURCE}
source=${2:?usage: deploy.sh NETWORK SOURCE}
here=$(cd "$(dirname "$0")" && pwd)
root=$(dirname "$here")
config=${DEPLOY_CONFIG:-$here/$network.toml}
wasm_dir=${WASM_DIR:-$root/target/wasm32v1-none/release}
record=${DEPLOY_RECORD:-$root/deployments/$network.json}
stellar=${STELLAR:-stellar}
dry=${DRY_RUN:-}

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM

say() { printf '%s\n' "$*"; }
die() { printf 'deploy: %s\n' "$*" >&2; exit 1; }

# ---- configuration ----------------------------------------------------------------------------------------------------

[ -f "$config" ] || die "$config: no such configuration"
awk -f "$here/toml.awk" "$config" > "$work/config" || die "$config cannot be read"

# get TABLE KEY: the value without quotes, empty if there is none.
get() { awk -F'|' -v t="$1" -v k="$2" '$1 == t && $2 == k { gsub(/"/, "", $3); print $3 }' "$work/config"; }
# need TABLE KEY: the same, and it must be there.
need() { found=$(get "$1" "$2"); [ -n "$found" ] || die "$config: [$1] has no $2"; printf '%s' "$found"; }
# given TABLE "KEY..": the keys of a table but these.
given() {
    awk -F'|' -v t="$1" -v without=" $2 " '$1 == t && $2 != "" && !index(without, " " $2 " ") { print $2 }' "$work/config"
}
# tables PREFIX: the names behind it, in order.
tables() { awk -F'|' -v p="$1." '$2 == "" && index($1, p) == 1 { print substr($1, length(p) + 1) }' "$work/config"; }

# struct TABLE "KEY.." [MEMBER=JSON..]: the table as a JSON object without the keys, with the members; sorted by name, as the
# CLI prints them. `a.b = 1` nests.
struct() {
    table=$1 without=$2
    shift 2
    {
        awk -F'|' -v t="$table" -v without=" $without " \
            '$1 == t && $2 != "" && !index(without, " " $2 " ") { print $2 "=" $3 }' "$work/config"
        [ $# = 0 ] || printf '%s\n' "$@"
    } | LC_ALL=C sort | awk '
        {
            equals = index($0, "=")
            key = substr($0, 1, equals - 1)
            dot = index(key, ".")
            outer = dot ? substr(key, 1, dot - 1) : ""
            if (outer != open) {
                if (open != "") text = text "}"
                if (outer != "") { text = text sep "\"" outer "\":{"; sep = "" }
                open = outer
            }
            text = text sep "\"" (dot ? substr(key, dot + 1) : key) "\":" substr($0, equals + 1)
            sep = ","
        }
        END { if (open != "") text = text "}"; printf "{%s}", text }'
}

# canonical: JSON on one line in which numbers have no quotes, so that 1 and "1" compare equal.
canonical() { tr -d ' \n' | sed 's/"\(-\{0,1\}[0-9][0-9]*\)"/\1/g'; }

# name_of TEXT: the oracle's name of `Stellar:TOKEN`, a token of the configuration, or of `Other:TICKER`.
name_of() {
    case $1 in
        Stellar:*) printf '{"Stellar":"%s"}' "$(token "${1#Stellar:}")" ;;
        Other:*) printf '{"Other":"%s"}' "${1#Other:}" ;;
        *) die "$config: $1 is neither Stellar:TOKEN nor Other:TICKER" ;;
    esac
}

# ---- network ----------------------------------------------------------------------------------------------------------

# How the CLI finds the network. STELLAR_RPC_URL replaces what is known here; for mainnet nothing is.
case $network in
    mainnet) passphrase='Public Global Stellar Network ; September 2015' url= test_feeds= ;;
    testnet) passphrase='Test SDF Network ; September 2015' url=https://soroban-testnet.stellar.org test_feeds=1 ;;
    local) passphrase='Standalone Network ; February 2017' url=http://localhost:8000/rpc test_feeds=1 ;;
    *) die "NETWORK is mainnet, testnet or local, not $network" ;;
esac
[ -z "$dry" ] || url=${url:-http://nobody.invalid} # never asked
unset STELLAR_NETWORK
export STELLAR_NETWORK_PASSPHRASE="$passphrase" STELLAR_RPC_URL="${STELLAR_RPC_URL:-$url}"
[ -n "$STELLAR_RPC_URL" ] || die "STELLAR_RPC_URL is not set: $network has no public RPC server of its own"

# Which contracts the configuration wants for tests alone.
tests=$(awk -F'|' '($2 == "contract" || $2 == "token") && $3 ~ /^"test/ { print $1 }' "$work/config")
[ -n "$test_feeds" ] || [ -z "$tests" ] || die "$config: test contracts on $network:" $tests

address_of() { # an address stays; anything else is an identity of the CLI
    case $1 in
        [GC]???????????????????????????????????????????????????????) printf '%s' "$1" ;;
        *) "$stellar" keys address "$1" 2>/dev/null || die "$1 is neither an address nor an identity (stellar keys ls)" ;;
    esac
}

# POSIX functions have no variables of their own: those of one function begin with its letter.

# Retries nothing and hides nothing: what the CLI prints on failure is what the user sees.
cli() { "$stellar" "$@" 2> "$work/log" || { cat "$work/log" >&2; die "stellar $1 $2 failed"; }; }

# write ID FUNCTION ARGUMENT..: a transaction of the source account.
write() {
    w_id=$1
    shift
    if [ -n "$dry" ]; then say "  would call $(name_of_id "$w_id").$*"; return; fi
    say "  $(name_of_id "$w_id").$1"
    cli contract invoke --id "$w_id" --source "$source" -- "$@" > "$work/out"
}

# view ID FUNCTION ARGUMENT..: a read, as JSON without spaces; empty when the contract answers with an error.
view() {
    v_id=$1
    shift
    "$stellar" contract invoke --id "$v_id" --source "$source" --send no -- "$@" 2> "$work/log" | canonical || true
}

# holds TEXT ID FUNCTION ARGUMENT..: whether the read contains the text.
holds() {
    h_wanted=$(printf '%s' "$1" | canonical)
    shift
    [ -z "$dry" ] || return 1
    case $(view "$@") in *"$h_wanted"*) return 0 ;; *) return 1 ;; esac
}

# verify WHAT TEXT ID FUNCTION ARGUMENT..: the read must contain the text.
verify() {
    f_what=$1 f_wanted=$(printf '%s' "$2" | canonical)
    shift 2
    [ -z "$dry" ] || return 0
    checked=$((checked + 1))
    f_found=$(view "$@")
    case $f_found in
        *"$f_wanted"*) ;;
        *) wrong=$((wrong + 1)); printf 'WRONG %s\n  wanted  %s\n  on-chain %s\n' "$f_what" "$f_wanted" "${f_found:-$(tail -1 "$work/log")}" >&2 ;;
    esac
}

# clock: the time of the latest ledger. That of this machine may be ahead of it.
clock() {
    if [ -n "$dry" ]; then date +%s; return; fi
    cli ledger latest --output json > "$work/ledger"
    cli ledger fetch "$(sed 's/.*"sequence":\([0-9]*\).*/\1/' "$work/ledger")" --output json > "$work/ledger"
    sed 's/.*"latestLedgerCloseTime":\([0-9]*\).*/\1/' "$work/ledger"
}

# name_of_id ID: what the record calls an address.
name_of_id() { awk -F'|' -v id="$1" '$2 == id { name = $1 } END { print name ? name : id }' "$work/ids"; }

: > "$work/ids"
remember() { [ -n "$(id_of "$1")" ] || printf '%s|%s\n' "$1" "$2" >> "$work/ids"; }
id_of() { awk -F'|' -v n="$1" '$1 == n { print $2 }' "$work/ids"; }

# token NAME: its contract.
token() {
    found=$(id_of "token $1")
    [ -n "$found" ] || die "$config: there is no [asset.$1]"
    printf '%s' "$found"
}

wasm_hash() { sha256sum "$wasm_dir/$1.wasm" 2>/dev/null | cut -d' ' -f1; }

# upload FILE: makes the code available. Its hash is known beforehand.
upload() {
    [ -f "$wasm_dir/$1.wasm" ] || die "$wasm_dir/$1.wasm is missing: make build"
    if [ -n "$dry" ]; then say "  would upload $1.wasm, $(wc -c < "$wasm_dir/$1.wasm" | tr -d ' ') bytes, $(wasm_hash "$1")"; return; fi
    cli contract upload --wasm "$wasm_dir/$1.wasm" --optimize=false --source "$source" > "$work/out"
    [ "$(tail -1 "$work/out")" = "$(wasm_hash "$1")" ] || die "$1: uploaded another Wasm than built"
}

# contract NAME FILE ARGUMENT..: deploys it unless it is there. Its address follows from the deployer and the name, so an
# interrupted run finds what it deployed.
contract() {
    c_name=$1 c_file=$2
    shift 2
    c_salt=$(printf 'smart-margin/%s/%s' "$network" "$c_name" | sha256sum | cut -d' ' -f1)
    c_id=$("$stellar" contract id wasm --salt "$c_salt" --source-account "$deployer")
    remember "$c_name" "$c_id"
    if [ -z "$dry" ]; then
        c_there=$("$stellar" contract info hash --contract-id "$c_id" 2>/dev/null || true)
        if [ "$c_there" = "$(wasm_hash "$c_file")" ]; then say "= $c_name $c_id"; return; fi
        [ -z "$c_there" ] || die "$c_name: $c_id runs $c_there, built is $(wasm_hash "$c_file"). Upgrades go through the contract's timelock."
    fi
    upload "$c_file"
    say "+ $c_name $c_id"
    if [ -n "$dry" ]; then say "  with $*"; return; fi
    cli contract deploy --wasm-hash "$(wasm_hash "$c_file")" --salt "$c_salt" --source "$source" -- "$@" > "$work/out"
    [ "$(tail -1 "$work/out")" = "$c_id" ] || die "$c_name: deployed at another address than expected"
}

# ---- plan -------------------------------------------------------------------------------------------------------------

deployer=$(address_of "$source")
admin=$(need governance admin)
[ "$admin" = source ] && admin=$deployer || admin=$(address_of "$admin")
guardian=$(need governance guardian)
[ "$guardian" = source ] && guardian=$deployer || guardian=$(address_of "$guardian")

say "network    $network"
say "deployer   $deployer"
say "admin      $admin"
say "guardian   $guardian"
say "config     $config"
if [ "$network" = mainnet ] && [ -z "$dry" ] && [ "${CONFIRM:-}" != mainnet ]; then
    [ -t 0 ] || die "mainnet wants a confirmation: CONFIRM=mainnet"
    printf 'This spends real money and is public for ever. Type "mainnet" to go on: '
    read -r answer
    [ "$answer" = mainnet ] || die "not confirmed"
fi

. "$here/steps.sh"

# The record: a flat object, so that a script reads it with sed.
if [ -z "$dry" ]; then
    mkdir -p "$(dirname "$record")"
    {
        printf '{\n  "network": "%s",\n  "deployer": "%s"' "$network" "$deployer"
        awk -F'|' '{ printf ",\n  \"%s\": \"%s\"", $1, $2 }' "$work/ids"
        for built in oracle margin_ledger vault perp_clearing factory upgrader basic_account pro_account institutional_account; do
            printf ',\n  "wasm %s": "%s"' "$built" "$(wasm_hash "$built")"
        done
        printf '\n}\n'
    } > "$record"
fi

say
if [ -n "$dry" ]; then say "dry run: nothing was sent"; exit 0; fi
[ "$wrong" = 0 ] || die "$wrong of $checked values on-chain are not those of $config"
say "$checked values on-chain are those of $config"
