use super::views::order;
use super::{all, client, fixture, other, some, DAY, USD};
use crate::InstitutionalAccount;
use account_core::storage;
use account_core::testing::{refused, Fixture, Refusal, NOW};
use core::slice;
use margin_interface::{
    AccountError, AccountType, Action, AmountTier, ClearingRequest, ConditionalOrder, MultisigConfig,
    Proposer,
};
use soroban_sdk::auth::Context;
use soroban_sdk::testutils::Address as _;
use soroban_sdk::{symbol_short, vec, Address, InvokeError, Symbol};

const FEW: Result<(), Refusal> = Err(Ok(AccountError::InsufficientSignatures));

/// How many signatures suffice, on a day on which nothing was spent.
pub(super) fn needed(f: &Fixture, contexts: &[Context]) -> usize {
    let check = |many| {
        f.env.as_contract(&f.account, || storage::set_spent(&f.env, &vec![&f.env]));
        f.check_by(&some(f, many), contexts)
    };
    let least = (1..=5).find(|many| check(*many) == Ok(())).unwrap();
    for many in 1..=5 {
        assert_eq!(check(many), if many < least { FEW } else { Ok(()) }, "{many}");
    }
    least
}

#[test]
fn a_new_institution_needs_more_than_half_and_all_for_large_amounts() {
    let f = fixture();
    let multisig = client(&f).multisig();
    let tiers = vec![&f.env, AmountTier { above: 100_000 * USD, signatures: 5 }];
    let guardians = vec![&f.env];
    assert_eq!(multisig, MultisigConfig { guardians, signers: f.client().signers(), threshold: 3, tiers });
    assert_eq!(needed(&f, &[f.borrow(100_000 * USD)]), 3);
    assert_eq!(needed(&f, &[f.borrow(100_000 * USD + 1)]), 5);
}

#[test]
fn the_sum_of_the_entry_decides() {
    let f = fixture();
    let half = 50_000 * USD;
    assert_eq!(needed(&f, &[f.borrow(half), f.borrow(half)]), 3);
    assert_eq!(needed(&f, &[f.borrow(half), f.borrow(half), f.borrow(1)]), 5);
    let token = Address::generate(&f.env);
    let pay = |amount: i128| f.call(&token, "transfer", (&f.account, &f.owner, amount));
    assert_eq!(needed(&f, &[f.borrow(half), pay(half)]), 3);
    assert_eq!(needed(&f, &[f.borrow(half), pay(half + 1)]), 5);
    assert_eq!(needed(&f, &[f.open(half, 200)]), 3);
    assert_eq!(needed(&f, &[f.open(half + 1, 200)]), 5);
    let batch = |amount: i128| {
        let borrow = |amount| Action::Borrow(token.clone(), amount);
        let requests = vec![&f.env, borrow(half), borrow(amount)];
        f.call(&f.protocol.vault, "submit", (&f.account, &f.account, requests))
    };
    assert_eq!(needed(&f, &[batch(half)]), 3);
    assert_eq!(needed(&f, &[batch(half + 1)]), 5);
}

#[test]
fn a_large_amount_is_large_in_parts_as_well() {
    let f = fixture();
    let parts = |many, dollars: i128| f.check_by(&some(&f, many), &[f.borrow(dollars * USD)]);
    assert_eq!(parts(3, 60_000), Ok(()));
    assert_eq!(parts(3, 40_001), FEW, "$100,001 in a day");
    assert_eq!(parts(4, 40_001), FEW);
    assert_eq!(parts(3, 40_000), Ok(()));
    assert_eq!(parts(4, 1), FEW);
    // A reduction that loses nothing is worth nothing, and what all have signed is nobody's part.
    assert_eq!(f.check_by(&some(&f, 3), &[f.trade(1, true)]), Ok(()));
    assert_eq!(parts(5, 1_000_000), Ok(()));
    let borrow = symbol_short!("borrow");
    assert_eq!(f.client().required_signatures(&borrow, &1), 5);
    assert_eq!(f.client().required_signatures(&borrow, &0), 3);
    // Any 24 hours, and an hour more at most.
    f.pass(23 * 3_600);
    assert_eq!(parts(3, 1), FEW);
    f.pass(2 * 3_600);
    assert_eq!(parts(3, 100_000), Ok(()));
}

