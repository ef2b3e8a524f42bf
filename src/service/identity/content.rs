//! What stands in a file that should hold certificates or a key in PEM: other programs write much else.

use std::fmt;
use std::path::Path;

use rustls::pki_types::PrivateKeyDer;
use x509_parser::prelude::{FromDer, X509Certificate};

use crate::words::with_article;

/// What a file should hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Needed {
    /// One certificate or several.
    Certificate,
    /// A private key that is not encrypted.
    PrivateKey,
}

impl fmt::Display for Needed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Certificate => "certificate",
            Self::PrivateKey => "private key",
        })
    }
}

/// What a file holds instead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Content {
    /// Nothing.
    Empty,
    /// A certificate in DER.
    CertificateDer,
    /// A private key in DER.
    KeyDer,
    /// A private key in DER that is encrypted.
    EncryptedDer,
    /// A private key in PEM that is encrypted.
    EncryptedPem,
    /// Certificate and key in one file with a password: `.p12`, `.pfx`.
    Pkcs12,
    /// Certificates in an envelope, in DER: `.p7b`.
    Pkcs7Der,
    /// Certificates in an envelope, in PEM.
    Pkcs7Pem,
    /// Java's own.
    KeyStore,
    /// OpenSSL's certificate with trust.
    Trusted,
    /// OpenSSH's key.
    OpenSsh,
    /// The request for a certificate.
    Request,
    /// A public key.
    PublicKey,
    /// A certificate, where a key is needed.
    Certificate,
    /// A private key, where a certificate is needed.
    PrivateKey,
    /// Text of two bytes a sign.
    Utf16,
    /// PEM whose lines are not at their place.
    Lines,
    /// PEM whose Base64 is none.
    Damaged,
    /// Anything else.
    Other,
}

impl fmt::Display for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::Utf16 => f.write_str("it is text in UTF-16"),
            Self::Lines => f.write_str("its lines are indented, joined or cut"),
            Self::Damaged => f.write_str("it is damaged"),
            Self::Other => f.write_str("it is something else"),
            named => write!(f, "it is {}", with_article(named.noun())),
        }
    }
}

impl Content {
    /// What it is called, without an article.
    pub(crate) fn noun(self) -> &'static str {
        match self {
            Self::CertificateDer => "certificate in DER",
            Self::KeyDer => "private key in DER",
            Self::EncryptedDer | Self::EncryptedPem => "private key that is encrypted",
            Self::Pkcs12 => "PKCS #12 file",
            Self::Pkcs7Der | Self::Pkcs7Pem => "PKCS #7 file",
            Self::KeyStore => "key store of Java's",
            Self::Trusted => "certificate as OpenSSL trusts it",
            Self::OpenSsh => "key of OpenSSH's",
            Self::Request => "request for a certificate",
            Self::PublicKey => "public key",
            Self::Certificate => "certificate",
            Self::PrivateKey => "private key",
            Self::Empty | Self::Utf16 | Self::Lines | Self::Damaged | Self::Other => "file",
        }
    }

    /// Whether a private key is in it, or may be.
    pub(crate) fn is_secret(self) -> bool {
        matches!(
            self,
            Self::KeyDer
                | Self::EncryptedDer
                | Self::EncryptedPem
                | Self::Pkcs12
                | Self::KeyStore
                | Self::OpenSsh
                | Self::PrivateKey
        )
    }
}

impl Content {
    /// What makes of it what is needed.
    pub(crate) fn remedy(self, file: &str, needed: Needed) -> String {
        let is_key = needed == Needed::PrivateKey;
        let out = beside(file, if is_key { "key" } else { "pem" });
        let command = match self {
            Self::CertificateDer if !is_key => format!("openssl x509 -inform der -in {file} -out {out}"),
            Self::KeyDer if is_key => format!("openssl pkey -inform der -in {file} -out {out}"),
            Self::EncryptedDer if is_key => format!("openssl pkcs8 -inform der -in {file} -out {out}"),
            Self::EncryptedPem if is_key => format!("openssl pkey -in {file} -out {out}"),
            Self::Pkcs12 if is_key => format!("openssl pkcs12 -in {file} -nocerts -nodes -out {out}"),
            Self::Pkcs12 => format!("openssl pkcs12 -in {file} -nokeys -out {out}"),
            Self::Pkcs7Der if !is_key => format!("openssl pkcs7 -inform der -in {file} -print_certs -out {out}"),
            Self::Pkcs7Pem if !is_key => format!("openssl pkcs7 -in {file} -print_certs -out {out}"),
            Self::KeyStore => {
                let p12 = beside(file, "p12");
                let export =
                    format!("keytool -importkeystore -srckeystore {file} -destkeystore {p12} -deststoretype pkcs12");
                return format!("{export}, and then: {}", Self::Pkcs12.remedy(&p12, needed));
            }
            Self::Trusted if !is_key => format!("openssl x509 -in {file} -out {out}"),
            Self::OpenSsh if is_key => format!("cp {file} {out} && ssh-keygen -p -N '' -m PKCS8 -f {out}"),
            Self::Utf16 => format!("iconv -f UTF-16 -t ASCII {file} > {out}"),
            Self::Request => {
                return "send it to the authority, and name the certificate that comes back (for trials: cotejo certificates issue)"
                    .to_owned();
            }
            Self::Certificate
            | Self::PrivateKey
            | Self::CertificateDer
            | Self::KeyDer
            | Self::EncryptedPem
            | Self::EncryptedDer
            | Self::OpenSsh => {
                return "name the certificate's file as certificate, the key's as key, the authority's as authority (for trials: cotejo \
                        certificates issue makes all three)"
                    .to_owned();
            }
            _ => return "get it again from whoever made it (for trials: cotejo certificates issue)".to_owned(),
        };
        format!("{command}, and name {out} (for trials: cotejo certificates issue)")
    }
}

