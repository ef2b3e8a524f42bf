//! Who gets in, in layers, so that nobody's crowd keeps another out.
//!
//! ```text
//! connection ── source: rate, places ── TLS: registered? ── requester: connections ── upload: bytes, pace ── queue: places
//!               crowd.rs                 signing.rs         shares.rs                 upload.rs              queue/
//!                                                                                  ── answer: bytes, pace
//!                                                                                     download.rs, steady.rs
//! ```
//!
//! Until a connection is known to be a registered requester's it is a stranger's, and counts against where it comes from.

mod crowd;
mod descriptors;
mod roll;
mod seldom;
mod shares;
mod signing;
mod source;

use std::sync::Arc;

pub(crate) use crowd::{Crowd, Stay};
pub(crate) use roll::{Guest, Roll};
pub(crate) use seldom::{Seldom, beginning};
pub(crate) use shares::{Share, Shares};
pub(crate) use signing::Signing;
pub(crate) use source::Source;

use super::limits::Limits;

/// So many leave at a time where there are no descriptors.
const ROOM: usize = 16;

/// All that is shared between those who connect.
pub(crate) struct Admission {
    /// Connections of which nobody knows whose they are.
    pub crowd: Arc<Crowd>,
    /// Connections of requesters.
    pub connections: Arc<Shares>,
    /// Bytes of uploads in memory.
    pub uploads: Arc<Shares>,
    /// Bytes of answers in memory, on their way.
    pub downloads: Arc<Shares>,
    /// Handshakes that wait for a key that is held elsewhere.
    pub signing: Signing,
    /// Requesters' open connections.
    pub roll: Arc<Roll>,
    /// What strangers cause is told so often.
    pub told: Seldom,
}

impl Admission {
    /// For so many requesters.
    pub(crate) fn new(limits: &Limits, requesters: usize) -> Self {
        let Places { connections, strangers } = Places::of(limits);
        Self {
            crowd: Arc::new(Crowd::new(strangers)),
            connections: Arc::new(Shares::new(connections as u64, requesters)),
            uploads: Arc::new(Shares::new(limits.upload_bytes, requesters)),
            downloads: Arc::new(Shares::new(limits.download_bytes, requesters)),
            signing: Signing::default(),
            roll: Arc::default(),
            told: Seldom::default(),
        }
    }

    /// With other limits, or another number of requesters, from here on.
    pub(crate) fn resize(&self, limits: &Limits, requesters: usize) {
        let Places { connections, strangers } = Places::of(limits);
        self.crowd.resize(strangers);
        self.connections.resize(connections as u64, requesters);
        self.uploads.resize(limits.upload_bytes, requesters);
        self.downloads.resize(limits.download_bytes, requesters);
    }

    /// The system has no more descriptors: those leave who have waited longest; where nobody waits, the one that has been idle longest.
    pub(crate) fn make_room(&self) {
        let left = (0..ROOM).take_while(|_| self.crowd.send_oldest_away()).count();
        if left == 0 {
            self.roll.send_idle_away();
        }
    }
}

/// Connections at a time.
struct Places {
    /// Of requesters.
    connections: usize,
    /// Of nobody knows whom.
    strangers: usize,
}

/// Strangers at a time, at least.
const STRANGERS: usize = 16;

impl Places {
    /// Half as many strangers as requesters; no more of both than there are descriptors for.
    fn of(limits: &Limits) -> Self {
        let free = descriptors::free().unwrap_or(usize::MAX);
        let places = Self::within(limits.connections, free);
        if places.connections < limits.connections {
            tracing::warn!(
                configured = limits.connections,
                connections = places.connections,
                "fewer connections are admitted than configured: the process may not open as many files (ulimit -n)"
            );
        }
        places
    }

    fn within(connections: usize, free: usize) -> Self {
        let third = free.div_euclid(3).max(2);
        let connections = connections.min(third.saturating_mul(2));
        Self { connections, strangers: connections.div_euclid(2).max(STRANGERS).min(third) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_are_places_for_strangers_and_no_more_than_descriptors() {
        let within = |connections, free| {
            let places = Places::within(connections, free);
            (places.connections, places.strangers)
        };
        assert_eq!(within(1024, usize::MAX), (1024, 512));
        assert_eq!(within(6, usize::MAX), (6, 16));
        assert_eq!(within(1024, 30), (20, 10));
        assert_eq!(within(1024, 0), (4, 2));
    }
}
