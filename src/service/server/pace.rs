//! How fast the other side is, by the time that we wait for it.

use std::time::Duration;

/// Slower ones are cut off: bytes a second, while we wait for them.
const LEAST_RATE: u64 = 16 * 1024;

/// How fast the other side is. Time in which this machine was busy is not the other's: however long a wait was, it counts for no more than
/// our patience, and what has come or gone meanwhile is counted.
pub(crate) struct Pace {
    stall: Duration,
    patience: Duration,
    waited: Duration,
    moved: u64,
}

/// The other side is too slow.
#[derive(Debug)]
pub(crate) struct TooSlow;

impl Pace {
    /// Of one that may stand still for so long.
    pub(crate) fn new(stall: Duration) -> Self {
        let patience = stall.checked_div(8).unwrap_or(stall).max(Duration::from_millis(1));
        Self { stall, patience, waited: Duration::ZERO, moved: 0 }
    }

    /// To be looked at after so long, if nothing has moved by then.
    pub(crate) fn patience(&self) -> Duration {
        self.patience
    }

    /// After a wait in which so many bytes moved.
    ///
    /// # Errors
    ///
    /// [`TooSlow`] where too few moved in the time that one may stand still.
    pub(crate) fn wait(&mut self, waited: Duration, bytes: usize) -> Result<(), TooSlow> {
        self.waited = self.waited.saturating_add(waited.min(self.patience));
        self.moved = self.moved.saturating_add(bytes as u64);
        if self.waited < self.stall {
            return Ok(());
        }
        let millis = u64::try_from(self.waited.as_millis()).unwrap_or(u64::MAX);
        if self.moved < LEAST_RATE.saturating_mul(millis).div_euclid(1000) {
            return Err(TooSlow);
        }
        (self.waited, self.moved) = (Duration::ZERO, 0);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const STALL: Duration = Duration::from_secs(8);

    /// Seconds of waiting until it is cut off, at most a hundred.
    fn cut_off_after(waited: Duration, bytes: usize) -> Option<Duration> {
        let mut pace = Pace::new(STALL);
        let mut all = Duration::ZERO;
        while all < Duration::from_secs(100) {
            all += waited;
            if pace.wait(waited, bytes).is_err() {
                return Some(all);
            }
        }
        None
    }

    #[test]
    fn who_stands_still_or_trickles_is_cut_off_in_the_time_that_one_may_stand_still() {
        assert_eq!(cut_off_after(Duration::from_secs(1), 0), Some(STALL));
        assert_eq!(cut_off_after(Duration::from_millis(10), 100), Some(STALL));
        assert_eq!(cut_off_after(Duration::from_millis(10), 164), None, "16 KiB a second");
    }

    #[test]
    fn a_machine_that_stands_still_itself_cuts_nobody_off() {
        assert_eq!(cut_off_after(Duration::from_secs(30), 64 * 1024), None);
    }
}
