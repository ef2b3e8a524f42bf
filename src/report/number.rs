//! Numbers as they stand beside ticks.

/// A number that is a multiple of ten to the `power`, with the decimals this asks for; thousands are set apart by commas.
pub(super) fn number(value: f64, power: i32) -> String {
    if value == 0.0 && power < -6 {
        return "0".to_owned();
    }
    if value != 0.0 && (value.abs() >= 1e7 || power < -6) {
        let exponent = value.abs().log10().floor() as i32;
        let digits = (exponent - power).clamp(0, 6) as usize;
        let digit = format!("{:.digits$}", value.abs() / 10f64.powi(exponent));
        return format!("{}{digit}×10{}", if value < 0.0 { "−" } else { "" }, superscript(exponent));
    }
    let text = format!("{:.*}", (-power).max(0) as usize, value.abs());
    let (whole, decimals) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { "−" } else { "" };
    decimals.map_or(format!("{sign}{grouped}"), |decimals| format!("{sign}{grouped}.{decimals}"))
}

/// `digit` times a power of ten, as a power.
pub(super) fn times_ten(digit: f64, power: i32) -> String {
    match (digit == 1.0, power) {
        (_, 0) => format!("{digit}"),
        (true, 1) => "10".to_owned(),
        (true, _) => format!("10{}", superscript(power)),
        (false, _) => format!("{digit}×10{}", superscript(power)),
    }
}

/// An exponent in raised digits.
fn superscript(exponent: i32) -> String {
    let raise = |character| match character {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => digit.to_digit(10).and_then(|digit| char::from_u32('⁰' as u32 + digit)).unwrap_or(digit),
    };
    exponent.to_string().chars().map(raise).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_the_decimals_of_its_step() {
        let written = [number(0.5, -1), number(0.1 + 0.2, -2), number(-0.25, -2), number(0.0, -1), number(-0.0, 0)];
        assert_eq!(written, ["0.5", "0.30", "−0.25", "0.0", "0"]);
    }

    #[test]
    fn thousands_are_set_apart_until_powers_are_shorter() {
        assert_eq!([number(1_000.0, 3), number(-250_000.0, 4)], ["1,000", "−250,000"]);
        assert_eq!([number(1.5e7, 6), number(-3e-8, -8), number(0.0, -8)], ["1.5×10⁷", "−3×10⁻⁸", "0"]);
    }

    #[test]
    fn powers_are_raised() {
        assert_eq!([times_ten(1.0, -16), times_ten(2.0, 4), times_ten(1.0, 0)], ["10⁻¹⁶", "2×10⁴", "1"]);
    }
}
