// The custodian is asked for a secret key, and to read an answer.
use cotejo::custodian::Custodian;
use cotejo::scheme::tfhe::Tfhe;
use cotejo::wire::Answer;

fn look(custodian: &Custodian<'_, Tfhe>, answer: &Answer<Tfhe>) {
    custodian.key();
    custodian.decrypt(answer);
}

fn main() {}
