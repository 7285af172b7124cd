// Record, sign, enforce: how a transaction of a smart margin account comes about.
//
// 1. A simulation records what the account has to consent to. It does not run the account's `__check_auth`, so neither its
//    policy nor the entries that the policy reads are in the result yet.
// 2. The account's keys sign that consent: what it is, for how long, for which network, and for which account.
// 3. A second simulation runs with the signatures. Now the policy decides, and the footprint is complete.

import {
  Account, Contract, Operation, TransactionBuilder, authorizeEntry, hash, inspectAuthEntry, nativeToScVal, rpc, scValToNative,
  xdr,
} from "@stellar/stellar-sdk";

/** Ledgers for which a signature is good: five minutes. */
const SIGNATURE_LEDGERS = 60;

/** A network, and the classic account that pays the fees. It has no rights over any smart account. */
export class Network {
  constructor({ url, passphrase, payer }) {
    this.server = new rpc.Server(url, { allowHttp: url.startsWith("http:") });
    this.passphrase = passphrase;
    this.payer = payer;
  }

  /**
   * Calls a contract function. `sign(payload, preimage)` returns the signature value of `account`, a smart account; without
   * an account, the payer alone consents. `binding` is the kind of credentials: `v2` names the account in what is signed.
   */
  async call({ contract, method, args, account, sign, binding = "v2" }) {
    const call = new Contract(contract).call(method, ...args);
    const recorded = await this.#simulate(call);
    const { sequence } = await this.server.getLatestLedger();
    const auth = await Promise.all((recorded.result?.auth ?? []).map((entry) =>
      inspectAuthEntry(entry).address === account
        ? authorizeEntry(
            binding === "v2" ? bound(entry) : entry,
            async (preimage, payload) => ({ signatureScVal: await sign(payload, preimage) }),
            sequence + SIGNATURE_LEDGERS,
            this.passphrase,
          )
        : entry));
    const signed = Operation.invokeHostFunction({ func: hostFunction(call), auth });
    const enforced = await this.#simulate(signed);
    const transaction = rpc.assembleTransaction(await this.#transaction(signed), enforced).build();
    transaction.sign(this.payer);
    return this.#send(transaction);
  }

  /** Reads: a simulation that nobody signs. */
  async read(call) {
    return scValToNative(await this.value(call));
  }

  /** What `read` reads, as a value that other calls take. */
  async value({ contract, method, args = [] }) {
    const { result } = await this.#simulate(new Contract(contract).call(method, ...args));
    return result.retval;
  }

  /** Time of the latest ledger, Unix seconds. That of this machine may be ahead of it. */
  async now() {
    return BigInt((await this.server.getLatestLedger()).closeTime);
  }

  async #transaction(operation) {
    const source = await this.server.getAccount(this.payer.publicKey());
    return new TransactionBuilder(new Account(source.accountId(), source.sequenceNumber()), {
      fee: "1000", networkPassphrase: this.passphrase,
    }).addOperation(operation).setTimeout(120).build();
  }

  async #simulate(operation) {
    const result = await this.server.simulateTransaction(await this.#transaction(operation));
    if (rpc.Api.isSimulationError(result)) throw new Refused(result);
    return result;
  }

  async #send(transaction) {
    const sent = await this.server.sendTransaction(transaction);
    if (sent.status === "ERROR") throw new Error(`not accepted: ${JSON.stringify(sent.errorResult ?? sent)}`);
    const result = await this.server.pollTransaction(sent.hash, { attempts: 30 });
    if (result.status !== "SUCCESS") throw new Error(`failed: ${sent.hash}`);
    return result.returnValue === undefined ? undefined : scValToNative(result.returnValue);
  }
}

/**
 * A simulation that ended in an error. `code` is the reason (docs/errors.md): that of the account when an account
 * refused, then `account` is which, and otherwise that of the contract.
 */
export class Refused extends Error {
  constructor(simulation) {
    super(simulation.error.split("\n")[0]);
    const refusal = simulation.events.map(diagnostic).find((event) =>
      Array.isArray(event.data) && event.data[0] === "failed account authentication with error");
    this.account = refusal?.data[1];
    const contract = refusal ? undefined : this.message.match(/Error\(Contract, #(\d+)\)/)?.[1];
    this.code = refusal ? refusal.data[2].code : contract && Number(contract);
  }
}

function diagnostic(event) {
  const { topics, data } = event.event.body.v0;
  return { topics: topics.map(native), data: native(data) };
}

function native(value) {
  try { return scValToNative(value); } catch { return undefined; }
}

function hostFunction(call) {
  return call.body.invokeHostFunctionOp.hostFunction;
}

/** The entry with credentials that name the account in what is signed: the signature fits no other account with the same key. */
function bound(entry) {
  if (entry.credentials.type !== "sorobanCredentialsAddress") return entry;
  return new xdr.SorobanAuthorizationEntry({
    credentials: xdr.SorobanCredentials.sorobanCredentialsAddressV2(entry.credentials.address),
    rootInvocation: entry.rootInvocation,
  });
}

/** Signs with ed25519 keys: owner signers of any tier, members of a quorum, or one session key. */
export function withKeys(...keys) {
  return async (payload) => signatures(keys.map((key) => record(key, payload)));
}

/** One ed25519 signature as the accounts want it. */
export function record(key, payload) {
  return { public_key: key.rawPublicKey(), signature: key.sign(payload) };
}

/** The signature value: records ascending by key. */
export function signatures(records) {
  const ascending = [...records].sort((a, b) => Buffer.compare(Buffer.from(a.public_key), Buffer.from(b.public_key)));
  return list(ascending.map(struct));
}

/** What a preimage's hash is: for whoever is sent the preimage, looks at it, and then signs. */
export function payloadOf(preimage) {
  return hash(preimage.toXdr());
}

// ---- values of contracts ------------------------------------------------------------------------------------------------

export const address = (text) => nativeToScVal(text, { type: "address" });
export const i128 = (number) => nativeToScVal(BigInt(number), { type: "i128" });
export const u32 = (number) => nativeToScVal(number, { type: "u32" });
export const u64 = (number) => nativeToScVal(BigInt(number), { type: "u64" });
export const symbol = (text) => nativeToScVal(text, { type: "symbol" });
export const bytes = (data) => xdr.ScVal.scvBytes(Buffer.from(data));
export const list = (items) => xdr.ScVal.scvVec(items);
/** A value of an enum with data: `variant("Other", symbol("BTC"))`. */
export const variant = (name, ...values) => list([symbol(name), ...values]);

/** A struct: a map with sorted symbols; bytes stay bytes, values of contracts stay as they are. */
export function struct(fields) {
  return xdr.ScVal.scvMap(Object.keys(fields).sort().map((name) => new xdr.ScMapEntry({
    key: symbol(name),
    val: fields[name] instanceof Uint8Array ? bytes(fields[name]) : fields[name],
  })));
}
