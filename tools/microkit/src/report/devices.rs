// SPDX-License-Identifier: BSD-2-Clause
//! What devices may reach, and whose they are.

use std::fmt::{self, Write};

use crate::model::{
    Bars, FunctionDriver, IoAddressSpace, NetworkPolicy, System, VirtualFunctionPolicy,
};

pub(super) fn write(out: &mut String, system: &System) -> fmt::Result {
    for pd in &system.pds {
        for function in &pd.functions {
            let driver = match function.driver {
                FunctionDriver::Igb => "igb",
                FunctionDriver::Nvme => "nvme",
            };
            writeln!(out, "- physical function {} of '{}'", function.pci, pd.name)?;
            writeln!(out, "\t* Driver: {driver}")?;
            writeln!(out, "\t* Virtual functions: {}", function.vfs)?;
            bars(out, "BAR", &function.bars)?;
            bars(out, "VF BAR", &function.vf_bars)?;
        }
    }
    for space in &system.io_address_spaces {
        io_address_space(out, system, space)?;
    }
    Ok(())
}

fn bars(out: &mut String, what: &str, bars: &Bars) -> fmt::Result {
    writeln!(out, "\t* {what} 0: {:#x}", bars.registers.start)?;
    match &bars.msix {
        Some(bar) => writeln!(out, "\t* {what} 3: {:#x}", bar.start),
        None => Ok(()),
    }
}

fn io_address_space(out: &mut String, system: &System, space: &IoAddressSpace) -> fmt::Result {
    let (name, device, domain) = (&space.name, space.peripheral, space.domain_id);
    writeln!(
        out,
        "- io_address_space '{name}': {device}, domain {domain}"
    )?;
    if let Some(vf) = &space.vf {
        writeln!(out, "\t* Virtual function: {} of {}", vf.vf, vf.function)?;
        writeln!(out, "\t* Owner: {}", system.pds[vf.owner].name)?;
        match &vf.policy {
            VirtualFunctionPolicy::Network(policy) => network(out, policy)?,
            VirtualFunctionPolicy::Storage {
                namespace: Some(namespace),
            } => writeln!(out, "\t* Namespace: {namespace}")?,
            VirtualFunctionPolicy::Storage { namespace: None } => {
                writeln!(out, "\t* Namespace: none")?;
            }
        }
    }
    for map in &space.iomaps {
        let region = &system.memory_regions[map.mr];
        let last = map.vaddr.saturating_add(region.size).saturating_sub(1);
        let right = |right: bool, letter: &'static str| if right { letter } else { "" };
        writeln!(
            out,
            "\t* {:#x}..={last:#x}: memory region '{}' ({}{})",
            map.vaddr,
            region.name,
            right(map.perms.read, "r"),
            right(map.perms.write, "w"),
        )?;
    }
    Ok(())
}

fn network(out: &mut String, policy: &NetworkPolicy) -> fmt::Result {
    match policy.mac {
        Some([a, b, c, d, e, f]) => {
            writeln!(
                out,
                "\t* MAC: {a:02x}:{b:02x}:{c:02x}:{d:02x}:{e:02x}:{f:02x}"
            )?;
        }
        None => writeln!(out, "\t* MAC: none")?,
    }
    match policy.vlan {
        0 => writeln!(out, "\t* VLAN: none")?,
        vlan => writeln!(out, "\t* VLAN: {vlan}")?,
    }
    match policy.rate {
        0 => writeln!(out, "\t* Rate: no limit")?,
        rate => writeln!(out, "\t* Rate: {rate} Mbit/s")?,
    }
    writeln!(out, "\t* Multicast addresses: at most {}", policy.multicast)?;
    writeln!(out, "\t* Longest frame: {} bytes", policy.max_frame)?;
    let yes = |flag: bool| if flag { "yes" } else { "no" };
    writeln!(out, "\t* All multicast: {}", yes(policy.promiscuous))?;
    writeln!(out, "\t* Anti-spoofing: {}", yes(policy.anti_spoof))
}
