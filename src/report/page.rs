//! What a page is made of.

use super::Plot;

/// A report.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Page {
    /// Title, also of the browser's window.
    pub title: String,
    /// The finding in a sentence or two, under the title.
    pub lead: String,
    /// Where the numbers come from, as (what, value): command, machine, seed, versions. Printed at the end of the page.
    pub facts: Vec<(String, String)>,
    /// The body.
    pub sections: Vec<Section>,
}

/// A part of a page.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// What stands above it.
    pub heading: String,
    /// Its contents, in order.
    pub blocks: Vec<Block>,
}

/// A piece of a section.
#[derive(Clone, Debug, PartialEq)]
pub enum Block {
    /// A paragraph.
    Text(String),
    /// A paragraph that must not be overlooked.
    Warning(String),
    /// A table.
    Table(Table),
    /// Figures, two beside each other where there is room.
    Figures(Vec<Figure>),
    /// A list of points.
    List(Vec<String>),
}

/// A table.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Table {
    /// What it shows; left out where empty.
    pub caption: String,
    /// Headings of the columns; a page of A4 holds some eight, or ten of few digits in small print.
    pub head: Vec<String>,
    /// The cells, by row; short rows are filled with empty cells.
    pub rows: Vec<Vec<String>>,
    /// Columns that hold numbers, from 0: aligned to the right, all digits as wide.
    pub numeric: Vec<usize>,
}

/// A plot with its caption.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Figure {
    /// What it shows; read out in the picture's place by a screen reader.
    pub caption: String,
    /// The plot.
    pub plot: Plot,
}
