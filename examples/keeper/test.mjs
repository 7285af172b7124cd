// A keeper on a local network: the price falls, and what has to happen to two accounts happens, in the order of what is
// cheapest for their owners. Needs what the wallets' examples need (wallet/local.mjs).

import assert from "node:assert/strict";
import { Keypair } from "@stellar/stellar-sdk";
import { address, withKeys } from "../wallet/margin.mjs";
import { Actor } from "../wallet/account.mjs";
import { DOLLAR, Local, UNIT } from "../wallet/local.mjs";
import { Keeper } from "./keeper.mjs";

const local = await Local.start();
const keeper = new Keeper(local.network, local.deployed);

// A Pro account and a key account, both long with 9 times their equity.
const key = Keypair.random();
const pro = new Actor(local, await local.createAccount("Pro", [key.rawPublicKey()], 1_000), withKeys(key));
await local.mint(pro.account, 1_000n * UNIT);
await pro.open("BTC_USD", true, 1_000n * UNIT, 850);
const person = await local.newcomer();
await local.mint(person.payer, 1_000n * UNIT);
const trader = new Actor(person, person.payer, undefined);
await trader.open("BTC_USD", true, 1_000n * UNIT, 850);
const size = async (account) =>
  (await local.network.read({ contract: local.ledger, method: "account", args: [address(account)] })).positions;

let log = await keeper.round();
assert.ok(log.includes("prices") && log.includes("mark of BTC_USD"), log);
assert.ok(!log.some((line) => /deleverage|flag|take-over|liquidation|call/.test(line)), log);
console.log("+ nothing to do but prices, marks and funding");

const seen = [];
let price = 50_000n;
try {
  while (!seen.some((line) => line.startsWith(`take-over of ${person.payer}`))) {
    price -= price > 46_500n ? 500n : 0n;
    await local.refreshPrices({ BTC: price * DOLLAR });
    log = await keeper.round();
    for (const line of log.filter((line) => !/^(prices|mark|funding|life)/.test(line))) {
      seen.push(line);
      console.log(`+ at ${price}: ${line.replaceAll(pro.account, "the Pro account").replaceAll(person.payer, "the key account")}`);
    }
    assert.ok(seen.length < 40, "it comes to an end");
  }
} finally {
  while (price < 50_000n) await local.refreshPrices({ BTC: (price += 500n) * DOLLAR });
}
const first = (what) => seen.findIndex((line) => line.startsWith(what));
assert.ok(first(`auto-deleverage of ${pro.account}`) >= 0, "the smart account saves itself");
assert.ok(!seen.includes(`flag of ${pro.account}`), "and is not liquidated");
assert.ok(first(`flag of ${person.payer}`) >= 0 && first(`flag of ${person.payer}`) < first(`take-over of ${person.payer}`));
console.log("+ the smart account was deleveraged, the key account liquidated");
