//! What one entry would do, all its contexts together.
//!
//! The host passes every node of the signed tree, executed or not, so nothing here is ever a credit: what lowers risk is
//! worth nothing, and what one context pays in buys no room for another.

use crate::tier::Tier;
use margin_interface::Market;
use soroban_sdk::{
    auth::ContractContext, contracttype, symbol_short, vec, Address, Env, FromVal, IntoVal, Symbol,
    TryFromVal, Val, Vec,
};

/// What one entry would do.
pub struct Intent {
    /// The account itself.
    pub account: Address,
    /// The vault, which takes what the account pays in.
    pub vault: Address,
    /// Contexts by which executing another context moves what that one said already: they add nothing.
    implied: Vec<Val>,
    /// Margins that openings take from the wallet: each implies a deposit.
    margins: Vec<i128>,
    /// Blocks of actions that can lower risk as well: an order, or a batch.
    pub orders: Vec<Vec<Val>>,
    /// Actions that only add to the risk.
    pub plain: Vec<Val>,
    /// Contexts that no other one implies.
    pub roots: u32,
    /// Whether risk may increase.
    pub increases: bool,
    /// Whether value may leave for somebody else, or anything happens that only owner signers may decide.
    pub transfers: bool,
    /// Whether a token is called that has nothing to move: anybody's contract may look like one.
    pub idle: bool,
    /// Whether the account administers itself.
    pub administers: bool,
    /// Whether a venue is called: nothing else leads to risk.
    pub ventures: bool,
    /// What the tiers above Basic decide by.
    pub footprint: Option<Footprint>,
}

/// What an entry touches, and how much of it.
pub struct Footprint {
    /// USD 1e7 that needs no price.
    pub usd: i128,
    /// What is borrowed, withdrawn or paid, token units, and what is traded, base 1e14.
    pub amounts: Vec<(Market, i128)>,
    /// Positions that are reduced: base 1e14, signed, 0 for all of it, and the worst price, 1e14.
    pub reductions: Vec<(Symbol, i128, i128)>,
    /// Token units that leave the account for good, or its deposit.
    pub outflows: Vec<(Market, i128)>,
    /// Whether there is something that has no price.
    pub unpriced: bool,
    /// Whether something leaves, or may, that is not among the outflows.
    pub uncounted: bool,
    /// Every market.
    pub touched: Vec<Market>,
    /// Markets whose risk may increase.
    pub increased: Vec<Market>,
    /// Functions, and those that the steps of a batch stand for.
    pub names: Vec<Symbol>,
    /// Unix seconds when the last order ends that the entry leaves with the venue; 0: it leaves none.
    pub rests_until: u64,
    /// The same of those that may increase the risk.
    pub risks_until: u64,
}

/// One thing that an operation does, or a request of a batch.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub enum Step {
    /// `(asset, amount)` from the wallet.
    PayIn,
    /// `(asset, amount)` between a deposit and a debt.
    Net,
    /// `(asset, amount)`.
    Withdraw,
    /// `(asset, amount)`.
    Borrow,
    /// `(amount)`.
    MoveSettlement,
    /// `(shares)`.
    RemoveLiquidity,
}

/// A trade as the policy sizes it.
pub struct Bet {
    /// Market.
    pub market: Symbol,
    /// Base 1e14, signed; 0: whatever there is.
    pub size: i128,
    /// Worst price, 1e14.
    pub limit: i128,
    /// Whether it can only lower the risk.
    pub reduces: bool,
}

// What the policy reads of an order; the rest is the venue's.
#[contracttype]
struct Order {
    acceptable_price: i128,
    account: Address,
    expires_at: u64,
    market: Symbol,
    max_fee: i128,
    reduce_only: bool,
    signer: Address,
    size_delta: i128,
}

#[contracttype]
struct Trade {
    limit_price: i128,
    market: Symbol,
    size_delta: i128,
}

impl Intent {
    /// Nothing yet.
    pub fn new<T: Tier>(env: &Env, vault: &Address) -> Intent {
        let empty: Vec<Val> = vec![env];
        Intent {
            account: env.current_contract_address(),
            vault: vault.clone(),
            implied: empty.clone(),
            margins: as_list(env, &empty),
            orders: as_list(env, &empty),
            plain: empty.clone(),
            roots: 0,
            increases: false,
            transfers: false,
            idle: false,
            administers: false,
            ventures: false,
            footprint: T::SESSIONS.then(|| Footprint {
                usd: 0,
                amounts: as_list(env, &empty),
                reductions: as_list(env, &empty),
                outflows: as_list(env, &empty),
                unpriced: false,
                uncounted: false,
                touched: as_list(env, &empty),
                increased: as_list(env, &empty),
                names: as_list(env, &empty),
                rests_until: 0,
                risks_until: 0,
            }),
        }
    }

