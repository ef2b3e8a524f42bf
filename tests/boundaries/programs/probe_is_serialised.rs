// A probe in the clear, and a template, are serialised.
use cotejo::functional::Probe;
use cotejo::template::Template;

fn serialise(probe: &Probe, template: &Template) {
    let _ = serde_json::to_string(probe);
    let _ = serde_json::to_string(template);
}

fn main() {}