#[test]
fn each_amount_adds_up_what_fewer_than_it_needs_have_signed() {
    let f = fixture();
    let tier = |above: i128, signatures| AmountTier { above: above * USD, signatures };
    let tiers = vec![&f.env, tier(100, 3), tier(1_000, 5)];
    super::adopt(&f, &MultisigConfig { threshold: 2, tiers, ..other(&f) });
    let parts = |many, dollars: i128| f.check_by(&some(&f, many), &[f.borrow(dollars * USD)]);
    assert_eq!(parts(3, 900), Ok(()), "three may sign for $900");
    assert_eq!(parts(2, 100), Ok(()), "which leaves two their own $100");
    assert_eq!(parts(2, 1), FEW);
    assert_eq!(parts(3, 1), FEW, "but together no more than $1,000");
    assert_eq!(parts(5, 1), Ok(()));
}

#[test]
fn a_smaller_amount_leaves_what_was_spent_and_the_way_out() {
    let f = fixture();
    let tiers = vec![&f.env, AmountTier { above: 1_000 * USD, signatures: 5 }];
    assert_eq!(all(&f, "update_multisig", (MultisigConfig { tiers, ..client(&f).multisig() },)), Ok(()));
    f.pass(24 * 3_600 - 60);
    assert_eq!(f.check_by(&some(&f, 3), &[f.borrow(50_000 * USD)]), Ok(()));
    f.pass(60);
    client(&f).execute_multisig(&Proposer::Signers);
    assert_eq!(f.check_by(&some(&f, 3), &[f.borrow(1)]), FEW);
    assert_eq!(f.check_by(&some(&f, 3), &[f.trade(1, true)]), Ok(()), "worth nothing");
    assert_eq!(f.client().required_signatures(&symbol_short!("repay"), &0), 3);
}

#[test]
fn what_was_refused_adds_nothing() {
    let f = fixture();
    for _ in 0..3 {
        assert_eq!(f.check_by(&some(&f, 3), &[f.borrow(100_001 * USD)]), FEW);
        assert_eq!(f.check_by(&some(&f, 2), &[f.borrow(50_000 * USD)]), FEW);
    }
    assert_eq!(f.check_by(&some(&f, 3), &[f.borrow(100_000 * USD)]), Ok(()));
}

#[test]
fn trades_count_by_the_upper_index() {
    let f = fixture();
    const BASE: i128 = 100_000_000_000_000;
    f.ledger().set_upper(&(50_000 * BASE));
    for sign in [1, -1] {
        assert_eq!(needed(&f, &[f.trade(sign * 2 * BASE, false)]), 3);
        assert_eq!(needed(&f, &[f.trade(sign * (2 * BASE + 1), false)]), 5);
    }
}

#[test]
fn a_reduction_is_worth_what_it_may_lose() {
    let f = fixture();
    const BASE: i128 = 100_000_000_000_000;
    let clearing = &f.protocol.perp_clearing;
    let price = |dollars: i128| dollars * BASE;
    // Between $25,000 and $50,000.
    f.ledger().set_upper(&price(50_000));
    for (size, least) in [(-10 * BASE, price(40_000)), (-2 * BASE, 1)] {
        assert_eq!(needed(&f, &[f.trade_at(size, least, true)]), 3, "$100,000");
        assert_eq!(needed(&f, &[f.trade_at(size - 1, least, true)]), 5);
    }
    for (size, most) in [(4 * BASE, price(50_000)), (BASE, price(125_000))] {
        assert_eq!(needed(&f, &[f.trade_at(size, most, true)]), 3);
        assert_eq!(needed(&f, &[f.trade_at(size, most + price(1), true)]), 5);
    }
    let close = f.call(clearing, "close_position", (&f.account, symbol_short!("BTC_USD"), 1_i128, NOW));
    for (held, signatures) in [(2 * BASE, 3), (2 * BASE + 1, 5), (-1_000 * BASE, 3)] {
        f.ledger().hold(&held);
        assert_eq!(needed(&f, slice::from_ref(&close)), signatures, "{held}");
    }
    // What is fair costs nothing, however large.
    assert_eq!(needed(&f, &[f.trade_at(-1_000_000 * BASE, price(50_000), true)]), 3);
    assert_eq!(needed(&f, &[f.trade_at(1_000_000 * BASE, price(25_000), true)]), 3);
    // With everything else of the entry, and of the day.
    let losing = |dollars: i128| f.trade_at(-10 * BASE, price(50_000 - dollars / 10), true);
    assert_eq!(needed(&f, &[f.borrow(60_000 * USD), losing(40_000)]), 3);
    assert_eq!(needed(&f, &[f.borrow(60_000 * USD), losing(40_010)]), 5);
    f.env.as_contract(&f.account, || storage::set_spent(&f.env, &vec![&f.env]));
    assert_eq!(f.check_by(&some(&f, 3), &[losing(60_000)]), Ok(()));
    assert_eq!(f.check_by(&some(&f, 4), &[losing(40_010)]), FEW);
    assert_eq!(f.check_by(&some(&f, 4), &[f.borrow(40_001 * USD)]), FEW);
    assert_eq!(f.check_by(&some(&f, 3), &[losing(40_000)]), Ok(()));
}

