//! Files that are whole, but not the ones that are wanted: another kind, version, agreement, set or key; or that claim too much.

use std::io::Read;

use cotejo::agreement::{SchemeId, Terms};
use cotejo::parameters::{ParameterSet, SetMark};
use cotejo::scheme::OtherScheme;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::wire::{Answer, Envelope, KeyId, Kind, Query, WireError, inspect};
use sha2::{Digest, Sha256};

use crate::fixture::{CHECKSUM_BYTES, DIMENSION, HEADER_BYTES, KINDS, agreement, files, read};

/// The file with a changed header and the checksum that goes with it.
fn with_header(kind: Kind, change: impl FnOnce(&mut Envelope)) -> Vec<u8> {
    let mut envelope = files().envelope(kind);
    change(&mut envelope);
    envelope.to_bytes().to_vec()
}

#[test]
fn a_file_of_another_kind_is_named() {
    for expected in KINDS {
        for actual in KINDS.into_iter().chain([Kind::Gallery]).filter(|kind| *kind != expected) {
            let refused = read(expected, files().of(actual), &files().agreement);
            assert_eq!(refused, Err(WireError::Kind { expected, actual }));
        }
    }
}

#[test]
fn a_file_of_another_version_is_refused() {
    for kind in KINDS {
        let mut file = files().of(kind).to_vec();
        file[8] += 1;
        let actual = u16::from(file[8]);
        let end = file.len() - CHECKSUM_BYTES;
        let checksum = Sha256::digest(&file[..end]);
        file[end..].copy_from_slice(&checksum);
        assert_eq!(read(kind, file.as_slice(), &files().agreement), Err(WireError::Version { kind, actual }), "{kind}");
    }
}

#[test]
fn a_file_of_another_agreement_is_refused() {
    let ours = &files().agreement;
    // One more bit of tolerance.
    let theirs = agreement(Terms::hamming(DIMENSION, 21));
    for kind in KINDS {
        let error = WireError::Agreement { expected: theirs.digest(), actual: ours.digest() };
        assert_eq!(read(kind, files().of(kind), &theirs), Err(error), "{kind}");
    }
}

#[test]
fn a_file_of_another_parameter_set_is_refused() {
    for kind in KINDS {
        let other_set = ParameterSet::by_name("tfhe-896-2048").map(SetMark::of);
        let file = with_header(kind, |envelope| envelope.header.parameters = other_set);
        let error = WireError::Parameters { expected: "insecure-test", actual: "tfhe-896-2048" };
        assert_eq!(read(kind, file.as_slice(), &files().agreement), Err(error), "{kind}");
    }
}

#[test]
fn a_file_of_another_scheme_is_refused_at_the_header() {
    for kind in KINDS.into_iter().filter(|kind| *kind != Kind::Gallery) {
        let file = with_header(kind, |envelope| {
            envelope.header.scheme = Some(SchemeId::Bgv);
            envelope.header.parameters = ParameterSet::by_name("bgv-8192-210").map(SetMark::of);
        });
        let error = OtherScheme { expected: SchemeId::Tfhe, actual: SchemeId::Bgv };
        let refused = read(kind, HeaderAlone(&file[..HEADER_BYTES]), &files().agreement);
        assert_eq!(refused, Err(error.into()), "{kind}");
        let torn = with_header(kind, |envelope| envelope.header.scheme = Some(SchemeId::Bgv));
        let refused = read(kind, torn.as_slice(), &files().agreement);
        assert_eq!(refused, Err(WireError::Header("parameter set")), "{kind}");
    }
}

#[test]
fn a_header_that_does_not_hold_together_is_refused() {
    let refused = |kind, change: &dyn Fn(&mut Envelope)| {
        read(kind, with_header(kind, change).as_slice(), &files().agreement).unwrap_err()
    };
    for kind in KINDS {
        assert_eq!(refused(kind, &|envelope| envelope.header.key = None), WireError::Header("key"));
        assert_eq!(refused(kind, &|envelope| envelope.header.scheme = None), WireError::Header("key"));
        assert_eq!(refused(kind, &|envelope| envelope.header.parameters = None), WireError::Header("key"));
    }
    // A gallery has none of them.
    let gallery = |change: &dyn Fn(&mut Envelope)| {
        let mut envelope = Envelope::new(Kind::Gallery, &files().agreement, None, Vec::new());
        change(&mut envelope);
        inspect(envelope.to_bytes().as_slice()).map(|header| header.kind)
    };
    assert_eq!(gallery(&|_| {}), Ok(Kind::Gallery));
    let set = ParameterSet::by_name("tfhe-896-2048").map(SetMark::of);
    assert_eq!(gallery(&|gallery| gallery.header.parameters = set), Err(WireError::Header("key")));
    assert_eq!(gallery(&|gallery| gallery.header.scheme = Some(SchemeId::Tfhe)), Err(WireError::Header("key")));
    assert_eq!(gallery(&|gallery| gallery.header.key = Some(files().key)), Err(WireError::Header("key")));
}

#[test]
fn a_file_of_another_key_is_refused() {
    let ours = files().key;
    let theirs = KeyId([7; 16]);
    let error = WireError::Key { expected: theirs, actual: ours };
    let query = Query::<Tfhe>::read(files().of(Kind::Query), &files().agreement, Some(theirs)).err();
    assert_eq!(query, Some(error.clone()));
    let answer = Answer::<Tfhe>::read(files().of(Kind::Answer), &files().agreement, Some(theirs)).err();
    assert_eq!(answer, Some(error));
    assert!(Query::<Tfhe>::read(files().of(Kind::Query), &files().agreement, Some(ours)).is_ok());
    // An evaluation key is its own name.
    let renamed = with_header(Kind::EvaluationKey, |envelope| envelope.header.key = Some(theirs));
    let refused = read(Kind::EvaluationKey, renamed.as_slice(), &files().agreement);
    assert_eq!(refused, Err(WireError::Header("key")));
}

/// Fails when it is read further than a header.
struct HeaderAlone<'a>(&'a [u8]);

impl Read for HeaderAlone<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        assert!(!self.0.is_empty(), "read beyond the header");
        self.0.read(buffer)
    }
}

#[test]
fn a_claim_of_too_many_bytes_is_refused_at_the_header() {
    for kind in KINDS {
        for actual in [1 << 60, u64::MAX, 1 << 40] {
            let file = with_header(kind, |envelope| envelope.header.payload_bytes = actual);
            let refused = read(kind, HeaderAlone(&file[..HEADER_BYTES]), &files().agreement).unwrap_err();
            let WireError::TooLarge { limit, actual: claimed } = refused else { panic!("{kind}: {refused:?}") };
            assert_eq!(claimed, actual);
            let payload = files().payload(kind).len() as u64;
            assert!((payload..1 << 24).contains(&limit), "{kind}: {payload} bytes within a limit of {limit}");
        }
    }
}

#[test]
fn a_stream_that_fails_says_so() {
    struct Broken;
    impl Read for Broken {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::ErrorKind::PermissionDenied.into())
        }
    }
    for kind in KINDS {
        let file = files().of(kind);
        for read_before in [0, HEADER_BYTES, HEADER_BYTES + 1, file.len() - 1, file.len()] {
            let refused = read(kind, file[..read_before].chain(Broken), &files().agreement);
            assert_eq!(refused, Err(WireError::Unreadable(std::io::ErrorKind::PermissionDenied)), "{kind}");
        }
    }
}
