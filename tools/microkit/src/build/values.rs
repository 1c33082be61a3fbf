// SPDX-License-Identifier: BSD-2-Clause
//! The values of the variables that every protection domain's program is given.

use super::builder::Builder;
use super::layout::IDS;
use super::programs::Loaded;
use crate::elf::PatchError;
use crate::model::{MrId, PdId, ProtectionDomain, SetVarValue, System};

/// Bytes of a name.
const NAME: usize = 64;

impl Builder<'_> {
    /// Sets all variables but those of the pristine copies. `entries` are the entry points of all
    /// protection domains.
    pub(super) fn set_values(&mut self, id: PdId, loaded: &mut Loaded, entries: &[u64]) {
        let system = self.input.system;
        let pd = &system.pds[id];
        for (symbol, bytes) in runtime_values(system, id) {
            let result = loaded.program.set(&loaded.symbols, symbol, &bytes);
            self.note(pd, symbol, result);
        }
        let printing = self.input.config.printing;
        for (symbol, bytes) in own_values(system, id, entries, printing) {
            let result = loaded
                .program
                .set_if_present(&loaded.symbols, symbol, &bytes);
            self.note(pd, symbol, result.map(drop));
        }
        for setvar in &pd.setvars {
            let Some(value) = self.value(setvar.value) else {
                let message = format!(
                    "the value of '{}' is not known when the image is made",
                    setvar.symbol
                );
                self.error(&setvar.span, message, "give the memory region a phys_addr");
                continue;
            };
            let result = loaded
                .program
                .set(&loaded.symbols, &setvar.symbol, &value.to_le_bytes());
            if let Err(error) = result {
                let message = could_not(pd, &setvar.symbol, &error);
                self.error(&setvar.span, message, error.help());
            }
        }
    }

    fn note(&mut self, pd: &ProtectionDomain, symbol: &str, result: Result<(), PatchError>) {
        if let Err(error) = result {
            let help = match error {
                PatchError::Missing => {
                    "is it a program for a protection domain, linked with its symbols?"
                }
                _ => error.help(),
            };
            self.error(&pd.program_image.span, could_not(pd, symbol, &error), help);
        }
    }

    fn value(&self, value: SetVarValue) -> Option<u64> {
        let region = |id: MrId| &self.input.system.memory_regions[id];
        match value {
            SetVarValue::Const(value) => Some(value),
            SetVarValue::RegionSize(id) => Some(region(id).size),
            SetVarValue::PrefillSize(id) => region(id).prefill.as_ref()?.length(),
            SetVarValue::RegionPaddr(id) => region(id).phys_addr,
        }
    }
}

fn could_not(pd: &ProtectionDomain, symbol: &str, error: &PatchError) -> String {
    let path = pd.program_image.path.display();
    format!(
        "could not patch symbol '{symbol}' in program image for PD '{}' ({path}): {error}",
        pd.name
    )
}

/// What libmicrokit and rust-sel4 expect, too.
fn runtime_values(system: &System, id: PdId) -> [(&'static str, Vec<u8>); 6] {
    let pd = &system.pds[id];
    let mask = |ids: &mut dyn Iterator<Item = u8>| -> Vec<u8> {
        ids.fold(0u64, |mask, id| mask | 1 << id)
            .to_le_bytes()
            .into()
    };
    let ends = || {
        system
            .channels
            .iter()
            .flat_map(|channel| &channel.ends)
            .filter(|end| end.pd == id)
    };
    [
        ("microkit_name", name(&pd.name).into()),
        ("microkit_passive", vec![pd.passive.into()]),
        ("microkit_irqs", mask(&mut pd.irqs.iter().map(|irq| irq.id))),
        (
            "microkit_notifications",
            mask(&mut ends().filter(|end| end.notify).map(|end| end.id)),
        ),
        (
            "microkit_pps",
            mask(&mut ends().filter(|end| end.pp).map(|end| end.id)),
        ),
        (
            "microkit_ioports",
            mask(&mut pd.ioports.iter().map(|ports| ports.id)),
        ),
    ]
}

/// What only our own runtime knows.
fn own_values(
    system: &System,
    id: PdId,
    entries: &[u64],
    printing: bool,
) -> [(&'static str, Vec<u8>); 4] {
    let mut child_entries = [0; IDS];
    let mut child_names = [[0; NAME]; IDS];
    for (child, pd) in system.pds.iter().enumerate() {
        if let Some(parent) = pd.parent.as_ref().filter(|parent| parent.pd == id) {
            child_entries[usize::from(parent.child_id)] = entries[child];
            child_names[usize::from(parent.child_id)] = name(&pd.name);
        }
    }
    let mut peers = [[0; NAME]; IDS];
    for [a, b] in system.channels.iter().map(|channel| &channel.ends) {
        for (own, other) in [(a, b), (b, a)] {
            if own.pd == id {
                peers[usize::from(own.id)] = name(&system.pds[other.pd].name);
            }
        }
    }
    [
        ("postern_kernel_printing", vec![printing.into()]),
        (
            "postern_child_entry",
            child_entries
                .iter()
                .flat_map(|entry| entry.to_le_bytes())
                .collect(),
        ),
        ("postern_child_names", child_names.concat()),
        ("postern_peers", peers.concat()),
    ]
}

/// A name filled up with zeros, and cut if it is too long.
fn name(name: &str) -> [u8; NAME] {
    let mut bytes = [0; NAME];
    let len = name.len().min(NAME);
    bytes[..len].copy_from_slice(&name.as_bytes()[..len]);
    bytes
}
