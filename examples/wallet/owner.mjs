// An ed25519 owner signer moves the account's tokens, and sees what a refusal looks like.
//
//   PAYER=S..  seed of a funded key account that pays the fee
//   KEY=S..    seed of one of the account's signers
//   ACCOUNT=C.. TOKEN=C.. TO=G.. AMOUNT=units

import { Address, Keypair, nativeToScVal } from "@stellar/stellar-sdk";
import { localNetwork, Refused, setting, withKeys } from "./margin.mjs";

const network = localNetwork();
const account = setting("ACCOUNT");
const transfer = (sign) => network.call({
  contract: setting("TOKEN"),
  method: "transfer",
  args: [
    new Address(account).toScVal(),
    new Address(setting("TO")).toScVal(),
    nativeToScVal(BigInt(setting("AMOUNT")), { type: "i128" }),
  ],
  account,
  sign,
});

await transfer(withKeys(Keypair.fromSecret(setting("KEY"))));
console.log(`${account} paid ${setting("AMOUNT")} to ${setting("TO")}`);

try {
  await transfer(withKeys(Keypair.random()));
} catch (error) {
  if (!(error instanceof Refused)) throw error;
  console.log(`a stranger's key: refused with ${error.code}`);
}
