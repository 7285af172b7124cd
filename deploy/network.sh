# A local network for tests. Read by test.sh here and by examples/test.sh.

# local_network IDENTITY: finds one and pays the identity's key account; fails when there is none. It is the server at
# STELLAR_RPC_URL, by default where `stellar container start local` serves, and nothing but a standalone network will do.
local_network() {
    export STELLAR_RPC_URL="${STELLAR_RPC_URL:-http://localhost:8000/rpc}"
    export STELLAR_NETWORK_PASSPHRASE='Standalone Network ; February 2017'
    n_answer=$(curl -s -m 10 -H 'content-type: application/json' -d '{"jsonrpc":"2.0","id":1,"method":"getNetwork"}' \
        "$STELLAR_RPC_URL") || return 1
    case $n_answer in *"$STELLAR_NETWORK_PASSPHRASE"*) ;; *) return 1 ;; esac
    n_friendbot=${FRIENDBOT_URL:-$(printf '%s' "$n_answer" | sed -n 's/.*"friendbotUrl":"\([^"]*\)".*/\1/p')}
    curl -sf "$n_friendbot?addr=$("${STELLAR:-stellar}" keys address "$1")" > /dev/null
}
