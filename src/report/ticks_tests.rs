use super::Scale;
use super::ticks::{LETTER, Room, Tick, ticks, width};

const ACROSS: Room = Room { length: 310.0, horizontal: true };
const UP: Room = Room { length: 210.0, horizontal: false };

fn labels(ticks: &[Tick]) -> Vec<&str> {
    ticks.iter().map(|tick| tick.label.as_str()).filter(|label| !label.is_empty()).collect()
}

/// Ticks between two values.
fn between(scale: Scale, from: f64, to: f64, room: Room) -> Vec<Tick> {
    ticks(scale, scale.place(from).unwrap(), scale.place(to).unwrap(), room)
}

#[test]
fn a_linear_axis_has_round_steps() {
    assert_eq!(
        labels(&between(Scale::Linear, -0.25, 1.05, ACROSS)),
        ["−0.2", "0.0", "0.2", "0.4", "0.6", "0.8", "1.0"]
    );
    assert_eq!(labels(&between(Scale::Linear, 0.0, 41_000.0, UP)), ["0", "10,000", "20,000", "30,000", "40,000"]);
}

#[test]
fn a_logarithmic_axis_has_powers_of_ten_and_fine_ticks_between() {
    let ticks = between(Scale::Log10, 1.0, 1e4, ACROSS);
    assert_eq!(labels(&ticks), ["1", "10", "100", "1,000", "10,000"]);
    assert_eq!(ticks.len(), 4 * 9 + 1);
    assert_eq!(
        labels(&between(Scale::Log10, 1e-6, 1.0, ACROSS)),
        ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹", "1"]
    );
    assert_eq!(
        labels(&between(Scale::Log10, 1e-30, 1.0, ACROSS)),
        ["10⁻²⁸", "10⁻²⁴", "10⁻²⁰", "10⁻¹⁶", "10⁻¹²", "10⁻⁸", "10⁻⁴", "1"]
    );
}

#[test]
fn a_short_logarithmic_axis_has_more_than_powers_of_ten() {
    assert_eq!(labels(&between(Scale::Log10, 1.0, 100.0, ACROSS)), ["1", "2", "5", "10", "20", "50", "100"]);
    assert_eq!(labels(&between(Scale::Log10, 3.2, 4.1, UP)), ["3.2", "3.4", "3.6", "3.8", "4.0"]);
}

#[test]
fn a_normal_deviate_axis_has_round_probabilities_in_per_cent() {
    let room = Room { length: 700.0, ..ACROSS };
    let wanted = ["0.1 %", "1 %", "5 %", "10 %", "20 %", "50 %", "80 %", "90 %", "95 %", "99 %", "99.9 %"];
    let ticks = between(Scale::NormalDeviate, 0.001, 0.999, room);
    let plain: Vec<String> = labels(&ticks).iter().map(|label| label.replace('\u{a0}', " ")).collect();
    assert!(wanted.iter().all(|label| plain.contains(&(*label).to_owned())), "{plain:?}");
    let half = ticks.iter().find(|tick| tick.label == "50\u{a0}%").unwrap();
    assert!(half.place.abs() < 1e-12);
    let one = ticks.iter().find(|tick| tick.label == "1\u{a0}%").unwrap();
    assert!((one.place + 2.326_347_874).abs() < 1e-8);
}

#[test]
fn a_short_normal_deviate_axis_has_even_steps() {
    let ticks = between(Scale::NormalDeviate, 0.2, 0.21, UP);
    assert_eq!(labels(&ticks).first(), Some(&"20.0\u{a0}%"));
    assert!(labels(&ticks).len() >= 4, "{ticks:?}");
}

#[test]
fn labels_never_overlap_and_there_are_always_some() {
    let ends = [1e-9, 1e-7, 3e-5, 1e-3, 0.02, 0.3, 0.5, 0.9, 0.99, 0.99999];
    let far = [1e-290, 1e-12, 1e-3, 0.7, 1.0, 37.0, 999.0, 1.2e6, 1.9e9, 1e200];
    for (scale, ends) in [(Scale::NormalDeviate, ends), (Scale::Log10, far), (Scale::Linear, far)] {
        for (index, from) in ends.iter().enumerate() {
            for (to, room) in ends.iter().skip(index + 1).flat_map(|to| [(to, ACROSS), (to, UP)]) {
                let (low, high) = (scale.place(*from).unwrap(), scale.place(*to).unwrap());
                let labelled: Vec<Tick> =
                    ticks(scale, low, high, room).into_iter().filter(|tick| !tick.label.is_empty()).collect();
                assert!(!labelled.is_empty(), "{scale:?} {from} {to}");
                assert!(labelled.iter().all(|tick| tick.place >= low - 1e-9 * (high - low) && tick.place <= high + 1e-9 * (high - low)));
                for pair in labelled.windows(2) {
                    let distance = (pair[1].place - pair[0].place) / (high - low) * room.length;
                    let size =
                        if room.horizontal { (width(&pair[0].label) + width(&pair[1].label)) / 2.0 } else { LETTER };
                    assert!(distance > size, "{scale:?} {from} {to}: {pair:?}");
                }
            }
        }
    }
}
