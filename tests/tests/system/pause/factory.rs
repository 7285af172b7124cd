//! Nobody enters while creation is paused; who is there is not affected.

use super::*;
use margin_interface::{AccountType, TierParams};
use margin_tests::auth::Invocation;

pub fn rows() -> Vec<Row> {
    governed(vec![
        ("account_address", Answers, &[]),
        ("account_count", Answers, &[]),
        ("account_type", Answers, &[]),
        ("config", Answers, &[]),
        ("get_account", Answers, &[]),
        ("get_accounts", Answers, &[]),
        ("is_account", Answers, &[]),
        ("create_account", Works(create), &[CREATION]),
        ("migrate_to_smart_account", Works(migrate), &[CREATION, NO_PRICE]),
        ("upgrade_account", Works(upgrade), &[]),
        (
            "pause",
            Works(|s, factory| {
                run(s.guardian.calls::<()>(factory, "pause", (&s.guardian.address,).into_val(&s.env)))
            }),
            &[],
        ),
        (
            "unpause",
            Works(|s, factory| run(s.admin.calls::<()>(factory, "unpause", ().into_val(&s.env)))),
            &[],
        ),
        (
            "set_wasm_hash",
            Works(|s, factory| {
                let same = s.factory().config().institutional_hash;
                let args = (AccountType::Institutional, same).into_val(&s.env);
                run(s.admin.calls::<()>(factory, "set_wasm_hash", args))
            }),
            &[],
        ),
    ])
}

fn create(s: &Stage, _: &Address) -> Outcome {
    let owner = s.player();
    run(owner.create_account(&s.account_of(&owner), &s.next_salt()))
}

fn migrate(s: &Stage, factory: &Address) -> Outcome {
    let user = s.player();
    let (config, salt) = (s.account_of(&user), s.next_salt());
    let account = s.factory().account_address(&config, &salt);
    let moved = (&user.address, &account).into_val(&s.env);
    let args = (&user.address, config, salt).into_val(&s.env);
    let moved = Invocation::new(&s.contracts().vault, "migrate_positions", moved);
    run(user.submits::<Val>(Invocation::new(factory, "migrate_to_smart_account", args).with(moved)))
}

fn upgrade(s: &Stage, factory: &Address) -> Outcome {
    let (account, owner) = (&s.smart, s.owner_of("smart"));
    let params = TierParams { limits: s.account(account).limits(), signers: s.account(account).signers() };
    let hash = s.factory().config().pro_hash;
    let handed = (&owner.address, AccountType::Pro, hash, params.clone()).into_val(&s.env);
    let args = (&owner.address, &account.address, AccountType::Pro, params).into_val(&s.env);
    let root = Invocation::new(factory, "upgrade_account", args);
    let signed = root.clone().with(Invocation::new(&account.address, "change_tier", handed));
    run(Tx::<()>::new(&s.world, root).consent(&owner, signed.tree(&s.env)))
}
