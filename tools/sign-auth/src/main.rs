//! `sign-auth`: a filter between two simulations.

use sign_auth::{describe, entries, read_key, sign_envelope, Binding, Names, Signing};
use std::error::Error;
use std::fs::File;
use std::io::{self, BufRead as _, BufReader, IsTerminal as _, Read as _, Write as _};
use std::process::ExitCode;
use stellar_xdr::ScAddress;

const HELP: &str = "\
Signs the authorisation entries of a contract account in a transaction envelope (base 64, stdin to stdout).

  stellar contract invoke --build-only .. | stellar tx simulate | sign-auth --key KEY --expires LEDGER \\
    | stellar tx simulate --auth-mode enforce | stellar tx sign --sign-with-key .. | stellar tx send

  --key KEY             an ed25519 key that signs: a seed S..., env:NAME, or a file with a seed; may be repeated.
                        Members of a quorum may also sign one after another: earlier signatures are kept.
  --expires LEDGER      last ledger in which the signature counts; `stellar ledger latest` tells the current one
  --account ADDRESS     sign for this account only (default: for every contract account in the transaction)
  --network NAME        mainnet, testnet, futurenet or local
  --network-passphrase  any other network (default: $STELLAR_NETWORK_PASSPHRASE)
  --name ADDRESS=NAME   call an address by a name in the question; may be repeated
  --v2                  bind the signature to the account's address (credentials ADDRESS_V2)
  --yes                 do not ask
";

struct Options {
    account: Option<ScAddress>,
    binding: Binding,
    expires: u32,
    keys: Vec<String>,
    names: Names,
    passphrase: String,
    yes: bool,
}

fn main() -> ExitCode {
    match run() {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("sign-auth: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<(), Box<dyn Error>> {
    let Some(options) = options()? else {
        print!("{HELP}");
        return Ok(());
    };
    let keys = options.keys.iter().map(|key| read_key(key)).collect::<Result<Vec<_>, _>>()?;
    let mut envelope = String::new();
    io::stdin().read_to_string(&mut envelope)?;
    let found = entries(&envelope, options.account.as_ref())?;
    if found.is_empty() {
        return Err("the transaction asks no such account for its consent: simulate it first".into());
    }
    for entry in &found {
        eprint!("{}", describe(entry, options.expires, &options.names));
    }
    for key in &keys {
        eprintln!("will sign: {}", stellar_strkey::ed25519::PublicKey(key.verifying_key().to_bytes()));
    }
    if !options.yes && !confirmed()? {
        return Err("not signed".into());
    }
    let signing = Signing {
        binding: options.binding,
        expires: options.expires,
        keys: &keys,
        passphrase: &options.passphrase,
    };
    println!("{}", sign_envelope(&envelope, options.account.as_ref(), &signing)?);
    Ok(())
}

/// Standard input is the envelope, so the question goes to the terminal itself.
fn confirmed() -> Result<bool, Box<dyn Error>> {
    let terminal = File::options().read(true).write(true).open("/dev/tty");
    let mut terminal = match terminal {
        Ok(terminal) if terminal.is_terminal() => terminal,
        _ => return Err("there is no terminal to ask on: look at what is above, and add --yes".into()),
    };
    write!(terminal, "Sign? [y/N] ")?;
    let mut answer = String::new();
    BufReader::new(terminal).read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

fn options() -> Result<Option<Options>, Box<dyn Error>> {
    use lexopt::prelude::*;
    let (mut account, mut binding, mut expires, mut yes) = (None, Binding::AsRecorded, None, false);
    let (mut keys, mut names) = (Vec::new(), Names::new());
    let mut passphrase = std::env::var("STELLAR_NETWORK_PASSPHRASE").ok();
    let mut parser = lexopt::Parser::from_env();
    while let Some(argument) = parser.next()? {
        match argument {
            Long("account") => account = Some(parser.value()?.string()?.parse::<ScAddress>()?),
            Long("expires") => expires = Some(parser.value()?.parse()?),
            Short('k') | Long("key") => keys.push(parser.value()?.string()?),
            Long("name") => {
                let value = parser.value()?.string()?;
                let (address, name) = value.split_once('=').ok_or("--name wants ADDRESS=NAME")?;
                names.insert(address.into(), name.into());
            }
            Long("network") => passphrase = Some(known(&parser.value()?.string()?)?.into()),
            Long("network-passphrase") => passphrase = Some(parser.value()?.string()?),
            Long("v2") => binding = Binding::Account,
            Short('y') | Long("yes") => yes = true,
            Short('h') | Long("help") => return Ok(None),
            // Not repeated: it may be a key whose option was forgotten.
            Value(_) => return Err("an argument without its option (--help explains)".into()),
            other => return Err(other.unexpected().into()),
        }
    }
    if keys.is_empty() {
        return Err("no --key to sign with (--help explains)".into());
    }
    Ok(Some(Options {
        account,
        binding,
        expires: expires.ok_or("--expires is missing: the last ledger in which the signature counts")?,
        keys,
        names,
        passphrase: passphrase.ok_or("which network? --network or --network-passphrase")?,
        yes,
    }))
}

fn known(network: &str) -> Result<&'static str, String> {
    Ok(match network {
        "mainnet" => "Public Global Stellar Network ; September 2015",
        "testnet" => "Test SDF Network ; September 2015",
        "futurenet" => "Test SDF Future Network ; October 2022",
        "local" => "Standalone Network ; February 2017",
        other => return Err(format!("{other} is not a network known by name: use --network-passphrase")),
    })
}
