//! What of a plot lies within its axes: a legend names nothing else.

use super::super::axis::range;
use super::{Marks, Places, Plot, Position};

/// First and last place of both axes.
pub(super) struct Seen {
    x: (f64, f64),
    y: (f64, f64),
}

impl Seen {
    pub(super) fn new(plot: &Plot, places: &Places) -> Self {
        Self { x: range(&plot.x, &places.x), y: range(&plot.y, &places.y) }
    }

    /// Whether any mark is.
    pub(super) fn any_mark(&self, plot: &Plot, marks: &Marks) -> bool {
        let mut alone = Places::default();
        alone.add(plot, marks);
        // Bars and intervals have several places each; where one is within, something is drawn.
        alone.marks > 0 && alone.x.iter().any(|&x| within(self.x, x)) && alone.y.iter().any(|&y| within(self.y, y))
    }

    pub(super) fn rule(&self, plot: &Plot, position: Position) -> bool {
        let values = |scale: super::Scale, (low, high): (f64, f64)| (scale.value(low), scale.value(high));
        match position {
            Position::X(x) => plot.x.scale.place(x).is_some_and(|x| within(self.x, x)),
            Position::Y(y) => plot.y.scale.place(y).is_some_and(|y| within(self.y, y)),
            Position::Diagonal => {
                let ((left, right), (low, high)) = (values(plot.x.scale, self.x), values(plot.y.scale, self.y));
                left < high && low < right
            }
        }
    }

    pub(super) fn band(&self, plot: &Plot, from: f64, to: f64) -> bool {
        let place = |end: f64, beyond: f64| if end.is_infinite() { Some(beyond) } else { plot.x.scale.place(end) };
        let (from, to) = (place(from, self.x.0), place(to, self.x.1));
        from.unwrap_or(self.x.0).max(self.x.0) < to.unwrap_or(self.x.0).min(self.x.1)
    }
}

fn within((low, high): (f64, f64), place: f64) -> bool {
    (low..=high).contains(&place)
}
