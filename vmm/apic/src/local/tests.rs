// SPDX-License-Identifier: BSD-2-Clause

mod commands;
mod cpu;
mod hostile;
mod interrupts;
mod registers;
mod time;

use super::*;
pub(crate) use cpu::Cpu;
use vmm_base::Width;

use super::time::MIN_PERIOD;
use crate::{DeliveryMode, Interrupt, Trigger};

const ID: u32 = 0x802;
const TASK_PRIORITY: u32 = 0x808;
const PROCESSOR_PRIORITY: u32 = 0x80a;
const END: u32 = 0x80b;
const SPURIOUS: u32 = 0x80f;
const ERRORS: u32 = 0x828;
const COMMAND: u32 = 0x830;
const LVT_TIMER: u32 = 0x832;
const LVT_ERROR: u32 = 0x837;
const INITIAL_COUNT: u32 = 0x838;
const CURRENT_COUNT: u32 = 0x839;
const DIVIDE: u32 = 0x83e;
const SELF: u32 = 0x83f;

const ENABLE_X2APIC: u64 = 0xfee0_0c00;

/// An x2APIC in software, enabled.
fn x2apic() -> LocalApic<Cpu> {
    let mut apic = LocalApic::new(0, true);
    apic.set_base(ENABLE_X2APIC).expect("from the xAPIC");
    write(&mut apic, SPURIOUS, 0x1ff);
    apic
}

/// One whose interrupts the CPU delivers.
fn virtualised() -> (Cpu, LocalApic<Cpu>) {
    let cpu = Cpu::default();
    let mut apic = LocalApic::virtualised(0, true, cpu.clone());
    apic.set_base(ENABLE_X2APIC).expect("from the xAPIC");
    write(&mut apic, SPURIOUS, 0x1ff);
    (cpu, apic)
}

fn write(apic: &mut LocalApic<Cpu>, msr: u32, value: u64) {
    let written = apic.write_msr(msr, value, 0);
    assert_eq!(written, Ok(()), "{msr:#x}, {value:#x}");
}

fn read(apic: &mut LocalApic<Cpu>, msr: u32) -> u64 {
    apic.read_msr(msr, 0).expect("it can be read")
}

/// Takes the next interrupt in software.
fn take(apic: &mut LocalApic<Cpu>) -> Option<u8> {
    let vector = apic.next()?;
    apic.accept(vector);
    Some(vector)
}
