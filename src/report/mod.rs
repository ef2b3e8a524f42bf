//! One-page reports for people: self-contained HTML with inline SVG, for screen and paper.
//!
//! Data in, text out: nothing here reads a file or a clock, and the same `Page` always gives the same bytes. A page refers to no other
//! resource and runs no script. Series differ in dashes, markers and hatching as well as in colour, so that they are told apart on a
//! grey printout and by colour-blind readers.
//!
//! ```
//! use cotejo::report::{Axis, Block, Figure, Marks, Page, Plot, Scale, Section, Series};
//!
//! let times = vec![(1_000.0, 0.8), (10_000.0, 7.9), (100_000.0, 80.2)];
//! let plot = Plot {
//!     x: Axis::new("references", Scale::Log10),
//!     y: Axis::new("seconds", Scale::Log10),
//!     series: vec![Series::new("bgv", Marks::Line(times))],
//!     ..Plot::default()
//! };
//! let figure = Figure { caption: "Time of one query against gallery size.".to_owned(), plot };
//! let page = Page {
//!     title: "Cost".to_owned(),
//!     lead: "What one query costs.".to_owned(),
//!     facts: vec![("command".to_owned(), "cotejo bench".to_owned())],
//!     sections: vec![Section { heading: "Time".to_owned(), blocks: vec![Block::Figures(vec![figure])] }],
//! };
//! assert!(page.html().starts_with("<!DOCTYPE html>"));
//! ```

mod axis;
mod draw;
mod html;
mod number;
mod page;
mod plot;
mod ticks;

#[cfg(test)]
mod example;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod ticks_tests;

pub use page::{Block, Figure, Page, Section, Table};
pub use plot::{Axis, Band, Bar, Marks, Plot, PointWithInterval, Position, Rule, Scale, Series};
