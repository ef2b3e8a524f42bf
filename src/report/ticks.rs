//! Where an axis has ticks, and what stands beside them. Labels never overlap.

use super::Scale;

/// Size of the figures' letters, in pixels.
pub(super) const LETTER: f64 = 10.0;

/// Least distance of two labels, in pixels.
const GAP: f64 = 8.0;

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

/// The width of a text in pixels, as a wide typeface has it.
pub(super) fn width(text: &str) -> f64 {
    0.64 * LETTER * text.chars().count() as f64
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
    let finest = ((high - low).log10().floor() as i32) - 1;
    let steps = (finest..finest + 4).flat_map(|power| [1.0, 2.0, 5.0].map(|digit| (digit, power)));
    steps.map(|step| multiples(low, high, step)).find(|ticks| fit(ticks, low, high, room)).unwrap_or_default()
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
    let needed = if room.horizontal { (width(&a.label) + width(&b.label)) / 2.0 } else { 1.6 * LETTER };
    distance >= needed + GAP
}

/// Powers of ten; 2 and 5 between them where there is room for labels, else the digits between them as fine ticks.
fn logarithmic(low: f64, high: f64, room: Room) -> Vec<Tick> {
    let (first, last) = (low.ceil() as i32, high.floor() as i32);
    if last <= first && high - low < 1.0 {
        // Too short for powers of ten: even steps of the value, at their logarithms.
        let (from, to) = (10f64.powf(low), 10f64.powf(high));
        return linear(from, to, room)
            .into_iter()
            .map(|tick| Tick { place: tick.place.log10(), label: tick.label })
            .filter(|tick| (low..=high).contains(&tick.place))
            .collect();
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
    let between = if stride == 1 { all(&[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 9.0]) } else { all(&[1.0]) };
    let fine = between.into_iter().filter(|tick| !ticks.iter().any(|other| other.place == tick.place));
    let fine: Vec<Tick> = fine.map(|tick| Tick { label: String::new(), ..tick }).collect();
    ticks.extend(fine);
    ticks
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
    ticks
}

/// 1 - probability, with its label in per cent.
fn complement(probability: f64) -> (f64, String) {
    let decimals = (-probability.log10().floor() - 2.0).max(0.0) as i32;
    (1.0 - probability, number(100.0 - 100.0 * probability, -decimals))
}

/// A number that is a multiple of ten to the `power`, with the decimals this asks for; thousands are set apart by commas.
fn number(value: f64, power: i32) -> String {
    if value != 0.0 && (value.abs() >= 1e7 || power < -6) {
        let exponent = value.abs().log10().floor() as i32;
        let digits = (exponent - power).clamp(0, 6) as usize;
        let digit = format!("{:.digits$}", value / 10f64.powi(exponent));
        return format!("{digit}×10{}", superscript(exponent));
    }
    let text = format!("{:.*}", (-power).max(0) as usize, value.abs());
    let (whole, decimals) = text.split_once('.').map_or((text.as_str(), None), |(whole, rest)| (whole, Some(rest)));
    let mut grouped = String::new();
    for (index, digit) in whole.chars().enumerate() {
        if index > 0 && (whole.len() - index) % 3 == 0 {
            grouped.push(',');
        }
        grouped.push(digit);
    }
    let sign = if value < 0.0 && text.bytes().any(|byte| (b'1'..=b'9').contains(&byte)) { "−" } else { "" };
    decimals.map_or(format!("{sign}{grouped}"), |decimals| format!("{sign}{grouped}.{decimals}"))
}

/// `digit` times a power of ten, as a power.
fn times_ten(digit: f64, power: i32) -> String {
    match (digit == 1.0, power) {
        (_, 0) => format!("{digit}"),
        (true, 1) => "10".to_owned(),
        (true, _) => format!("10{}", superscript(power)),
        (false, _) => format!("{digit}×10{}", superscript(power)),
    }
}

/// An exponent in raised digits.
fn superscript(exponent: i32) -> String {
    let raise = |character| match character {
        '-' => '⁻',
        '1' => '¹',
        '2' => '²',
        '3' => '³',
        digit => digit.to_digit(10).and_then(|digit| char::from_u32('⁰' as u32 + digit)).unwrap_or(digit),
    };
    exponent.to_string().chars().map(raise).collect()
}
