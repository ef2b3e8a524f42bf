//! How far long work is: a bar on a terminal, otherwise a line now and then.

use std::io::IsTerminal;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use super::console::{self, Console, stderr_line};
use super::interrupt;

/// Shows how far long work is, and passes Ctrl-C on to it.
pub struct Meter {
    bar: ProgressBar,
    plain: Option<Plain>,
}

/// Progress as lines, for logs.
struct Plain {
    label: &'static str,
    start: Instant,
    steps: u64,
    /// Steps of an earlier run, which took none of this one's time.
    earlier: u64,
    done: AtomicU64,
    /// Tenths that have been said.
    said: AtomicU64,
}

impl Console {
    /// A meter of long work.
    pub fn meter(&self, label: &'static str, unit: &'static str, steps: u64) -> Meter {
        self.meter_from(label, unit, steps, 0)
    }

    /// A meter of long work, `earlier` steps of which an earlier run has done.
    pub fn meter_from(&self, label: &'static str, unit: &'static str, steps: u64, earlier: u64) -> Meter {
        Meter::new(label, unit, steps, earlier, self.quiet())
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
        let plain = (!quiet && !terminal).then(|| Plain {
            label,
            start: Instant::now(),
            steps,
            earlier,
            done: AtomicU64::new(earlier),
            said: AtomicU64::new(0),
        });
        Self { bar, plain }
    }

    /// Takes the bar off the screen.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

impl crate::scheme::Progress for Meter {
    fn advance(&self, steps: u64) {
        self.bar.inc(steps);
        if let Some(plain) = &self.plain {
            plain.advance(steps);
        }
    }

    fn stop(&self) -> bool {
        interrupt::requested()
    }
}

impl Plain {
    /// Work of less than so long is not worth a line.
    const PATIENCE: Duration = Duration::from_secs(5);

    fn advance(&self, steps: u64) {
        let done = self.done.fetch_add(steps, Ordering::Relaxed).saturating_add(steps);
        let tenths = done.checked_div(self.steps.div_ceil(10)).unwrap_or(10).min(10);
        let elapsed = self.start.elapsed();
        if tenths < 10 && elapsed > Self::PATIENCE && self.said.fetch_max(tenths, Ordering::Relaxed) < tenths {
            let (left, done) = (self.steps.saturating_sub(done), done.saturating_sub(self.earlier));
            let left = elapsed.as_secs_f64() * (left as f64 / done.max(1) as f64);
            // A custodian may say any number of steps.
            let left = Duration::try_from_secs_f64(left).unwrap_or(Duration::MAX);
            stderr_line(format_args!("{}: {}0 %, about {} left", self.label, tenths, console::seconds(left)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_number_of_steps_can_be_shown() {
        let start = Instant::now().checked_sub(Duration::from_secs(6)).unwrap();
        for (steps, step) in [(u64::MAX, 1), (u64::MAX, u64::MAX / 2), (1, u64::MAX), (0, 1), (7, 1)] {
            let (done, said) = (AtomicU64::new(0), AtomicU64::new(0));
            let plain = Plain { label: "match", start, steps, earlier: 0, done, said };
            plain.advance(step);
            plain.advance(step);
        }
        // One step of as many as there can be, said to be a tenth.
        let (done, said) = (AtomicU64::new(1 << 61), AtomicU64::new(0));
        Plain { label: "match", start, steps: u64::MAX, earlier: 1 << 61, done, said }.advance(1);
    }
}
