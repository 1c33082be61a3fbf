// SPDX-License-Identifier: BSD-2-Clause
//! Where the tables lie.

use alloc::vec::Vec;

use acpi_tables::Aml;
use acpi_tables::rsdp::Rsdp;
use acpi_tables::sdt::Sdt;
use acpi_tables::xsdt::XSDT;
use vmm_base::Gpa;

use crate::{Machine, OEM, OEM_REVISION, OEM_TABLE, dsdt, fixed};

/// Bytes of a table's header (§5.2.6).
const HEADER_BYTES: u32 = 36;
/// The RSDP is found on multiples of 16 (§5.2.5.1).
const ALIGNMENT: usize = 16;

/// The tables, for the memory at `at`, a multiple of 16. The RSDP comes first.
pub fn tables(at: Gpa, machine: &Machine) -> Vec<u8> {
    let mut memory = Memory {
        at: at.0,
        bytes: Vec::new(),
    };
    // Its place; what it points to is known in the end.
    memory.append(&Rsdp::new(OEM, 0));

    let mut table = Sdt::new(*b"DSDT", HEADER_BYTES, 2, OEM, OEM_TABLE, OEM_REVISION);
    table.append_slice(&dsdt::dsdt(machine));
    let dsdt = memory.append_bytes(table.as_slice());
    let mut xsdt = XSDT::new(OEM, OEM_TABLE, OEM_REVISION);
    xsdt.add_entry(memory.append(&fixed::fadt(machine, dsdt)));
    xsdt.add_entry(memory.append(&fixed::madt(machine)));
    xsdt.add_entry(memory.append(&fixed::mcfg(machine)));
    let xsdt = memory.append(&xsdt);

    let mut rsdp = Vec::new();
    Rsdp::new(OEM, xsdt).to_aml_bytes(&mut rsdp);
    memory.bytes[..rsdp.len()].copy_from_slice(&rsdp);
    memory.bytes
}

struct Memory {
    at: u64,
    bytes: Vec<u8>,
}

impl Memory {
    /// Appends a table, and says at which address it lies.
    fn append(&mut self, table: &dyn Aml) -> u64 {
        let mut bytes = Vec::new();
        table.to_aml_bytes(&mut bytes);
        self.append_bytes(&bytes)
    }

    fn append_bytes(&mut self, table: &[u8]) -> u64 {
        let offset = self.bytes.len().next_multiple_of(ALIGNMENT);
        self.bytes.resize(offset, 0);
        self.bytes.extend_from_slice(table);
        self.at.wrapping_add(offset as u64)
    }
}
