//! What was measured: runs of each figure, their median, a table and JSON.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};

/// One figure.
struct Figure {
    what: String,
    unit: &'static str,
    runs: Vec<f64>,
}

impl Figure {
    fn sorted(&self) -> Vec<f64> {
        let mut runs = self.runs.clone();
        runs.sort_by(f64::total_cmp);
        runs
    }
}

/// All figures; each is printed when it is there.
#[derive(Default)]
pub(crate) struct Figures(Vec<Figure>);

impl Figures {
    /// Keeps and prints a figure; returns its median.
    pub(crate) fn add(&mut self, what: impl Into<String>, unit: &'static str, runs: Vec<f64>) -> f64 {
        if self.0.is_empty() {
            println!("{:58} {:>12} {:>12} {:>12}", "", "median", "least", "most");
        }
        let figure = Figure { what: what.into(), unit, runs };
        let sorted = figure.sorted();
        let median = sorted.get(sorted.len() / 2).copied().unwrap_or(f64::NAN);
        let [least, most] = [sorted.first(), sorted.last()].map(|run| number(run.copied().unwrap_or(f64::NAN)));
        let (what, unit) = (&figure.what, figure.unit);
        println!("{:58} {:>12} {least:>12} {most:>12}", format!("{what}, {unit}"), number(median));
        self.0.push(figure);
        median
    }

    /// Writes all of them, with every run.
    pub(crate) fn write(&self, path: &Path) {
        let figure = |figure: &Figure| {
            let sorted = figure.sorted();
            json!({ "what": figure.what, "unit": figure.unit, "median": sorted.get(sorted.len() / 2), "runs": figure.runs })
        };
        let figures: Vec<Value> = self.0.iter().map(figure).collect();
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(path, format!("{:#}\n", json!({ "figures": figures }))).unwrap();
    }
}

fn number(number: f64) -> String {
    let places = if number.abs() >= 100.0 { 0 } else { 2 };
    format!("{number:.places$}")
}

/// How many there were in each second.
pub(crate) fn rate(count: usize, span: Duration) -> f64 {
    count as f64 / span.as_secs_f64()
}