    /// Takes a context off the list of those that others imply; `false` if it is not there.
    pub fn is_implied(&mut self, context: &Val) -> bool {
        take(&mut self.implied, context)
    }

    /// A deposit into the account: implied if an opening takes just this margin.
    pub fn deposits(&mut self, amount: i128) -> bool {
        take(&mut self.margins, &amount)
    }

    /// The clearing-house will have the vault execute `action` for `account`.
    fn implies_leg(&mut self, env: &Env, account: Val, action: &Vec<Val>) {
        let leg = vec![env, action.to_val()];
        let args = vec![env, self.account.to_val(), account, leg.to_val()];
        let vault = self.vault.clone();
        self.imply(env, vault, symbol_short!("submit"), args);
    }

    /// The vault will pull `amount` of `asset`.
    fn implies_transfer(&mut self, env: &Env, asset: &Address, amount: i128) {
        let args = vec![env, self.account.to_val(), self.vault.to_val(), amount.into_val(env)];
        self.imply(env, asset.clone(), symbol_short!("transfer"), args);
    }

    fn imply(&mut self, env: &Env, contract: Address, fn_name: Symbol, args: Vec<Val>) {
        let call = ContractContext { contract, fn_name, args };
        self.implied.push_back((symbol_short!("Contract"), call).into_val(env));
    }

    /// Something happens for somebody else of which no token's rule knows how much.
    pub fn gives<T: Tier>(&mut self, priced: bool) {
        self.transfers = true;
        if T::SESSIONS {
            if let Some(footprint) = &mut self.footprint {
                footprint.uncounted = true;
                footprint.unpriced |= !priced;
            }
        }
    }

    /// Something without a price happens, for somebody else.
    pub fn is_out_of_reach<T: Tier>(&mut self) {
        self.gives::<T>(false);
    }

    /// A function is used.
    pub fn names<T: Tier>(&mut self, function: Symbol) {
        if T::SESSIONS {
            if let Some(footprint) = &mut self.footprint {
                footprint.names.push_back(function);
            }
        }
    }

    /// `amount` of `asset` leaves. `None` if it is negative.
    pub fn pays<T: Tier>(&mut self, asset: Address, amount: i128) -> Option<()> {
        if amount < 0 {
            return None;
        }
        self.transfers = true;
        self.idle |= amount == 0;
        if T::SESSIONS && amount > 0 {
            let footprint = self.footprint.as_mut()?;
            let paid = (Market::Asset(asset), amount);
            footprint.amounts.push_back(paid.clone());
            footprint.outflows.push_back(paid);
        }
        Some(())
    }

    /// A market is used.
    pub fn touches<T: Tier>(&mut self, market: Market, increases: bool) {
        self.increases |= increases;
        if T::SESSIONS {
            if let Some(footprint) = &mut self.footprint {
                if increases {
                    footprint.increased.push_back(market.clone());
                }
                footprint.touched.push_back(market);
            }
        }
    }

    fn spends<T: Tier>(&mut self, usd: i128) -> Option<()> {
        if T::SESSIONS {
            let footprint = self.footprint.as_mut()?;
            footprint.usd = footprint.usd.checked_add(usd)?;
        }
        Some(())
    }

    /// A withdrawal or a loan, to be previewed.
    pub fn takes<T: Tier>(&mut self, env: &Env, step: Step, asset: Val, amount: Val) -> Option<()> {
        self.step::<T>(env, step, asset, amount, false)?;
        let name = if step == Step::Borrow { symbol_short!("Borrow") } else { symbol_short!("Withdraw") };
        self.plain.push_back(vec![env, name.to_val(), asset, amount].to_val());
        Some(())
    }

    /// A payment into the vault: the transfer that it takes is in the same tree.
    pub fn pays_in<T: Tier>(&mut self, env: &Env, asset: Val, amount: Val, foreign: bool) -> Option<()> {
        self.step::<T>(env, Step::PayIn, asset, amount, foreign)?;
        let asset = Address::try_from_val(env, &asset).ok()?;
        self.implies_transfer(env, &asset, positive(env, amount)?);
        Some(())
    }

