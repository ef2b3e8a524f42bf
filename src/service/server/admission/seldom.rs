//! What others can cause as often as they like is told a few times a minute.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Told so often in a minute.
const TIMES: u32 = 60;
const MINUTE: Duration = Duration::from_secs(60);

/// Counts what was told, and what was not.
#[derive(Default)]
pub(crate) struct Seldom(Mutex<Counted>);

#[derive(Default)]
struct Counted {
    since: Option<Instant>,
    told: u32,
    withheld: u64,
}

impl Seldom {
    /// Whether to tell; and if so, how often nothing was told in the minute before.
    pub(crate) fn tell(&self, now: Instant) -> Option<u64> {
        let mut counted = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let over = counted.since.is_none_or(|since| now.saturating_duration_since(since) >= MINUTE);
        if over {
            let withheld = counted.withheld;
            *counted = Counted { since: Some(now), told: 1, withheld: 0 };
            return Some(withheld);
        }
        if counted.told < TIMES {
            counted.told = counted.told.saturating_add(1);
            return Some(0);
        }
        counted.withheld = counted.withheld.saturating_add(1);
        None
    }
}

/// The beginning of what somebody else's words or bytes went into.
pub(crate) fn beginning(text: &str) -> String {
    const LONGEST: usize = 500;
    text.chars().take(LONGEST).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minute_tells_so_much_and_the_next_how_much_it_was() {
        let (seldom, begun) = (Seldom::default(), Instant::now());
        let told = (0..1000).filter(|_| seldom.tell(begun).is_some()).count();
        assert_eq!(told, TIMES as usize);
        assert_eq!(seldom.tell(begun + MINUTE), Some(1000 - u64::from(TIMES)));
        assert_eq!(seldom.tell(begun + MINUTE), Some(0));
    }
}
