//! Carrying out what operators have ordered.

use super::Custody;
use crate::service::audit::{CarriedOut, Measure, OrderDocument, OrderFault};
use crate::service::store::StoreError;
use crate::service::time::Time;

impl Custody {
    /// Carries out the one measure that all these orders are of: each once, in one step with the log entry that holds them.
    ///
    /// # Errors
    ///
    /// [`StoreError::Order`] for an order that does not count, [`StoreError::Unordered`] where there are too few, or as erasing. Nothing
    /// was done then.
    pub fn carry_out(&mut self, document: &OrderDocument, now: Time) -> Result<CarriedOut, StoreError> {
        let OrderDocument { orders, consents } = document;
        // Whether it is an operator's, is judged with the others.
        let first = orders.first().and_then(|order| order.verify(None).ok());
        match first.ok_or(StoreError::Order(OrderFault::Stranger))?.measure {
            Measure::Breaker { pulled, reason } => {
                let changed = self.breaker_by(pulled, reason, orders, now)?;
                Ok(CarriedOut::Breaker { pulled, changed })
            }
            Measure::Erase { before } => {
                let erased = self.journal.erase(before, consents, orders, now)?;
                Ok(CarriedOut::Erased { before, contents: erased.contents })
            }
        }
    }
}
