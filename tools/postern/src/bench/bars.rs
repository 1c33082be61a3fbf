// SPDX-License-Identifier: BSD-2-Clause
//! Pictures of benchmarks: groups of bars, as SVG.

use std::path::Path;

use anyhow::{Result, anyhow};
use plotters::prelude::*;

/// Bars that are compared with each other.
pub struct Group {
    /// What they show, with its unit.
    pub label: String,
    /// A name and a value of each.
    pub bars: Vec<(String, f64)>,
}

const WIDTH: u32 = 760;
/// Where bars begin and how long the longest is.
const LEFT: i32 = 150;
const LENGTH: f64 = 480.0;
/// Heights of the title, of a group's label, and of a bar with the space below it.
const TITLE: i32 = 50;
const LABEL: i32 = 30;
const BAR: i32 = 20;

/// Draws `groups` below each other, each with its own scale.
pub fn draw(path: &Path, title: &str, groups: &[Group]) -> Result<()> {
    let height: i32 = groups.iter().map(height).sum();
    let size = (WIDTH, u32::try_from(TITLE + height + LABEL)?);
    let root = SVGBackend::new(path, size).into_drawing_area();
    try_draw(&root, title, groups)
        .map_err(|error| anyhow!("cannot draw {}: {error}", path.display()))
}

fn height(group: &Group) -> i32 {
    LABEL + BAR * i32::try_from(group.bars.len()).unwrap_or(0)
}

fn try_draw(
    root: &DrawingArea<SVGBackend<'_>, plotters::coord::Shift>,
    title: &str,
    groups: &[Group],
) -> Result<(), Box<dyn std::error::Error>> {
    root.fill(&WHITE)?;
    let font = |size: i32| ("sans-serif", size).into_font();
    root.draw_text(title, &font(20).into(), (20, 15))?;
    let mut y = TITLE;
    for group in groups {
        root.draw_text(&group.label, &font(15).into(), (20, y + 8))?;
        y += LABEL;
        let most = group.bars.iter().map(|bar| bar.1).fold(0.0, f64::max);
        for (number, (name, value)) in group.bars.iter().enumerate() {
            let length = (value / most.max(f64::EPSILON) * LENGTH) as i32;
            let end = LEFT + length;
            let colour = BLUE.mix(if number == 0 { 1.0 } else { 0.35 });
            let corners = [(LEFT, y + 3), (end, y + BAR - 3)];
            root.draw(&Rectangle::new(corners, colour.filled()))?;
            root.draw_text(name, &font(13).into(), (30, y + 4))?;
            root.draw_text(&format!("{value:.1}"), &font(13).into(), (end + 6, y + 4))?;
            y += BAR;
        }
    }
    root.present()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_bar_is_drawn_and_the_longest_is_the_largest() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x.svg");
        let group = |label: &str, bars: &[(&str, f64)]| Group {
            label: label.to_owned(),
            bars: bars
                .iter()
                .map(|(name, value)| ((*name).to_owned(), *value))
                .collect(),
        };
        let groups = [
            group("time in ns", &[("ours", 20.0), ("theirs", 40.0)]),
            group("nothing", &[("ours", 0.0)]),
        ];
        draw(&path, "a title", &groups).unwrap();
        let text = std::fs::read_to_string(path).unwrap();
        for part in [
            "a title",
            "time in ns",
            "theirs",
            "40.0",
            "width=\"480\"",
            "width=\"240\"",
        ] {
            assert!(text.contains(part), "no {part} in {text}");
        }
    }
}
