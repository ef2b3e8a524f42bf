//! Sizes of memory, as people write them.

/// A number of bytes: a whole or decimal number with a unit of bytes, `4GiB`, `1.5GB`, `500MiB`, or without one.
pub fn parse(text: &str) -> Result<u64, String> {
    let error = || format!("'{text}' is no size; write a number and a unit, such as 4GiB or 500MB");
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at_checked(end).ok_or_else(error)?;
    let factor: u64 = match unit.trim_start().to_ascii_lowercase().as_str() {
        "" | "b" => 1,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        "tb" => 1_000_000_000_000,
        "k" | "kib" => 1 << 10,
        "m" | "mib" => 1 << 20,
        "g" | "gib" => 1 << 30,
        "t" | "tib" => 1 << 40,
        _ => return Err(error()),
    };
    match number.parse::<f64>() {
        // Beyond, a floating-point number does not tell bytes apart.
        Ok(number) if number * factor as f64 <= 2f64.powi(53) => Ok((number * factor as f64) as u64),
        _ => Err(error()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_as_people_write_them() {
        for (text, bytes) in [
            ("0", 0),
            ("4096", 4096),
            ("4GiB", 4 << 30),
            ("4g", 4 << 30),
            ("500 MB", 500_000_000),
            ("1.5kib", 1536),
            ("2TB", 2_000_000_000_000),
        ] {
            assert_eq!(parse(text), Ok(bytes), "{text}");
        }
        for text in ["", "GiB", "4 GiBs", "-1", "1e9", "4..5GB", "nan", "99999999TB", "4é"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
