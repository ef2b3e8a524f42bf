//! What a custodian's operators have ordered, as rows of a table.

use serde::Serialize;

use super::Reading;
use super::order::{Measure, Order};
use super::reading::{Stated, Told};
use crate::service::time::Time;

/// One thing that was done by order, or without one where the custodian had no operators.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct OrderRow {
    /// Number of its entry in the log.
    pub entry: u64,
    /// When it was done.
    pub date_and_time: Time,
    /// What was done: `pulled`, `reset` or `erased`.
    pub measure: &'static str,
    /// Why the breaker was pulled or reset.
    pub reason: Option<String>,
    /// What was erased is from before then.
    pub before: Option<Time>,
    /// How many contents were erased.
    pub contents: Option<u64>,
    /// Who signed the orders, separated by blanks; whether these hold, [`super::Verifier`] says.
    pub operators: String,
}

impl OrderRow {
    /// The names of its fields, in order.
    pub const FIELDS: [&str; 7] = ["entry", "date_and_time", "measure", "reason", "before", "contents", "operators"];
}

/// Reads a log from its first entry to its last.
#[derive(Default)]
pub struct OrderRows(Vec<OrderRow>);

impl OrderRows {
    /// The next entry.
    pub(crate) fn read(&mut self, reading: &Reading<'_>) {
        let row = match reading.told() {
            Some(Told::Breaker { pulled, measure: Measure::Breaker { reason, .. }, orders }) => OrderRow {
                measure: if *pulled { "pulled" } else { "reset" },
                reason: Some(reason.as_str().to_owned()),
                ..OrderRow::of(reading, orders)
            },
            Some(Told::Erased(erasure)) => OrderRow {
                measure: "erased",
                before: Some(erasure.before),
                contents: Some(erasure.contents),
                ..OrderRow::of(reading, &erasure.orders)
            },
            _ => return,
        };
        self.0.push(row);
    }

    /// The log ends here.
    pub fn finish(self) -> Vec<OrderRow> {
        self.0
    }
}

impl OrderRow {
    fn of(reading: &Reading<'_>, orders: &[Stated<Order>]) -> Self {
        let operators = orders.iter().filter_map(|order| Some(order.held()?.operator.as_str()));
        Self {
            entry: reading.entry.number,
            date_and_time: reading.entry.time,
            measure: "",
            reason: None,
            before: None,
            contents: None,
            operators: operators.collect::<Vec<_>>().join(" "),
        }
    }
}
