//! Where an axis has ticks, and what stands beside them. Labels never overlap.

use super::Scale;
use super::number::{number, times_ten};

/// Size of the figures' letters, in pixels.
pub(super) const LETTER: f64 = 11.0;

/// Least distance of two labels, in pixels.
const GAP: f64 = 6.0;

/// A tick, at a place of the scale; without a label, a fine one.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Tick {
    pub place: f64,
    pub label: String,
}

/// The room that labels have.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room {
    /// Length of the axis, in pixels.
    pub length: f64,
    /// Whether labels stand beside each other rather than above each other.
    pub horizontal: bool,
}

/// The width of digits in pixels, as a wide typeface has them.
pub(super) fn width(digits: &str) -> f64 {
    0.64 * LETTER * digits.chars().count() as f64
}

/// The ticks of an axis between two places, in ascending order.
pub(super) fn ticks(scale: Scale, low: f64, high: f64, room: Room) -> Vec<Tick> {
    let mut ticks = match scale {
        Scale::Linear => linear(low, high, room),
        Scale::Log10 => logarithmic(low, high, room),
        Scale::NormalDeviate => deviates(low, high, room),
    };
    ticks.sort_by(|a, b| a.place.total_cmp(&b.place));
    ticks
}

/// Multiples of 1, 2 or 5 times a power of ten, as dense as labels allow.
fn linear(low: f64, high: f64, room: Room) -> Vec<Tick> {
    steps(low, high)
        .map(|step| multiples(low, high, step))
        .find(|ticks| fit(ticks, low, high, room))
        .unwrap_or_default()
}

/// Steps from fine to coarse, as (digit, power of ten).
fn steps(low: f64, high: f64) -> impl Iterator<Item = (f64, i32)> {
    // Within the powers that a number can have, also where the ends are one number.
    let finest = (high - low).log10().floor().clamp(-320.0, 320.0) as i32 - 1;
    (finest..finest + 4).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| (digit, power)))
}

/// All multiples of `digit` times ten to the `power`.
fn multiples(low: f64, high: f64, (digit, power): (f64, i32)) -> Vec<Tick> {
    let step = digit * 10f64.powi(power);
    let (first, last) = ((low / step - 1e-9).ceil() as i64, (high / step + 1e-9).floor() as i64);
    // Dividing by a power of ten is exact where multiplying by its inverse is not.
    let value = |n: i64| if power < 0 { n as f64 * digit / 10f64.powi(-power) } else { n as f64 * step };
    (first..=last.min(first.saturating_add(1000)))
        .map(|n| Tick { place: value(n), label: number(value(n), power) })
        .collect()
}

/// Whether labels keep their distance.
fn fit(ticks: &[Tick], low: f64, high: f64, room: Room) -> bool {
    ticks.iter().zip(ticks.iter().skip(1)).all(|(a, b)| apart(a, b, low, high, room))
}

/// Whether two labels keep their distance.
fn apart(a: &Tick, b: &Tick, low: f64, high: f64, room: Room) -> bool {
    let distance = (b.place - a.place).abs() / (high - low) * room.length;
    let needed = if room.horizontal { (width(&a.label) + width(&b.label)) / 2.0 } else { 2.0 * LETTER };
    distance >= needed + GAP
}

