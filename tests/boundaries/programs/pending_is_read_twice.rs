// Two answers to one query are read, to learn more than one.
use cotejo::querier::{Pending, Querier};
use cotejo::scheme::tfhe::Tfhe;
use cotejo::wire::Answer;

fn read(pending: Pending, querier: &Querier<Tfhe>, answers: [&Answer<Tfhe>; 2]) {
    let _ = pending.read(querier, answers[0]);
    let _ = pending.read(querier, answers[1]);
}

fn main() {}
