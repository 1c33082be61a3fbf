// SPDX-License-Identifier: BSD-2-Clause
//! The drawing itself: SVG 1.1 with plain shapes, readable on a light or a dark page.

use std::fmt::Write;

use microkit::model::System;

use super::layout::{LINE, Layout, Node, PAD};
use super::links::Link;

const STYLE: &str = "text{font:13px ui-monospace,Menlo,Consolas,monospace;fill:#1c2733}\
.t{font-size:16px;font-weight:600}.n{font-weight:600}.s{fill:#5a6b7b}\
.b{fill:#f3f7fb;stroke:#3b6ea5;stroke-width:1.5}.c{fill:#fff;stroke:#3b6ea5}\
.k{fill:#22384f}.kt{fill:#fff}.l{fill:none;stroke:#3b6ea5;stroke-width:1.4}\
.m{stroke-dasharray:5 4}.o{paint-order:stroke;stroke:#fff;stroke-width:4px}";

/// The whole document. `title` is the name of the system's file.
pub fn document(title: &str, system: &System, layout: &Layout, links: &[Link]) -> String {
    let mut out = String::new();
    let (w, h) = (layout.width, layout.height);
    let _ = writeln!(
        out,
        "<!-- SPDX-License-Identifier: BSD-2-Clause -->\n\
         <svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {w:.0} {h:.0}\" width=\"{w:.0}\" \
         height=\"{h:.0}\" role=\"img\">\n<style>{STYLE}</style>\n\
         <defs><marker id=\"a\" viewBox=\"0 0 8 8\" refX=\"7\" refY=\"4\" markerWidth=\"8\" \
         markerHeight=\"8\" orient=\"auto-start-reverse\"><path d=\"M0 0 8 4 0 8z\" \
         fill=\"#3b6ea5\"/></marker></defs>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>"
    );
    text(&mut out, "t", 24.0, 32.0, title);
    let mut labels = String::new();
    for (link, ends) in links.iter().zip(&layout.ends) {
        line(&mut out, &mut labels, link, *ends, layout);
    }
    for node in &layout.nodes {
        draw(&mut out, node, "b");
    }
    out.push_str(&labels);
    let bar = layout.kernel;
    let _ = writeln!(
        out,
        "<rect class=\"k\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"4\"/>",
        bar.x, bar.y, bar.w, bar.h
    );
    let what = format!(
        "seL4: {} protection domains, their capabilities, nothing else",
        system.pds.len()
    );
    text(&mut out, "kt", bar.x + PAD, bar.y + 22.0, &what);
    out.push_str("</svg>\n");
    out
}

fn draw(out: &mut String, node: &Node, class: &str) {
    let r = node.rect;
    let _ = writeln!(
        out,
        "<rect class=\"{class}\" x=\"{:.1}\" y=\"{:.1}\" width=\"{:.1}\" height=\"{:.1}\" rx=\"6\"/>",
        r.x, r.y, r.w, r.h
    );
    for (i, what) in node.lines.iter().enumerate() {
        let y = r.y + PAD + LINE * i as f32 + 12.0;
        text(out, if i == 0 { "n" } else { "s" }, r.x + PAD, y, what);
    }
    for child in &node.children {
        draw(out, child, "c");
    }
}

/// The line goes to `out` (under the boxes), its labels to `labels` (over everything).
fn line(
    out: &mut String,
    labels: &mut String,
    link: &Link,
    ends: [(f32, f32); 2],
    layout: &Layout,
) {
    let [(x1, y1), (x2, y2)] = ends;
    let (upper, lower) = if y1 <= y2 { (y1, y2) } else { (y2, y1) };
    let same_row = layout.rect(link.a).y == layout.rect(link.b).y;
    let bend = if same_row {
        30.0
    } else {
        ((lower - upper) / 2.0).max(18.0)
    };
    let (c1, c2) = match (same_row, y1 <= y2) {
        (true, _) => (y1 + bend, y2 + bend),
        (false, true) => (y1 + bend, y2 - bend),
        (false, false) => (y1 - bend, y2 + bend),
    };
    let marker = |on: bool, which: &str| {
        if on {
            format!(" marker-{which}=\"url(#a)\"")
        } else {
            String::new()
        }
    };
    let dashed = if link.a_to_b || link.b_to_a {
        "l"
    } else {
        "l m"
    };
    let _ = writeln!(
        out,
        "<path class=\"{dashed}\" d=\"M{x1:.1} {y1:.1}C{x1:.1} {c1:.1} {x2:.1} {c2:.1} {x2:.1} \
         {y2:.1}\"{}{}/>",
        marker(link.b_to_a, "start"),
        marker(link.a_to_b, "end")
    );
    // Beside the lower end, where no box can hide it.
    let (lx, ly) = match (same_row, y1 <= y2) {
        (true, _) => ((x1 + x2) / 2.0, y1 + bend - 4.0),
        (false, true) => (
            x2 + 6.0,
            y2 - 10.0 - LINE * (link.labels.len() as f32 - 1.0),
        ),
        (false, false) => (
            x1 + 6.0,
            y1 - 10.0 - LINE * (link.labels.len() as f32 - 1.0),
        ),
    };
    for (i, label) in link.labels.iter().enumerate() {
        text(labels, "s o", lx, ly + LINE * i as f32, label);
    }
}

fn text(out: &mut String, class: &str, x: f32, y: f32, what: &str) {
    let _ = write!(out, "<text class=\"{class}\" x=\"{x:.1}\" y=\"{y:.1}\">");
    for c in what.chars() {
        match c {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            c if c.is_control() => out.push('\u{fffd}'),
            c => out.push(c),
        }
    }
    out.push_str("</text>\n");
}