/// It trades when somebody else decides: a price that loses nothing today may lose everything then.
#[test]
fn a_resting_reduction_counts_with_its_size() {
    let f = fixture();
    const BASE: i128 = 100_000_000_000_000;
    let clearing = &f.protocol.perp_clearing;
    f.ledger().set_upper(&(50_000 * BASE));
    // A sale at the upper end of the index, and a purchase at the lower one, lose nothing now.
    for (size_delta, acceptable_price) in [(-2 * BASE, 50_000 * BASE), (2 * BASE, 25_000 * BASE)] {
        for (more, signatures) in [(0, 3), (size_delta.signum(), 5)] {
            let size_delta = size_delta + more;
            assert_eq!(needed(&f, &[f.trade_at(size_delta, acceptable_price, true)]), 3, "at once");
            let resting =
                ConditionalOrder { acceptable_price, reduce_only: true, size_delta, ..order(&f, 0) };
            let batch = vec![&f.env, ClearingRequest::PlaceOrder(resting.clone())];
            for context in [
                f.call(clearing, "place_order", (resting.clone(),)),
                f.call(clearing, "execute_order", (resting,)),
                f.call(clearing, "submit", (&f.account, &f.account, batch, NOW)),
            ] {
                assert_eq!(needed(&f, &[context]), signatures, "{size_delta}");
            }
        }
    }
    f.ledger().set_upper(&0);
    let resting = ConditionalOrder { reduce_only: true, ..order(&f, -1) };
    assert_eq!(needed(&f, &[f.call(clearing, "place_order", (resting,))]), 5, "no price");
}

/// Otherwise the sum of a day would be that of as many days as there is room for orders.
#[test]
fn an_order_that_rests_longer_than_a_day_needs_the_most() {
    let f = fixture();
    let clearing = &f.protocol.perp_clearing;
    for (expires_at, signatures) in [(NOW + DAY, 3), (NOW + DAY + 1, 5), (u64::MAX, 5)] {
        for reduce_only in [false, true] {
            let resting = ConditionalOrder { expires_at, reduce_only, ..order(&f, 1) };
            let batch = vec![&f.env, ClearingRequest::PlaceOrder(resting.clone())];
            let batch = f.call(clearing, "submit", (&f.account, &f.account, batch, NOW));
            assert_eq!(needed(&f, &[batch]), signatures);
            assert_eq!(needed(&f, &[f.call(clearing, "place_order", (resting.clone(),))]), signatures);
            assert_eq!(needed(&f, &[f.call(clearing, "execute_order", (resting,))]), 3, "rests nowhere");
        }
    }
}

