//! Which operators a custodian has, and what of their orders counts: the server judges by this, and so does whoever checks its log.

use std::collections::{BTreeMap, BTreeSet};

use super::order::{Measure, Order, OrderFault};
use super::reading::Stated;
use crate::agreement::Code;
use crate::service::protocol::limits::TIME_TOLERANCE_MS;
use crate::service::signing::{Hash, PublicKey, Signed};
use crate::service::time::Time;

/// Those that a custodian has, and whether it ever had one.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Operators {
    registered: BTreeMap<Code, PublicKey>,
    ever: bool,
}

/// What orders come to.
pub(crate) struct Judgement {
    /// Those whose orders count.
    pub operators: BTreeSet<Code>,
    /// What is wrong with the other orders.
    pub faults: Vec<OrderFault>,
}

/// A deed, and what it is judged by.
pub(crate) struct Deed<'a> {
    /// Whose server does it.
    pub custodian: &'a Code,
    /// What is done.
    pub measure: &'a Measure,
    /// When.
    pub time: Time,
}

impl Operators {
    /// Takes one in; whether nobody has that name or that key.
    pub(crate) fn register(&mut self, operator: &Code, key: PublicKey) -> bool {
        let free = !self.registered.values().any(|other| *other == key);
        self.ever = true;
        self.registered.insert(operator.clone(), key).is_none() && free
    }

    /// Takes one out; whether there was such a one. What operators have to order stays theirs to order, also where none is left: nobody
    /// takes that back in silence.
    pub(crate) fn remove(&mut self, operator: &Code) -> bool {
        self.ever = true;
        self.registered.remove(operator).is_some()
    }

    /// How many of them have to order a measure: none, where there never was one.
    pub(crate) fn needed(&self, measure: &Measure) -> usize {
        if self.ever { measure.operators() } else { 0 }
    }

    /// With their keys.
    pub(crate) fn registered(&self) -> &BTreeMap<Code, PublicKey> {
        &self.registered
    }

    /// What orders come to for a deed; `again` says whether the one of this digest was carried out before.
    pub(super) fn judge(&self, deed: &Deed<'_>, orders: &[Stated<Order>], again: impl Fn(&Hash) -> bool) -> Judgement {
        let (mut operators, mut faults) = (BTreeSet::new(), Vec::new());
        for order in orders {
            let operator = self.admit(deed, order, &again);
            match operator {
                Ok(operator) if operators.contains(operator) => {
                    faults.push(OrderFault::SameOperator(operator.clone()));
                }
                Ok(operator) => drop(operators.insert(operator.clone())),
                Err(fault) => faults.push(fault),
            }
        }
        Judgement { operators, faults }
    }

    /// Who has given an order, if it counts.
    fn admit<'o>(
        &self,
        Deed { custodian, measure, time: at }: &Deed<'_>,
        order: &'o Stated<Order>,
        again: &impl Fn(&Hash) -> bool,
    ) -> Result<&'o Code, OrderFault> {
        let said = order.held().filter(|said| self.registered.get(&said.operator) == Some(&order.signer));
        let said = said.ok_or(OrderFault::Stranger)?;
        if said.custodian != **custodian {
            return Err(OrderFault::Custodian { expected: (*custodian).clone(), actual: said.custodian.clone() });
        }
        if said.measure != **measure {
            return Err(OrderFault::Measure);
        }
        let age = at.millis().saturating_sub(said.time.millis());
        if age > measure.lasts_ms() {
            return Err(OrderFault::Past { made: said.time, at: *at });
        }
        if age < TIME_TOLERANCE_MS.saturating_neg() {
            return Err(OrderFault::Future { made: said.time, at: *at });
        }
        if again(&order.digest) { Err(OrderFault::Again) } else { Ok(&said.operator) }
    }
}

/// [`Operators::judge`] for who has the orders as they were signed.
pub(crate) fn judge(
    operators: &Operators,
    deed: &Deed<'_>,
    orders: &[Signed<Order>],
    again: impl Fn(&Hash) -> bool,
) -> Judgement {
    let stated: Vec<_> = orders.iter().map(Stated::of).collect();
    operators.judge(deed, &stated, again)
}
