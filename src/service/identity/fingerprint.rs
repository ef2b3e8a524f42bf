//! A certificate's fingerprint as people have it: 64 digits, or as OpenSSL prints it.

use crate::service::signing::Hash;

/// Reads a fingerprint: hexadecimal digits, in either case, with or without colons, and with what `openssl x509 -fingerprint -sha256`
/// prints before them. None where a text is something else: the path of a file, say.
///
/// # Errors
///
/// [`FingerprintError`] for a fingerprint of another hash.
pub(crate) fn fingerprint(text: &str) -> Option<Result<Hash, FingerprintError>> {
    let text = text.trim();
    let (named, digits) = match text.split_once('=') {
        Some((name, digits)) if name.to_ascii_lowercase().ends_with("fingerprint") => (true, digits),
        _ => (false, text),
    };
    let digits: String = digits.chars().filter(|c| !matches!(c, ':' | ' ')).map(|c| c.to_ascii_lowercase()).collect();
    // Shorter ones, unless they say what they are, may be names of files.
    let is_one = digits.chars().all(|c| c.is_ascii_hexdigit()) && (named || digits.len() >= SHORTEST_DIGITS);
    is_one.then(|| digits.parse().map_err(|_| FingerprintError { digits: digits.len() }))
}

/// MD5.
const SHORTEST_DIGITS: usize = 32;

/// A fingerprint of another hash, or half of one.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a fingerprint of {digits} digits, where SHA-256 has 64")]
pub(crate) struct FingerprintError {
    /// How many there are.
    digits: usize,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fingerprint_is_read_however_it_is_printed_and_a_path_is_none() {
        let plain = "0f".repeat(32);
        let colons = vec!["0F"; 32].join(":");
        for text in [plain.clone(), plain.to_uppercase(), colons.clone(), format!("sha256 Fingerprint={colons}\n")] {
            assert_eq!(fingerprint(&text), Some(Ok(plain.parse().unwrap())), "{text}");
        }
        for (text, digits) in [("SHA1 Fingerprint=AB:CD".to_owned(), 4), ("ab".repeat(20), 40), ("a".repeat(63), 63)] {
            assert_eq!(fingerprint(&text), Some(Err(FingerprintError { digits })), "{text}");
        }
        for path in ["a.pem", "cafe", "../a/tls.pem", "", "x=y"] {
            assert_eq!(fingerprint(path), None, "{path}");
        }
    }
}
