// An ed25519 signer of a Basic account: deposits, borrows, trades, pays, and sees what refusals look like.

import assert from "node:assert/strict";
import { Keypair } from "@stellar/stellar-sdk";
import { withKeys } from "./margin.mjs";
import { Actor } from "./account.mjs";
import { Local, UNIT, refused } from "./local.mjs";

const local = await Local.start();
const key = Keypair.random();
const account = await local.createAccount("Basic", [key.rawPublicKey()]);
const owner = new Actor(local, account, withKeys(key));
console.log(`+ a Basic account: ${account}`);

await local.mint(account, 2_000n * UNIT);
await owner.deposit(local.usdc, 1_000n * UNIT);
await owner.borrow(local.xlm, 1_000n * UNIT);
// Credentials of the first version, which do not name the account, count as well.
await owner.borrow(local.xlm, 500n * UNIT, { binding: "v1" });
let risk = await local.summary(account);
console.log(`+ $1,000 deposited, $150 borrowed: leverage ${risk.leverage / 100}x, health ${risk.health_factor / 10_000}`);
assert.equal(risk.leverage, 18);

await owner.open("BTC_USD", true, 500n * UNIT, 200);
risk = await local.summary(account);
console.log(`+ a long of $1,000: leverage ${risk.leverage / 100}x`);
assert.ok(risk.leverage > 80 && risk.leverage < 90);

const stranger = owner.signedBy(withKeys(Keypair.random()));
// The account's limits stand in the ledger too, and that is what the first simulation runs into. The account tells beforehand.
const much = ["BTC_USD", true, 450n * UNIT, 2_000];
assert.equal(await owner.why(local.clearing, "open_position", await owner.opening(...much), [key.rawPublicKey()]), 100);
await refused("a position of $9,000 more", 615, undefined, owner.open(...much));
await refused("the key of a stranger", 3, account, stranger.borrow(local.xlm, UNIT));

await owner.repay(local.xlm, 1_500n * UNIT);
await owner.transfer(local.usdc, local.payer, 100n * UNIT);
console.log("+ repaid, and paid $100 to somebody");