/// Powers of ten; 2 and 5 between them where there is room for labels, else the digits between them as fine ticks.
fn logarithmic(low: f64, high: f64, room: Room) -> Vec<Tick> {
    let (first, last) = (low.ceil() as i32, high.floor() as i32);
    if last <= first && high - low < 1.0 {
        return even(Scale::Log10, low, high, room);
    }
    let plain = first >= -4 && last <= 5;
    let labelled = |digit: f64, power: i32| Tick {
        place: power as f64 + digit.log10(),
        label: if plain { number(digit * 10f64.powi(power), power) } else { times_ten(digit, power) },
    };
    let held = |tick: &Tick| (low..=high).contains(&tick.place);
    let all = |digits: &[f64]| -> Vec<Tick> {
        let powers = first - 1..=last;
        powers.flat_map(|power| digits.iter().map(move |digit| labelled(*digit, power))).filter(held).collect()
    };
    let dense = all(&[1.0, 2.0, 5.0]);
    if fit(&dense, low, high, room) {
        return dense;
    }
    let powers = |stride: i32| -> Vec<Tick> {
        (first..=last).filter(|power| power.rem_euclid(stride) == 0).map(|power| labelled(1.0, power)).collect()
    };
    let stride = (1..=last - first + 1).find(|stride| fit(&powers(*stride), low, high, room)).unwrap_or(1);
    let mut ticks = powers(stride);
    // Of the digits, 8 and 9 lie nearest.
    let spacious = (9f64 / 8.0).log10() / (high - low) * room.length >= 3.0;
    let between = match stride {
        1 if spacious => all(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]),
        1 => all(&[2.0, 5.0]),
        _ => all(&[1.0]),
    };
    let fine = between.into_iter().filter(|tick| !ticks.iter().any(|other| other.place == tick.place));
    let fine: Vec<Tick> = fine.map(|tick| Tick { label: String::new(), ..tick }).collect();
    ticks.extend(fine);
    ticks
}

/// For an axis too short for its own kind of ticks: even steps of the value, at their places.
fn even(scale: Scale, low: f64, high: f64, room: Room) -> Vec<Tick> {
    let (unit, sign) = if scale == Scale::NormalDeviate { (100.0, "\u{a0}%") } else { (1.0, "") };
    let (from, to) = (unit * scale.value(low), unit * scale.value(high));
    // The ends themselves are not lost to rounding.
    let (from, to) = (from - 1e-6 * (to - from), to + 1e-6 * (to - from));
    let placed = |tick: Tick| Some(Tick { place: scale.place(tick.place / unit)?, label: tick.label + sign });
    steps(from, to)
        .map(|step| multiples(from, to, step).into_iter().filter_map(placed).collect::<Vec<Tick>>())
        .find(|ticks| fit(ticks, low, high, room))
        .unwrap_or_default()
}

/// Round probabilities in per cent, the more usual ones first; those without room for a label become fine ticks.
fn deviates(low: f64, high: f64, room: Room) -> Vec<Tick> {
    let usual = [(1.0, -2), (1.0, -3), (1.0, -4), (1.0, -1), (5.0, -1), (1.0, -5), (1.0, -6), (1.0, -7), (1.0, -8)];
    let between = [(2.0, -1), (5.0, -2), (2.0, -2), (4.0, -1), (5.0, -3), (3.0, -1), (2.0, -3)];
    let mut ticks: Vec<Tick> = Vec::new();
    for (digit, power) in usual.into_iter().chain(between) {
        let probability = digit / 10f64.powi(-power);
        for (value, label) in [(probability, number(digit * 10f64.powi(power + 2), power + 2)), complement(probability)]
        {
            let Some(place) = Scale::NormalDeviate.place(value).filter(|place| (low..=high).contains(place)) else {
                continue;
            };
            let tick = Tick { place, label: format!("{label}\u{a0}%") };
            if ticks.iter().any(|other| (other.place - place).abs() < 1e-9) {
                continue;
            }
            let free =
                ticks.iter().filter(|other| !other.label.is_empty()).all(|other| apart(other, &tick, low, high, room));
            ticks.push(if free { tick } else { Tick { place, label: String::new() } });
        }
    }
    let labelled = |ticks: &[Tick]| ticks.iter().filter(|tick| !tick.label.is_empty()).count();
    if labelled(&ticks) >= 3 {
        return ticks;
    }
    let even = even(Scale::NormalDeviate, low, high, room);
    if labelled(&even) > labelled(&ticks) { even } else { ticks }
}

/// 1 - probability, with its label in per cent.
fn complement(probability: f64) -> (f64, String) {
    let decimals = (-probability.log10().floor() - 2.0).max(0.0) as i32;
    (1.0 - probability, number(100.0 - 100.0 * probability, -decimals))
}
