# What a deployment consists of, in order. Read by deploy.sh.

checked=0
wrong=0

# ---- tokens -----------------------------------------------------------------------------------------------------------

say
say "tokens"
for name in $(tables asset); do
    wanted=$(need "asset.$name" token)
    case $wanted in
        C*) id=$wanted ;;
        native | *:G*)
            id=$("$stellar" contract id asset --asset "$wanted")
            if [ -z "$dry" ] && ! holds '"' "$id" symbol; then
                say "+ asset contract of $wanted"
                cli contract asset deploy --asset "$wanted" --source "$source" > "$work/out"
            fi
            ;;
        test:*)
            contract "test-token-$name" test_token --admin "$deployer" --decimals "${wanted#test:}" --name "\"$name\"" --symbol "\"$name\""
            ;;
        *) die "$config: [asset.$name] token: a contract, native, CODE:ISSUER, or test:DECIMALS" ;;
    esac
    case $wanted in test:*) id=$(id_of "test-token-$name") ;; esac
    remember "token $name" "$id"
    say "= $name $id"
done
settlement=$(token "$(need ledger settlement)")

# ---- contracts --------------------------------------------------------------------------------------------------------

say
say "contracts"
contract oracle oracle --admin "$deployer" --guardian "$guardian" --base "{\"Other\":\"$(need oracle base)\"}" \
    --resolution "$(need oracle resolution)"
oracle=$(id_of oracle)
contract margin-ledger margin_ledger --admin "$deployer" --guardian "$guardian" --oracle "$oracle" --settlement_asset "$settlement"
ledger=$(id_of margin-ledger)
contract vault vault --admin "$deployer" --guardian "$guardian" --ledger "$ledger"
vault=$(id_of vault)
contract perp-clearing perp_clearing --admin "$deployer" --guardian "$guardian" --ledger "$ledger" --vault "$vault" --oracle "$oracle"
clearing=$(id_of perp-clearing)
for tier in basic pro institutional; do upload "${tier}_account"; done
contract factory factory --admin "$deployer" --guardian "$guardian" --ledger "$ledger" --vault "$vault" --perp_clearing "$clearing" \
    --basic_hash "$(wasm_hash basic_account)" --pro_hash "$(wasm_hash pro_account)" \
    --institutional_hash "$(wasm_hash institutional_account)"
factory=$(id_of factory)
# Holds nothing and is nobody's admin: the admin's way to upgrade and migrate in one transaction.
contract upgrader upgrader

# ---- prices -----------------------------------------------------------------------------------------------------------

say
say "prices"

# limits NAME: all limits of a price; what the configuration does not say is 0, the default of the asset's class.
LIMITS="budget_bps cap confirm delta_bps floor grace max_age quorum spread_bps stable_rate step_bps step_bps_per_minute
    step_max_bps twap_gap_bps warm_up window"
limits() {
    unsaid=
    for l_limit in $LIMITS; do
        [ -n "$(get "price.$1" "$l_limit")" ] || case $l_limit in
            cap | floor) unsaid="$unsaid $l_limit=\"0\"" ;;
            *) unsaid="$unsaid $l_limit=0" ;;
        esac
    done
    # shellcheck disable=SC2086 # each is one member
    struct "price.$1" "asset class initial_hint" $unsaid
}

