// What the examples need around them: a local network with the deployment of `make deploy NETWORK=local`, money in it,
// prices of now, and an account of the wanted tier. On a real network others have seen to that.
//
//   PAYER                        seed of the key account that deployed: it pays the fees, owns the accounts and mints the test USDC
//   STELLAR_RPC_URL              default http://localhost:8000/rpc
//   STELLAR_NETWORK_PASSPHRASE   default that of a standalone network
//   FRIENDBOT_URL                default what the server says
//   DEPLOYMENT                   default deployments/local.json

import { readFile } from "node:fs/promises";
import { randomBytes } from "node:crypto";
import { Keypair } from "@stellar/stellar-sdk";
import { Network, Refused, address, bytes, i128, list, struct, symbol, u32, u64, variant } from "./margin.mjs";

/** Units of a lumen, of a USDC and of a dollar. */
export const UNIT = 10_000_000n;
export const TIERS = { Basic: 0, Pro: 1, Institutional: 2 };
/** What a local network starts with: lumens to borrow, and USDC behind the perpetuals. */
const LUMENS = 9_000n * UNIT;
const POOL = 500_000n * UNIT;
const INSURANCE = 50_000n * UNIT;
/** A dollar as a price. */
export const DOLLAR = 100_000_000_000_000n;
/** Prices of the test feeds. */
const PRICES = { BTC: 50_000n * DOLLAR, USDC: DOLLAR, XLM: DOLLAR / 10n };

/** A network with a deployment on it. */
export class Local {
  static async start() {
    if (!process.env.PAYER) throw new Error("PAYER is not set; docs/wallets.md says how");
    const record = process.env.DEPLOYMENT || new URL("../../deployments/local.json", import.meta.url);
    const local = new Local(JSON.parse(await readFile(record, "utf8")), Keypair.fromSecret(process.env.PAYER));
    await local.refreshPrices();
    await local.fill();
    return local;
  }

  constructor(deployed, payer) {
    this.network = new Network({
      url: process.env.STELLAR_RPC_URL || "http://localhost:8000/rpc",
      passphrase: process.env.STELLAR_NETWORK_PASSPHRASE || "Standalone Network ; February 2017",
      payer,
    });
    this.deployed = deployed;
    this.payer = payer.publicKey();
    this.vault = deployed.vault;
    this.ledger = deployed["margin-ledger"];
    this.clearing = deployed["perp-clearing"];
    this.usdc = deployed["token USDC"];
    this.xlm = deployed["token XLM"];
  }

  /** The payer consents as the source of the transaction: it owns the accounts of the examples. */
  asOwner(contract, method, ...args) {
    return this.network.call({ contract, method, args });
  }

  /** Creates an account. `signers` are public keys of 32 bytes (ed25519) or 65 (secp256r1). */
  async createAccount(tier, signers, maxLeverage = 300) {
    const ascending = [...signers].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
    return this.asOwner(this.deployed.factory, "create_account", struct({
      account_type: u32(TIERS[tier]),
      auto_deleverage_threshold: u32(12_000),
      max_leverage: u32(maxLeverage),
      owner: address(this.payer),
      signers: list(ascending.map(bytes)),
    }), bytes(randomBytes(32)));
  }

  /** A new key account with lumens. */
  async newcomer() {
    const newcomer = new Local(this.deployed, Keypair.random());
    await fund(newcomer);
    return newcomer;
  }

  /** Gives test USDC to anybody. */
  mint(to, units) {
    return this.asOwner(this.usdc, "mint", address(to), i128(units));
  }

  /** Health, leverage and all else that the ledger says of an account. */
  summary(account) {
    return this.network.read({ contract: this.ledger, method: "summary", args: [address(account)] });
  }

  /** Has the test feeds say their prices again, and the oracle read them. Elsewhere keepers do this. */
  async refreshPrices(prices = {}) {
    const now = u64(await this.network.now());
    for (const [name, price] of Object.entries({ ...PRICES, ...prices })) {
      const asset = variant("Other", symbol(name));
      await this.asOwner(this.deployed["test-source-first"], "set", asset, i128(price), now);
      await this.asOwner(this.deployed["test-source-second"], "set", asset, i128(price / 1_000_000n), now);
    }
    await this.asOwner(this.deployed.oracle, "poke", list([
      variant("Other", symbol("BTC")),
      variant("Stellar", address(this.usdc)),
      variant("Stellar", address(this.xlm)),
    ]));
  }

  /** Brings lumens to lend and a liquidity pool, once. */
  async fill() {
    const { totals } = await this.network.read({ contract: this.ledger, method: "asset", args: [address(this.xlm)] });
    if (totals.supplied < LUMENS / 2n) {
      const lender = await this.newcomer();
      const args = [address(lender.payer), address(lender.payer), address(this.xlm), i128(LUMENS)];
      await lender.asOwner(this.vault, "deposit", ...args);
    }
    const payer = address(this.payer);
    const pool = await this.network.read({ contract: this.clearing, method: "lp", args: [payer] });
    if (pool.total_shares === 0n) {
      const amount = POOL + INSURANCE;
      await this.mint(this.payer, amount);
      await this.asOwner(this.vault, "deposit", payer, payer, address(this.usdc), i128(amount));
      await this.asOwner(this.clearing, "add_liquidity", payer, i128(POOL), i128(0));
      await this.asOwner(this.clearing, "fund_insurance", payer, i128(INSURANCE));
    }
  }
}

async function fund({ network, payer }) {
  if (process.env.FRIENDBOT_URL) {
    const answer = await fetch(`${process.env.FRIENDBOT_URL}?addr=${payer}`);
    if (!answer.ok) throw new Error(`friendbot: ${answer.status} ${await answer.text()}`);
  } else {
    await network.server.fundAddress(payer);
  }
}

/** Asserts that a call is refused with a code by `account`, or by a contract where there is none, and tells. */
export async function refused(what, code, account, call) {
  const error = await call.then(() => undefined, (error) => error);
  if (!(error instanceof Refused)) throw new Error(`${what}: not refused`, { cause: error });
  if (error.code !== code || error.account !== account) {
    throw new Error(`${what}: ${error.account} refuses with ${error.code}, not ${account} with ${code}`, { cause: error });
  }
  console.log(`x ${what}: ${code}`);
}
