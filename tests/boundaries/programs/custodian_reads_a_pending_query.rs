// The custodian is used in place of the querier to read what is pending.
use cotejo::custodian::Custodian;
use cotejo::querier::Pending;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::wire::Answer;

fn read(pending: Pending, custodian: &Custodian<'_, Tfhe>, answer: &Answer<Tfhe>) {
    let _ = pending.read(custodian, answer);
}

fn main() {}
