// A session key of a Pro account: it trades within its limits until it is revoked, and never pays anybody.

import assert from "node:assert/strict";
import { Keypair } from "@stellar/stellar-sdk";
import { address, bytes, i128, list, struct, symbol, u32, u64, variant, withKeys } from "./margin.mjs";
import { Actor } from "./account.mjs";
import { DOLLAR, Local, UNIT, refused } from "./local.mjs";

const local = await Local.start();
const [key, session] = [Keypair.random(), Keypair.random()];
const account = await local.createAccount("Pro", [key.rawPublicKey()]);
const owner = new Actor(local, account, withKeys(key));
console.log(`+ a Pro account: ${account}`);
await local.mint(account, 5_000n * UNIT);
await owner.deposit(local.usdc, 3_000n * UNIT);

// The owner grants it. Amounts are dollars at 1e7.
const now = await local.network.now();
await local.asOwner(account, "grant_session", struct({
  allowed_ops: list(["open_position", "close_position"].map(symbol)),
  daily_limit: i128(4_000n * UNIT),
  expires_at: u64(now + 86_400n),
  key: bytes(session.rawPublicKey()),
  // The market, and the asset whose deposit opening a position implies.
  markets: variant("Only", list([variant("Perp", symbol("BTC_USD")), variant("Asset", address(local.usdc))])),
  max_leverage: u32(200),
  max_ops_per_day: u32(20),
  max_per_ledger: i128(2_000n * UNIT),
  max_per_tx: i128(2_000n * UNIT),
}));
console.log("+ a session for BTC_USD: $2,000 per call, $4,000 per day, 2.00x");

const bot = owner.signedBy(withKeys(session));
await bot.open("BTC_USD", true, 500n * UNIT, 300);
// A reduction costs what it may lose at the worst price that it names: one percent of $1,500.
await bot.close("BTC_USD", 49_500n * DOLLAR);
await bot.open("BTC_USD", true, 500n * UNIT, 300);
const [left] = await local.network.read({ contract: account, method: "get_session_keys" });
console.log(`+ it opened, closed and opened; $${left.left_today / UNIT} and ${left.ops_left_today} calls are left today`);
assert.equal(left.ops_left_today, 17);
assert.ok(left.left_today > 980n * UNIT && left.left_today < 990n * UNIT);

await refused("more than one call may", 104, account, bot.open("BTC_USD", true, 1_000n * UNIT, 300));
await refused("a payment", 106, account, bot.transfer(local.usdc, local.payer, 1n));
await refused("a loan", 106, account, bot.borrow(local.xlm, UNIT));
await refused("a session beside its owner", 3, account,
  owner.signedBy(withKeys(key, session)).open("BTC_USD", true, 100n * UNIT, 100));
await refused("more than one day may", 105, account, bot.open("BTC_USD", true, 500n * UNIT, 400));

await local.asOwner(account, "revoke_session_key", bytes(session.rawPublicKey()));
await refused("a revoked session", 3, account, bot.open("BTC_USD", true, 100n * UNIT, 100));
