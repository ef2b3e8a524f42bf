//! Progress of a request, on the terminal.

use crate::remedy::Remedy;
use crate::scheme::Progress as _;
use crate::service::client::{ClientError, Watch};
use crate::service::protocol::ProgressView;

use crate::cli::console::Console;
use crate::cli::interrupt;
use crate::cli::progress::Meter;

/// Progress on the terminal.
pub struct OnConsole<'a> {
    console: &'a Console,
    meter: std::cell::RefCell<Option<(Meter, u64)>>,
    waited: std::cell::Cell<bool>,
}

impl<'a> OnConsole<'a> {
    pub fn new(console: &'a Console) -> Self {
        Self { console, meter: std::cell::RefCell::new(None), waited: std::cell::Cell::new(false) }
    }

    pub fn finish(&self) {
        if let Some((meter, _)) = &*self.meter.borrow() {
            meter.finish();
        }
    }
}

impl Watch for OnConsole<'_> {
    fn note(&self, text: &str) {
        self.console.note(text);
    }

    fn undelivered(&self, error: &ClientError) {
        self.note(&format!(
            "the acknowledgement could not be delivered ({}); it is sent with the next 'cotejo ask --resume'",
            error.in_full()
        ));
    }

    fn progress(&self, progress: &ProgressView) {
        if !progress.running && !self.waited.replace(true) {
            self.console.note("waiting for the custodian");
        }
        if !progress.running || progress.steps == 0 {
            return;
        }
        let mut meter = self.meter.borrow_mut();
        let (meter, done) = meter.get_or_insert_with(|| (self.console.meter("match", "second", progress.steps), 0));
        meter.advance(progress.done.saturating_sub(*done));
        *done = progress.done.max(*done);
    }

    fn stop(&self) -> bool {
        interrupt::requested()
    }
}
