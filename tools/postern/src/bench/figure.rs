// SPDX-License-Identifier: BSD-2-Clause
//! Figures: what a benchmark found out, for people and for scripts.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::{Context, Result};

use crate::ui::table;

/// One measured value.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What was measured, e.g. `image-default-time`.
    pub name: String,
    /// The value.
    pub value: f64,
    /// Its unit.
    pub unit: &'static str,
    /// The most that is acceptable, where there is such a bound.
    pub bound: Option<f64>,
}

impl Figure {
    /// A figure without a bound.
    pub fn new(name: impl Into<String>, value: f64, unit: &'static str) -> Self {
        Self {
            name: name.into(),
            value,
            unit,
            bound: None,
        }
    }

    /// The same with a bound.
    pub fn at_most(self, bound: f64) -> Self {
        Self {
            bound: Some(bound),
            ..self
        }
    }

    fn bound_text(&self) -> String {
        self.bound
            .map(|bound| bound.to_string())
            .unwrap_or_default()
    }

    /// Is it within its bound?
    pub fn is_good(&self) -> bool {
        self.bound.is_none_or(|bound| self.value <= bound)
    }
}

/// Prints figures as a table and as lines for scripts, and writes them as CSV.
pub fn publish(figures: &[Figure], csv: &Path) -> Result<()> {
    println!("{}", as_table(figures));
    for_scripts(figures, csv)
}

/// Prints figures as lines for scripts, and writes them as CSV.
pub fn for_scripts(figures: &[Figure], csv: &Path) -> Result<()> {
    let mut text = String::from("name,value,unit,bound\n");
    for figure in figures {
        let Figure {
            name, value, unit, ..
        } = figure;
        println!("figure {name} {value:.3} {unit}");
        // Writing to a string cannot fail.
        let _ = writeln!(text, "{name},{value:.3},{unit},{}", figure.bound_text());
    }
    fs::write(csv, text).with_context(|| format!("cannot write {}", csv.display()))
}

fn as_table(figures: &[Figure]) -> String {
    let mut rows = vec![
        ["figure", "value", "unit", "at most"]
            .map(str::to_owned)
            .to_vec(),
    ];
    for figure in figures {
        let bound = figure.bound_text();
        let verdict = if figure.is_good() {
            bound
        } else {
            format!("{bound}  MISSED")
        };
        rows.push(vec![
            figure.name.clone(),
            format!("{:.3}", figure.value),
            figure.unit.to_owned(),
            verdict,
        ]);
    }
    table(&rows)
}

/// The middle value; 0 of nothing.
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or(0.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_do_not_mind_order_or_outliers() {
        for (values, expected) in [(&[3.0, 1.0, 900.0][..], 3.0), (&[1.0], 1.0), (&[], 0.0)] {
            assert!(
                (median(values) - expected).abs() < f64::EPSILON,
                "{values:?}"
            );
        }
    }

    #[test]
    fn figures_are_written_for_scripts_too() {
        let folder = tempfile::tempdir().unwrap();
        let csv = folder.path().join("x.csv");
        let figures = [
            Figure::new("a", 1.5, "s").at_most(3.0),
            Figure::new("b", 2.0, "MiB"),
        ];
        publish(&figures, &csv).unwrap();
        let text = std::fs::read_to_string(csv).unwrap();
        assert_eq!(text, "name,value,unit,bound\na,1.500,s,3\nb,2.000,MiB,\n");
    }

    #[test]
    fn a_bound_is_a_most() {
        let figure = Figure::new("a", 1.5, "s");
        assert!(figure.is_good() && figure.clone().at_most(1.5).is_good());
        assert!(!figure.at_most(1.4).is_good());
    }
}
