//! Points in time, as they stand in records: UTC, to the millisecond; whole seconds, where records are signed.

#![cfg_attr(not(test), deny(clippy::arithmetic_side_effects))]

use std::fmt;
use std::str::FromStr;

use jiff::civil::Date;
use jiff::tz::Offset;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// Milliseconds since 1970-01-01T00:00:00Z; written as RFC 3339, `2026-11-26T18:20:22.123Z`.
///
/// Between the years 1970 and 9000: what lies outside is taken for the nearest of these, so that arithmetic never fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Time(i64);

/// Why a text is no time.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("not a time in UTC to the millisecond; write it as 2026-11-26T18:20:22.123Z")]
pub struct TimeError;

/// A calendar day in UTC: what quotas are counted by. Written as `2026-11-26`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

const DAY_MS: i64 = 86_400_000;
/// 9000-01-01.
const LAST_MS: i64 = 221_845_392_000_000;

impl Time {
    /// The beginning of time.
    pub const ZERO: Self = Self(0);

    /// A time by its milliseconds since 1970.
    pub fn from_millis(millis: i64) -> Self {
        Self(millis.clamp(0, LAST_MS))
    }

    /// What a clock of the system says.
    pub fn from_system(now: std::time::SystemTime) -> Self {
        let since = now.duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        Self::from_millis(i64::try_from(since.as_millis()).unwrap_or(LAST_MS))
    }

    /// Milliseconds since 1970.
    pub fn millis(self) -> i64 {
        self.0
    }

    /// The second that it is in: what is signed and logged tells no finer.
    pub fn second(self) -> Self {
        Self(self.0.saturating_sub(self.0.checked_rem(1000).unwrap_or(0)))
    }

    /// So many days later.
    pub fn plus_days(self, days: u32) -> Self {
        Self::from_millis(self.0.saturating_add(i64::from(days).saturating_mul(DAY_MS)))
    }

    /// So many days earlier.
    pub(crate) fn minus_days(self, days: u32) -> Self {
        Self::from_millis(self.0.saturating_sub(i64::from(days).saturating_mul(DAY_MS)))
    }

    /// Seconds from here until `later`, rounded up; 0 where that is past.
    pub fn seconds_until(self, later: Self) -> u64 {
        u64::try_from(later.0.saturating_sub(self.0)).unwrap_or_default().div_ceil(1000)
    }

    /// The day it is on.
    pub fn day(self) -> Day {
        Day(Offset::UTC.to_datetime(self.timestamp()).date())
    }

    fn timestamp(self) -> Timestamp {
        Timestamp::from_millisecond(self.0).unwrap_or(Timestamp::UNIX_EPOCH)
    }
}

impl Day {
    /// The year it is in.
    pub(crate) fn year(self) -> i16 {
        self.0.year()
    }

    /// Its first moment.
    pub fn begin(self) -> Time {
        let begin = Offset::UTC.to_timestamp(self.0.at(0, 0, 0, 0));
        Time::from_millis(begin.map_or(LAST_MS, Timestamp::as_millisecond))
    }

    /// The day after it.
    pub fn next(self) -> Self {
        Self(self.0.saturating_add(1.day()))
    }

    /// The first day of its year.
    pub(crate) fn first_of_year(self) -> Self {
        Self(Date::new(self.year(), 1, 1).unwrap_or(self.0))
    }

    /// The first day of the year after its own.
    pub(crate) fn next_year(self) -> Self {
        Self(Date::new(self.year().saturating_add(1), 1, 1).unwrap_or(self.0))
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.timestamp())
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl FromStr for Time {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        let timestamp: Timestamp = text.parse().map_err(|_| TimeError)?;
        let time = Self::from_millis(timestamp.as_millisecond());
        // One time, one text.
        if time.to_string() == text { Ok(time) } else { Err(TimeError) }
    }
}

impl FromStr for Day {
    type Err = TimeError;

    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.parse().map(Self).map_err(|_| TimeError)
    }
}

impl TryFrom<String> for Time {
    type Error = TimeError;

    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Time> for String {
    fn from(time: Time) -> Self {
        time.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_text() {
        let time: Time = "2026-11-26T18:20:22.120Z".parse().unwrap();
        assert_eq!(time.millis(), 1_795_717_222_120);
        assert_eq!(time.to_string(), "2026-11-26T18:20:22.120Z");
        for text in
            ["2026-11-26T18:20:22.12Z", "2026-11-26T18:20:22.120+00:00", "2026-11-26", "", "2026-11-26T18:20:22Z"]
        {
            assert_eq!(text.parse::<Time>(), Err(TimeError), "{text}");
        }
        for millis in [0, 1, 999, LAST_MS] {
            assert_eq!(Time(millis).to_string().parse(), Ok(Time(millis)));
        }
    }

    #[test]
    fn days_end_at_midnight_and_years_at_new_year() {
        let time: Time = "2028-12-31T23:59:59.999Z".parse().unwrap();
        assert_eq!(time.day().to_string(), "2028-12-31");
        assert_eq!(time.day().next().begin(), Time(time.0 + 1));
        assert_eq!(time.day().next_year().begin(), Time(time.0 + 1));
        assert_eq!(time.day().first_of_year().to_string(), "2028-01-01");
        assert_eq!(time.seconds_until(Time(time.0 + 1)), 1);
        assert_eq!(
            [0, 999, 1000, 1999].map(|millis| Time(millis).second()),
            [Time(0), Time(0), Time(1000), Time(1000)]
        );
        assert_eq!(Time(time.0 + 1).seconds_until(time), 0);
    }

    #[test]
    fn arithmetic_stays_within_the_calendar() {
        assert_eq!(Time(5).minus_days(1), Time::ZERO);
        assert_eq!(Time(LAST_MS).plus_days(u32::MAX), Time(LAST_MS));
        assert_eq!(Time::from_millis(i64::MAX).day().next_year().begin(), Time(LAST_MS));
        assert_eq!(Time::from_millis(i64::MIN), Time::ZERO);
    }
}
