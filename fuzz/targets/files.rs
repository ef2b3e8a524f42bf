//! What any program does with a file before it knows an agreement: header, length, checksum, and the tables of a gallery.
#![no_main]

use cotejo::custodian::GalleryFile;
use cotejo::wire;
use cotejo_fuzz::{choose, gallery, seeds};
use libfuzzer_sys::fuzz_target;
use sha2::{Digest, Sha256};

fuzz_target!(init: seeds::write_if_asked(seeds::files), |input: &[u8]| {
    let Some((choice, content)) = choose(input, 3) else { return };
    let mut file = content.to_vec();
    match choice {
        1 => {
            let _ = with_checksum(&mut file);
        }
        2 => file = gallery::with_checksums(file),
        _ => {}
    }
    let (header, whole) = (wire::inspect(file.as_slice()), wire::verify(file.as_slice()));
    if let Ok(verified) = whole {
        assert_eq!(header.as_ref(), Ok(&verified));
        assert_eq!(verified.payload_bytes + wire::Envelope::OVERHEAD_BYTES, file.len() as u64);
    }
    if let Ok(gallery) = GalleryFile::read(file) {
        assert_eq!(header.as_ref(), Ok(gallery.header()));
        let _ = gallery.check_references(|_| true);
    }
});

/// Puts the right length and checksum into an envelope.
fn with_checksum(file: &mut [u8]) -> Option<()> {
    let (content, checksum) = file.split_last_chunk_mut::<32>()?;
    let length = (content.len() as u64).checked_sub(72)?;
    content.get_mut(64..72)?.copy_from_slice(&length.to_le_bytes());
    checksum.copy_from_slice(&Sha256::digest(content));
    Some(())
}