#[test]
fn an_unused_institution_pays_vetoes_and_recovers_without_the_ledger() {
    let f = Fixture::deploy_unused(InstitutionalAccount, AccountType::Institutional, 5);
    f.ledger().fail(&0);
    let epoch = f.client().standing().epoch;
    let own = |name: &str| f.call(&f.account, name, (&f.account, epoch, Proposer::Signers));
    let pay = f.call(&Address::generate(&f.env), "transfer", (&f.account, &f.owner, 1_i128));
    assert_eq!(f.check_by(&some(&f, 5), &[pay]), Ok(()));
    assert_eq!(f.check_by(&some(&f, 5), &[own("update_multisig")]), Ok(()));
    assert_eq!(f.check_by(&some(&f, 3), &[own("cancel_multisig")]), Ok(()));
    assert_eq!(f.check_by(&some(&f, 4), &[own("propose_recovery")]), Ok(()));
    let repay = f.call(&f.protocol.vault, "repay", (&f.account, &f.account, &f.owner, 1_i128));
    assert_eq!(f.check_by(&some(&f, 5), slice::from_ref(&repay)), Err(Err(InvokeError::Abort)));
    f.ledger().heal();
    assert!(f.ledger().try_stored_limits().is_err());
    assert_eq!(f.check_by(&some(&f, 3), &[repay]), Ok(()));
    assert_eq!(f.ledger().stored_limits(), f.client().limits());
}

#[test]
fn a_reduction_without_a_price_is_for_everybody_to_sign_and_possible() {
    let f = fixture();
    let repay = f.call(&f.protocol.vault, "repay", (&f.account, &f.account, &f.owner, 1_i128));
    // An index that the oracle does not know, and a ledger that does not answer.
    f.ledger().set_upper(&0);
    assert_eq!(needed(&f, &[f.trade_at(-1, 1, true)]), 5);
    assert_eq!(needed(&f, slice::from_ref(&repay)), 3);
    for code in [612, 0] {
        f.ledger().fail(&code);
        assert_eq!(needed(&f, &[f.trade_at(-1, 1, true)]), 5);
        assert_eq!(needed(&f, &[f.trade_at(1, i128::MAX, true)]), 5);
        assert_eq!(needed(&f, slice::from_ref(&repay)), 3);
    }
}

/// Spends, changes the amounts, spends again.
#[test]
fn what_was_spent_stays_spent_when_the_amounts_change() {
    let tier = |above: i128, signatures| (above, signatures);
    let a_thousand: &[_] = &[tier(1_000, 4)];
    // Amounts before and after, and what two, three and four signers may still sign for when two have spent $90 and three
    // another $800.
    let (two, three) = (90, 800);
    for (before, after, left) in [
        (&[tier(100, 3), tier(1_000, 5)], &[tier(100, 3), tier(1_000, 5)] as &[_], [10, 110, 110]),
        // One goes in front, between, or behind.
        (&[tier(100, 3), tier(1_000, 5)], &[tier(50, 2), tier(100, 3), tier(1_000, 5)], [10, 110, 110]),
        (&[tier(100, 3), tier(1_000, 5)], &[tier(100, 3), tier(900, 4), tier(1_000, 5)], [10, 10, 110]),
        (&[tier(100, 3), tier(1_000, 4)], &[tier(100, 3), tier(1_000, 4), tier(2_000, 5)], [10, 110, 1_110]),
        // One goes.
        (&[tier(100, 3), tier(1_000, 5)], &[tier(1_000, 5)], [110, 110, 110]),
        (&[tier(100, 3), tier(1_000, 4)], &[tier(100, 3)], [10, i128::MAX, i128::MAX]),
        // Another number of signatures: what is not known counts as too much, not too little.
        (&[tier(100, 3), tier(1_000, 5)], a_thousand, [110, 110, i128::MAX]),
    ] {
        let f = fixture();
        let tiers = |tiers: &[(i128, u32)]| {
            let all = tiers
                .iter()
                .map(|(above, signatures)| AmountTier { above: above * USD, signatures: *signatures });
            soroban_sdk::Vec::from_iter(&f.env, all)
        };
        let config = MultisigConfig { threshold: 2, tiers: tiers(before), ..other(&f) };
        super::adopt(&f, &config);
        let borrow = |many, dollars: i128| f.check_by(&some(&f, many), &[f.borrow(dollars * USD)]);
        assert_eq!(all(&f, "update_multisig", (MultisigConfig { tiers: tiers(after), ..config },)), Ok(()));
        f.pass(DAY - 60);
        assert_eq!(borrow(2, two), Ok(()));
        assert_eq!(borrow(3, three), Ok(()));
        f.pass(60);
        client(&f).execute_multisig(&Proposer::Signers);
        let asked = |dollars| f.client().required_signatures(&symbol_short!("borrow"), &dollars);
        for (many, left) in (2..).zip(left) {
            assert!(left < 1 || asked(left.saturating_mul(USD)) <= many, "{many} of {after:?}");
            assert!(left == i128::MAX || asked(left * USD + 1) > many, "{many} of {after:?}");
            if left < i128::MAX {
                assert_eq!(borrow(usize::try_from(many).unwrap(), left + 1), FEW, "{many} of {after:?}");
            }
        }
        // A day later all of it is forgotten.
        f.pass(DAY + 3_600);
        assert_eq!(asked(100 * USD), 2);
    }
}

