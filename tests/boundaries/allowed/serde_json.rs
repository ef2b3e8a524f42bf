// The library's own serialisation: what may be written is written.
use cotejo::evaluate::Card;

fn main() {
    let _ = |card: &Card| serde_json::to_string(card);
}
