// The front door of the custodian is asked for a secret key, and to read what the querier remembers.
use cotejo::Custodian;
use cotejo::exchange::Pending;

fn look(custodian: &Custodian, pending: Pending, answer: &[u8]) {
    let _ = custodian.to_secret_bytes();
    let _ = custodian.read(pending, answer);
}

fn main() {}
