//! The public half of a key in a token.

use pkcs8::der::Decode as _;
use pkcs8::der::Encode as _;
use pkcs8::der::asn1::{OctetStringRef, Uint};
use rustls::SignatureScheme;
use rustls::pki_types::alg_id;
use rustls::pki_types::{AlgorithmIdentifier, SubjectPublicKeyInfoDer};

/// Kinds of keys that are signed with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    Ed25519,
    P256,
    P384,
    Rsa,
}

impl Kind {
    /// How it signs in TLS, the best first.
    pub fn schemes(self) -> &'static [SignatureScheme] {
        match self {
            Self::Ed25519 => &[SignatureScheme::ED25519],
            Self::P256 => &[SignatureScheme::ECDSA_NISTP256_SHA256],
            Self::P384 => &[SignatureScheme::ECDSA_NISTP384_SHA384],
            Self::Rsa => &[SignatureScheme::RSA_PSS_SHA256, SignatureScheme::RSA_PKCS1_SHA256],
        }
    }

    /// In X.509.
    fn identifier(self) -> AlgorithmIdentifier {
        match self {
            Self::Ed25519 => alg_id::ED25519,
            Self::P256 => alg_id::ECDSA_P256,
            Self::P384 => alg_id::ECDSA_P384,
            Self::Rsa => alg_id::RSA_ENCRYPTION,
        }
    }

    /// By CKA_EC_PARAMS of a key on a curve of Weierstrass.
    pub fn of_curve(parameters: &[u8]) -> Option<Self> {
        match parameters {
            b"\x06\x08\x2a\x86\x48\xce\x3d\x03\x01\x07" => Some(Self::P256),
            b"\x06\x05\x2b\x81\x04\x00\x22" => Some(Self::P384),
            _ => None,
        }
    }

    /// By CKA_EC_PARAMS of a key on a curve of Edwards: its name, or its number.
    pub fn of_edwards(parameters: &[u8]) -> Option<Self> {
        let is_known = matches!(parameters, b"\x13\x0cedwards25519" | b"\x06\x03\x2b\x65\x70");
        is_known.then_some(Self::Ed25519)
    }

    /// Of CKA_EC_POINT, in bytes.
    fn point_bytes(self) -> usize {
        match self {
            Self::Ed25519 => 32,
            Self::P256 => 65,
            Self::P384 => 97,
            Self::Rsa => 0,
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::Ed25519 => "Ed25519",
            Self::P256 => "ECDSA on P-256",
            Self::P384 => "ECDSA on P-384",
            Self::Rsa => "RSA",
        }
    }
}

/// The public half.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PublicHalf {
    pub kind: Kind,
    /// As a certificate has it behind the algorithm: a point, or an RSAPublicKey.
    pub bytes: Vec<u8>,
}

impl PublicHalf {
    /// By CKA_EC_POINT: tokens give the point in an OCTET STRING, as they should, or as it is.
    pub fn of_point(kind: Kind, point: &[u8]) -> Option<Self> {
        let bytes = match point.len() == kind.point_bytes() {
            true => point,
            false => <&OctetStringRef>::from_der(point).ok()?.as_bytes(),
        };
        let is_one = bytes.len() == kind.point_bytes() && (kind == Kind::Ed25519 || bytes.first() == Some(&4));
        is_one.then(|| Self { kind, bytes: bytes.to_vec() })
    }

    /// By CKA_MODULUS and CKA_PUBLIC_EXPONENT.
    pub fn of_rsa(modulus: &[u8], exponent: &[u8]) -> Option<Self> {
        // TLS takes 2048 to 8192 bits.
        let bits = 8 * modulus.iter().skip_while(|byte| **byte == 0).count();
        let bytes = two_numbers(modulus, exponent).filter(|_| (2048..=8192).contains(&bits))?;
        Some(Self { kind: Kind::Rsa, bytes })
    }

    /// As X.509 has it.
    pub fn info(&self) -> SubjectPublicKeyInfoDer<'static> {
        rustls::sign::public_key_to_spki(&self.kind.identifier(), &self.bytes)
    }
}

/// A sequence of two integers, in DER: an RSAPublicKey, or a signature of ECDSA.
pub fn two_numbers(first: &[u8], second: &[u8]) -> Option<Vec<u8>> {
    vec![Uint::new(first).ok()?, Uint::new(second).ok()?].to_der().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_and_numbers_are_read_as_tokens_give_them() {
        let point = [&[4][..], &[7; 64]].concat();
        for given in [point.clone(), [&[4, 65][..], &point].concat()] {
            assert_eq!(PublicHalf::of_point(Kind::P256, &given).unwrap().bytes, point);
        }
        let short = [2; 32];
        for given in [short.to_vec(), [&[4, 32][..], &short].concat()] {
            assert_eq!(PublicHalf::of_point(Kind::Ed25519, &given).unwrap().bytes, short);
        }
        let compressed = [&[3][..], &[7; 32]].concat();
        for (kind, wrong) in
            [(Kind::P256, &compressed[..]), (Kind::P256, &[5; 65]), (Kind::P384, &point), (Kind::Ed25519, b"")]
        {
            assert_eq!(PublicHalf::of_point(kind, wrong), None);
        }
        assert_eq!(two_numbers(&[0, 0, 1], &[0x80]).unwrap(), [0x30, 7, 2, 1, 1, 2, 2, 0, 0x80]);
        assert!(PublicHalf::of_rsa(&[0xff; 128], &[1, 0, 1]).is_none(), "1024 bits");
        assert!(PublicHalf::of_rsa(&[0xff; 256], &[1, 0, 1]).is_some());
    }
}
