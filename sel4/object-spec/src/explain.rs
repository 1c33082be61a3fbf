// SPDX-License-Identifier: BSD-2-Clause
//! Why a plan failed, in the words of the system description.

use alloc::format;
use alloc::string::String;
use alloc::vec::Vec;

use crate::plan::{Error, Range, Untyped, nearest, ranges};
use crate::{Kind, ObjectId, Spec};

impl Spec {
    /// One line on why object `id` cannot be had. Whoever planned has mapped the error's request to
    /// the object.
    pub fn explain(&self, id: ObjectId, error: Error, untypeds: &[Untyped]) -> String {
        let what = self.describe(id);
        let ranges = ranges(untypeds);
        match error {
            Error::NoSuchMemory { paddr, .. } => {
                let near: Vec<String> = nearest(&ranges, paddr).map(show).collect();
                let at = if self.start(id) == Some(paddr) {
                    String::new()
                } else {
                    format!(" at {paddr:#x}")
                };
                format!(
                    "{what}: no such physical memory{at}; nearest are {}",
                    near.join(", ")
                )
            }
            Error::Taken { paddr, .. } => {
                format!("{what}: physical memory at {paddr:#x} belongs to another region")
            }
            Error::OutOfMemory { needed, free, .. } => format!(
                "{what}: out of memory: the system needs {} KiB of RAM, the machine has {} KiB",
                needed.div_ceil(1024),
                free / 1024
            ),
            Error::NotContiguous { largest, .. } => format!(
                "{what}: a device reaches it, so it must lie in one piece; the largest free piece of RAM has {} KiB",
                largest / 1024
            ),
        }
    }

    /// An object with its physical range and the protection domains that map it.
    pub fn describe(&self, id: ObjectId) -> String {
        let Some(object) = self.objects.get(id as usize) else {
            return format!("object {id}");
        };
        let mut text = object.name.clone();
        if let Kind::Frames {
            count,
            size,
            paddr: Some(paddr),
            ..
        } = object.kind
        {
            text += &format!(
                " ({paddr:#x}..{:#x})",
                paddr + u64::from(count) * size.bytes()
            );
        }
        let mut spaces: Vec<&str> = Vec::new();
        for mapping in self.mappings.iter().filter(|mapping| mapping.frames == id) {
            let space = self.objects.get(mapping.space as usize);
            let name = space.map_or("?", |space| &space.name);
            if !spaces.contains(&name) {
                spaces.push(name);
            }
        }
        if !spaces.is_empty() {
            text += &format!(" of {}", spaces.join(", "));
        }
        text
    }

    fn start(&self, id: ObjectId) -> Option<u64> {
        match self.objects.get(id as usize)?.kind {
            Kind::Frames { paddr, .. } => paddr,
            _ => None,
        }
    }
}

fn show(range: Range) -> String {
    let kind = if range.device { "device" } else { "RAM" };
    format!("{:#x}..{:#x} ({kind})", range.start, range.end)
}
