//! The table as read: its points on curves from easy to hard, and what a curve says of a place between two of them.

use super::{Instance, MARGIN, Place, Point, SecurityEstimate, Shortfall};
use std::sync::OnceLock;

/// What `estimate.py --table` wrote.
pub(super) const TABLE: &str = include_str!("../../../scripts/security/table.tsv");

impl Point {
    /// A line of the table, by the names in its heading.
    fn parse(columns: &[&str], line: &'static str) -> Option<Self> {
        let cell = |name: &str| {
            columns.iter().zip(line.split('\t')).find(|(column, _)| **column == name).map(|(_, cell)| cell)
        };
        Some(Self {
            dimension: cell("n")?.parse().ok()?,
            log2_modulus: cell("log2_q")?.parse().ok()?,
            error: cell("error")?,
            bits: cell("bits")?.parse().ok()?,
            source: source(cell("source")?),
            secret: cell("secret")?,
        })
    }
    /// The instance it speaks of; none that this module is asked about, if its kind or modulus is another.
    pub(super) fn instance(&self) -> Option<Instance> {
        match (self.secret, self.error.strip_prefix("tuniform")) {
            ("binary", Some(width)) if self.log2_modulus == 64 => {
                Some(Instance::Binary { dimension: self.dimension, noise_log2: width.parse().ok()? })
            }
            ("ternary", None) if self.error == "cbd21" && self.dimension.is_power_of_two() => {
                Some(Instance::Ternary { ring_log2: self.dimension.ilog2(), log2_modulus: self.log2_modulus })
            }
            _ => None,
        }
    }
}

/// A source as the table writes it, in words.
fn source(written: &'static str) -> &'static str {
    match written {
        "run: model.py" => "scripts/security/model.py",
        "run: lattice estimator" => "lattice estimator, versions in scripts/security/README.md",
        other => other,
    }
}

/// The points with one error, or of one ring, from easy to hard.
#[derive(Debug)]
pub(super) struct Curve {
    level: u32,
    points: Vec<(f64, Point)>,
}

/// What a curve says of a place on it.
struct Reading<'a> {
    bits: f64,
    at: f64,
    easier: &'a Point,
    harder: Option<&'a Point>,
}

impl Curve {
    /// At least so many bits has whatever lies at that position, on this curve or a harder one.
    fn read(&self, position: f64) -> Option<Reading<'_>> {
        let after = self.points.partition_point(|(at, _)| *at <= position);
        let (at, easier) = self.points.get(after.checked_sub(1)?)?;
        let Some((end, harder)) = self.points.get(after) else {
            return Some(Reading { bits: easier.bits, at: *at, easier, harder: None });
        };
        let chord = easier.bits + (harder.bits - easier.bits) * (position - at) / (end - at);
        Some(Reading { bits: easier.bits.max(chord - MARGIN), at: *at, easier, harder: Some(harder) })
    }
}

/// The whole table, curves from easy to hard.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) binary: Vec<Curve>,
    pub(super) ternary: Vec<Curve>,
}

/// The table, read once.
pub(super) fn table() -> &'static Table {
    static READ: OnceLock<Table> = OnceLock::new();
    READ.get_or_init(|| Table::new(points(TABLE)))
}

/// The lines of a table; none that is not as it should be, which a test excludes.
pub(super) fn points(text: &'static str) -> Vec<Point> {
    let mut lines = text.lines().filter(|line| !line.starts_with('#'));
    let columns: Vec<&str> = lines.next().unwrap_or_default().split('\t').collect();
    lines.filter_map(|line| Point::parse(&columns, line)).collect()
}

impl Table {
    pub(super) fn new(points: Vec<Point>) -> Self {
        let placed: Vec<(Instance, Point)> =
            points.into_iter().filter_map(|point| Some((point.instance()?, point))).collect();
        let (binary, ternary) =
            placed.into_iter().partition(|(instance, _)| matches!(instance, Instance::Binary { .. }));
        Self { binary: curves(binary), ternary: curves(ternary) }
    }

    pub(super) fn estimate(&self, instance: Instance) -> SecurityEstimate {
        let curves = match instance {
            Instance::Binary { .. } => &self.binary,
            Instance::Ternary { .. } => &self.ternary,
        };
        let position = instance.position();
        let easier = curves.iter().filter(|curve| curve.level <= instance.level());
        let readings = easier.filter_map(|curve| Some((curve.level, curve.read(position)?)));
        let Some((level, best)) = readings.max_by(|(_, a), (_, b)| a.bits.total_cmp(&b.bits)) else {
            return SecurityEstimate {
                bits: 0.0,
                source: "outside scripts/security/table.tsv",
                place: Place::Short(shortfall(curves, instance)),
                instance,
            };
        };
        let place = match best.harder {
            _ if level == instance.level() && best.at == position => Place::Listed,
            Some(harder) => Place::Between { easier: best.easier.clone(), harder: harder.clone() },
            None => Place::Beyond(best.easier.clone()),
        };
        SecurityEstimate { bits: best.bits, source: best.easier.source, place, instance }
    }
}

/// One curve for each level; every point lowered to the least of those that are harder by one measure and easier by none.
fn curves(points: Vec<(Instance, Point)>) -> Vec<Curve> {
    let mut curves: Vec<Curve> = Vec::new();
    let mut levels: Vec<u32> = points.iter().map(|(instance, _)| instance.level()).collect();
    levels.sort_unstable();
    levels.dedup();
    for level in levels.into_iter().rev() {
        let mut own: Vec<(f64, Point)> = points
            .iter()
            .filter(|(instance, _)| instance.level() == level)
            .map(|(instance, point)| (instance.position(), point.clone()))
            .collect();
        own.sort_by(|(a, x), (b, y)| a.total_cmp(b).then(x.bits.total_cmp(&y.bits)));
        own.dedup_by(|(a, _), (b, _)| a == b); // the smaller of two sources, which stands first
        let mut ceiling = f64::INFINITY;
        for (at, point) in own.iter_mut().rev() {
            let harder = curves.iter().filter_map(|curve| curve.points.iter().find(|(there, _)| there >= at));
            ceiling = harder.map(|(_, harder)| harder.bits).fold(ceiling.min(point.bits), f64::min);
            point.bits = ceiling;
        }
        curves.push(Curve { level, points: own });
    }
    curves.reverse();
    curves
}

/// Why no curve speaks of that instance.
fn shortfall(curves: &[Curve], instance: Instance) -> Shortfall {
    let easier = curves.iter().take_while(|curve| curve.level <= instance.level());
    let nearest = easier.filter_map(|curve| curve.points.first()).min_by(|(a, _), (b, _)| a.total_cmp(b));
    let least = curves.first().map_or(0, |curve| curve.level);
    match (instance, nearest) {
        (Instance::Binary { noise_log2, .. }, None) => Shortfall::Noise { least, actual: noise_log2 },
        (Instance::Ternary { ring_log2, .. }, None) => Shortfall::Ring { least, actual: ring_log2 },
        (Instance::Binary { dimension, .. }, Some((_, point))) => {
            Shortfall::Dimension { least: point.dimension, actual: dimension }
        }
        (Instance::Ternary { log2_modulus, .. }, Some((_, point))) => {
            Shortfall::Modulus { most: point.log2_modulus, actual: log2_modulus }
        }
    }
}
