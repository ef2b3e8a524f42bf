//! Numbers, bytes and durations, as a language writes them.

use std::time::Duration;

use super::Words;

impl Words {
    /// A whole number, its digits in groups of three where there are more than four.
    pub fn number(&self, number: u64) -> String {
        grouped(&number.to_string(), &self.say("group-mark"))
    }

    /// A number with so many digits behind the mark.
    pub fn decimal(&self, number: f64, digits: usize) -> String {
        let text = format!("{number:.digits$}");
        let (sign, text) = text.strip_prefix('-').map_or(("", text.as_str()), |text| ("\u{2212}", text));
        match text.split_once('.') {
            None => format!("{sign}{}", grouped(text, &self.say("group-mark"))),
            Some((whole, part)) => {
                format!("{sign}{}{}{part}", grouped(whole, &self.say("group-mark")), self.say("decimal-mark"))
            }
        }
    }

    /// A share in per cent, of as many digits as tell small ones apart.
    pub fn share(&self, share: f64) -> String {
        let percent = 100.0 * share;
        let digits = match percent.abs() {
            p if p == 0.0 || p >= 10.0 => 1,
            p if p >= 0.1 => 2,
            p if p >= 0.001 => 4,
            _ => 6,
        };
        self.with("percent", &[("value", self.decimal(percent, digits).into())])
    }

    /// A number of bytes, in the unit that fits, of a thousand of the one before.
    pub fn bytes(&self, count: u64) -> String {
        let scaled = |by: f64, unit: &str| format!("{}\u{a0}{unit}", self.decimal(count as f64 / by, 1));
        match count as f64 {
            n if n < 1e3 => self.counted("bytes", count),
            n if n < 999.95e3 => scaled(1e3, "kB"),
            n if n < 999.95e6 => scaled(1e6, "MB"),
            n if n < 999.95e9 => scaled(1e9, "GB"),
            _ => scaled(1e12, "TB"),
        }
    }

    /// A duration, in the unit that fits.
    pub fn duration(&self, duration: Duration) -> String {
        let value = |key, value: f64, digits| self.with(key, &[("value", self.decimal(value, digits).into())]);
        match duration.as_secs_f64() {
            s if s < 0.95 => value("milliseconds", s * 1e3, 0),
            s if s < 9.95 => value("seconds", s, 1),
            s if s < 119.5 => value("seconds", s, 0),
            s if s < 119.5 * 60.0 => value("minutes", s / 60.0, 0),
            s if s < 47.5 * 3600.0 => value("hours", s / 3600.0, 1),
            s => self.counted("days", (s / 86_400.0).round() as u64),
        }
    }
}

/// ISO 31-0 and the Spanish academy leave four digits together; so do we in every language.
fn grouped(digits: &str, mark: &str) -> String {
    if digits.len() <= 4 {
        return digits.to_owned();
    }
    let first = digits.len() % 3;
    let (head, tail) = digits.split_at(first);
    let groups = (0..tail.len() / 3).filter_map(|group| tail.get(3 * group..3 * group + 3));
    let all = Some(head).filter(|head| !head.is_empty()).into_iter().chain(groups);
    all.collect::<Vec<_>>().join(mark)
}

#[cfg(test)]
mod tests {
    use super::super::of;
    use super::*;

    #[test]
    fn numbers_are_written_as_each_language_writes_them() {
        let (en, es) = (of("en"), of("es"));
        assert_eq!(
            [en.number(7), en.number(9999), en.number(12_345), en.number(1_234_567)],
            ["7", "9999", "12,345", "1,234,567"]
        );
        assert_eq!(es.number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!([en.decimal(1234.5, 2), es.decimal(-12345.678, 1)], ["1234.50", "\u{2212}12\u{202f}345,7"]);
        assert_eq!(
            [en.share(0.0), en.share(0.5), en.share(0.000_01), es.share(0.0123)],
            ["0.0\u{a0}%", "50.0\u{a0}%", "0.0010\u{a0}%", "1,23\u{a0}%"]
        );
        assert_eq!(
            [en.bytes(1), en.bytes(999), en.bytes(1500), es.bytes(1_500_000)],
            ["1 byte", "999 bytes", "1.5\u{a0}kB", "1,5\u{a0}MB"]
        );
        let times = [0.02, 3.21, 75.0, 600.0, 7200.0, 900_000.0].map(|s| en.duration(Duration::from_secs_f64(s)));
        assert_eq!(times, ["20\u{a0}ms", "3.2\u{a0}s", "75\u{a0}s", "10\u{a0}min", "2.0\u{a0}h", "10 days"]);
    }
}
