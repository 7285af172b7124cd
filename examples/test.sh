#!/bin/sh
# Runs every example on a local network that it deploys to: wallets in JavaScript, the stellar CLI with sign-auth, a keeper; and
# reads the commands of the pages.
#
# Needs Node.js 20, npm, curl, openssl, the built Wasm, and a local network: STELLAR_RPC_URL, or one at its usual port
# (`stellar container start local`). SIGN_AUTH is the path of sign-auth.
set -eu

here=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 130' INT TERM
stellar=${STELLAR:-stellar}
export STELLAR="$stellar" XDG_CONFIG_HOME="$work/config" DEPLOY_RECORD="$work/record.json" DEPLOYMENT="$work/record.json"

. "$here/../deploy/network.sh"
"$stellar" keys generate deployer > "$work/log" 2>&1
local_network deployer || { echo "no local network at $STELLAR_RPC_URL: stellar container start local" >&2; exit 1; }
sh "$here/../deploy/deploy.sh" local deployer > "$work/log" 2>&1 || { cat "$work/log" >&2; exit 1; }
echo "deployed: $(tail -1 "$work/log")"

PAYER=$("$stellar" keys secret deployer)
export PAYER
cd "$here"
npm ci --silent --no-fund --no-audit
for script in wallet/owner wallet/session wallet/institution wallet/passkey; do
    echo
    echo "$script.mjs"
    node $script.mjs
done
echo
echo "wallet/cli.sh"
sh wallet/cli.sh
echo
echo "keeper/test.mjs"
node keeper/test.mjs
echo
echo "commands of the documentation"
sh docs.sh ../README.md ../docs/wallets.md ../docs/operations.md
