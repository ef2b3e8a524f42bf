// The library's own serialisation: what may be written is written.
use cotejo::evaluate::AccuracyCard;

fn main() {
    let _ = |card: &AccuracyCard| serde_json::to_string(card);
}
