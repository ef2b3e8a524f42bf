//! Shows others who stand by that this server is alive; ends it where one of them has taken over.

use std::sync::Arc;
use std::time::{Duration, Instant};

use super::state::State;
use crate::service::store::{Beating, StoreError};

/// So often.
pub(super) const BEAT: Duration = Duration::from_secs(1);

/// Beats until the server ends.
pub(crate) fn beat(state: &Arc<State>, mut beating: Beating) {
    let mut failing = false;
    while !state.queue.is_closed() {
        let begun = Instant::now();
        match beating.beat() {
            Ok(()) => failing = false,
            Err(error @ StoreError::TakenOver) => state.taken_over(&error),
            Err(error) if !failing => {
                failing = true;
                tracing::error!(error = %error, "the database does not know that this server is alive");
            }
            Err(_) => {}
        }
        while begun.elapsed() < BEAT && !state.queue.is_closed() {
            std::thread::sleep(Duration::from_millis(50));
        }
    }
}
