//! What holds for every page.

use super::*;

const NAMESPACE: &str = "http://www.w3.org/2000/svg";

/// Numbers that plots must survive.
const NASTY: [f64; 15] = [
    f64::NAN,
    f64::INFINITY,
    f64::NEG_INFINITY,
    0.0,
    -0.0,
    5e-324,
    1e-300,
    0.5,
    0.500_000_000_000_000_1,
    1.0 - f64::EPSILON,
    1.0,
    -1.0,
    1e16,
    1e300,
    f64::MAX,
];

fn page(plot: Plot) -> String {
    let figure = Figure { caption: "a plot".to_owned(), plot };
    Page {
        sections: vec![Section { heading: String::new(), blocks: vec![Block::Figures(vec![figure])] }],
        ..Page::default()
    }
    .html()
}

fn one(x: Axis, y: Axis, marks: Marks) -> Plot {
    Plot { x, y, series: vec![Series::new("series", marks)], ..Plot::default() }
}

/// The values of all attributes of a name.
fn attributes<'a>(html: &'a str, name: &str) -> Vec<&'a str> {
    html.split(&format!(" {name}=\"")).skip(1).filter_map(|rest| rest.split('"').next()).collect()
}

/// The paths of the first series.
fn blue(html: &str) -> impl Iterator<Item = &str> {
    html.split("<polyline").skip(1).filter_map(|rest| rest.split("/>").next()).filter(|tag| tag.contains("#0072B2"))
}

/// Every point of the first series' paths, the legend's left out.
fn points(html: &str) -> Vec<(f64, f64)> {
    let picture = html.split("</svg>").next().unwrap();
    let pairs = blue(picture).flat_map(|tag| attributes(tag, "points")).flat_map(str::split_whitespace);
    pairs.map(|pair| pair.split_once(',').unwrap()).map(|(x, y)| (x.parse().unwrap(), y.parse().unwrap())).collect()
}

#[test]
fn the_same_page_has_the_same_bytes() {
    let html = example::page().html();
    assert_eq!(html, example::page().html());
}

#[test]
fn a_page_refers_to_nothing_outside() {
    let html = example::page().html().replace(NAMESPACE, "");
    for reference in ["http:", "https:", "//", "url(", "@import", "src=", "href=", "<script", "<link"] {
        assert!(!html.contains(reference), "{reference}");
    }
}

#[test]
fn every_text_is_escaped() {
    let evil = "<script>\"&'</script>".to_owned();
    let texts = || vec![evil.clone()];
    let plot = Plot {
        x: Axis::new(&evil, Scale::Linear),
        y: Axis::new(&evil, Scale::Linear),
        series: vec![Series::new(&evil, Marks::Points(vec![(0.0, 1.0)]))],
        rules: vec![Rule { label: evil.clone(), position: Position::X(0.0) }],
        bands: vec![Band { label: evil.clone(), from: 0.0, to: 1.0 }],
    };
    let table = Table { caption: evil.clone(), head: texts(), rows: vec![texts()], numeric: Vec::new() };
    let figures = vec![Figure { caption: evil.clone(), plot }];
    let blocks = vec![
        Block::Text(evil.clone()),
        Block::Warning(evil.clone()),
        Block::List(texts()),
        Block::Table(table),
        Block::Figures(figures),
    ];
    let sections = vec![Section { heading: evil.clone(), blocks }];
    let html =
        Page { title: evil.clone(), lead: evil.clone(), facts: vec![(evil.clone(), evil.clone())], sections }.html();
    // Title twice, lead, two facts, heading, text, warning, list, three of the table, three of the legend, two axes, caption twice.
    assert!(html.matches("&lt;script&gt;").count() >= 19);
    assert!(!html.contains("<script") && !html.contains("</script"));
    assert_eq!(attributes(&html, "aria-label"), ["&lt;script&gt;&quot;&amp;'&lt;/script&gt;"]);
}

#[test]
fn pictures_are_named_for_those_who_do_not_see_them() {
    let html = example::page().html();
    assert_eq!(attributes(&html, "aria-label").len(), 6);
    assert!(html.contains("role=\"img\" aria-label=\"Detection error trade-off.\""));
    assert_eq!(html.matches("<svg").count(), html.matches("</svg>").count());
    assert!(html.contains("<html lang=\"en\">"));
}

#[test]
fn a_label_of_an_axis_is_cut_only_where_letters_would_be_too_small() {
    let labelled = |letters: usize| {
        page(one(Axis::new(&"x".repeat(letters), Scale::Linear), Axis::default(), Marks::Points(vec![(0.0, 0.0)])))
    };
    assert!((1..=58).all(|letters| labelled(letters).contains(&"x".repeat(letters))));
    assert!(labelled(90).contains("x…"));
}

#[test]
fn a_plot_without_data_says_so() {
    assert!(page(Plot::default()).contains("no data"));
    let nowhere = one(Axis::default(), Axis::new("", Scale::Log10), Marks::Line(vec![(1.0, 0.0), (f64::NAN, 2.0)]));
    let html = page(nowhere);
    assert!(
        html.contains("no data")
            && html.contains("(2 values of “series” left out: a logarithmic axis begins above 0.)")
    );
}