#[test]
fn reductions_and_own_deposits_are_no_amounts() {
    let f = fixture();
    f.ledger().fail(&0);
    let repay = f.call(&f.protocol.vault, "repay", (&f.account, &f.account, &f.owner, 1_i128));
    assert_eq!(f.check_by(&some(&f, 3), &[repay]), Ok(()));
    let spent = f.env.as_contract(&f.account, || storage::spent(&f.env));
    assert!(spent.is_empty(), "nothing to write down");
    let (this, vault, token) = (&f.account, &f.protocol.vault, Address::generate(&f.env));
    let deposit = f.call(vault, "deposit", (this, this, &token, i128::MAX));
    let implied = f.call(&token, "transfer", (this, vault, i128::MAX));
    assert_eq!(needed(&f, &[deposit.clone(), implied.clone()]), 3);
    // Tokens for the vault that no deposit asks for are given away.
    assert_eq!(needed(&f, slice::from_ref(&implied)), 5);
    assert_eq!(needed(&f, &[implied.clone(), deposit.clone()]), 5, "the root is the transfer");
    assert_eq!(needed(&f, &[deposit, implied.clone(), implied]), 5);
}

/// Whatever contract is at the root, it is what runs, and it decides which of the calls below it are made: the transfer
/// without the deposit that stands beside it, the close when there is more to close than now.
#[test]
fn no_call_of_nothing_is_the_root_of_what_few_may_sign() {
    let f = fixture();
    let (this, vault) = (&f.account, &f.protocol.vault);
    let (evil, token) = (Address::generate(&f.env), Address::generate(&f.env));
    let deposit = f.call(vault, "deposit", (this, this, &token, i128::MAX));
    let implied = f.call(&token, "transfer", (this, vault, i128::MAX));
    let close = (this, symbol_short!("BTC_USD"), 1_i128, NOW);
    let close = f.call(&f.protocol.perp_clearing, "close_position", close);
    assert_eq!(needed(&f, slice::from_ref(&close)), 3, "there is no position");
    for nothing in [
        f.call(&evil, "approve", (this, &evil, 0_i128, 2000_u32)),
        f.call(&evil, "transfer", (this, &evil, 0_i128)),
        f.call(&evil, "burn", (this, 0_i128)),
    ] {
        assert_eq!(needed(&f, slice::from_ref(&nothing)), 3, "alone it is nothing");
        assert_eq!(needed(&f, &[nothing.clone(), deposit.clone(), implied.clone()]), 5);
        assert_eq!(needed(&f, &[nothing.clone(), close.clone()]), 5);
        assert_eq!(needed(&f, &[close.clone(), nothing]), 5);
    }
}

