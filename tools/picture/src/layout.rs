// SPDX-License-Identifier: BSD-2-Clause
//! Where each box and each line's end lies, in SVG user units (pixels at scale 1).

use std::collections::BTreeMap;

use microkit::model::{
    Bdf, FunctionDriver, Irq, IrqSource, PdId, PhysicalFunction, System, VirtualFunction,
    VirtualFunctionPolicy,
};

use super::links::Link;

pub const LINE: f32 = 16.0;
pub const PAD: f32 = 10.0;
/// Advance of a 13 px monospaced glyph, with a reserve for wider fonts.
const GLYPH: f32 = 8.2;
const GAP_X: f32 = 40.0;
const MARGIN: f32 = 24.0;
const TITLE: f32 = 44.0;
/// What the kernel's line of text needs.
const KERNEL_WIDTH: f32 = 520.0;

/// A protection domain's place.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Rect {
    pub x: f32,
    pub y: f32,
    pub w: f32,
    pub h: f32,
}

/// A protection domain with its text lines and its children's boxes below them.
#[derive(Debug, Clone)]
pub struct Node {
    pub pd: PdId,
    pub rect: Rect,
    pub lines: Vec<String>,
    pub children: Vec<Node>,
}

/// Everything's place.
#[derive(Debug)]
pub struct Layout {
    pub width: f32,
    pub height: f32,
    pub nodes: Vec<Node>,
    /// The bar of the kernel, under all rows.
    pub kernel: Rect,
    /// Where each link leaves its upper and reaches its lower protection domain.
    pub ends: Vec<[(f32, f32); 2]>,
}

impl Layout {
    pub fn new(system: &System, links: &[Link]) -> Layout {
        let mut rows: BTreeMap<usize, Vec<Node>> = BTreeMap::new();
        let row_of = rows_by_dependence(system, links);
        for (id, pd) in system.pds.iter().enumerate() {
            if pd.parent.is_none() {
                let mut node = node(system, id);
                node.rect.w = node.rect.w.max(room_for_labels(id, &row_of, links));
                rows.entry(row_of[id]).or_default().push(node);
            }
        }
        for row in rows.values_mut() {
            row.sort_by_key(|node| (255 - system.pds[node.pd].priority, node.pd));
        }
        let row_width = |row: &Vec<Node>| {
            row.iter().map(|n| n.rect.w).sum::<f32>() + GAP_X * (row.len() as f32 - 1.0)
        };
        let widest = rows.values().map(row_width).fold(KERNEL_WIDTH, f32::max);
        // Room between rows for the longest label stack.
        let labels = links
            .iter()
            .map(|link| link.labels.len())
            .max()
            .unwrap_or(0);
        let gap_y = 44.0 + LINE * labels as f32;

        let mut y = TITLE + MARGIN;
        let mut nodes = Vec::new();
        for row in rows.into_values() {
            let mut x = MARGIN + (widest - row_width(&row)) / 2.0;
            let tallest = row.iter().map(|n| n.rect.h).fold(0.0, f32::max);
            for mut node in row {
                let step = node.rect.w + GAP_X;
                shift(&mut node, x, y);
                x += step;
                nodes.push(node);
            }
            y += tallest + gap_y;
        }
        let kernel = Rect {
            x: MARGIN,
            y: y - gap_y + 28.0,
            w: widest,
            h: 34.0,
        };
        let ends = ends(&nodes, links);
        Layout {
            width: widest + 2.0 * MARGIN,
            height: kernel.y + kernel.h + MARGIN,
            nodes,
            kernel,
            ends,
        }
    }

    /// The box of top-level protection domain `pd`.
    pub fn rect(&self, pd: PdId) -> Rect {
        find(&self.nodes, pd)
    }
}

fn find(nodes: &[Node], pd: PdId) -> Rect {
    let at = nodes.iter().find(|node| node.pd == pd);
    at.map_or(
        Rect {
            x: 0.0,
            y: 0.0,
            w: 0.0,
            h: 0.0,
        },
        |node| node.rect,
    )
}

/// A protection domain stands one row below the lowest of those of higher priority that it is linked
/// to, so that servers are above their clients.
fn rows_by_dependence(system: &System, links: &[Link]) -> Vec<usize> {
    let mut order: Vec<PdId> = (0..system.pds.len()).collect();
    order.sort_by_key(|&id| (255 - system.pds[id].priority, id));
    let rank = |id: PdId| (255 - system.pds[id].priority, id);
    let mut rows = vec![0; system.pds.len()];
    for id in order {
        for link in links {
            let other = match id {
                id if id == link.a => link.b,
                id if id == link.b => link.a,
                _ => continue,
            };
            if rank(other) < rank(id) {
                rows[id] = rows[id].max(rows[other] + 1);
            }
        }
    }
    rows
}

/// Width at which the labels above `pd`, one beside each line that comes from above, stay apart.
fn room_for_labels(pd: PdId, rows: &[usize], links: &[Link]) -> f32 {
    let above = links.iter().filter(|link| {
        let other = if link.a == pd { link.b } else { link.a };
        (link.a == pd || link.b == pd) && rows[other] < rows[pd]
    });
    let widths: Vec<f32> = above
        .map(|link| {
            let longest = link.labels.iter().map(|label| label.chars().count()).max();
            longest.unwrap_or(0) as f32 * GLYPH + 2.0 * PAD
        })
        .collect();
    widths.iter().fold(0.0, |widest: f32, &w| widest.max(w)) * (widths.len() as f32 + 1.0)
}

