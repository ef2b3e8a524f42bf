//! The circuit breaker: while it is pulled, no request is accepted. What was accepted is still answered.

use serde::{Deserialize, Serialize};

use super::Custody;
use crate::service::audit::{Event, Measure, Order};
use crate::service::protocol::Line;
use crate::service::signing::Signed;
use crate::service::store::logged::LoggedStep;
use crate::service::store::{StoreError, operators, schema};
use crate::service::time::Time;

/// A breaker that is pulled.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Breaker {
    /// Since when.
    pub since: Time,
    /// Why; requesters are told.
    pub reason: Line,
}

/// Where the state is kept.
const NAME: &str = "breaker";

impl Custody {
    /// Whether the breaker is pulled.
    ///
    /// # Errors
    ///
    /// [`StoreError`] where that is not known.
    pub(crate) fn breaker(&mut self) -> Result<Option<Breaker>, StoreError> {
        self.journal.step(read)
    }

    /// Pulls the breaker, or resets it, by nobody's order; says whether that changed anything.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unordered`] where the custodian has operators, [`StoreError`] where it cannot be kept.
    pub fn set_breaker(&mut self, pulled: bool, reason: Line, now: Time) -> Result<bool, StoreError> {
        self.breaker_by(pulled, reason, &[], now)
    }

    /// The same by orders, which are used up also where nothing changes.
    pub(super) fn breaker_by(
        &mut self,
        pulled: bool,
        reason: Line,
        orders: &[Signed<Order>],
        now: Time,
    ) -> Result<bool, StoreError> {
        self.journal.step(|step| {
            let measure = Measure::Breaker { pulled, reason: reason.clone() };
            let (owner, time) = (step.owner, step.time(now)?);
            operators::admit(step, owner, &measure, orders, time)?;
            if read(step)?.is_some() == pulled {
                return Ok(false);
            }
            let state = pulled.then_some(Breaker { since: time, reason: reason.clone() });
            let text = serde_json::to_string(&state).map_err(|_| StoreError::Damaged("breaker"))?;
            schema::set_about(step, NAME, &text)?;
            step.log(Event::Breaker { pulled, reason, orders: orders.to_vec() }, now)?;
            Ok(true)
        })
    }
}

pub(super) fn read(step: &mut LoggedStep<'_, '_>) -> Result<Option<Breaker>, StoreError> {
    match schema::about(step, NAME)? {
        None => Ok(None),
        Some(text) => serde_json::from_str(&text).map_err(|_| StoreError::Damaged("breaker")),
    }
}
