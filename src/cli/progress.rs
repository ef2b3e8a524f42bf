//! How far long work is: a bar on a terminal, otherwise a line now and then.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::{self, Console, stderr_line};
use super::desk::Listener;
use super::interrupt;

/// Shows how far long work is, and passes Ctrl-C on to it.
pub struct Meter {
    bar: ProgressBar,
    plain: Option<Plain>,
    told: Option<ToListener>,
}

/// Progress as an embedding program hears it.
struct ToListener {
    listener: Arc<dyn Listener>,
    label: &'static str,
    unit: &'static str,
    last: Mutex<Option<Instant>>,
}

impl ToListener {
    /// It is told no sooner again.
    const PAUSE: Duration = Duration::from_millis(100);

    fn tell(&self, done: u64, steps: u64) {
        // Whoever finds it taken comes again soon.
        let Ok(mut last) = self.last.try_lock() else { return };
        if done >= steps || last.is_none_or(|last| last.elapsed() >= Self::PAUSE) {
            *last = Some(Instant::now());
            self.listener.progress(self.label, self.unit, done, steps);
        }
    }
}

/// Progress as lines, for logs.
struct Plain {
    label: &'static str,
    start: Instant,
    steps: u64,
    /// Steps of an earlier run, which took none of this one's time.
    earlier: u64,
    done: AtomicU64,
    said: Mutex<Said>,
}

/// The last line.
struct Said {
    tenths: u64,
    at: Instant,
}

impl Console {
    /// A meter of long work.
    pub fn meter(&self, label: &'static str, unit: &'static str, steps: u64) -> Meter {
        self.meter_from(label, unit, steps, 0)
    }

    /// A meter of long work, `earlier` steps of which an earlier run has done.
    pub fn meter_from(&self, label: &'static str, unit: &'static str, steps: u64, earlier: u64) -> Meter {
        let mut meter = Meter::new(label, unit, steps, earlier, self.quiet() || self.desk().is_some());
        meter.told = self.desk().map(|desk| {
            let listener = Arc::clone(desk.listener());
            ToListener { listener, label, unit, last: Mutex::new(None) }
        });
        meter
    }
}

impl Meter {
    /// `earlier` of the steps were done by an earlier run.
    fn new(label: &'static str, unit: &str, steps: u64, earlier: u64, quiet: bool) -> Self {
        let terminal = std::io::stderr().is_terminal();
        let target = if quiet || !terminal { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() };
        let bar = ProgressBar::with_draw_target(Some(steps), target).with_position(earlier);
        let template = format!("{label} [{{bar:30}}] {{percent}} %  {{pos}}/{{len}} {unit}s, {{eta}} left");
        if let Ok(style) = ProgressStyle::with_template(&template) {
            bar.set_style(style.progress_chars("=> "));
        }
        let plain = (!quiet && !terminal).then(|| Plain::new(label, Instant::now(), steps, earlier));
        Self { bar, plain, told: None }
    }

    /// Takes the bar off the screen; as a line, says that all is done, if it is.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
        if let Some(line) = self.plain.as_ref().and_then(Plain::last_line) {
            stderr_line(line);
        }
    }
}

impl crate::scheme::Progress for Meter {
    fn advance(&self, steps: u64) {
        self.bar.inc(steps);
        if let Some(told) = &self.told {
            told.tell(self.bar.position(), self.bar.length().unwrap_or_default());
        }
        if let Some(line) = self.plain.as_ref().and_then(|plain| plain.advance(steps)) {
            stderr_line(line);
        }
    }

    fn stop(&self) -> bool {
        interrupt::requested()
    }
}

impl Plain {
    /// Work of less than so long is not worth a line.
    const PATIENCE: Duration = Duration::from_secs(5);
    /// Where a tenth takes longer than so long, there are lines between.
    const SILENCE: Duration = Duration::from_secs(30);

    fn new(label: &'static str, start: Instant, steps: u64, earlier: u64) -> Self {
        let said = Mutex::new(Said { tenths: 0, at: start });
        Self { label, start, steps, earlier, done: AtomicU64::new(earlier), said }
    }

