// What must stay is encoded as what crosses: a secret key, a probe, a gallery, a prepared key, an expanded query.
use cotejo::functional::Probe;
use cotejo::scheme::{Crossing, tfhe};

fn send(
    key: tfhe::holder::SecretKey,
    probe: Probe,
    gallery: cotejo::custodian::Gallery,
    prepared: tfhe::keys::PreparedKey,
    expanded: tfhe::laboratory::workload::EncryptedWork,
) {
    key.encode();
    probe.encode();
    gallery.encode();
    prepared.encode();
    expanded.encode();
}

fn main() {}
