// SPDX-License-Identifier: BSD-2-Clause
//! What two protection domains have to do with each other, gathered into one line between them.

use microkit::model::{PdId, System};

/// Everything between two top-level protection domains (`a < b`); a child counts as its outermost
/// parent, because it is drawn inside it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Link {
    pub a: PdId,
    pub b: PdId,
    /// A channel lets `a` reach `b`, or `b` reach `a`.
    pub a_to_b: bool,
    pub b_to_a: bool,
    /// What is written beside the line, a line each: "calls", "notifies", names of regions.
    pub labels: Vec<String>,
}

/// The outermost ancestor of `pd`.
pub fn outermost(system: &System, mut pd: PdId) -> PdId {
    while let Some(parent) = &system.pds[pd].parent {
        pd = parent.pd;
    }
    pd
}

/// All links, in the order of the description.
pub fn links(system: &System) -> Vec<Link> {
    let mut links: Vec<Link> = Vec::new();
    for channel in &system.channels {
        let [x, y] = &channel.ends;
        for (from, to) in [(x, y), (y, x)] {
            let (a, b) = (outermost(system, from.pd), outermost(system, to.pd));
            for (allowed, verb) in [(from.pp, "calls"), (from.notify, "notifies")] {
                if allowed && a != b {
                    let link = between(&mut links, a, b);
                    let forward = link.a == a;
                    link.a_to_b |= forward;
                    link.b_to_a |= !forward;
                    push_once(&mut link.labels, verb);
                }
            }
        }
    }
    for (mr, region) in system.memory_regions.iter().enumerate() {
        let mut owners: Vec<PdId> = Vec::new();
        for (id, pd) in system.pds.iter().enumerate() {
            let guest = pd.virtual_machine.iter().flat_map(|vm| &vm.maps);
            if pd.maps.iter().chain(guest).any(|map| map.mr == mr) {
                let owner = outermost(system, id);
                if !owners.contains(&owner) {
                    owners.push(owner);
                }
            }
        }
        for (i, &a) in owners.iter().enumerate() {
            for &b in &owners[i + 1..] {
                push_once(&mut between(&mut links, a, b).labels, &region.name);
            }
        }
    }
    links
}

fn between(links: &mut Vec<Link>, x: PdId, y: PdId) -> &mut Link {
    let (a, b) = (x.min(y), x.max(y));
    let at = links
        .iter()
        .position(|link| link.a == a && link.b == b)
        .unwrap_or_else(|| {
            links.push(Link {
                a,
                b,
                a_to_b: false,
                b_to_a: false,
                labels: Vec::new(),
            });
            links.len() - 1
        });
    &mut links[at]
}

fn push_once(labels: &mut Vec<String>, label: &str) {
    if !labels.iter().any(|have| have == label) {
        labels.push(label.to_owned());
    }
}
