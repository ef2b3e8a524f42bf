//! Two parties with all they need, whose configurations are changed by what a test brings.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;

use crate::support::Desk;

/// Folders `a`, the querier's, and `b`, the custodian's; nobody listens at the address that `a` knows.
pub fn parties() -> Desk {
    let desk = Desk::of_two_parties(&["a", "b"]);
    configure(&desk, &Changes::default());
    desk.ok("serve --init-database --config b/custodian.toml");
    desk
}

/// What stands in the configurations in the place of what fits.
pub struct Changes<'a> {
    pub database: &'a str,
    pub certificate: &'a str,
    pub key: &'a str,
    pub authority: &'a str,
    pub url: &'a str,
    /// The requester's certificate, or its fingerprint.
    pub requester: &'a str,
}

impl Default for Changes<'_> {
    fn default() -> Self {
        Self {
            database: "own.sqlite",
            certificate: "tls.pem",
            key: "tls.key",
            authority: "authority.pem",
            url: "https://127.0.0.1:1",
            requester: "../a/tls.pem",
        }
    }
}

/// Writes both configurations.
pub fn configure(desk: &Desk, changes: &Changes<'_>) {
    let Changes { database, certificate, key, authority, url, requester } = changes;
    let common = |party: &str| {
        format!(
            "party = '{party}'\ndatabase = '''{database}'''\nsigning_key = 'signing.key'\n[tls]\ncertificate = '{certificate}'\n\
             key = '{key}'\nauthority = '{authority}'\n"
        )
    };
    let custodian = common("B").replace("[tls]", "listen = '127.0.0.1:0'\n[tls]")
        + "[[agreement]]\nfile = '../agreement.toml'\ngallery = 'gallery.cotejo'\n"
        + &format!("[[requester]]\ncode = 'A'\ncertificate = '{requester}'\nsigning_key = '../a/signing.pub'\n");
    let querier = common("A").replace("[tls]", "keys = 'keys'\n[tls]")
        + &format!("[custodian]\nparty = 'B'\nurl = '{url}'\nsigning_key = '../b/signing.pub'\n");
    desk.write("b/custodian.toml", custodian);
    desk.write("a/querier.toml", querier);
}

/// The commands that read a configuration, each with its file.
pub const READ: [(&str, &str); 3] = [
    ("serve --config b/custodian.toml --check", "b/custodian.toml"),
    ("serve --config b/custodian.toml", "b/custodian.toml"),
    ("ask --config a/querier.toml --check", "a/querier.toml"),
];

/// A file of its owner's alone.
pub fn private(desk: &Desk, name: &str, content: impl AsRef<[u8]>) {
    desk.write(name, content);
    fs::set_permissions(desk.path(name), Permissions::from_mode(0o600)).unwrap();
}
