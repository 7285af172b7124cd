// A passkey (secp256r1, WebAuthn) signs for a Basic account. The authenticator is simulated with Node's webcrypto; in a
// browser `navigator.credentials.get` gives the same three values.

import { webcrypto } from "node:crypto";
import { signatures, struct } from "./margin.mjs";
import { Actor } from "./account.mjs";
import { Local, UNIT, refused } from "./local.mjs";

const { subtle } = webcrypto;
const ORIGIN = "https://wallet.example";
const RP_ID = "wallet.example";
/** Flags of the authenticator data: the user was there, and proved who she is. */
const PRESENT = 0x01;
const VERIFIED = 0x04;
/** Order of the group, and its half: of the two signatures that are good, the network accepts the one with the lower s. */
const ORDER = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;

const sha256 = async (data) => Buffer.from(await subtle.digest("SHA-256", data));

/** An authenticator with one credential. */
class Authenticator {
  static async create() {
    const pair = await subtle.generateKey({ name: "ECDSA", namedCurve: "P-256" }, false, ["sign", "verify"]);
    // Uncompressed: 0x04, x, y. That is how an account knows the key.
    return new Authenticator(pair, Buffer.from(await subtle.exportKey("raw", pair.publicKey)));
  }

  constructor(pair, publicKey) {
    this.pair = pair;
    this.publicKey = publicKey;
    this.uses = 0;
  }

  /** What `navigator.credentials.get({ publicKey: { challenge, rpId, userVerification: "required" } })` answers. */
  async get(challenge, flags = PRESENT | VERIFIED) {
    const clientDataJSON = Buffer.from(JSON.stringify({
      type: "webauthn.get", challenge: Buffer.from(challenge).toString("base64url"), origin: ORIGIN, crossOrigin: false,
    }));
    const counter = Buffer.alloc(4);
    counter.writeUInt32BE(++this.uses);
    const authenticatorData = Buffer.concat([await sha256(Buffer.from(RP_ID)), Buffer.from([flags]), counter]);
    const message = Buffer.concat([authenticatorData, await sha256(clientDataJSON)]);
    const signature = Buffer.from(await subtle.sign({ name: "ECDSA", hash: "SHA-256" }, this.pair.privateKey, message));
    return { authenticatorData, clientDataJSON, signature };
  }
}

/** The signature with the lower of the two values of s; `r || s`. A browser answers in DER: convert that first. */
function low({ signature, ...rest }) {
  const s = BigInt(`0x${signature.subarray(32).toString("hex")}`);
  const lower = s > ORDER / 2n ? ORDER - s : s;
  const bytes = Buffer.from(lower.toString(16).padStart(64, "0"), "hex");
  return { ...rest, signature: Buffer.concat([signature.subarray(0, 32), bytes]) };
}

/** And with the higher one. */
function high(assertion) {
  const { signature, ...rest } = low(assertion);
  const s = ORDER - BigInt(`0x${signature.subarray(32).toString("hex")}`);
  return { ...rest, signature: Buffer.concat([signature.subarray(0, 32), Buffer.from(s.toString(16).padStart(64, "0"), "hex")]) };
}

/** Signs with a passkey: the challenge is what is to be signed. */
const withPasskey = (authenticator, { flags, normalise = low, challenge = (payload) => payload } = {}) => async (payload) => {
  const { authenticatorData, clientDataJSON, signature } = normalise(await authenticator.get(challenge(payload), flags));
  return signatures([{
    public_key: authenticator.publicKey,
    signature,
    webauthn: struct({ authenticator_data: authenticatorData, client_data: clientDataJSON }),
  }]);
};

const local = await Local.start();
const phone = await Authenticator.create();
const account = await local.createAccount("Basic", [phone.publicKey]);
const owner = new Actor(local, account, withPasskey(phone));
console.log(`+ a Basic account of a passkey: ${account}`);

await local.mint(account, 1_000n * UNIT);
await owner.deposit(local.usdc, 500n * UNIT);
await owner.borrow(local.xlm, 500n * UNIT);
await owner.transfer(local.usdc, local.payer, 10n * UNIT, { binding: "v1" });
console.log("+ deposited, borrowed and paid by passkey");

const other = (how) => owner.signedBy(withPasskey(phone, how)).borrow(local.xlm, UNIT);
await refused("a user who was not verified", 2, account, other({ flags: PRESENT }));
await refused("a user who was not there", 2, account, other({ flags: VERIFIED }));
await refused("another challenge", 2, account, other({ challenge: () => Buffer.alloc(32) }));
await refused("the higher s", 2, account, other({ normalise: high }));
const stranger = await Authenticator.create();
await refused("another passkey", 3, account, owner.signedBy(withPasskey(stranger)).borrow(local.xlm, UNIT));
