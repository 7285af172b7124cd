// A 2-of-3 institution: each member looks at what is to be signed on a machine of its own, and signs it there.

import assert from "node:assert/strict";
import { Keypair, buildInvocationTree, xdr } from "@stellar/stellar-sdk";
import { address, i128, list, payloadOf, record, signatures, struct, symbol, u32, u64, variant, withKeys } from "./margin.mjs";
import { Actor } from "./account.mjs";
import { DOLLAR, Local, UNIT, refused } from "./local.mjs";

const local = await Local.start();
const keys = { ada: Keypair.random(), bob: Keypair.random(), eve: Keypair.random() };
const account = await local.createAccount("Institutional", Object.values(keys).map((key) => key.rawPublicKey()));
const { threshold } = await local.network.read({ contract: account, method: "multisig" });
console.log(`+ an institution: ${account}, ${threshold} of 3`);
assert.equal(threshold, 2);

/** On the machine of a member: what came as text is decoded and looked at, and what was looked at is signed. */
function member(name, text) {
  const preimage = xdr.HashIdPreimage.fromXdr(text, "base64");
  const consent = preimage.sorobanAuthorizationWithAddress;
  assert.ok(consent, "it names the account");
  const { args } = buildInvocationTree(consent.invocation);
  console.log(`  ${name} signs ${args.function} of ${args.source.slice(0, 6)}..`);
  return record(keys[name], payloadOf(preimage));
}

/** The text goes to each member, the signatures come back. */
const gathered = (...names) => async (_, preimage) =>
  signatures(names.map((name) => member(name, preimage.toXdr("base64"))));

await local.mint(account, 300_000n * UNIT);
const two = new Actor(local, account, gathered("eve", "ada"));
await two.deposit(local.usdc, 100_000n * UNIT);
await two.open("BTC_USD", false, 5_000n * UNIT, 200);
console.log("+ two of three deposited and opened a short");

const one = two.signedBy(withKeys(keys.bob));
await refused("one of three", 4, account, one.borrow(local.xlm, UNIT));
await refused("two of three and a stranger", 3, account,
  two.signedBy(withKeys(keys.ada, keys.bob, Keypair.random())).borrow(local.xlm, UNIT));

// More money, more signatures: above $100,000 all of them.
await refused("$150,000 by two", 4, account, two.transfer(local.usdc, local.payer, 150_000n * UNIT));
await two.signedBy(gathered("ada", "bob", "eve")).transfer(local.usdc, local.payer, 150_000n * UNIT);
console.log("+ all three paid $150,000");

// The institution administers itself, by all of its signers: no trade in BTC_USD from now on.
const market = variant("Perp", symbol("BTC_USD"));
await two.signedBy(gathered("ada", "bob", "eve")).does(account, "blacklist_market", [market]);
await refused("a blacklisted market", 107, account, two.open("BTC_USD", false, 1_000n * UNIT, 100));
// A close is worth what its worst price may lose: without a bound two do not suffice.
await refused("a close at any price by two", 4, account, two.close("BTC_USD", (1n << 127n) - 1n));
await two.close("BTC_USD", 50_500n * DOLLAR);
console.log("+ a blacklisted market is left all the same");

const head = await local.network.read({ contract: account, method: "audit_head" });
console.log(`+ ${head.seq} records in the audit trail, the last hash ${Buffer.from(head.hash).toString("hex").slice(0, 16)}..`);
