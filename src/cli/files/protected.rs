//! Keys under a passphrase: PBES2 (RFC 8018) with scrypt, in PEM.
//!
//! A key in PEM becomes an encrypted PKCS #8 (RFC 5958), which OpenSSL 3.0 reads: AES-256-CBC, and no more memory for scrypt than OpenSSL
//! takes (32 MiB). `secret.key`, which is of our own format, is encrypted with AES-256-GCM and four times that memory. A file says how
//! much work its passphrase is: what would take minutes or gigabytes is refused before it is begun.

use std::path::Path;

use pkcs8::der::asn1::{AnyRef, OctetString};
use pkcs8::der::pem::{self, PemLabel as _};
use pkcs8::der::{Decode as _, Encode as _, Tag, Tagged as _};
use pkcs8::pkcs5::pbes2::{Kdf, Parameters};
use pkcs8::pkcs5::{self, EncryptionScheme, scrypt};
use pkcs8::{EncryptedPrivateKeyInfoOwned, LineEnding};
use rand::RngCore;
use zeroize::Zeroizing;

use crate::cli::failure::Failure;
use crate::cli::service_file::PROTECTED_SECRET_KEY as SECRET_KEY;

/// What a key in PEM is called that is not encrypted, and that we protect.
const CLEAR: &str = "PRIVATE KEY";

/// Most memory that scrypt may take to read a file, in bytes.
const MOST_MEMORY: u64 = 256 << 20;
/// Most blocks that scrypt may mix to read a file: some seconds.
const MOST_BLOCKS: u64 = 1 << 22;
/// Most rounds of PBKDF2, which OpenSSL takes unless it is told otherwise.
const MOST_ROUNDS: u32 = 10_000_000;

/// A key as it stands in its file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// Under a passphrase.
    Protected,
    /// In PKCS #8, in PEM.
    Pem,
    /// Anything else.
    Other,
}

impl Standing {
    /// By the first label.
    pub fn of(content: &[u8]) -> Self {
        match label(content) {
            Some(found) if found == SECRET_KEY || found == EncryptedPrivateKeyInfoOwned::PEM_LABEL => Self::Protected,
            Some(CLEAR) => Self::Pem,
            _ => Self::Other,
        }
    }
}

fn label(content: &[u8]) -> Option<&str> {
    let text = std::str::from_utf8(content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)).ok()?;
    text.lines().find_map(|line| line.strip_prefix("-----BEGIN ")?.trim_end().strip_suffix("-----"))
}

/// Takes the protection away.
pub fn open(path: &Path, content: &[u8], passphrase: &str) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let damaged = || Failure::at(path, "a protected key that is damaged", "restore it from a copy");
    let (label, der) = pem::decode_vec(content.trim_ascii()).map_err(|_| damaged())?;
    let encrypted = EncryptedPrivateKeyInfoOwned::from_der(&der).map_err(|_| damaged())?;
    check_work(path, &encrypted.encryption_algorithm)?;
    let opened = encrypted.encryption_algorithm.decrypt(passphrase, encrypted.encrypted_data.as_bytes());
    let other =
        || Failure::at(path, "another passphrase, or a file that is damaged", "give the passphrase of this key");
    let opened = opened.map(Zeroizing::new).map_err(|error| match error {
        pkcs5::Error::UnsupportedAlgorithm { .. } | pkcs5::Error::NoPbes1CryptSupport => weak(path),
        _ => other(),
    })?;
    if label == SECRET_KEY {
        return Ok(opened);
    }
    // Of AES-CBC one other passphrase in 256 leaves padding that passes, and something before it that is no key.
    if !AnyRef::from_der(&opened).is_ok_and(|key| key.tag() == Tag::Sequence) {
        return Err(other());
    }
    let text = pem::encode_string(CLEAR, LineEnding::LF, &opened).map_err(|_| damaged())?;
    Ok(Zeroizing::new(text.into_bytes()))
}

fn weak(path: &Path) -> Failure {
    let remedy =
        format!("protect it anew: openssl pkcs8 -topk8 -scrypt -in {0} -out NEW, and name NEW", path.display());
    Failure::at(path, "is protected in a way that is not read here: scrypt or PBKDF2 with AES are", remedy)
}

