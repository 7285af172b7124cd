// What an account does at the venues: a contract, a function and its arguments, for `Network.call`.

import { address, bytes, i128, list, struct, symbol, u32, u64 } from "./margin.mjs";
import { nativeToScVal } from "@stellar/stellar-sdk";

/** Seconds that a trade may wait. */
const DEADLINE = 300n;

/** The calls of one account, consented to by `sign`. */
export class Actor {
  constructor(local, account, sign) {
    this.local = local;
    this.account = account;
    this.sign = sign;
  }

  /** The same account, signed otherwise. */
  signedBy(sign) {
    return new Actor(this.local, this.account, sign);
  }

  does(contract, method, args, how = {}) {
    return this.local.network.call({ contract, method, args, account: this.account, sign: this.sign, ...how });
  }

  transfer(token, to, units, how) {
    return this.does(token, "transfer", [address(this.account), address(to), i128(units)], how);
  }

  deposit(token, units, how) {
    const me = address(this.account);
    return this.does(this.local.vault, "deposit", [me, me, address(token), i128(units)], how);
  }

  borrow(token, units, how) {
    return this.does(this.local.vault, "borrow", [address(this.account), address(token), i128(units)], how);
  }

  /** Why the account would refuse a call that `signers` sign, before anybody signs: a code, or 0. */
  why(contract, method, args, signers) {
    const call = struct({ args: list(args), contract: address(contract), fn_name: symbol(method) });
    const proposal = struct({ calls: list([call]), signers: list(signers.map(bytes)) });
    return this.local.network.read({ contract: this.account, method: "can_authorize", args: [proposal] });
  }

  repay(token, units, how) {
    const me = address(this.account);
    return this.does(this.local.vault, "repay", [me, me, address(token), i128(units)], how);
  }

  /** Opens a position with `margin` out of the wallet; the consent covers the deposit and the transfer below it. */
  async open(...terms) {
    return this.does(this.local.clearing, "open_position", await this.opening(...terms));
  }

  /** The arguments of that: market, side, settlement units, hundredths. */
  async opening(market, isLong, margin, leverage) {
    const leastBase = isLong ? 0n : (1n << 127n) - 1n;
    const deadline = await this.local.network.now() + DEADLINE;
    return [
      address(this.account), symbol(market), nativeToScVal(isLong), i128(margin), u32(leverage), i128(leastBase), u64(deadline),
    ];
  }

  /** Closes a position; `limit` is the worst price, 1e14. */
  async close(market, limit, how) {
    const args = [address(this.account), symbol(market), i128(limit), u64(await this.local.network.now() + DEADLINE)];
    return this.does(this.local.clearing, "close_position", args, how);
  }
}
