//! Passkeys: assertions of WebAuthn authenticators (secp256r1).
//!
//! The limited verification algorithm of W3C WebAuthn, 5.8.1.2: the standard fixes how a client serialises its data, type
//! and challenge first, for verifiers without a JSON parser. Whatever follows the challenge, such as the origin, is the
//! authenticator's and the browser's to judge; all of it is signed. (The verifier of OpenZeppelin's `stellar-accounts` makes
//! the same checks with a JSON parser, at seventeen times the size of this one.)

use margin_interface::WebAuthnData;
use soroban_sdk::{crypto::Hash, Bytes, BytesN, Env};

/// Hash of the relying party, flags, counter.
const PLAIN_LENGTH: usize = 37;
const FLAGS: usize = 32;
/// Most bytes of authenticator or client data.
const LONGEST: usize = 1_024;
const USER_PRESENT: u8 = 0x01;
const USER_VERIFIED: u8 = 0x04;
const BACKUP_ELIGIBLE: u8 = 0x08;
const BACKED_UP: u8 = 0x10;
/// Attested credential data or extensions follow the plain part.
const CONTINUED: u8 = 0x40 | 0x80;

/// What client data begin with when an authenticator is asked for an assertion of 32 bytes.
const START: &[u8; 80] =
    br#"{"type":"webauthn.get","challenge":"___________________________________________""#;
/// Where in [`START`] the challenge stands.
const CHALLENGE: core::ops::Range<usize> = 36..79;

/// Verifies that the passkey `key` signed `payload` after its user was present and verified. A signature that does not
/// verify, or whose `s` is high, traps in the host. `None`: no assertion of that.
pub fn verify(
    env: &Env,
    key: &BytesN<65>,
    payload: &Hash<32>,
    signature: &BytesN<64>,
    data: &WebAuthnData,
) -> Option<()> {
    let (mut message, authenticator) = read(&data.authenticator_data)?;
    let (client, length) = read(&data.client_data)?;
    let asserted =
        are_valid(message[FLAGS], authenticator) && client[..length].starts_with(&start(&payload.to_array()));
    if !asserted {
        return None;
    }
    let end = authenticator + 32;
    message[authenticator..end].copy_from_slice(&env.crypto().sha256(&data.client_data).to_array());
    let message = Bytes::from_slice(env, &message[..end]);
    env.crypto().secp256r1_verify(key, &env.crypto().sha256(&message), signature);
    Some(())
}

/// The bytes, with room for a hash behind them, and their number. `None` if they are more than any authenticator sends.
///
/// Read as a whole: every host function that a contract imports is paid by every call.
fn read(bytes: &Bytes) -> Option<([u8; LONGEST + 32], usize)> {
    let length = usize::try_from(bytes.len()).ok().filter(|length| *length <= LONGEST)?;
    let mut buffer = [0; LONGEST + 32];
    bytes.copy_into_slice(&mut buffer[..length]);
    Some((buffer, length))
}

/// User present and verified; backed up only where that is possible; exactly as long as the flags say.
fn are_valid(flags: u8, length: usize) -> bool {
    const USER: u8 = USER_PRESENT | USER_VERIFIED;
    let as_long_as_said = if flags & CONTINUED == 0 { length == PLAIN_LENGTH } else { length > PLAIN_LENGTH };
    flags & USER == USER && flags & (BACKUP_ELIGIBLE | BACKED_UP) != BACKED_UP && as_long_as_said
}

/// [`START`] with the payload as its challenge, base64url without padding.
fn start(payload: &[u8; 32]) -> [u8; START.len()] {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let mut start = *START;
    let mut bytes = payload.iter();
    let (mut bits, mut held) = (0_u32, 0_u32);
    for character in &mut start[CHALLENGE] {
        if held < 6 {
            bits = bits << 8 | u32::from(*bytes.next().unwrap_or(&0));
            held += 8;
        }
        held -= 6;
        *character = ALPHABET[(bits >> held & 63) as usize];
    }
    start
}

#[cfg(test)]
mod tests {
    use super::*;

    fn challenge(payload: [u8; 32]) -> [u8; 43] {
        start(&payload)[CHALLENGE].try_into().expect("43 characters")
    }

    #[test]
    fn the_challenge_is_base64url_without_padding() {
        assert_eq!(&challenge([0; 32]), b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA");
        assert_eq!(&challenge([255; 32]), b"__________________________________________8");
        let counting = core::array::from_fn(|place| u8::try_from(place).expect("below 32"));
        assert_eq!(&challenge(counting), b"AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8");
        assert_eq!(&challenge([0xfb; 32]), b"-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_v7-_s");
    }

    #[test]
    fn flags_and_length_belong_together() {
        for flags in [0x05, 0x0d, 0x1d] {
            assert!(are_valid(flags, 37));
            assert!(!are_valid(flags, 36) && !are_valid(flags, 38));
            for more in [0x40, 0x80, 0xc0] {
                assert!(are_valid(flags | more, 38) && !are_valid(flags | more, 37));
            }
        }
        for flags in [0x00, 0x01, 0x04, 0x15, 0x1c] {
            assert!(!are_valid(flags, 37));
        }
    }
}