    /// A step of which `first` and `second` are the arguments, for the account itself unless `foreign`. `None` if they
    /// make no sense. Amounts are above zero: one below would lower a sum.
    pub fn step<T: Tier>(
        &mut self,
        env: &Env,
        step: Step,
        first: Val,
        second: Val,
        foreign: bool,
    ) -> Option<()> {
        if let Step::MoveSettlement | Step::RemoveLiquidity = step {
            let amount = positive(env, first)?;
            if step == Step::MoveSettlement {
                self.increases = true;
                self.spends::<T>(amount)?;
            }
            return Some(());
        }
        let asset = Address::try_from_val(env, &first).ok()?;
        let amount = positive(env, second)?;
        let leaves = step == Step::Withdraw || foreign;
        if T::SESSIONS {
            let footprint = self.footprint.as_mut()?;
            let moved = (Market::Asset(asset.clone()), amount);
            if leaves || step == Step::Borrow {
                footprint.amounts.push_back(moved.clone());
            }
            if leaves {
                footprint.outflows.push_back(moved);
            }
        }
        self.touches::<T>(Market::Asset(asset), matches!(step, Step::Withdraw | Step::Borrow));
        Some(())
    }

    /// A trade, if its size makes sense.
    pub fn bets<T: Tier>(&mut self, bet: Bet) -> Option<()> {
        if T::SESSIONS {
            if bet.reduces {
                let reduction = (bet.market.clone(), bet.size, bet.limit);
                self.footprint.as_mut()?.reductions.push_back(reduction);
            } else {
                self.sizes::<T>(&bet.market, bet.size)?;
            }
        }
        self.touches::<T>(Market::Perp(bet.market), !bet.reduces);
        Some(())
    }

    /// All of a trade counts, at the upper index.
    fn sizes<T: Tier>(&mut self, market: &Symbol, size: i128) -> Option<()> {
        if T::SESSIONS {
            let amount = (Market::Perp(market.clone()), size.checked_abs()?);
            self.footprint.as_mut()?.amounts.push_back(amount);
        }
        Some(())
    }

    /// An opening, if its margin makes sense. The notional is in the quote currency, which is the dollar.
    pub fn opens<T: Tier>(&mut self, market: Symbol, margin: i128, leverage: u32) -> Option<()> {
        if T::SESSIONS {
            self.spends::<T>(margin.checked_mul(i128::from(leverage))?.checked_add(99)? / 100)?;
        }
        self.margins.push_back(margin);
        self.touches::<T>(Market::Perp(market), true);
        Some(())
    }

    /// Consent to an order of which the account is the signer. Returns the action to preview, if there is one; `None` if
    /// the order is not for this account to sign.
    ///
    /// What the executor may be paid counts even if the order can only reduce. So does all of its size: somebody else decides
    /// when it trades, and a price that loses nothing today may lose then. One that `rests` does so without asking again.
    pub fn consents<T: Tier>(&mut self, env: &Env, order: Val, rests: bool) -> Option<Option<Val>> {
        let order = Order::try_from_val(env, &order).ok()?;
        if order.signer != self.account || order.max_fee < 0 {
            return None;
        }
        if order.account != self.account {
            self.is_out_of_reach::<T>();
            return Some(None);
        }
        self.spends::<T>(order.max_fee)?;
        if T::SESSIONS {
            let footprint = self.footprint.as_mut()?;
            // The executor is paid out of the deposit.
            footprint.uncounted |= order.max_fee > 0;
            if rests {
                footprint.rests_until = footprint.rests_until.max(order.expires_at);
                if !order.reduce_only {
                    footprint.risks_until = footprint.risks_until.max(order.expires_at);
                }
            }
        }
        let Order { acceptable_price: limit_price, market, size_delta, reduce_only, .. } = order;
        self.sizes::<T>(&market, size_delta)?;
        self.touches::<T>(Market::Perp(market.clone()), !reduce_only);
        if reduce_only {
            return Some(None);
        }
        let trade = Trade { limit_price, market, size_delta };
        Some(Some((symbol_short!("Trade"), trade).into_val(env)))
    }

