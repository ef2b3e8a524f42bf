//! What is said of a configuration that cannot be read: where and what, but nothing of what stands there, for it may be a password or a PIN.

/// What is wrong with a configuration's text, in one line.
pub fn fault(text: &str, error: &toml::de::Error) -> String {
    let what = without_values(error.message());
    match error.span().and_then(|span| text.get(..span.start)) {
        Some(before) => {
            let (line, column) =
                (before.split('\n').count(), before.rsplit('\n').next().unwrap_or_default().chars().count());
            format!("line {line}, column {}: {what}", column.saturating_add(1))
        }
        // The last line names the keys that lead there.
        None => match error.to_string().trim_end().rsplit('\n').next().filter(|place| place.starts_with("in `")) {
            Some(place) => format!("{what}, {place}"),
            None => what,
        },
    }
}

/// A message of a deserializer that quotes no value: names of keys may be told.
fn without_values(message: &str) -> String {
    const OF_VALUES: [&str; 3] = ["invalid type", "invalid value", "unknown variant"];
    let Some(kind) = OF_VALUES.into_iter().find(|kind| message.starts_with(kind)) else { return message.to_owned() };
    // No text of what was expected holds this.
    match message.rsplit_once(", expected ") {
        Some((_, expected)) => format!("{kind}, expected {expected}"),
        None => kind.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;
    use crate::agreement::Code;

    const SECRET: &str = "hunter2, expected a\\nin `x`";

    #[derive(Debug, Deserialize)]
    #[serde(deny_unknown_fields)]
    #[expect(dead_code, reason = "only read")]
    struct Sample {
        party: Option<Code>,
        listen: Option<std::net::SocketAddr>,
        number: Option<u8>,
        way: Option<Way>,
        file: Option<std::path::PathBuf>,
        inner: Option<Inner>,
    }

    #[derive(Debug, Deserialize)]
    #[expect(dead_code, reason = "only read")]
    struct Inner {
        number: u8,
    }

    #[derive(Debug, Deserialize)]
    #[serde(rename_all = "lowercase")]
    enum Way {
        There,
        Back,
    }

    #[test]
    fn a_fault_is_told_by_its_place_and_never_by_what_stands_there() {
        let values =
            ["'X'", "\"X\"", "[\"X\"]", "{ X = 1, a }", "\"X\" x", "\"X", "X", "'''\nX\n'''x", "host=a password=X"];
        for value in values {
            let value = value.replace('X', SECRET);
            for field in ["party", "listen", "number", "way", "inner", "file", "inner.number"] {
                let text = format!("# one\n{field} = {value}\n");
                let read = toml::from_str::<Sample>(&text).map(|_| ());
                let rest =
                    toml::from_str::<toml::Table>(&text).and_then(|table| table.try_into::<Sample>().map(|_| ()));
                for error in [read, rest].into_iter().filter_map(Result::err) {
                    let said = fault(&text, &error);
                    assert!(!said.contains("hunter2") && !said.contains('\n'), "{text}: {said}");
                }
            }
        }
        let of = |text: &str| fault(text, &toml::from_str::<Sample>(text).unwrap_err());
        assert_eq!(of("\n  number = 12345678"), "line 2, column 12: invalid value, expected u8");
        assert_eq!(of("way = 'hunter2'"), "line 1, column 7: unknown variant, expected `there` or `back`");
        assert!(of("nobody = 1").contains("unknown field `nobody`"));
        let table: toml::Table = toml::from_str("[inner]\nnumber = 'hunter2'").unwrap();
        let error = table.try_into::<Sample>().unwrap_err();
        assert_eq!(fault("", &error), "invalid type, expected u8, in `inner.number`");
    }
}
