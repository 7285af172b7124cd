//! Batches: several requests under one authorisation, each carried out as the function of its name would.

use crate::{
    desk::Desk,
    fill::{positive, priced},
    nonces, orders, pool, storage,
};
use margin_interface::{
    permissions, Action, ClearingConfig, ClearingError, ClearingRequest, MarginLedgerClient, OracleClient,
    TradeAction, VaultClient, MAX_ACTIONS,
};
use soroban_sdk::{vec, Address, Env, Vec};

/// Who asks for what account.
struct Batch<'a> {
    env: &'a Env,
    config: ClearingConfig,
    ledger: MarginLedgerClient<'a>,
    sender: &'a Address,
    account: &'a Address,
    /// Bits of `permissions`.
    granted: u32,
}

/// Refreshes, authorises, executes. Returns what each request behind the refreshes moved.
pub fn submit(
    env: &Env,
    sender: &Address,
    account: &Address,
    requests: &Vec<ClearingRequest>,
) -> Result<Vec<i128>, ClearingError> {
    let config = storage::config(env);
    let requests = refresh(env, &config, requests)?;
    sender.require_auth();
    let ledger = MarginLedgerClient::new(env, &config.ledger);
    let granted = if sender == account { permissions::ALL } else { ledger.permission(account, sender) };
    let batch = Batch { env, config, ledger, sender, account, granted };
    let mut moved = Vec::new(env);
    for request in requests.iter() {
        moved.push_back(batch.carry_out(request)?);
    }
    Ok(moved)
}

/// Pokes the oracle for each refresh in front. Returns the requests behind them.
fn refresh(
    env: &Env,
    config: &ClearingConfig,
    requests: &Vec<ClearingRequest>,
) -> Result<Vec<ClearingRequest>, ClearingError> {
    let mut prefix = 0;
    for request in requests.iter() {
        let ClearingRequest::Act(Action::Refresh(assets)) = request else { break };
        OracleClient::new(env, &config.oracle).poke(&assets);
        prefix += 1;
    }
    if prefix == requests.len() || requests.len() > MAX_ACTIONS {
        return Err(ClearingError::InvalidRequest);
    }
    Ok(requests.slice(prefix..))
}

impl Batch<'_> {
    fn carry_out(&self, request: ClearingRequest) -> Result<i128, ClearingError> {
        match request {
            ClearingRequest::Act(action) => self.act(action),
            ClearingRequest::PlaceOrder(order) => {
                self.needs(permissions::SIGN_ORDERS)?;
                // The sender has signed it with the batch.
                if order.signer != *self.sender || order.account != *self.account {
                    return Err(ClearingError::InvalidOrder);
                }
                orders::place(self.env, &self.ledger, &order)?;
                Ok(0)
            }
            ClearingRequest::CancelOrder(nonce) => {
                self.needs(permissions::SIGN_ORDERS)?;
                let (word, mask) = nonces::name(nonce);
                orders::cancel(self.env, self.account, word, mask)?;
                Ok(0)
            }
        }
    }

    fn act(&self, action: Action) -> Result<i128, ClearingError> {
        let env = self.env;
        match action {
            // The vault asks the sender itself, and knows its permissions.
            Action::Deposit(..) | Action::Withdraw(..) => {
                let vault = VaultClient::new(env, &self.config.vault);
                let moved = vault.submit(self.sender, self.account, &vec![env, action]);
                moved.first().ok_or(ClearingError::InvalidRequest)
            }
            Action::Trade(TradeAction { limit_price, market, size_delta }) => {
                priced(limit_price)?;
                let reduces = self.needs(permissions::TRADE).is_err();
                if reduces {
                    self.needs(permissions::REDUCE_ONLY)?;
                }
                let desk = Desk::open(env, self.account, &market)?;
                Ok(desk.trade(size_delta, Some(limit_price), reduces)?.quote_delta)
            }
            Action::AddLiquidity(amount, min_shares) => {
                self.needs(permissions::MODIFY_COLLATERAL)?;
                positive(amount)?;
                pool::enter(env, &self.ledger, self.account, amount, min_shares)
            }
            Action::RemoveLiquidity(shares, min_amount) => {
                self.needs(permissions::MODIFY_COLLATERAL)?;
                positive(shares)?;
                pool::leave(env, &self.ledger, self.account, shares, min_amount)
            }
            _ => Err(ClearingError::InvalidRequest),
        }
    }

    /// Whether the sender was granted `bit`, or everything.
    fn needs(&self, bit: u32) -> Result<(), ClearingError> {
        let granted = self.granted & (bit | permissions::ADMIN) != 0;
        granted.then_some(()).ok_or(ClearingError::NotPermitted)
    }
}
