//! Header, length, checksum: what is checked before a payload is looked at.

use std::borrow::Cow;
use std::io::Read;

use sha2::{Digest as _, Sha256};

use super::KeyId;
use crate::agreement::{Agreement, Digest, SchemeId};
use crate::parameters::SetMark;
use crate::remedy::Remedy;
use crate::scheme::{CrossingError, OtherScheme};
use crate::words::with_article;

const MAGIC: [u8; 8] = *b"COTEJO\x1a\n";
const HEADER_BYTES: usize = 72;
const CHECKSUM_BYTES: usize = 32;
/// What a header may claim before the stream has shown it: 1 MiB, more than any secret key or pending query.
const PREALLOCATED_BYTES: u64 = 1 << 20;

/// What a file is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Kind {
    /// The querier's secret key. Never crosses.
    SecretKey = 1,
    /// The querier's public keys.
    EvaluationKey = 2,
    /// Encrypted probes.
    Query = 3,
    /// Encrypted verdicts.
    Answer = 4,
    /// The custodian's references in the clear. Never crosses.
    Gallery = 5,
    /// What the querier remembers of a query. Never crosses.
    Pending = 6,
}

impl Kind {
    const ALL: [Self; 6] =
        [Self::SecretKey, Self::EvaluationKey, Self::Query, Self::Answer, Self::Gallery, Self::Pending];

    /// The digest of an agreement that such a file has: what is made once and kept outlasts a quota.
    pub(crate) fn binding(self, agreement: &Agreement) -> Digest {
        match self {
            Self::SecretKey | Self::EvaluationKey | Self::Gallery => agreement.foundation(),
            Self::Query | Self::Answer | Self::Pending => agreement.digest(),
        }
    }

    /// The format of such a file, as its header says it: raised whenever its payload changes.
    fn version(self) -> u16 {
        match self {
            // Since it names the version of the gallery.
            Self::Answer => 2,
            _ => 1,
        }
    }

    /// Who may hold such a file.
    pub(crate) fn holder(self) -> &'static str {
        match self {
            Self::SecretKey | Self::Pending => "the querier alone",
            Self::Gallery => "the custodian alone",
            Self::EvaluationKey | Self::Query | Self::Answer => "both parties",
        }
    }
}

impl std::fmt::Display for Kind {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(match self {
            Self::SecretKey => "secret key",
            Self::EvaluationKey => "evaluation key",
            Self::Query => "query",
            Self::Answer => "answer",
            Self::Gallery => "gallery",
            Self::Pending => "pending query",
        })
    }
}

/// What stands in front of a payload.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Header {
    /// What the file is.
    pub kind: Kind,
    /// The scheme; none for a gallery, unless it is marked.
    pub scheme: Option<SchemeId>,
    /// The parameter set; none for a gallery, unless it is marked as made under an insecure set of the agreement's own.
    pub parameters: Option<SetMark>,
    /// The querier's key; none for a gallery.
    pub key: Option<KeyId>,
    /// The agreement.
    pub agreement: Digest,
    /// Length of the payload in bytes; 0 for a gallery, which grows.
    pub payload_bytes: u64,
}

/// What a reader insists on.
#[derive(Clone, Copy, Debug)]
pub struct Expected<'a> {
    /// Kind of file.
    pub kind: Kind,
    /// The agreement it must have been made under.
    pub agreement: &'a Agreement,
    /// The key it must belong to, where that is known.
    pub key: Option<KeyId>,
    /// Longest payload in bytes.
    pub limit_bytes: u64,
}

