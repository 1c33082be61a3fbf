// SPDX-License-Identifier: BSD-2-Clause
//! `<?postern function="BDF" driver="…" …?>` in a protection domain: a physical function that it shares
//! out, and where its BARs go.

use super::attrs::Attrs;
use super::context::{Context, Parsed};
use super::instruction::Instruction;
use super::limits::{BAR, BAR_STEP, IGB_BAR0_STEP, IGB_VFS, NVME_VFS};
use super::pci;
use crate::model::{Bar, Bars, FunctionDriver, PhysicalFunction};

/// The attributes that tell this instruction from others.
pub(super) const ATTRIBUTES: &[&str] = &[
    "function", "driver", "vfs", "bar0", "bar3", "vf_bar0", "vf_bar3",
];

const DRIVERS: [(&str, FunctionDriver); 2] =
    [("igb", FunctionDriver::Igb), ("nvme", FunctionDriver::Nvme)];

pub(super) fn parse(
    context: &mut Context<'_>,
    instruction: Instruction<'_>,
) -> Parsed<PhysicalFunction> {
    let span = instruction.span.clone();
    let attrs = instruction.attrs(context, ATTRIBUTES);
    let pci = pci::attribute(context, &attrs, "function");
    // Without it there is nothing to take instead.
    let driver = attrs
        .text(context, "driver")
        .and_then(|_| attrs.choice(context, "driver", &DRIVERS, FunctionDriver::Igb))?;
    let (most, bar0) = match driver {
        FunctionDriver::Igb => (IGB_VFS, IGB_BAR0_STEP),
        FunctionDriver::Nvme => (NVME_VFS, BAR_STEP),
    };
    let vfs = attrs.number(context, "vfs", most);
    let bars = bars(context, &attrs, driver, ["bar0", "bar3"], bar0);
    let vf_bars = self::bars(context, &attrs, driver, ["vf_bar0", "vf_bar3"], BAR_STEP);
    Ok(PhysicalFunction {
        pci: pci?,
        driver,
        vfs: vfs? as u8,
        bars: bars?,
        vf_bars: vf_bars?,
        span,
    })
}

/// The registers, and the MSI-X table where it has a BAR of its own.
fn bars(
    context: &mut Context<'_>,
    attrs: &Attrs<'_>,
    driver: FunctionDriver,
    [registers, msix]: [&'static str; 2],
    step: u64,
) -> Parsed<Bars> {
    let first = bar(context, attrs, registers, step);
    let second = match driver {
        FunctionDriver::Igb => bar(context, attrs, msix, BAR_STEP).map(Some),
        FunctionDriver::Nvme => match attrs.get(msix) {
            None => Ok(None),
            Some(attr) => {
                let about = attrs.element.describe();
                let message = format!("{about}: a function with driver=\"nvme\" has no '{msix}'");
                let help =
                    format!("its MSI-X table lies in the BAR of its registers: remove {msix}");
                Err(context.error(attr.span, message, help))
            }
        },
    };
    Ok(Bars {
        registers: first?,
        msix: second?,
    })
}

fn bar(context: &mut Context<'_>, attrs: &Attrs<'_>, name: &'static str, step: u64) -> Parsed<Bar> {
    let start = attrs.number(context, name, BAR)?;
    if start % step != 0 {
        let about = attrs.element.describe();
        let message = format!("{about}: '{name}' is {start:#x}, no multiple of its size {step:#x}");
        let help = format!("the multiple below is {:#x}", start - start % step);
        return Err(context.error(attrs.span_of(name), message, help));
    }
    let span = attrs.span_of(name);
    Ok(Bar { start, span })
}
