//! Cutting lines at the edges of a rectangle.

/// A point in units of the drawing.
pub(super) type Point = (f64, f64);

/// A rectangle: its least and its greatest coordinates.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Rectangle {
    pub least: Point,
    pub greatest: Point,
}

impl Rectangle {
    /// The smallest that holds all of these points.
    pub(crate) fn around(points: &[Point]) -> Rectangle {
        let mut all =
            Rectangle { least: (f64::INFINITY, f64::INFINITY), greatest: (f64::NEG_INFINITY, f64::NEG_INFINITY) };
        for (x, y) in points {
            all.least = (all.least.0.min(*x), all.least.1.min(*y));
            all.greatest = (all.greatest.0.max(*x), all.greatest.1.max(*y));
        }
        all
    }

    /// Whether a point lies in it, edges included.
    pub(crate) fn holds(&self, (x, y): Point) -> bool {
        (self.least.0..=self.greatest.0).contains(&x) && (self.least.1..=self.greatest.1).contains(&y)
    }

    /// The part of a segment that lies in it (Liang and Barsky 1984).
    pub(crate) fn cut(&self, from: Point, to: Point) -> Option<(Point, Point)> {
        let (dx, dy) = (to.0 - from.0, to.1 - from.1);
        let (mut enters, mut leaves) = (0.0f64, 1.0f64);
        // Along each edge's outward normal: how fast the segment goes, and how far it may go.
        let edges = [
            (-dx, from.0 - self.least.0),
            (dx, self.greatest.0 - from.0),
            (-dy, from.1 - self.least.1),
            (dy, self.greatest.1 - from.1),
        ];
        for (speed, room) in edges {
            if speed == 0.0 {
                if room < 0.0 {
                    return None;
                }
            } else if speed < 0.0 {
                enters = enters.max(room / speed);
            } else {
                leaves = leaves.min(room / speed);
            }
        }
        let at = |share: f64| (from.0 + share * dx, from.1 + share * dy);
        // Ends that are not cut stay as they are, to the last bit: the next segment begins there.
        let start = if enters == 0.0 { from } else { at(enters) };
        let end = if leaves == 1.0 { to } else { at(leaves) };
        (enters <= leaves).then_some((start, end))
    }

    /// The parts of a path that lie in it, each as a path.
    pub(crate) fn cut_path(&self, path: &[Point]) -> Vec<Vec<Point>> {
        let mut parts: Vec<Vec<Point>> = Vec::new();
        for (from, to) in path.iter().zip(path.iter().skip(1)) {
            let Some((from, to)) = self.cut(*from, *to) else { continue };
            match parts.last_mut() {
                Some(part) if part.last() == Some(&from) => part.push(to),
                _ => parts.push(vec![from, to]),
            }
        }
        parts
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const UNIT: Rectangle = Rectangle { least: (0.0, 0.0), greatest: (1.0, 1.0) };

    #[test]
    fn a_line_through_the_rectangle_keeps_its_middle() {
        assert_eq!(UNIT.cut((-1.0, 0.5), (3.0, 0.5)), Some(((0.0, 0.5), (1.0, 0.5))));
        assert_eq!(UNIT.cut((0.5, 2.0), (0.5, 0.25)), Some(((0.5, 1.0), (0.5, 0.25))));
    }

    #[test]
    fn a_line_beside_the_rectangle_is_dropped() {
        assert_eq!(UNIT.cut((2.0, 0.0), (2.0, 1.0)), None);
        assert_eq!(UNIT.cut((0.5, 2.0), (2.0, 0.5)), None);
    }

    #[test]
    fn an_edge_lies_inside() {
        assert_eq!(UNIT.cut((0.0, 1.0), (1.0, 1.0)), Some(((0.0, 1.0), (1.0, 1.0))));
        assert!(UNIT.holds((1.0, 0.0)));
    }

    #[test]
    fn a_path_inside_stays_one_path() {
        let path: Vec<Point> = (0..30).map(|n| (f64::from(n) / 29.0, (f64::from(n) / 7.0).sin().abs())).collect();
        assert_eq!(UNIT.cut_path(&path), [path]);
    }

    #[test]
    fn a_path_that_leaves_and_returns_has_two_parts() {
        let path = [(0.25, 0.5), (0.5, 0.5), (0.5, 2.0), (0.75, 2.0), (0.75, 0.5)];
        let parts = UNIT.cut_path(&path);
        assert_eq!(parts, [vec![(0.25, 0.5), (0.5, 0.5), (0.5, 1.0)], vec![(0.75, 1.0), (0.75, 0.5)]]);
    }
}
