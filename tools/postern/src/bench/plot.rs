// SPDX-License-Identifier: BSD-2-Clause
//! Pictures of benchmarks: curves over a common axis, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

/// A curve.
pub struct Curve {
    /// What it shows, with its unit.
    pub label: String,
    /// Points.
    pub points: Vec<(f64, f64)>,
}

/// Draws `curves` below each other, each with its own scale, over the axis `x_label`.
pub fn draw(path: &Path, title: &str, x_label: &str, curves: &[Curve]) -> Result<()> {
    let height = 60 + 260 * u32::try_from(curves.len())?;
    let root = SVGBackend::new(path, (760, height)).into_drawing_area();
    try_draw(&root, title, x_label, curves)
        .map_err(|error| anyhow!("cannot draw {}: {error}", path.display()))
}

type Area<'a> = DrawingArea<SVGBackend<'a>, plotters::coord::Shift>;

fn try_draw(
    root: &Area<'_>,
    title: &str,
    x_label: &str,
    curves: &[Curve],
) -> Result<(), Box<dyn std::error::Error>> {
    root.fill(&WHITE)?;
    let root = root.titled(title, ("sans-serif", 20))?;
    let areas = root.split_evenly((curves.len(), 1));
    for (curve, area) in curves.iter().zip(&areas) {
        let most = |values: &mut dyn Iterator<Item = f64>| values.fold(0.0, f64::max);
        let x_most = most(&mut curve.points.iter().map(|point| point.0));
        let y_most = most(&mut curve.points.iter().map(|point| point.1));
        let mut chart = ChartBuilder::on(area)
            .margin(10)
            .x_label_area_size(40)
            .y_label_area_size(70)
            .build_cartesian_2d(0.0..x_most * 1.02, 0.0..(y_most * 1.15).max(f64::EPSILON))?;
        chart
            .configure_mesh()
            .light_line_style(TRANSPARENT)
            .x_desc(x_label)
            .y_desc(curve.label.as_str())
            .draw()?;
        chart.draw_series(LineSeries::new(
            curve.points.iter().copied(),
            BLUE.stroke_width(2),
        ))?;
        let dots = curve
            .points
            .iter()
            .map(|point| Circle::new(*point, 3, BLUE.filled()));
        chart.draw_series(dots)?;
    }
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_and_points_are_in_the_picture() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.svg");
        let points = vec![(0.0, 1.0), (512.0, 2.0), (1024.0, 4.0)];
        let curves = [Curve {
            label: "time in s".into(),
            points,
        }];
        draw(&path, "a title", "regions in MiB", &curves).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        for part in ["a title", "regions in MiB", "time in s"] {
            assert!(text.contains(part), "no {part}");
        }
        assert_eq!(text.matches("<circle").count(), 3);
    }
}
