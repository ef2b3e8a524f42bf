//! Exact decimal fractions: a threshold is a term of a contract, not a floating-point number.

use std::fmt;

/// A decimal number with at most nine digits after the point, held exactly in units of 1e-9.
///
/// Range: +-1,000,000.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Decimal {
    billionths: i64,
}

/// Why a number is no [`Decimal`].
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("'{0}' is not a decimal number between -1000000 and 1000000 with at most nine digits after the point")]
pub struct DecimalError(String);

impl Decimal {
    /// One, in the units in which a `Decimal` is held.
    pub const ONE: i64 = 1_000_000_000;
    const LIMIT: i64 = 1_000_000 * Self::ONE;

    /// A decimal given in units of 1e-9, brought into range.
    pub(crate) fn from_billionths(billionths: i64) -> Self {
        Self { billionths: billionths.clamp(-Self::LIMIT, Self::LIMIT) }
    }

    /// The value in units of 1e-9.
    pub fn billionths(self) -> i64 {
        self.billionths
    }

    /// The value where it is a whole number.
    pub fn whole(self) -> Option<i64> {
        (self.billionths % Self::ONE == 0).then_some(self.billionths / Self::ONE)
    }

    /// The nearest floating-point number.
    pub fn to_f64(self) -> f64 {
        self.billionths as f64 / Self::ONE as f64
    }

    /// The smallest integer not below `self * factor`.
    pub fn times_rounded_up(self, factor: i64) -> i128 {
        let product = i128::from(self.billionths) * i128::from(factor);
        let one = i128::from(Self::ONE);
        product.div_euclid(one) + i128::from(product.rem_euclid(one) != 0)
    }
}

impl Decimal {
    /// As [`std::str::FromStr`], but with any number of digits after the point: rounded to nine, half away from zero.
    ///
    /// # Errors
    ///
    /// [`DecimalError`] where it is no decimal number, or out of range.
    pub fn rounded(text: &str) -> Result<Self, DecimalError> {
        let Some((before, fraction)) = text.split_once('.') else { return text.parse() };
        match fraction.split_at_checked(9) {
            Some((kept, rest)) if !rest.is_empty() && rest.bytes().all(|byte| byte.is_ascii_digit()) => {
                let kept: Self = format!("{before}.{kept}").parse().map_err(|_| DecimalError::of(text))?;
                let up = i64::from(rest.bytes().next().is_some_and(|digit| digit >= b'5'));
                let billionths = kept.billionths + if text.starts_with('-') { -up } else { up };
                (billionths.abs() <= Self::LIMIT).then_some(Self { billionths }).ok_or_else(|| DecimalError::of(text))
            }
            _ => text.parse(),
        }
    }
}

impl DecimalError {
    fn of(text: &str) -> Self {
        Self(text.chars().take(40).collect())
    }
}

impl std::str::FromStr for Decimal {
    type Err = DecimalError;

    fn from_str(text: &str) -> Result<Self, DecimalError> {
        let error = || DecimalError::of(text);
        let (sign, digits) = match text.strip_prefix('-') {
            Some(digits) => (-1, digits),
            None => (1, text),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
        let plain = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
        if !plain(whole) || !plain(fraction) || whole.len() > 7 || fraction.len() > 9 {
            return Err(error());
        }
        let whole: i64 = whole.parse().map_err(|_| error())?;
        let fraction: i64 = format!("{fraction:0<9}").parse().map_err(|_| error())?;
        let billionths = sign * (whole * Self::ONE + fraction);
        match billionths.abs() <= Self::LIMIT {
            true => Ok(Self { billionths }),
            false => Err(error()),
        }
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.billionths < 0 { "-" } else { "" };
        let (whole, fraction) = (self.billionths.abs() / Self::ONE, self.billionths.abs() % Self::ONE);
        let digits = format!("{fraction:09}");
        match digits.trim_end_matches('0') {
            "" => write!(f, "{sign}{whole}.0"),
            digits => write!(f, "{sign}{whole}.{digits}"),
        }
    }
}

/// As text, which is canonical; the commented agreement writes it as a number.
impl serde::Serialize for Decimal {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

/// From a number (through its shortest decimal form) or a string.
impl<'de> serde::Deserialize<'de> for Decimal {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(serde::Deserialize)]
        #[serde(untagged)]
        enum Number {
            Integer(i64),
            Float(f64),
            Text(String),
        }
        let text = match Number::deserialize(deserializer)? {
            Number::Integer(n) => n.to_string(),
            Number::Float(x) => x.to_string(),
            Number::Text(text) => text,
        };
        text.parse().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_survives_a_round_trip() {
        for text in ["0.35", "-0.000000001", "345.0", "0.333333333", "1000000.0"] {
            assert_eq!(text.parse::<Decimal>().unwrap().to_string(), text);
        }
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        for text in ["", ".", "1.", ".5", "0.1234567891", "1000000.1", "nan", "1e3", "--1", "+1", "99999999"] {
            assert!(text.parse::<Decimal>().is_err(), "{text}");
        }
    }

    #[test]
    fn more_digits_than_are_held_are_rounded_where_that_is_asked_for() {
        let rounded = |text: &str| Decimal::rounded(text).map(|decimal| decimal.to_string());
        for (text, expected) in [
            ("0.333333333333", "0.333333333"),
            ("0.6666666666", "0.666666667"),
            ("-0.0000000005", "-0.000000001"),
            ("0.9999999999", "1.0"),
            ("0.35", "0.35"),
            ("7", "7.0"),
        ] {
            assert_eq!(rounded(text).unwrap(), expected, "{text}");
        }
        for text in ["0.3333333333x", "1000000.0000000009", "nan", ".3333333333", "0.333333333é3"] {
            assert!(rounded(text).is_err(), "{text}");
        }
    }

    #[test]
    fn products_round_up() {
        let decimal = |text: &str| text.parse::<Decimal>().unwrap();
        assert_eq!(decimal("0.333333333").times_rounded_up(3), 1);
        assert_eq!(decimal("-0.5").times_rounded_up(3), -1);
        assert_eq!(decimal("0.5").times_rounded_up(4), 2);
    }
}
