//! Orders of a custodian's operators: signed with keys of their own, carried out by the server, kept in its log.
//!
//! The server signs its log, and an operator what the log tells that it was told to do: neither does the other's part.

use serde::{Deserialize, Serialize};

use super::consent::Consent;
use crate::agreement::Code;
use crate::service::protocol::Line;
use crate::service::protocol::limits::TIME_TOLERANCE_MS;
use crate::service::signing::{Signed, Statement};
use crate::service::time::Time;

/// What an operator orders. Signed by the operator; the custodian signs the entry that holds it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Order {
    /// Whose server is to carry it out.
    pub custodian: Code,
    /// Who orders it, by the name under which the custodian has registered the key.
    pub operator: Code,
    /// When, by the operator's clock.
    pub time: Time,
    /// What is to be done.
    pub measure: Measure,
}

/// What is to be done.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum Measure {
    /// The circuit breaker is pulled, or reset.
    Breaker {
        /// Whether requests are refused from then on.
        pulled: bool,
        /// Why; requesters are told.
        reason: Line,
    },
    /// Contents of the log are erased.
    Erase {
        /// Of entries before this time.
        before: Time,
    },
}

/// An order to erase waits for a second one, of somebody who may be elsewhere: a day, in milliseconds.
const ERASURE_WAITS_MS: i64 = 86_400_000;

impl Measure {
    /// How many operators have to order it.
    pub fn operators(&self) -> usize {
        match self {
            Self::Breaker { .. } => 1,
            Self::Erase { .. } => 2,
        }
    }

    /// For so long after its time an order of it is carried out, in milliseconds.
    pub(super) fn lasts_ms(&self) -> i64 {
        match self {
            Self::Breaker { .. } => TIME_TOLERANCE_MS,
            Self::Erase { .. } => ERASURE_WAITS_MS,
        }
    }
}

impl Statement for Order {
    const KIND: &'static str = "order";
}

/// Orders of one measure, with what else it takes: as they are given to a server.
#[derive(Clone, Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrderDocument {
    /// Of as many operators as the measure takes.
    pub orders: Vec<Signed<Order>>,
    /// Of other parties, to erasing what is younger than agreed.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub consents: Vec<Signed<Consent>>,
}

impl OrderDocument {
    /// Longest document, in bytes: orders, and the consents of some two hundred parties.
    pub const LIMIT_BYTES: usize = 1 << 18;

    /// As it is sent.
    pub fn to_json(&self) -> String {
        // Texts alone: nothing that could fail.
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads [`OrderDocument::to_json`] back; none for anything else. Nothing in it is verified yet.
    pub fn from_json(text: &str) -> Option<Self> {
        let document: Self = serde_json::from_str(text).ok().filter(|_| text.len() <= Self::LIMIT_BYTES)?;
        (document.to_json() == text).then_some(document)
    }
}

/// What came of orders.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub enum CarriedOut {
    /// The circuit breaker is as it was ordered.
    Breaker {
        /// Whether it is pulled.
        pulled: bool,
        /// Whether it was otherwise before.
        changed: bool,
    },
    /// Contents were erased.
    Erased {
        /// Of entries before this time.
        before: Time,
        /// How many.
        contents: u64,
    },
}

/// What is wrong with an order.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OrderFault {
    /// Who has signed it is told nothing else.
    #[error("not signed by an operator who is registered here")]
    Stranger,
    /// To another custodian's server.
    #[error("it is an order to {actual}, not to {expected}")]
    Custodian {
        /// Whose server this is.
        expected: Code,
        /// As it was signed.
        actual: Code,
    },
    /// Something else is to be done.
    #[error("it orders something else than the other order, or than was done")]
    Measure,
    /// Signed long ago.
    #[error("it was signed at {made}, which is too long before {at}")]
    Past {
        /// As it was signed.
        made: Time,
        /// When it is to be carried out.
        at: Time,
    },
    /// Signed by a clock that is ahead.
    #[error("it was signed at {made}, which is after {at}")]
    Future {
        /// As it was signed.
        made: Time,
        /// When it is to be carried out.
        at: Time,
    },
    /// One order is one deed.
    #[error("it was carried out before")]
    Again,
    /// Two orders of one operator are as good as one.
    #[error("a second order of {0}")]
    SameOperator(Code),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_of_orders_has_one_text_and_a_limit() {
        let key = super::super::samples::key(4);
        let order = Order {
            custodian: "B".parse().unwrap(),
            operator: "anna".parse().unwrap(),
            time: Time::from_millis(1000),
            measure: Measure::Breaker { pulled: true, reason: "incident 17".parse().unwrap() },
        };
        let document = OrderDocument { orders: vec![Signed::new(&order, &key).unwrap()], consents: Vec::new() };
        let text = document.to_json();
        assert_eq!(OrderDocument::from_json(&text).unwrap().orders, document.orders);
        for other in [format!(" {text}"), text.replace("\"orders\"", "\"order\""), "{}".into(), String::new()] {
            assert!(OrderDocument::from_json(&other).is_none(), "{other}");
        }
        let many = OrderDocument { orders: vec![document.orders[0].clone(); 1000], consents: Vec::new() };
        assert!(OrderDocument::from_json(&many.to_json()).is_none());
    }
}