# live PRICE: pokes until the price is live. It warms up tick by tick; nobody but this script keeps test feeds fresh.
live() {
    l_asset=$(name_of "$(need "price.$1" asset)")
    l_tries=0
    until holds '"status":0' "$oracle" quote --asset "$l_asset"; do
        [ "$l_tries" -lt 30 ] || die "the price of $1 does not become live: are its feeds fresh?"
        [ "$l_tries" = 0 ] || sleep "${DEPLOY_TICK:-$(need oracle resolution)}"
        l_tries=$((l_tries + 1))
        for l_feed in $(tables "feed.$1"); do
            l_price=$(get "feed.$1.$l_feed" test_price)
            [ -z "$l_price" ] || write "$(id_of "test-source-$l_feed")" set \
                --asset "$(name_of "$(need "feed.$1.$l_feed" asset)")" --price "$l_price" --timestamp "$(clock)"
        done
        write "$oracle" poke --assets "[$l_asset]"
        [ -z "$dry" ] || return 0
    done
}
for name in $(tables price); do
    asset=$(name_of "$(need "price.$name" asset)")
    if ! holds '{' "$oracle" limits --asset "$asset"; then
        write "$oracle" add_asset --asset "$asset" --class "$(need "price.$name" class)" \
            --initial_hint "$(need "price.$name" initial_hint)" --limits "$(limits "$name")"
    fi
    for feed in $(tables "feed.$name"); do
        table=feed.$name.$feed
        source_contract=$(need "$table" contract)
        case $source_contract in
            test:*)
                contract "test-source-$feed" price_source --decimals "${source_contract#test:}" --resolution 1
                source_contract=$(id_of "test-source-$feed")
                ;;
        esac
        # `asset` is what the feed calls it.
        called=$(name_of "$(need "$table" asset)")
        record_of_feed=$(struct "$table" "asset contract test_price" "asset=$called" "contract=\"$source_contract\"")
        test_price=$(get "$table" test_price)
        if [ -n "$test_price" ] && ! holds timestamp "$source_contract" lastprice --asset "$called"; then
            write "$source_contract" set --asset "$called" --price "$test_price" --timestamp "$(clock)"
        fi
        holds "$record_of_feed" "$oracle" price_feeds --asset "$asset" ||
            write "$oracle" add_price_feed --asset "$asset" --source "$record_of_feed"
        verify "feed $name.$feed" "$record_of_feed" "$oracle" price_feeds --asset "$asset"
    done
    for limit in $(given "price.$name" "asset class initial_hint"); do
        verify "$limit of $name" "\"$limit\":$(get "price.$name" "$limit")" "$oracle" limits --asset "$asset"
    done
done

# ---- venues, assets, markets --------------------------------------------------------------------------------------------

say
say "ledger"
holds "$vault" "$ledger" config || write "$ledger" set_venues --vault "$vault" --perp_clearing "$clearing" --factory "$factory"
for name in $(tables asset); do
    id=$(token "$name")
    parameters=$(struct "asset.$name" "token index" "index=$(name_of "$(need "asset.$name" index)")")
    holds "$id" "$ledger" assets || write "$ledger" list_asset --token "$id" --config "$parameters"
    verify "asset $name" "$parameters" "$ledger" asset --asset "$id"
done

say
say "markets"
for name in $(tables market); do
    parameters=$(struct "market.$name" "index base_reserve quote_reserve" "index=$(name_of "$(need "market.$name" index)")")
    if ! holds "\"$name\"" "$ledger" markets; then
        for price in $(tables price); do
            [ "$(need "price.$price" asset)" != "$(need "market.$name" index)" ] || live "$price"
        done
        write "$clearing" open_market --market "$name" --config "$parameters" \
            --base_reserve "$(need "market.$name" base_reserve)" --quote_reserve "$(need "market.$name" quote_reserve)"
    fi
    verify "market $name" "$parameters" "$ledger" market --market "$name"
done

# ---- who governs ------------------------------------------------------------------------------------------------------

say
say "verification"
verify "oracle of the ledger" "\"oracle\":\"$oracle\"" "$ledger" config
verify "vault of the ledger" "\"vault\":\"$vault\"" "$ledger" config
verify "clearing-house of the ledger" "\"perp_clearing\":\"$clearing\"" "$ledger" config
verify "factory of the ledger" "\"factory\":\"$factory\"" "$ledger" config
verify "settlement asset" "$settlement" "$ledger" settlement_asset
verify "ledger of the vault" "\"ledger\":\"$ledger\"" "$vault" config
for tier in basic pro institutional; do
    verify "code of $tier accounts" "\"${tier}_hash\":\"$(wasm_hash "${tier}_account")\"" "$factory" config
done
for name in oracle margin-ledger vault perp-clearing factory; do
    id=$(id_of "$name")
    verify "guardian of $name" "\"$guardian\"" "$id" guardian
    if [ "$admin" != "$deployer" ] && ! holds "\"$admin\"" "$id" admin; then
        write "$id" transfer_admin --to "$admin"
        say "  $admin takes it by $name.accept_admin"
    else
        verify "admin of $name" "\"$admin\"" "$id" admin
    fi
done
