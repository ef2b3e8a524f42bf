//! Days and times, as a language writes them. All are UTC, as everything that is signed is.

use super::Words;
use crate::service::time::{Day, Time};

impl Words {
    /// A day: "1 December 2026".
    pub fn day(&self, day: Day) -> String {
        // Written as 2026-12-01.
        let text = day.to_string();
        let mut parts = text.rsplitn(3, '-');
        let (Some(of_month), Some(month), Some(year)) = (parts.next(), parts.next(), parts.next()) else { return text };
        let month = self.say(&format!("month-{}", month.trim_start_matches('0')));
        self.with(
            "date",
            &[("day", of_month.trim_start_matches('0').into()), ("month", month.into()), ("year", year.into())],
        )
    }

    /// A point in time: "1 December 2026, 04:18 UTC".
    pub fn time(&self, time: Time) -> String {
        let text = time.to_string();
        let clock = text.split_once('T').and_then(|(_, clock)| clock.get(..5)).unwrap_or_default().to_owned();
        self.with("date-time", &[("date", self.day(time.day()).into()), ("clock", clock.into())])
    }
}

#[cfg(test)]
mod tests {
    use super::super::of;
    use super::*;

    #[test]
    fn days_and_times_are_written_as_each_language_writes_them() {
        let time: Time = "2026-12-01T04:08:20.000Z".parse().unwrap();
        assert_eq!(of("en").time(time), "1 December 2026, 04:08 UTC");
        assert_eq!(of("es").time(time), "1 de diciembre de 2026, 04:08 UTC");
        assert_eq!(of("es").day(time.day()), "1 de diciembre de 2026");
    }
}