    /// The line that is due after so many more steps.
    fn advance(&self, steps: u64) -> Option<String> {
        // A custodian may say any number of steps.
        let before =
            self.done.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |done| Some(done.saturating_add(steps)));
        let done = before.unwrap_or_else(|done| done).saturating_add(steps);
        let elapsed = self.start.elapsed();
        if done >= self.steps || elapsed < Self::PATIENCE {
            return None;
        }
        // Whoever finds it taken comes again soon.
        let mut said = self.said.try_lock().ok()?;
        let tenths = share(done, self.steps, 10);
        if tenths <= said.tenths && said.at.elapsed() < Self::SILENCE {
            return None;
        }
        *said = Said { tenths: tenths.max(said.tenths), at: Instant::now() };
        let (left, done_now) = (self.steps - done, done.saturating_sub(self.earlier));
        let left = elapsed.as_secs_f64() * (left as f64 / done_now.max(1) as f64);
        let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
        let per_cent = share(done, self.steps, 100);
        Some(format!("{}: {per_cent} %, about {} left", self.label, console::seconds(left)))
    }

    /// That all is done, where that took long enough to be told.
    fn last_line(&self) -> Option<String> {
        let elapsed = self.start.elapsed();
        let all = self.done.load(Ordering::Relaxed) >= self.steps && self.steps > self.earlier;
        (all && elapsed >= Self::PATIENCE)
            .then(|| format!("{}: 100 %, done in {}", self.label, console::seconds(elapsed)))
    }
}

/// `done` of `all`, in parts of which `parts` are all.
fn share(done: u64, all: u64, parts: u64) -> u64 {
    let share = u128::from(done) * u128::from(parts) / u128::from(all.max(1));
    u64::try_from(share).unwrap_or(parts).min(parts)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Work that began so many seconds ago.
    fn begun(seconds: u64, steps: u64, earlier: u64) -> Plain {
        let start = Instant::now().checked_sub(Duration::from_secs(seconds)).unwrap();
        Plain::new("match", start, steps, earlier)
    }

    #[test]
    fn any_number_of_steps_can_be_shown() {
        for (steps, step) in [(u64::MAX, 1), (u64::MAX, u64::MAX / 2), (1, u64::MAX), (0, 1), (7, 1)] {
            let plain = begun(6, steps, 0);
            plain.advance(step);
            plain.advance(step);
            plain.last_line();
        }
        // One step of as many as there can be, said to be an eighth.
        assert!(begun(6, u64::MAX, 1 << 61).advance(1).unwrap().starts_with("match: 12 %, about "));
    }

    #[test]
    fn each_tenth_is_said_with_what_is_left_and_the_last_line_says_that_all_is_done() {
        let plain = begun(8, 32, 0);
        let lines: Vec<String> = (0..32).filter_map(|_| plain.advance(1)).collect();
        assert_eq!(lines.len(), 9, "{lines:?}");
        assert_eq!(lines[0], "match: 12 %, about 56.0 s left");
        assert_eq!(lines[8], "match: 90 %, about 0.8 s left");
        assert_eq!(plain.last_line().unwrap(), "match: 100 %, done in 8.0 s");
    }

    #[test]
    fn few_steps_are_shares_of_all_and_not_of_a_tenth_rounded_up() {
        let plain = begun(60, 11, 0);
        let shares: Vec<String> = (0..11).filter_map(|_| plain.advance(1)).collect();
        assert_eq!(shares.len(), 10);
        assert!(shares[0].starts_with("match: 9 %, about 10 min left"), "a minute's silence is broken: {}", shares[0]);
        assert!(shares[9].starts_with("match: 90 %, about 6.0 s left"), "{}", shares[9]);
    }

    #[test]
    fn work_that_stops_early_is_not_said_to_be_done_and_quick_work_says_nothing() {
        let stopped = begun(8, 10, 0);
        stopped.advance(9);
        assert_eq!(stopped.last_line(), None);
        let quick = begun(0, 10, 0);
        assert_eq!((quick.advance(5), quick.advance(5), quick.last_line()), (None, None, None));
        // What an earlier run did took none of this one's time: half of the rest took eight seconds, the other half will.
        assert_eq!(begun(8, 10, 8).advance(1).unwrap(), "match: 90 %, about 8.0 s left");
    }
}
