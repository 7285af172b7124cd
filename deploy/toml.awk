# Reads the part of TOML that the configurations use and prints `table|key|value`, one line per key, in order. A value is
# printed as JSON: "1_000" as "1000", 1_000 as 1000, true, "text" as "text". Anything else is an error with its line.

function fail(what) {
    printf "%s:%d: %s: %s\n", FILENAME, FNR, what, $0 > "/dev/stderr"
    failed = 1
    exit 1
}

{ sub(/\r$/, "") }

/^[ \t]*(#.*)?$/ { next }

/^\[[A-Za-z0-9_.]+\][ \t]*(#.*)?$/ {
    table = $0
    sub(/^\[/, "", table)
    sub(/\].*$/, "", table)
    if (table in seen) fail("a table twice")
    seen[table] = 1
    print table "||"
    next
}

/^[A-Za-z0-9_.]+[ \t]*=[ \t]*/ {
    key = value = $0
    sub(/[ \t]*=.*$/, "", key)
    sub(/^[^=]*=[ \t]*/, "", value)
    if (value ~ /^"[^"|\\]*"[ \t]*(#.*)?$/) {
        sub(/^"/, "", value)
        sub(/".*$/, "", value)
        if (value ~ /^-?[0-9][0-9_]*$/) gsub(/_/, "", value)
        value = "\"" value "\""
    } else if (value ~ /^(-?[0-9][0-9_]*|true|false)[ \t]*(#.*)?$/) {
        sub(/[ \t]*(#.*)?$/, "", value)
        gsub(/_/, "", value)
    } else fail("not a string, an integer or a truth value")
    if ((table, key) in given) fail("a key twice")
    given[table, key] = 1
    print table "|" key "|" value
    next
}

{ fail("not understood") }

END { exit failed }
