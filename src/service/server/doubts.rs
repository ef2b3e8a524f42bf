//! What keeps a server from being ready; and whether its clock is to be believed.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use crate::service::time::Time;

/// The clock may be adjusted by so much.
const CLOCK: Duration = Duration::from_secs(60);
/// What is doubted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Kind {
    Breaker,
    Certificate,
    Clock,
    Database,
    Disk,
    Gallery,
    Key,
    Stopping,
}

impl Kind {
    /// All of them.
    pub(crate) const ALL: [Self; 8] = [
        Self::Breaker,
        Self::Certificate,
        Self::Clock,
        Self::Database,
        Self::Disk,
        Self::Gallery,
        Self::Key,
        Self::Stopping,
    ];

    /// In metrics.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Breaker => "breaker",
            Self::Certificate => "certificate",
            Self::Clock => "clock",
            Self::Database => "database",
            Self::Disk => "disk",
            Self::Gallery => "gallery",
            Self::Key => "key",
            Self::Stopping => "stopping",
        }
    }
}

/// One reason.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Doubt {
    pub kind: Kind,
    pub reason: String,
}

/// What the clock said when it was believed last.
pub(crate) struct Doubts(Mutex<Believed>);

/// The clock is not believed: nothing is written with its time, and nothing deleted by it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the custodian's clock is in doubt; its operator has to look at it")]
pub(crate) struct ClockInDoubt;

#[derive(Clone, Copy)]
struct Believed {
    time: Time,
    at: Instant,
}

impl Doubts {
    /// The clock is believed now.
    pub(crate) fn new(time: Time) -> Self {
        Self(Mutex::new(Believed { time, at: Instant::now() }))
    }

    /// The operator has looked at it: the clock is believed from now on.
    pub(crate) fn believe(&self, time: Time) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Believed { time, at: Instant::now() };
    }

    /// Whether it was set since then: how.
    pub(crate) fn clock(&self, now: Time) -> Option<String> {
        let Believed { time, at } = *self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let passed = i64::try_from(at.elapsed().as_millis()).unwrap_or(i64::MAX);
        let moved = now.millis().saturating_sub(time.millis()).saturating_sub(passed);
        let tolerance = i64::try_from(CLOCK.as_millis()).unwrap_or(i64::MAX);
        (moved.unsigned_abs() > tolerance.unsigned_abs()).then(|| {
            let direction = if moved > 0 { "ahead" } else { "back" };
            let seconds = moved.unsigned_abs().div_euclid(1000);
            format!("the clock was set {direction} by {seconds} s; where it is right, say so by a reload (SIGHUP)")
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_that_was_set_is_doubted_until_it_is_set_again_or_believed() {
        let now = Time::from_millis(1_800_000_000_000);
        let later = |seconds: i64| Time::from_millis(now.millis() + 1000 * seconds);
        let doubts = Doubts::new(now);
        assert_eq!(doubts.clock(later(30)), None);
        assert!(doubts.clock(later(3600)).unwrap().contains("ahead"));
        assert!(doubts.clock(later(-3600)).unwrap().contains("back"));
        assert_eq!(doubts.clock(now), None);
        doubts.believe(later(3600));
        assert_eq!(doubts.clock(later(3600)), None);
    }
}
