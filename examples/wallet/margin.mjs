// Record, sign, enforce: how a transaction of a smart margin account comes about.
//
// 1. A simulation records what the account has to consent to. It does not run the account's `__check_auth`, so neither its
//    policy nor the entries that the policy reads are in the result yet.
// 2. The account's keys sign that consent: what it is, for how long, for which network.
// 3. A second simulation runs with the signatures. Now the policy decides, and the footprint is complete.

import { Account, Address, Contract, Keypair, Operation, TransactionBuilder, hash, rpc, scValToNative, xdr }
  from "@stellar/stellar-sdk";

/** Ledgers for which a signature is good: five minutes. */
const SIGNATURE_LEDGERS = 60;

/** A network, and the classic account that pays the fees. It has no rights over any smart account. */
export class Network {
  constructor({ url, passphrase, payer }) {
    this.server = new rpc.Server(url, { allowHttp: url.startsWith("http:") });
    this.passphrase = passphrase;
    this.payer = payer;
  }

  /** Calls a contract function on behalf of `account`, a smart account; `sign(payload)` returns its signature value. */
  async call({ contract, method, args, account, sign }) {
    const operation = new Contract(contract).call(method, ...args);
    const recorded = await this.#simulate(operation);
    const { sequence } = await this.server.getLatestLedger();
    const auth = await Promise.all((recorded.result?.auth ?? []).map(async (entry) =>
      addressOf(entry) === account
        ? consent(entry, sequence + SIGNATURE_LEDGERS, this.passphrase, sign)
        : entry));
    const host = operation.body().invokeHostFunctionOp();
    const signed = Operation.invokeHostFunction({ func: host.hostFunction(), auth });
    const enforced = await this.#simulate(signed);
    const transaction = rpc.assembleTransaction(await this.#transaction(signed), enforced).build();
    transaction.sign(this.payer);
    return this.#send(transaction);
  }

  /** Reads: a simulation that nobody signs. */
  async read({ contract, method, args = [] }) {
    const { result } = await this.#simulate(new Contract(contract).call(method, ...args));
    return scValToNative(result.retval);
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

/** A simulation that ended in an error. When an account refused, `code` is its reason (README, table of errors). */
export class Refused extends Error {
  constructor(simulation) {
    super(simulation.error.split("\n")[0]);
    const events = simulation.events.map((event) => describe(event));
    this.account = events.find((event) => event.includes("failed account authentication"));
    this.code = Number(this.account?.match(/"type":"contract","code":(\d+)/)?.[1]) || undefined;
  }
}

function describe(event) {
  const body = event.event().body().v0();
  return JSON.stringify([...body.topics(), body.data()].map((value) => {
    try { return scValToNative(value); } catch { return value.toXDR("base64"); }
  }), (_, value) => typeof value === "bigint" ? value.toString() : value);
}

/** Whom an authorisation entry speaks for; undefined for the source account of the transaction. */
function addressOf(entry) {
  const credentials = entry.credentials();
  return credentials.switch().name === "sorobanCredentialsAddress"
    ? Address.fromScAddress(credentials.address().address()).toString()
    : undefined;
}

/** The entry with the account's signature, good up to ledger `expires`. */
async function consent(entry, expires, passphrase, sign) {
  const signed = xdr.SorobanAuthorizationEntry.fromXDR(entry.toXDR());
  const credentials = signed.credentials().address();
  credentials.signatureExpirationLedger(expires);
  const preimage = xdr.HashIdPreimage.envelopeTypeSorobanAuthorization(new xdr.HashIdPreimageSorobanAuthorization({
    networkId: hash(Buffer.from(passphrase)),
    nonce: credentials.nonce(),
    signatureExpirationLedger: expires,
    invocation: signed.rootInvocation(),
  }));
  credentials.signature(await sign(hash(preimage.toXDR())));
  return signed;
}

/** Signs with ed25519 keys: owner signers of any tier, members of a quorum, or one session key. */
export function withKeys(...keys) {
  return async (payload) => signatures(keys.map((key) =>
    ({ public_key: key.rawPublicKey(), signature: key.sign(payload) })));
}

/** The signature value: records ascending by key. */
export function signatures(records) {
  records.sort((a, b) => Buffer.compare(Buffer.from(a.public_key), Buffer.from(b.public_key)));
  return xdr.ScVal.scvVec(records.map(struct));
}

/** A contract's struct: a map with sorted symbols; bytes stay bytes, `ScVal`s stay as they are. */
export function struct(fields) {
  return xdr.ScVal.scvMap(Object.keys(fields).sort().map((name) => new xdr.ScMapEntry({
    key: xdr.ScVal.scvSymbol(name),
    val: fields[name] instanceof Uint8Array ? xdr.ScVal.scvBytes(Buffer.from(fields[name])) : fields[name],
  })));
}

/** What the examples need from the environment. */
export function setting(name) {
  const value = process.env[name];
  if (!value) throw new Error(`${name} is not set; docs/wallets.md says how`);
  return value;
}

/** The local network, paid for by `PAYER` (a seed). */
export function localNetwork() {
  return new Network({
    url: process.env.STELLAR_RPC_URL ?? "http://localhost:8000/rpc",
    passphrase: process.env.STELLAR_NETWORK_PASSPHRASE ?? "Standalone Network ; February 2017",
    payer: Keypair.fromSecret(setting("PAYER")),
  });
}