/// Why a file is refused.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum WireError {
    /// The stream failed.
    #[error("cannot be read: {0}")]
    Unreadable(std::io::ErrorKind),
    /// Ends early.
    #[error("truncated: it ends before its stated length")]
    Truncated,
    /// Not one of ours.
    #[error("not a cotejo file")]
    Magic,
    /// Written by another version.
    #[error("format version {actual} of a file of kind {kind}, where this program reads version {}", kind.version())]
    Version {
        /// What the file is.
        kind: Kind,
        /// The version in its header.
        actual: u16,
    },
    /// A header field that no version writes.
    #[error("the header's {0} is not valid")]
    Header(&'static str),
    /// Another kind of file.
    #[error("this is a cotejo {actual}, but {} is needed", with_article(expected))]
    Kind {
        /// The kind that is needed.
        expected: Kind,
        /// The kind in its header.
        actual: Kind,
    },
    /// Another scheme than agreed.
    #[error(transparent)]
    Scheme(#[from] OtherScheme),
    /// Another parameter set than agreed.
    #[error("made with parameter set {actual}, but the agreement says {expected}")]
    Parameters {
        /// Name of the agreed set.
        expected: &'static str,
        /// Name of the set in its header.
        actual: &'static str,
    },
    /// Made under another agreement.
    #[error("made under another agreement ({actual}) than this one ({expected})")]
    Agreement {
        /// Digest of our agreement.
        expected: Digest,
        /// Digest in its header.
        actual: Digest,
    },
    /// Made with another key.
    #[error("belongs to key {actual}, not to key {expected}")]
    Key {
        /// The key that the file must be of.
        expected: KeyId,
        /// The key in its header.
        actual: KeyId,
    },
    /// More than the parameter set and the agreement admit.
    #[error("the payload claims {actual} bytes where at most {limit} are admitted")]
    TooLarge {
        /// Limit in bytes.
        limit: u64,
        /// Length in bytes that the header claims.
        actual: u64,
    },
    /// Something follows the end.
    #[error("bytes follow its stated end")]
    Trailing,
    /// The bytes are not those that were written.
    #[error("the checksum does not match: the file is damaged")]
    Checksum,
    /// The payload is refused.
    #[error(transparent)]
    Payload(#[from] CrossingError),
    /// A part of the payload that is in the clear is refused.
    #[error("the payload's {0} is not valid")]
    Field(&'static str),
}

impl Remedy for WireError {
    fn remedy(&self) -> Option<Cow<'static, str>> {
        let remedy = match self {
            Self::Payload(error) => return error.remedy(),
            Self::Version { .. } => "both parties need compatible versions",
            Self::Header(..) => "the file is damaged",
            Self::Agreement { .. } => "both parties must hold the same terms (compare with: cotejo agreement check)",
            Self::Key { .. } => "use the files of one keygen together",
            Self::Truncated | Self::Trailing => "get the file again",
            Self::Checksum => "get it again",
            _ => return None,
        };
        Some(remedy.into())
    }
}

impl Header {
    pub(crate) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        bytes.extend(MAGIC);
        bytes.extend(self.kind.version().to_le_bytes());
        bytes.push(self.kind as u8);
        bytes.push(self.scheme.map_or(0, SchemeId::code));
        bytes.extend(self.parameters.map_or(0, SetMark::id).to_le_bytes());
        bytes.extend([0; 2]);
        bytes.extend(self.key.map_or([0; 16], |key| key.0));
        bytes.extend(self.agreement.0);
        bytes.extend(self.payload_bytes.to_le_bytes());
        bytes
    }

    fn from_bytes(bytes: &[u8; HEADER_BYTES]) -> Result<Self, WireError> {
        let mut rest = bytes.as_slice();
        if take::<8>(&mut rest)? != MAGIC {
            return Err(WireError::Magic);
        }
        let actual = u16::from_le_bytes(take(&mut rest)?);
        let [kind, scheme] = take(&mut rest)?;
        let kind = Kind::ALL.into_iter().find(|k| *k as u8 == kind).ok_or(WireError::Header("kind"))?;
        if actual != kind.version() {
            return Err(WireError::Version { kind, actual });
        }
        let scheme = match scheme {
            0 => None,
            code => Some(SchemeId::from_code(code).ok_or(WireError::Header("scheme"))?),
        };
        let parameters = match u16::from_le_bytes(take(&mut rest)?) {
            0 => None,
            id => Some(SetMark::from_id(id).ok_or(WireError::Header("parameter set"))?),
        };
        if take::<2>(&mut rest)? != [0; 2] {
            return Err(WireError::Header("padding"));
        }
        let key = Some(KeyId(take(&mut rest)?)).filter(|key| key.0 != [0; 16]);
        let agreement = Digest(take(&mut rest)?);
        let payload_bytes = u64::from_le_bytes(take(&mut rest)?);
        let belongs_to_a_key = kind != Kind::Gallery;
        let marked = parameters.is_some_and(|mark| mark.marks_galleries());
        if [scheme.is_some(), parameters.is_some(), key.is_some()]
            != [belongs_to_a_key || marked, belongs_to_a_key || marked, belongs_to_a_key]
        {
            return Err(WireError::Header("key"));
        }
        if parameters.map(SetMark::scheme) != scheme {
            return Err(WireError::Header("parameter set"));
        }
        Ok(Self { kind, scheme, parameters, key, agreement, payload_bytes })
    }
}

fn take<const N: usize>(bytes: &mut &[u8]) -> Result<[u8; N], WireError> {
    let (head, rest) = bytes.split_first_chunk::<N>().ok_or(WireError::Truncated)?;
    *bytes = rest;
    Ok(*head)
}

fn read_exact(reader: &mut impl Read, bytes: &mut [u8]) -> Result<(), WireError> {
    reader.read_exact(bytes).map_err(|error| match error.kind() {
        std::io::ErrorKind::UnexpectedEof => WireError::Truncated,
        kind => WireError::Unreadable(kind),
    })
}

/// Reads a file's header alone: what it is, without its content.
///
/// # Errors
///
/// [`WireError`] for anything that is not a header.
pub fn inspect(mut reader: impl Read) -> Result<Header, WireError> {
    let mut header = [0; HEADER_BYTES];
    read_exact(&mut reader, &mut header)?;
    Header::from_bytes(&header)
}

/// Reads a file whose agreement is not at hand: its header, once length and checksum are found right.
///
/// Nothing of the payload is kept, nor judged. Not for a gallery, which is no envelope: see [`crate::custodian::GalleryFile`].
///
/// # Errors
///
/// [`WireError`] for anything that is not one of our files, or not whole.
pub fn verify(mut reader: impl Read) -> Result<Header, WireError> {
    let mut raw = [0; HEADER_BYTES];
    read_exact(&mut reader, &mut raw)?;
    let header = Header::from_bytes(&raw)?;
    let mut hash = Sha256::new().chain_update(raw);
    let mut left = header.payload_bytes;
    let mut buffer = zeroize::Zeroizing::new(vec![0; 1 << 16]);
    while left > 0 {
        let most = usize::try_from(left).unwrap_or(usize::MAX).min(buffer.len());
        let (part, _) = buffer.split_at_mut(most);
        read_exact(&mut reader, part)?;
        hash.update(&*part);
        left -= most as u64;
    }
    let mut checksum = [0; CHECKSUM_BYTES];
    read_exact(&mut reader, &mut checksum)?;
    require_end(&mut reader)?;
    match hash.finalize().as_slice() == checksum {
        true => Ok(header),
        false => Err(WireError::Checksum),
    }
}

fn require_end(reader: &mut impl Read) -> Result<(), WireError> {
    match reader.read(&mut [0]).map_err(|error| WireError::Unreadable(error.kind()))? {
        0 => Ok(()),
        _ => Err(WireError::Trailing),
    }
}

/// A file whose header, length and checksum are as expected.
#[derive(Clone, PartialEq)]
pub struct Envelope {
    /// The header.
    pub header: Header,
    /// The payload.
    pub payload: zeroize::Zeroizing<Vec<u8>>,
}

impl Envelope {
    /// What a file has before its payload, in bytes.
    pub(crate) const HEADER_BYTES: usize = HEADER_BYTES;
    /// What a file has beside its payload, in bytes.
    pub const OVERHEAD_BYTES: u64 = (HEADER_BYTES + CHECKSUM_BYTES) as u64;

    /// Wraps a payload. `key` is the querier's; none for a gallery.
    pub fn new(kind: Kind, agreement: &Agreement, key: Option<KeyId>, payload: Vec<u8>) -> Self {
        let header = Header {
            kind,
            scheme: key.map(|_| agreement.scheme()),
            parameters: key.map(|_| SetMark::of(agreement.parameters())),
            key,
            agreement: kind.binding(agreement),
            payload_bytes: payload.len() as u64,
        };
        Self { header, payload: zeroize::Zeroizing::new(payload) }
    }

    /// The whole file.
    pub fn to_bytes(&self) -> zeroize::Zeroizing<Vec<u8>> {
        let mut bytes = zeroize::Zeroizing::new(Vec::with_capacity(HEADER_BYTES + self.payload.len() + CHECKSUM_BYTES));
        bytes.extend(self.header.to_bytes());
        bytes.extend(self.payload.iter());
        let checksum = Sha256::digest(bytes.as_slice());
        bytes.extend(checksum);
        bytes
    }

    /// Reads a file, insisting on what is expected before the payload is read.
    ///
    /// Memory: the payload's length, at most `expected.limit_bytes`, and no more than the stream really holds.
    ///
    /// # Errors
    ///
    /// [`WireError`] for any deviation, trailing bytes included.
    pub fn read(mut reader: impl Read, expected: &Expected<'_>) -> Result<Self, WireError> {
        let mut raw = [0; HEADER_BYTES];
        read_exact(&mut reader, &mut raw)?;
        let header = Header::from_bytes(&raw)?;
        header.check(expected)?;
        // In one piece where it is small enough to hold a secret: growing would leave copies that are not wiped.
        let capacity = header.payload_bytes.min(PREALLOCATED_BYTES) as usize;
        let mut payload = zeroize::Zeroizing::new(Vec::with_capacity(capacity));
        let read = reader.by_ref().take(header.payload_bytes).read_to_end(&mut payload);
        read.map_err(|error| WireError::Unreadable(error.kind()))?;
        let mut checksum = [0; CHECKSUM_BYTES];
        read_exact(&mut reader, &mut checksum)?;
        require_end(&mut reader)?;
        let actual = Sha256::new().chain_update(raw).chain_update(payload.as_slice()).finalize();
        match actual.as_slice() == checksum {
            true => Ok(Self { header, payload }),
            false => Err(WireError::Checksum),
        }
    }
}

impl Header {
    pub(crate) fn check(&self, expected: &Expected<'_>) -> Result<(), WireError> {
        if self.kind != expected.kind {
            return Err(WireError::Kind { expected: expected.kind, actual: self.kind });
        }
        let agreement = expected.agreement;
        let binding = self.kind.binding(agreement);
        // Before there was a digest without the service's terms, all files had the whole one.
        if self.agreement != binding && self.agreement != agreement.digest() {
            return Err(WireError::Agreement { expected: binding, actual: self.agreement });
        }
        let (expected_scheme, set) = (agreement.scheme(), SetMark::of(agreement.parameters()));
        if let Some(actual) = self.scheme.filter(|&actual| actual != expected_scheme) {
            return Err(OtherScheme { expected: expected_scheme, actual }.into());
        }
        if let Some(actual) = self.parameters.filter(|actual| actual.id() != set.id()) {
            return Err(WireError::Parameters { expected: set.name(), actual: actual.name() });
        }
        if self.parameters.is_none() && set.marks_galleries() {
            return Err(WireError::Header("parameter set"));
        }
        if let (Some(expected), Some(actual)) = (expected.key, self.key)
            && expected != actual
        {
            return Err(WireError::Key { expected, actual });
        }
        match self.payload_bytes {
            actual if actual > expected.limit_bytes => Err(WireError::TooLarge { limit: expected.limit_bytes, actual }),
            _ => Ok(()),
        }
    }
}
