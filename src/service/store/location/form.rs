//! What a text that names a database looks like, before anything is tried with it.
//!
//! A connection string that passes for a file name would leave its password in the name of a file, and in every message about it: what
//! looks like one is none.

use std::borrow::Cow;

use super::LocationError;

/// What a text looks like.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Form<'a> {
    /// The path of a file.
    Path,
    /// A connection string of PostgreSQL's, its scheme in lower case where it has one.
    Server(Cow<'a, str>),
}

impl<'a> Form<'a> {
    /// # Errors
    ///
    /// [`LocationError`] for what is neither.
    pub(super) fn of(text: &'a str) -> Result<Self, LocationError> {
        if text.is_empty() {
            return Err(LocationError::Empty);
        }
        if is_explicit_path(text) {
            let is_mixed = keys(text).any(|key| KNOWN.contains(&key.to_ascii_lowercase().as_str()));
            return if is_mixed { Err(LocationError::Syntax) } else { Ok(Self::Path) };
        }
        match scheme(text) {
            Some((scheme, rest)) if is_of_postgres(&scheme) && rest.starts_with("//") => {
                Ok(Self::Server(format!("{scheme}:{rest}").into()))
            }
            Some((scheme, _)) => Err(foreign(scheme)),
            None if text.starts_with(':') => Err(LocationError::Memory),
            None if text.contains("://") => Err(LocationError::Syntax),
            None if keys(text).next().is_some() => Ok(Self::Server(text.into())),
            None => Ok(Self::Path),
        }
    }
}

/// Keys of connection strings, here and elsewhere, that no path holds by chance.
const KNOWN: [&str; 17] = [
    "database",
    "dbname",
    "host",
    "hostaddr",
    "id",
    "passfile",
    "password",
    "passwd",
    "port",
    "pwd",
    "server",
    "sslmode",
    "sslpassword",
    "uid",
    "user",
    "username",
    "service",
];

fn is_of_postgres(scheme: &str) -> bool {
    matches!(scheme, "postgres" | "postgresql")
}

/// The scheme of another program's connection string.
fn foreign(scheme: String) -> LocationError {
    match scheme.as_str() {
        "sqlite" | "sqlite3" | "file" => LocationError::FileScheme(scheme),
        "mysql" | "mariadb" | "mssql" | "sqlserver" | "oracle" | "mongodb" | "redis" | "db2" | "odbc" => {
            LocationError::OtherKind(scheme)
        }
        _ => LocationError::Scheme(scheme),
    }
}

/// Begins as paths do that have nothing else before them: `/x`, `./x`, `../x`, `~/x`, and `C:\x` and `\\server\x` of Windows.
fn is_explicit_path(text: &str) -> bool {
    let is_drive = || {
        let mut chars = text.chars();
        chars.next().is_some_and(|letter| letter.is_ascii_alphabetic())
            && chars.next() == Some(':')
            && matches!(chars.next(), Some('/' | '\\'))
    };
    ["/", "./", "../", "~/", "\\", ".\\", "..\\"].iter().any(|start| text.starts_with(start)) || is_drive()
}

/// Scheme in lower case, and what follows its colon. `jdbc:postgresql://` has the scheme `jdbc`, as RFC 3986 reads it.
fn scheme(text: &str) -> Option<(String, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    let is_scheme = scheme.starts_with(|c: char| c.is_ascii_alphabetic())
        && scheme.chars().all(|c| c.is_ascii_alphanumeric() || "+-._".contains(c));
    is_scheme.then(|| (scheme.to_ascii_lowercase(), rest))
}

/// What stands before each `=` as keys of connection strings do: a word at the beginning, or behind what separates pairs.
fn keys(text: &str) -> impl Iterator<Item = &str> {
    text.match_indices('=').filter_map(|(at, _)| {
        let before = text.get(..at)?.trim_end();
        let rest = before.trim_end_matches(|c: char| c.is_ascii_alphanumeric() || c == '_');
        let key = before.get(rest.len()..)?;
        let separated = rest.chars().next_back().is_none_or(|c| c.is_whitespace() || ";,?&'\"".contains(c));
        (separated && key.starts_with(|c: char| c.is_ascii_alphabetic())).then_some(key)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> Option<LocationError> {
        Form::of(text).err()
    }

    #[test]
    fn paths_are_files_whatever_signs_they_hold() {
        for path in [
            "custodian.sqlite",
            "x",
            "a/b.sqlite",
            "/var/lib/cotejo/x",
            "./host=x",
            "../a:b",
            "C:\\data\\x",
            "D:/x",
            "\\\\server\\share\\x",
            "~/x",
            "data/year=2026/x.sqlite",
            "/data/day=1 b/x",
            "é.sqlite",
            "a b",
        ] {
            assert_eq!(Form::of(path), Ok(Form::Path), "{path}");
        }
    }

    #[test]
    fn what_has_a_scheme_or_pairs_is_no_file() {
        for pairs in
            ["host=x", "sslmode=require host=x password=y", "x = y", "dbname=a", "Server=a;Password=b", "'a=b'"]
        {
            assert_eq!(Form::of(pairs), Ok(Form::Server(pairs.into())), "{pairs}");
        }
        assert_eq!(Form::of("PostgreSQL://Host/X"), Ok(Form::Server("postgresql://Host/X".into())));
        let scheme = |name: &str| Some(LocationError::Scheme(name.to_owned()));
        for (text, name) in [
            ("postgresql+psycopg2://h/x", "postgresql+psycopg2"),
            ("jdbc:postgresql://h/x", "jdbc"),
            ("postgres:x", "postgres"),
            ("https://h", "https"),
            ("user:password@h", "user"),
            ("a:b", "a"),
        ] {
            assert_eq!(error(text), scheme(name), "{text}");
        }
        assert_eq!(error("sqlite:///x"), Some(LocationError::FileScheme("sqlite".into())));
        assert_eq!(error("MySQL://u@h/x"), Some(LocationError::OtherKind("mysql".into())));
        assert_eq!(error(":memory:"), Some(LocationError::Memory));
        assert_eq!(error(""), Some(LocationError::Empty));
        for mixed in ["/x password=y", "./x;PWD=y", "'postgresql://h/x"] {
            assert_eq!(error(mixed), Some(LocationError::Syntax), "{mixed}");
        }
    }
}
