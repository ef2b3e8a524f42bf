// Every feature of the library is there.
use cotejo::evaluate::AccuracyCard;
use cotejo::querier::SecretKey;
use cotejo::report::Page;
use cotejo::service::server::Server;

fn main() {}