/// A file beside this one, under another name.
fn beside(file: &str, extension: &str) -> String {
    let path = Path::new(file).with_extension(extension);
    let path = if path == Path::new(file) { path.with_extension(format!("new.{extension}")) } else { path };
    path.display().to_string()
}

/// Windows' editors put a mark before text.
pub(super) fn without_mark(content: &[u8]) -> &[u8] {
    content.strip_prefix(b"\xef\xbb\xbf").unwrap_or(content)
}

impl Content {
    /// What a file looks like.
    pub(crate) fn of(content: &[u8]) -> Self {
        let content = without_mark(content);
        if content.iter().all(u8::is_ascii_whitespace) {
            return Self::Empty;
        }
        if content.starts_with(b"\xff\xfe") || content.starts_with(b"\xfe\xff") || content.starts_with(b"-\0-\0") {
            return Self::Utf16;
        }
        match content.first() {
            Some(0x30) => Self::of_der(content),
            _ if content.starts_with(b"\xfe\xed\xfe\xed") => Self::KeyStore,
            _ => Self::of_text(&String::from_utf8_lossy(content)),
        }
    }

    fn of_text(text: &str) -> Self {
        const BEGIN: &str = "-----BEGIN ";
        let labels = || text.lines().filter_map(|line| line.strip_prefix(BEGIN)?.trim_end().strip_suffix("-----"));
        let has = |sought: &[&str]| labels().any(|label| sought.contains(&label));
        let kinds: [(&[&str], Self); 8] = [
            (&["ENCRYPTED PRIVATE KEY"], Self::EncryptedPem),
            (&["OPENSSH PRIVATE KEY"], Self::OpenSsh),
            (&["PRIVATE KEY", "RSA PRIVATE KEY", "EC PRIVATE KEY", "DSA PRIVATE KEY"], Self::PrivateKey),
            (&["TRUSTED CERTIFICATE", "X509 CERTIFICATE"], Self::Trusted),
            (&["CERTIFICATE"], Self::Certificate),
            (&["CERTIFICATE REQUEST", "NEW CERTIFICATE REQUEST"], Self::Request),
            (&["PKCS7", "CMS"], Self::Pkcs7Pem),
            (&["PUBLIC KEY", "RSA PUBLIC KEY"], Self::PublicKey),
        ];
        match kinds.into_iter().find(|(labels, _)| has(labels)) {
            Some((_, Self::PrivateKey)) if text.contains("Proc-Type: 4,ENCRYPTED") => Self::EncryptedPem,
            Some((_, kind)) => kind,
            None if text.contains(BEGIN) || text.contains("-----END ") => Self::Lines,
            None => Self::Other,
        }
    }

    fn of_der(content: &[u8]) -> Self {
        /// PKCS #7, 1.2.840.113549.1.7.
        const ENVELOPE: &[u8] = b"\x06\x09\x2a\x86\x48\x86\xf7\x0d\x01\x07";
        /// PKCS #5, 1.2.840.113549.1.5, and PKCS #12's own, 1.2.840.113549.1.12.1.
        const ENCRYPTION: [&[u8]; 2] = [b"\x2a\x86\x48\x86\xf7\x0d\x01\x05", b"\x2a\x86\x48\x86\xf7\x0d\x01\x0c\x01"];
        if X509Certificate::from_der(content).is_ok() {
            return Self::CertificateDer;
        }
        // Behind the tag and the length of the outermost sequence.
        let header = match content.get(1) {
            Some(&length @ 0x81..=0x84) => usize::from(length - 0x80) + 2,
            _ => 2,
        };
        let inner = content.get(header..).unwrap_or_default();
        let beginning = inner.get(..inner.len().min(24)).unwrap_or_default();
        if inner.starts_with(b"\x02\x01\x03") {
            return Self::Pkcs12;
        }
        if inner.starts_with(ENVELOPE) {
            return Self::Pkcs7Der;
        }
        if ENCRYPTION.iter().any(|sign| beginning.windows(sign.len()).any(|window| window == *sign)) {
            return Self::EncryptedDer;
        }
        match PrivateKeyDer::try_from(content) {
            Ok(_) => Self::KeyDer,
            Err(_) => Self::Other,
        }
    }
}