#[test]
fn what_cannot_be_priced_needs_the_highest_threshold() {
    let f = fixture();
    let (this, token, other) = (&f.account, Address::generate(&f.env), Address::generate(&f.env));
    assert_eq!(needed(&f, &[f.call(&token, "transfer", (this, &other, 1_i128))]), 3);
    f.ledger().unlist(&token);
    assert_eq!(needed(&f, &[f.call(&token, "transfer", (this, &other, 1_i128))]), 5);
    assert_eq!(needed(&f, &[f.call(&token, "approve", (this, &other, 1_i128, 2000_u32))]), 5);
    assert_eq!(
        needed(&f, &[f.call(&token, "approve", (this, &other, 0_i128, 2000_u32))]),
        3,
        "nothing at all"
    );
    let everything = f.call(&f.protocol.vault, "withdraw", (this, &other, i128::MAX, this));
    assert_eq!(needed(&f, &[everything.clone(), everything]), 5, "the sum overflows");
    let liquidation = (this, &other, symbol_short!("BTC_USD"), 1_i128);
    assert_eq!(needed(&f, &[f.call(&f.protocol.perp_clearing, "liquidate", liquidation)]), 5);
    // Nobody knows what a batch does for somebody else.
    let loan = vec![&f.env, Action::Borrow(Address::generate(&f.env), 1)];
    let legs = vec![&f.env, ClearingRequest::Act(loan.get_unchecked(0))];
    assert_eq!(needed(&f, &[f.call(&f.protocol.vault, "submit", (this, &other, loan))]), 5);
    assert_eq!(needed(&f, &[f.call(&f.protocol.perp_clearing, "submit", (this, &other, legs, NOW))]), 5);
    assert_eq!(all(&f, "allow_contract", (other.clone(),)), Ok(()));
    let anything = f.call(&other, "anything", (7_u32, this));
    assert_eq!(needed(&f, slice::from_ref(&anything)), 5);
    // Nor does what comes after it, with a price or without.
    let gift = f.call(&f.protocol.perp_clearing, "fund_insurance", (this, 1_i128));
    assert_eq!(needed(&f, slice::from_ref(&gift)), 3);
    assert_eq!(needed(&f, &[anything.clone(), anything.clone()]), 5);
    assert_eq!(needed(&f, &[anything, gift]), 5);
    assert_eq!(
        f.check_by(&some(&f, 5), &[f.call(&other, "anything", (7_u32,))]),
        refused(AccountError::OperationNotAllowed)
    );
    // Everything signed by everybody asks for no price at all.
    f.ledger().fail(&0);
    assert_eq!(needed(&f, &[f.call(&token, "burn", (this, 1_i128))]), 5);
}

#[test]
fn several_tiers_never_fall() {
    let f = fixture();
    let tier = |above: i128, signatures| AmountTier { above: above * USD, signatures };
    let tiers = vec![&f.env, tier(10, 2), tier(100, 4), tier(1_000, 4)];
    super::adopt(&f, &MultisigConfig { threshold: 1, tiers, ..other(&f) });
    for (dollars, signatures) in [(1, 1), (10, 1), (11, 2), (100, 2), (101, 4), (1_001, 4)] {
        assert_eq!(needed(&f, &[f.borrow(dollars * USD)]), signatures);
        let asked = f.client().required_signatures(&symbol_short!("borrow"), &(dollars * USD));
        assert_eq!(usize::try_from(asked).unwrap(), signatures);
    }
    let required = |name: &str| f.client().required_signatures(&Symbol::new(&f.env, name), &0);
    assert_eq!(required("update_multisig"), 4);
    assert_eq!(required("an_allowed_contracts"), 4);
    assert_eq!(required("freeze"), 1);
}

#[test]
fn the_risk_limits_bind_whoever_signs() {
    let f = fixture();
    let summary = account_core::testing::fakes::healthy(&f.env);
    f.ledger().script(&margin_interface::AccountSummary { leverage: 1_001, ..summary });
    assert_eq!(f.check_by(&some(&f, 5), &[f.borrow(1)]), refused(AccountError::ExcessiveLeverage));
    assert_eq!(f.check_by(&some(&f, 2), &[f.borrow(1)]), FEW, "first who, then what");
}

/// What four have signed for is no part of what three may sign for, if that can be known.
#[test]
fn a_new_amount_starts_with_the_next_that_needs_more_signatures() {
    let f = fixture();
    let tier = |above: i128, signatures| AmountTier { above: above * USD, signatures };
    let tiers = vec![&f.env, tier(1_000, 4), tier(10_000, 5)];
    let config = MultisigConfig { threshold: 2, tiers, ..other(&f) };
    super::adopt(&f, &config);
    let tiers = vec![&f.env, tier(1_000, 3)];
    assert_eq!(all(&f, "update_multisig", (MultisigConfig { tiers, ..config },)), Ok(()));
    f.pass(DAY - 60);
    let borrow = |many, dollars: i128| f.check_by(&some(&f, many), &[f.borrow(dollars * USD)]);
    assert_eq!(borrow(2, 600), Ok(()));
    assert_eq!(borrow(4, 5_000), Ok(()));
    f.pass(60);
    client(&f).execute_multisig(&Proposer::Signers);
    assert_eq!(borrow(2, 401), FEW);
    assert_eq!(borrow(2, 400), Ok(()));
}
