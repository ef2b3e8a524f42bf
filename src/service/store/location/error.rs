//! Why a text is no location. What stands in the text is not repeated, but for words that are no secret: it may hold a password.

use std::borrow::Cow;

use crate::remedy::Remedy;

/// Why a text is no location.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum LocationError {
    /// Nothing.
    #[error("no database is named")]
    Empty,
    /// SQLite's name for a database that nobody keeps.
    #[error("a database in memory would lose the log")]
    Memory,
    /// A scheme that is not PostgreSQL's: of a driver, say.
    #[error("'{0}:' is not how a database is named here")]
    Scheme(String),
    /// A file with a scheme before it.
    #[error("'{0}:' before the name of a file")]
    FileScheme(String),
    /// A database of another kind.
    #[error("'{0}:' is another kind of database: SQLite and PostgreSQL are known")]
    OtherKind(String),
    /// A connection string that cannot be read.
    #[error("neither the name of a file nor a connection string of PostgreSQL that can be read")]
    Syntax,
    /// An option of other programs.
    #[error("a connection string with the option {0}, which cotejo does not know")]
    Option(&'static str),
    /// An option with a value that it does not have.
    #[error("a connection string whose {0} has a value that is none")]
    Value(&'static str),
    /// An `sslmode` that is none here.
    #[error("a connection string with an sslmode that cotejo does not know")]
    SslMode,
    /// A host that is none: most often a part of the password.
    #[error("a connection string with a host that is none")]
    Host,
    /// No host at all.
    #[error("a connection string without a host")]
    NoHost,
    /// One list is longer than the other.
    #[error("a connection string with {hosts} hosts, {addresses} of hostaddr and {ports} ports")]
    Lists {
        /// Entries of `host`.
        hosts: usize,
        /// Entries of `hostaddr`.
        addresses: usize,
        /// Entries of `port`.
        ports: usize,
    },
    /// A file has none.
    #[error("a password for a database that is a file")]
    NoPassword,
    /// One in the connection string, and another beside it.
    #[error("a connection string with a password, and another password beside it")]
    TwoPasswords,
    /// Traffic to another machine would be in the clear.
    #[error("the database is on another machine, but the connection string does not ask for TLS")]
    InTheClear,
}

impl Remedy for LocationError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Empty | Self::Memory => "name a file, or write postgresql://user@host/name",
            Self::Scheme(scheme) if scheme.contains("postgres") || scheme == "jdbc" => {
                "write postgresql://user@host/name, without the name of a driver"
            }
            Self::Scheme(_) => "write postgresql://user@host/name; ./ before the name of a file that has a colon",
            Self::FileScheme(_) => "name the file alone, without a scheme and without options",
            Self::OtherKind(_) => "name a file, for SQLite, or write postgresql://user@host/name",
            Self::Syntax => {
                "write postgresql://user@host/name, or host=... user=... dbname=...; ./ before the name of a file that looks so"
            }
            Self::Option("sslrootcert" | "sslcrl") => {
                "leave it out, and name the file of authorities in the environment variable SSL_CERT_FILE"
            }
            Self::Option("ssl") => "write sslmode=require",
            Self::Option("passfile" | "service") => "leave it out, and write user and password themselves",
            Self::Option(_) => "leave it out",
            Self::Value("port") => {
                "write a number from 1 to 65535; in a password write @ as %40, : as %3A, / as %2F and % as %25"
            }
            Self::Value("hostaddr") => "write IP addresses, and names as host",
            Self::Value(_) => "correct it, or leave it out",
            Self::SslMode => {
                "write sslmode=require: certificate and name of the server are checked, as verify-full does elsewhere; or disable, for a \
                 database on this machine"
            }
            Self::Host => "write a name or an address; in a password write @ as %40, : as %3A, / as %2F and % as %25",
            Self::NoHost => {
                "name the host: localhost, another one, or the folder of its socket (host=/var/run/postgresql)"
            }
            Self::Lists { .. } => "write as many entries of each, or one port for all",
            Self::NoPassword => "leave the password out: its permissions keep others from a file",
            Self::TwoPasswords => "take it out of the connection string",
            Self::InTheClear => "add sslmode=require",
        };
        Some(remedy.into())
    }
}