    /// The requests of a batch for the account itself: one block, because they happen together or not at all.
    ///
    /// The vault pulls the sum of each asset. The clearing-house wraps what it shares with the vault in requests of its own,
    /// and has the vault execute each of them by a batch of one.
    pub fn batch<T: Tier>(
        &mut self,
        env: &Env,
        account: &Address,
        requests: Val,
        clearing: bool,
    ) -> Option<()> {
        let foreign = *account != self.account;
        let mut block = vec![env];
        let (mut assets, mut amounts) = (Vec::<Address>::new(env), Vec::<i128>::new(env));
        let before = core::mem::replace(&mut self.increases, false);
        for request in Vec::<Val>::try_from_val(env, &requests).ok()?.iter() {
            let parts = Vec::<Val>::try_from_val(env, &request).ok()?;
            let (name, first) = head(env, &parts)?;
            if !clearing {
                if let (_, Some((asset, amount))) = self.action::<T>(env, &name, &parts, foreign)? {
                    assets.push_back(asset);
                    amounts.push_back(amount);
                }
                block.push_back(parts.to_val());
            } else if name == symbol_short!("Act") {
                let action = Vec::<Val>::try_from_val(env, &first).ok()?;
                let (name, _) = head(env, &action)?;
                let (of_vault, pulled) = self.action::<T>(env, &name, &action, foreign)?;
                if of_vault {
                    self.implies_leg(env, account.to_val(), &action);
                }
                if let Some((asset, amount)) = pulled {
                    self.implies_transfer(env, &asset, amount);
                }
                block.push_back(action.to_val());
            } else if name == Symbol::new(env, "PlaceOrder") {
                self.names::<T>(Symbol::new(env, "place_order"));
                if let Some(trade) = self.consents::<T>(env, first, true)? {
                    block.push_back(trade);
                }
            } else if name == Symbol::new(env, "CancelOrder") {
                self.names::<T>(Symbol::new(env, "cancel_order"));
            } else if name == Symbol::new(env, "RequestExit") {
                self.names::<T>(Symbol::new(env, "request_exit"));
            } else {
                return None;
            }
        }
        for (place, asset) in (0..).zip(assets.iter()) {
            if assets.first_index_of(&asset) == Some(place) {
                let mut sum: i128 = 0;
                for (_, amount) in assets.iter().zip(amounts.iter()).filter(|(other, _)| *other == asset) {
                    sum = sum.checked_add(amount)?;
                }
                self.implies_transfer(env, &asset, sum);
            }
        }
        if foreign {
            self.is_out_of_reach::<T>();
            self.increases = before;
        } else {
            if self.increases {
                self.orders.push_back(block);
            }
            self.increases |= before;
        }
        Some(())
    }

    /// One action of a batch. Returns whether it is one of the vault's, and what it pays in.
    fn action<T: Tier>(
        &mut self,
        env: &Env,
        name: &Symbol,
        parts: &Vec<Val>,
        foreign: bool,
    ) -> Option<(bool, Option<(Address, i128)>)> {
        // Which names a venue takes; what it does not take it refuses, so that nothing here depends on it.
        const STEPS: [(&str, &str, Step); 7] = [
            ("Deposit", "deposit", Step::PayIn),
            ("Withdraw", "withdraw", Step::Withdraw),
            ("Borrow", "borrow", Step::Borrow),
            ("Repay", "repay", Step::PayIn),
            ("RepayWithCollateral", "repay_with_collateral", Step::Net),
            ("AddLiquidity", "add_liquidity", Step::MoveSettlement),
            ("RemoveLiquidity", "remove_liquidity", Step::RemoveLiquidity),
        ];
        let first = parts.get(1)?;
        if *name == symbol_short!("Refresh") {
            return Some((false, None));
        }
        if *name == symbol_short!("Trade") {
            self.names::<T>(symbol_short!("trade"));
            let Trade { market, size_delta: size, limit_price: limit } =
                Trade::try_from_val(env, &first).ok()?;
            self.bets::<T>(Bet { market, size, limit, reduces: false })?;
            return Some((false, None));
        }
        let second = parts.get(2)?;
        let (_, function, step) = STEPS.iter().find(|(action, ..)| *name == Symbol::new(env, action))?;
        self.names::<T>(Symbol::new(env, function));
        self.step::<T>(env, *step, first, second, foreign)?;
        let pulled = match step {
            Step::PayIn => Some((Address::try_from_val(env, &first).ok()?, positive(env, second)?)),
            _ => None,
        };
        Some((!matches!(step, Step::MoveSettlement | Step::RemoveLiquidity), pulled))
    }
}

/// One list for all that begin empty: the host is asked once.
fn as_list<T: IntoVal<Env, Val> + TryFromVal<Env, Val>>(env: &Env, empty: &Vec<Val>) -> Vec<T> {
    Vec::from_val(env, empty.as_val())
}

/// The name of an enum's variant, and its first field.
fn head(env: &Env, parts: &Vec<Val>) -> Option<(Symbol, Val)> {
    Some((Symbol::try_from_val(env, &parts.get(0)?).ok()?, parts.get(1)?))
}

fn positive(env: &Env, value: Val) -> Option<i128> {
    i128::try_from_val(env, &value).ok().filter(|amount| *amount > 0)
}

fn take<T: TryFromVal<Env, Val> + IntoVal<Env, Val> + Clone>(list: &mut Vec<T>, item: &T) -> bool {
    match list.first_index_of(item.clone()) {
        Some(place) => list.remove(place).is_some(),
        None => false,
    }
}
