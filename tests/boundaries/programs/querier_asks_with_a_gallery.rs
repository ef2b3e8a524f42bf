// The querier is given a gallery to ask about.
use cotejo::custodian::Gallery;
use cotejo::querier::Querier;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::wire::Target;

fn ask(querier: &Querier<Tfhe>, gallery: Gallery, rng: &mut dyn rand::CryptoRng) {
    let _ = querier.ask(gallery, Target::Gallery, rng);
}

fn main() {}
