// Does what keepers do (docs/operations.md): prices, marks, funding, margin calls, flags, auto-deleverage, liquidations, and
// the life of entries. Everything is permissionless; a liquidation of a loan takes the keeper's own tokens.
//
// Every action is simulated before it is sent, and the contracts are the judges: what they refuse is not sent. Several keepers
// may run at once.
//
//   KEEPER             seed of the key account that acts and pays
//   DEPLOYMENT         the record of `make deploy`, default deployments/local.json
//   STELLAR_RPC_URL, STELLAR_NETWORK_PASSPHRASE
//   PERIOD             seconds between rounds, default 30; 0 for one round

import { readFile } from "node:fs/promises";
import { pathToFileURL } from "node:url";
import { Keypair, scValToNative } from "@stellar/stellar-sdk";
import { Network, Refused, address, i128, list, symbol, u32 } from "../wallet/margin.mjs";

const HOUR = 3_600n;
const DAY = 24n * HOUR;
/** Where an account stands, as the ledger says it. */
const CALLED = 1;
const FLAGGED = 2;
/** Seconds for which a flag stands before the pool takes a position over, and before insurance takes a loan. */
const POOL_WAITS = 60n;
const INSURANCE_WAITS = 600n;
/** Tokens instead of shares. */
const TOKENS = 1;

export class Keeper {
  constructor(network, deployed) {
    this.network = network;
    this.me = network.payer.publicKey();
    this.deployed = deployed;
    this.ledger = deployed["margin-ledger"];
    this.accounts = new Set();
    this.cursor = undefined;
    this.done = new Map();
  }

  /** Everything once. Returns what was done, in order. */
  async round() {
    this.log = [];
    this.now = await this.network.now();
    await this.prices();
    for (const market of await this.reads(this.ledger, "markets")) await this.market(market);
    await this.discover();
    for (const account of this.accounts) await this.account(account);
    for (const asset of await this.reads(this.ledger, "assets")) await this.asset(asset);
    return this.log;
  }

  // ---- prices and markets -------------------------------------------------------------------------------------------------

  async prices() {
    const { deployed: { oracle } } = this;
    this.listed = await this.network.value({ contract: oracle, method: "assets" });
    await this.does("prices", oracle, "poke", this.listed);
  }

  async market(market) {
    await this.does(`mark of ${market}`, this.deployed["perp-clearing"], "update_mark_price", symbol(market));
    await this.every(HOUR, `funding of ${market}`, this.deployed["perp-clearing"], "update_funding_rate", symbol(market));
    await this.every(HOUR, `repeg of ${market}`, this.deployed["perp-clearing"], "repeg", symbol(market));
  }

  // ---- accounts -----------------------------------------------------------------------------------------------------------

  /** Every account of which the ledger told an event since the last round. */
  async discover() {
    const { server } = this.network;
    for (;;) {
      const from = this.cursor ? { cursor: this.cursor } : { startLedger: (await server.getHealth()).oldestLedger };
      const filters = [{ type: "contract", contractIds: [this.ledger] }];
      const page = await server.getEvents({ ...from, filters, limit: 1_000 });
      for (const { topic } of page.events) {
        if (topic[1]?.type === "scvAddress" && ACCOUNT_EVENTS.has(scValToNative(topic[0]))) {
          this.accounts.add(scValToNative(topic[1]));
        }
      }
      // A page ends after so many events or so many ledgers.
      const advanced = page.cursor !== this.cursor;
      this.cursor = page.cursor;
      if (!advanced || ledgerOf(page.cursor) >= page.latestLedger) return;
    }
  }

  async account(account) {
    const id = address(account);
    const { debts, pending, perp_debt: debt, positions, status, since } = await this.reads(this.ledger, "account", id);
    await this.every(30n * DAY, `life of ${account}`, this.ledger, "extend_ttl", list([id]));
    if (pending.amount > 0n) await this.does(`profit of ${account}`, this.deployed["perp-clearing"], "claim_pending", id);
    if (!size(debts) && !size(positions) && debt === 0n) return;
    const risk = await this.summary(account);
    if (!risk) return; // a price is missing
    if (risk.margin_call_ok) {
      if (status === FLAGGED) await this.does(`flag off ${account}`, this.ledger, "unflag", id);
      if (status === CALLED) await this.does(`end of the call of ${account}`, this.ledger, "margin_call", id);
    } else if (status < CALLED) {
      await this.does(`margin call of ${account}`, this.ledger, "margin_call", id);
    }
    // Cheapest for its owner first.
    if (account.startsWith("C")) await this.deleverage(account, risk);
    if (!await this.reads(this.deployed.vault, "is_liquidatable", id)) return;
    if (status !== FLAGGED) await this.does(`flag of ${account}`, this.ledger, "flag", id);
    for (const market of keys(positions)) {
      const waited = status === FLAGGED && this.now >= since + POOL_WAITS;
      if (waited) {
        const args = [address(this.me), id, symbol(market), i128(0)];
        await this.does(`take-over of ${account} in ${market}`, this.deployed["perp-clearing"], "liquidate", ...args);
      }
    }
    await this.liquidate(account, status === FLAGGED && this.now >= since + INSURANCE_WAITS);
  }