#[test]
fn a_figure_says_of_which_series_values_are_left_out() {
    let line = |values: &[f64]| Marks::Line(values.iter().map(|&y| (y + 1.0, y)).collect());
    let plot = Plot {
        y: Axis::new("", Scale::Log10),
        series: vec![Series::new("as read", line(&[0.0, 0.0, 1.0])), Series::new("integers", line(&[1.0, 2.0]))],
        ..Plot::default()
    };
    let html = page(plot);
    assert!(html.contains("(2 values of “as read” left out: a logarithmic axis begins above 0.)"), "{html}");
    assert!(!html.contains("integers” left out"));
}

#[test]
fn a_legend_names_what_is_drawn_and_nothing_else() {
    let points = |x: f64| Marks::Points(vec![(x, x)]);
    let rule = |label: &str, position| Rule { label: label.to_owned(), position };
    let plot = Plot {
        x: Axis::over("", Scale::Log10, 1.0, 100.0),
        y: Axis::new("", Scale::Log10),
        series: vec![
            Series::new("here", points(10.0)),
            Series::new("no place", points(0.0)),
            Series::new("beyond", points(1000.0)),
            Series::new("empty", Marks::Line(Vec::new())),
        ],
        rules: vec![
            rule("threshold", Position::X(50.0)),
            rule("far away", Position::X(500.0)),
            rule("nought", Position::Y(0.0)),
        ],
        bands: vec![
            Band { label: "zone".to_owned(), from: 20.0, to: 30.0 },
            Band { label: "outside".to_owned(), from: 200.0, to: 300.0 },
        ],
    };
    let html = page(plot);
    let legend = html.split("class=\"legend\"").nth(1).unwrap().split("</ul>").next().unwrap();
    for (name, is_there) in [
        ("here", true),
        ("no place", false),
        ("beyond", false),
        ("empty", false),
        ("threshold", true),
        ("far away", false),
        ("nought", false),
        ("zone", true),
        ("outside", false),
    ] {
        assert_eq!(legend.contains(&format!("<span>{name}</span>")), is_there, "{name}: {legend}");
    }
}

#[test]
fn a_line_is_broken_where_a_value_is_left_out() {
    let through = |middle: f64| {
        let line = vec![(0.0, 1.0), (1.0, 1.5), (2.0, middle), (3.0, 1.5), (4.0, 2.0)];
        page(one(Axis::default(), Axis::new("", Scale::Log10), Marks::Line(line)))
    };
    assert!(!through(1.0).contains("left out"));
    assert!(through(-1.0).contains("(1 value of “series” left out: a logarithmic axis begins above 0.)"));
    // One in the legend.
    assert_eq!((blue(&through(1.0)).count(), blue(&through(-1.0)).count()), (2, 3));
}

#[test]
fn nothing_is_drawn_beyond_the_axes() {
    let wild: Vec<(f64, f64)> = (0..200).map(|n| (f64::from(n) / 100.0 - 0.5, 40.0 * f64::from(n).sin())).collect();
    let intervals =
        wild.iter().map(|(x, y)| PointWithInterval { x: *x, y: *y, low: y - 9.0, high: f64::INFINITY }).collect();
    let bars = wild.iter().map(|(x, y)| Bar { from: *x, to: x + 0.01, height: *y }).collect();
    for marks in [
        Marks::Line(wild.clone()),
        Marks::Steps(wild.clone()),
        Marks::PointsWithIntervals(intervals),
        Marks::Bars(bars),
    ] {
        let axis = || Axis::over("", Scale::Linear, 0.0, 1.0);
        let all = points(&page(one(axis(), axis(), marks)));
        assert!(all.len() > 20);
        assert!(all.iter().all(|(x, y)| (470.0..=3580.0).contains(x) && (80.0..=2220.0).contains(y)));
    }
}

#[test]
fn no_number_is_too_strange() {
    let scales = [Scale::Linear, Scale::Log10, Scale::NormalDeviate];
    let pairs: Vec<(f64, f64)> = NASTY.iter().flat_map(|x| NASTY.map(|y| (*x, y))).collect();
    for scale in scales {
        for (from, to) in &pairs {
            let axis = || Axis::over("axis", scale, *from, *to);
            let bars =
                Marks::Bars(vec![Bar { from: *from, to: *to, height: *to }, Bar { from: 0.1, to: 0.2, height: 0.3 }]);
            let intervals =
                Marks::PointsWithIntervals(vec![PointWithInterval { x: 0.5, y: 0.5, low: *from, high: *to }]);
            let lines = [Marks::Line(pairs.clone()), Marks::Steps(vec![(*from, *to), (0.5, 0.5), (*to, *from)])];
            let series = [bars, intervals].into_iter().chain(lines).map(|marks| Series::new("", marks)).collect();
            let rules = [Position::X(*from), Position::Y(*to), Position::Diagonal]
                .map(|position| Rule { label: String::new(), position });
            let bands = vec![Band { label: String::new(), from: *from, to: *to }];
            let html = page(Plot { x: axis(), y: axis(), series, rules: rules.to_vec(), bands });
            assert!(!html.contains("NaN") && !html.contains("inf"), "{scale:?} {from} {to}");
            assert!(html.contains("role=\"img\""));
            let alone = Marks::Line(vec![(*from, *to)]);
            let html = page(one(Axis::new("", scale), Axis::new("", scale), alone));
            assert!(html.contains("role=\"img\"") || html.contains("no data"));
        }
    }
}

#[test]
fn a_long_series_is_as_small_as_its_picture() {
    let long: Vec<(f64, f64)> = (0..1_000_000).map(|n| f64::from(n) / 1e6).map(|x| (x, x.sqrt())).collect();
    assert!(page(one(Axis::default(), Axis::default(), Marks::Line(long))).len() < 100_000);
}
