//! A custodian's operators, whose orders the server carries out.

use std::collections::BTreeSet;

use super::connection::Step;
use super::{Owner, StoreError};
use crate::agreement::Code;
use crate::service::audit::{Deed, Measure, Operators, Order, OrderFault, Role, judge};
use crate::service::signing::{Hash, PublicKey, Signed};
use crate::service::time::Time;

/// Somebody whose orders are carried out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operator {
    /// By this name orders and the log call them.
    pub name: Code,
    /// What their orders are signed with.
    pub key: PublicKey,
}

impl Operator {
    /// Whether each has a name and a key of its own, and none the key that signs the log.
    pub fn are_distinct(operators: &[Self], log: &PublicKey) -> bool {
        let names: BTreeSet<_> = operators.iter().map(|operator| &operator.name).collect();
        let keys: BTreeSet<_> = operators.iter().map(|operator| operator.key).chain([*log]).collect();
        names.len() == operators.len() && keys.len() == operators.len().saturating_add(1)
    }
}

/// Those of a custodian's database.
pub(super) fn known(step: &mut Step<'_>) -> Result<Operators, StoreError> {
    let mut operators = Operators::default();
    for mut row in step.query("SELECT name, public_key, removed FROM operators ORDER BY name", &[])? {
        let (name, key, removed): (Code, _, _) = (row.parsed()?, row.parsed()?, row.count()?);
        match removed {
            0 => drop(operators.register(&name, key)),
            _ => drop(operators.remove(&name)),
        }
    }
    Ok(operators)
}

/// Whether a measure may be taken at this time, by these orders, which are used up with it. Where a custodian never had operators, and in
/// a querier's database, it may without.
pub(super) fn admit(
    step: &mut Step<'_>,
    owner: &Owner,
    measure: &Measure,
    orders: &[Signed<Order>],
    time: Time,
) -> Result<(), StoreError> {
    if owner.role == Role::Querier && orders.is_empty() {
        return Ok(());
    }
    let operators = known(step)?;
    let mut used = BTreeSet::new();
    for digest in orders.iter().map(Signed::digest) {
        if step.row("SELECT digest FROM orders WHERE digest = ?1", &[(&digest).into()])?.is_some() {
            used.insert(digest);
        }
    }
    let deed = Deed { custodian: &owner.party, measure, time };
    let judged = judge(&operators, &deed, orders, |digest: &Hash| used.contains(digest));
    // Who is a stranger learns that, and nothing of what else is wrong.
    let stranger = judged.faults.iter().find(|fault| **fault == OrderFault::Stranger).or(judged.faults.first());
    if let Some(fault) = stranger {
        return Err(StoreError::Order(fault.clone()));
    }
    let (needed, ordered) = (operators.needed(measure), judged.operators.len());
    if ordered < needed {
        return Err(StoreError::Unordered { needed, ordered });
    }
    for digest in orders.iter().map(Signed::digest) {
        step.execute("INSERT INTO orders (digest) VALUES (?1)", &[(&digest).into()])?;
    }
    Ok(())
}