/// Refuses work that its file asks for, where it is more than any of ours.
fn check_work(path: &Path, scheme: &EncryptionScheme) -> Result<(), Failure> {
    let parameters = scheme.pbes2().ok_or_else(|| weak(path))?;
    let is_bounded = match &parameters.kdf {
        Kdf::Scrypt(scrypt) => {
            let (cost, block) = (scrypt.cost_parameter, u64::from(scrypt.block_size));
            let blocks = cost.saturating_mul(block);
            let all = blocks.saturating_mul(u64::from(scrypt.parallelization));
            blocks.saturating_mul(128) <= MOST_MEMORY && all <= MOST_BLOCKS
        }
        Kdf::Pbkdf2(rounds) => rounds.iteration_count <= MOST_ROUNDS,
        _ => return Err(weak(path)),
    };
    let what = "asks for more work to try its passphrase than any key of ours: nothing of it was begun";
    is_bounded.then_some(()).ok_or_else(|| Failure::at(path, what, "have whoever made it protect it with less"))
}

/// Protects a key that is in the clear.
pub fn protect(
    path: &Path,
    content: &[u8],
    passphrase: &str,
    rng: &mut dyn RngCore,
) -> Result<Zeroizing<Vec<u8>>, Failure> {
    let unmade = || Failure::at(path, "cannot be protected", "report this as a fault of cotejo");
    let (mut salt, mut iv, mut nonce) = ([0; 16], [0; 16], [0; 12]);
    rng.fill_bytes(&mut salt);
    rng.fill_bytes(&mut iv);
    rng.fill_bytes(&mut nonce);
    let work = |log_n, p| scrypt::Params::new(log_n, 8, p).map_err(|_| unmade());
    let (label, plain, parameters) = match Standing::of(content) {
        Standing::Protected => {
            return Err(Failure::at(path, "is protected already", "open it first: cotejo keys open"));
        }
        Standing::Pem => {
            let damaged = |_| Failure::at(path, "a private key in PEM that is damaged", "restore it from a copy");
            let (_, der) = pem::decode_vec(content.trim_ascii()).map_err(damaged)?;
            let parameters = Parameters::generate_scrypt_aes256cbc(work(14, 5)?, &salt, iv);
            (EncryptedPrivateKeyInfoOwned::PEM_LABEL, Zeroizing::new(der), parameters)
        }
        Standing::Other => {
            let parameters = Parameters::scrypt_aes256gcm(work(17, 1)?, &salt, nonce);
            (SECRET_KEY, Zeroizing::new(content.to_vec()), parameters)
        }
    };
    let parameters = parameters.map_err(|_| unmade())?;
    let encrypted = parameters.encrypt(passphrase, &plain).map_err(|_| unmade())?;
    let encrypted = EncryptedPrivateKeyInfoOwned {
        encryption_algorithm: parameters.into(),
        encrypted_data: OctetString::new(encrypted).map_err(|_| unmade())?,
    };
    let der = encrypted.to_der().map_err(|_| unmade())?;
    let text = pem::encode_string(label, LineEnding::LF, &der).map_err(|_| unmade())?;
    Ok(Zeroizing::new(text.into_bytes()))
}

#[cfg(test)]
mod tests {
    use rand::SeedableRng as _;

    use super::*;

    #[test]
    fn what_another_passphrase_leaves_is_no_key_although_its_padding_passes() {
        let path = Path::new("tls.key");
        let mut rng = rand_chacha::ChaCha20Rng::seed_from_u64(1);
        for (der, is_key) in [(&[0x30, 3, 2, 1, 7][..], true), (&[0x30, 4, 2, 1, 7], false), (&[0x5a; 20], false)] {
            let key = pem::encode_string(CLEAR, LineEnding::LF, der).unwrap();
            let protected = protect(path, key.as_bytes(), "correct horse battery", &mut rng).unwrap();
            match open(path, &protected, "correct horse battery") {
                Ok(opened) => assert!(is_key && *opened == key.as_bytes(), "{der:?}"),
                Err(Failure::Problem(problem)) => {
                    assert!(!is_key && problem.what.starts_with("another passphrase"), "{der:?}: {}", problem.what);
                }
                Err(_) => panic!("{der:?}"),
            }
        }
    }
}