  async deleverage(account, risk) {
    const threshold = await this.threshold(account);
    if (threshold === undefined || risk.health_factor >= threshold) return false;
    return this.does(`auto-deleverage of ${account}`, account, "auto_deleverage");
  }

  /** Below it anybody may deleverage a smart account; nothing for other contracts. */
  async threshold(account) {
    try {
      return (await this.reads(account, "limits")).min_health;
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  /** Repays the largest loan with the keeper's tokens, for the largest deposit; nobody's tokens, then insurance's. */
  async liquidate(account, insured) {
    const { debts, deposits, settlement } = await this.reads(this.ledger, "breakdown", address(account));
    const largest = (holdings) => [...holdings].sort((a, b) => (a.value < b.value ? 1 : -1));
    const [debt] = largest(debts);
    const collateral = debt && largest(deposits).find(({ asset }) => asset !== debt.asset);
    if (!collateral) return;
    const what = `liquidation of ${account}`;
    const mine = await this.reads(debt.asset, "balance", address(this.me)).catch(() => 0n);
    const most = mine < debt.amount ? mine : debt.amount;
    const args = [this.me, account, debt.asset, collateral.asset].map(address);
    if (most > 0n && await this.does(what, this.deployed.vault, "liquidate", ...args, i128(most), i128(0), u32(TOKENS))) return;
    if (insured && debt.asset === settlement) {
      const terms = [address(account), address(collateral.asset), i128(debt.amount)];
      await this.does(`${what} by insurance`, this.ledger, "backstop", ...terms);
    }
  }

  // ---- assets -------------------------------------------------------------------------------------------------------------

  async asset(asset) {
    const id = address(asset);
    const { totals } = await this.reads(this.ledger, "asset", id);
    const held = await this.reads(asset, "balance", address(this.deployed.vault));
    if (held < totals.cash || totals.pending_bad_debt > 0n) await this.does(`sync of ${asset}`, this.deployed.vault, "sync", id);
    await this.every(30n * DAY, "life of prices", this.deployed.oracle, "extend_ttl", this.listed);
  }

  // ---- how ----------------------------------------------------------------------------------------------------------------

  /** The account's summary; nothing while a price of its own is not usable. */
  async summary(account) {
    try {
      return await this.reads(this.ledger, "summary", address(account));
    } catch (error) {
      if (error instanceof Refused) return undefined;
      throw error;
    }
  }

  reads(contract, method, ...args) {
    return this.network.read({ contract, method, args });
  }

  /** Acts unless it is refused; whether it acted. */
  async does(what, contract, method, ...args) {
    try {
      await this.network.call({ contract, method, args });
      this.log.push(what);
      return true;
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      return false;
    }
  }

  /** Acts at most once in a period. */
  async every(period, what, ...call) {
    if (this.now < (this.done.get(what) ?? -period) + period) return;
    if (await this.does(what, ...call)) this.done.set(what, this.now);
  }
}

/** Events of the ledger whose second topic is an account. */
const ACCOUNT_EVENTS = new Set(["deposited", "borrowed", "position_filled", "position_taken_over", "account_transferred"]);

/** The ledger a cursor of the server stands at. */
const ledgerOf = (cursor) => Number(BigInt(cursor.split("-")[0]) >> 32n);
const keys = (map) => (map instanceof Map ? [...map.keys()] : Object.keys(map));
const size = (map) => keys(map).length;

/** A keeper as the environment says. */
export async function fromEnvironment() {
  if (!process.env.KEEPER) throw new Error("KEEPER is not set: the seed of the key account that acts and pays");
  const record = process.env.DEPLOYMENT || new URL("../../deployments/local.json", import.meta.url);
  const network = new Network({
    url: process.env.STELLAR_RPC_URL || "http://localhost:8000/rpc",
    passphrase: process.env.STELLAR_NETWORK_PASSPHRASE || "Standalone Network ; February 2017",
    payer: Keypair.fromSecret(process.env.KEEPER),
  });
  return new Keeper(network, JSON.parse(await readFile(record, "utf8")));
}

async function run() {
  const keeper = await fromEnvironment();
  const period = Number(process.env.PERIOD ?? 30) * 1_000;
  do {
    try {
      for (const line of await keeper.round()) console.log(new Date().toISOString(), line);
    } catch (error) {
      // The network, not a contract: the next round tries again.
      console.error(new Date().toISOString(), error.message);
      if (!period) throw error;
    }
    if (period) await new Promise((wake) => setTimeout(wake, period));
  } while (period);
}

if (import.meta.url === pathToFileURL(process.argv[1]).href) await run();