/// A box at the origin, as large as its text and its children need.
fn node(system: &System, id: PdId) -> Node {
    let lines = describe(system, id);
    let longest = lines
        .iter()
        .map(|line| line.chars().count())
        .max()
        .unwrap_or(0);
    let mut w = (longest as f32 * GLYPH + 2.0 * PAD).max(150.0);
    let mut h = lines.len() as f32 * LINE + 2.0 * PAD;
    let mut children = Vec::new();
    let mut x = PAD;
    let mut tallest: f32 = 0.0;
    for (child, pd) in system.pds.iter().enumerate() {
        if pd.parent.as_ref().is_some_and(|parent| parent.pd == id) {
            let mut child = node(system, child);
            let step = child.rect.w + PAD;
            shift(&mut child, x, h);
            x += step;
            tallest = tallest.max(child.rect.h);
            children.push(child);
        }
    }
    if !children.is_empty() {
        w = w.max(x);
        h += tallest + PAD;
    }
    Node {
        pd: id,
        rect: Rect {
            x: 0.0,
            y: 0.0,
            w,
            h,
        },
        lines,
        children,
    }
}

fn shift(node: &mut Node, dx: f32, dy: f32) {
    node.rect.x += dx;
    node.rect.y += dy;
    for child in &mut node.children {
        shift(child, dx, dy);
    }
}

/// The name, then what the protection domain owns, a line each.
fn describe(system: &System, id: PdId) -> Vec<String> {
    let pd = &system.pds[id];
    let mut lines = vec![
        pd.name.clone(),
        format!("priority {}, core {}", pd.priority, pd.cpu),
    ];
    lines.extend(pd.irqs.iter().map(irq));
    for port in &pd.ioports {
        lines.push(format!(
            "I/O ports {:#x}\u{2013}{:#x}",
            port.first, port.last
        ));
    }
    for map in &pd.maps {
        let region = &system.memory_regions[map.mr];
        if let Some(at) = region.phys_addr {
            lines.push(format!("{} at {at:#x}", region.name));
        }
    }
    lines.extend(pd.functions.iter().map(physical_function));
    let own = |vf: &&VirtualFunction| vf.owner == id;
    for space in &system.io_address_spaces {
        if let Some(vf) = space.vf.as_ref().filter(own) {
            lines.push(virtual_function(space.peripheral, vf));
        }
    }
    if let Some(vm) = &pd.virtual_machine {
        lines.push(format!("guest {}", vm.name));
    }
    if pd.restarts > 0 {
        lines.push(format!("restarts: {}", pd.restarts));
    }
    lines
}

fn irq(irq: &Irq) -> String {
    match irq.source {
        IrqSource::Ioapic { ioapic, pin, .. } => {
            format!("IRQ {}: IOAPIC {ioapic} pin {pin}", irq.vector)
        }
        IrqSource::Msi { pci, .. } => format!("IRQ {}: MSI of {pci}", irq.vector),
    }
}

fn physical_function(function: &PhysicalFunction) -> String {
    let driver = match function.driver {
        FunctionDriver::Igb => "igb",
        FunctionDriver::Nvme => "NVMe",
    };
    format!("shares {driver} {}: {} VFs", function.pci, function.vfs)
}

fn virtual_function(pci: Bdf, vf: &VirtualFunction) -> String {
    let text = format!("owns {pci}: VF {} of {}", vf.vf, vf.function);
    match vf.policy {
        VirtualFunctionPolicy::Storage {
            namespace: Some(namespace),
        } => format!("{text}, namespace {namespace}"),
        _ => text,
    }
}

/// Spreads the links' ends over the edges of the boxes, ordered so that lines cross little.
fn ends(nodes: &[Node], links: &[Link]) -> Vec<[(f32, f32); 2]> {
    let centre = |pd: PdId| {
        let rect = find(nodes, pd);
        rect.x + rect.w / 2.0
    };
    let mut ends = vec![[(0.0, 0.0); 2]; links.len()];
    for node in nodes {
        // (link, which end, whether it leaves downwards, the other end's middle)
        let mut here: Vec<(usize, usize, bool, f32)> = Vec::new();
        for (i, link) in links.iter().enumerate() {
            let (end, other) = match node.pd {
                pd if pd == link.a => (0, link.b),
                pd if pd == link.b => (1, link.a),
                _ => continue,
            };
            let below = find(nodes, other).y >= node.rect.y;
            here.push((i, end, below, centre(other)));
        }
        for side in [true, false] {
            let mut on: Vec<_> = here.iter().filter(|end| end.2 == side).collect();
            on.sort_by(|l, r| l.3.total_cmp(&r.3).then(l.0.cmp(&r.0)));
            let step = node.rect.w / (on.len() as f32 + 1.0);
            for (k, (i, end, below, _)) in on.into_iter().enumerate() {
                let y = if *below {
                    node.rect.y + node.rect.h
                } else {
                    node.rect.y
                };
                ends[*i][*end] = (node.rect.x + step * (k as f32 + 1.0), y);
            }
        }
    }
    ends
}
