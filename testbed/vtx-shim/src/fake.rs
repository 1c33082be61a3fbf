// SPDX-License-Identifier: BSD-2-Clause
//! A machine for tests: 1 MiB of memory, and a hypervisor that executes what a test gives it.

use std::cell::RefCell;
use std::vec::Vec;

use zerocopy::FromZeros;

use crate::capability::{REVISION, entry, exit, pin, primary, secondary};
use crate::host::{Host, Memory, Outside};
use crate::vmcb::{Vmcb, code};
use crate::{Cpu, Field, Shadow, Table};

const SIZE: usize = 1 << 20;
/// Where the hypervisor's code is, and what it hands to instructions.
const CODE: u64 = 0x1000;
pub const OPERAND: u64 = 0x2000;
pub const VMXON_REGION: u64 = 0x1_0000;
pub const VMCS_REGION: u64 = 0x1_1000;
/// The guest's extended page table: its first 512 GiB to the same addresses.
const EPT: u64 = 0x1_2000;
pub const VIRTUAL_APIC: u64 = 0x1_4000;
pub const DESCRIPTOR: u64 = 0x1_5000;
pub const MSR_BITMAP: u64 = 0x1_6000;
pub const IO_BITMAPS: u64 = 0x1_7000;
pub const HOST_RIP: u64 = 0xffff_ffff_8000_0000;
pub const GUEST_CODE: u64 = 0x8000;

/// The machine.
#[derive(Default)]
pub struct Fake {
    memory: RefCell<Vec<u8>>,
    /// The next interrupt.
    pub interrupt: Option<u8>,
    /// Interrupts that were ended.
    pub ended: u32,
    pub ticks: u64,
    /// What was written to ports.
    pub outputs: Vec<(u16, u32)>,
}

impl Memory for Fake {
    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), Outside> {
        let memory = self.memory.borrow();
        let at = usize::try_from(at).map_err(|_| Outside)?;
        let end = at.checked_add(into.len()).ok_or(Outside)?;
        into.copy_from_slice(memory.get(at..end).ok_or(Outside)?);
        Ok(())
    }

    fn write(&self, at: u64, from: &[u8]) -> Result<(), Outside> {
        let mut memory = self.memory.borrow_mut();
        let at = usize::try_from(at).map_err(|_| Outside)?;
        let end = at.checked_add(from.len()).ok_or(Outside)?;
        memory
            .get_mut(at..end)
            .ok_or(Outside)?
            .copy_from_slice(from);
        Ok(())
    }

    fn is_whole(&self, at: u64, bits: u32) -> bool {
        (at >> bits) < SIZE as u64 >> bits
    }

    fn swap_u32(&self, at: u64, set: u32) -> Result<u32, Outside> {
        let old = self.read_u32(at)?;
        self.write(at, &set.to_le_bytes())?;
        Ok(old)
    }

    fn clear_u32(&self, at: u64, bits: u32) -> Result<(), Outside> {
        let old = self.read_u32(at)?;
        self.write(at, &(old & !bits).to_le_bytes())
    }
}

impl Host for Fake {
    fn read_msr(&mut self, msr: u32) -> u64 {
        msr.into()
    }

    fn write_msr(&mut self, _: u32, _: u64) {}

    fn cpuid(&mut self, _: u32, _: u32) -> [u32; 4] {
        [0; 4]
    }

    fn input(&mut self, port: u16, _: usize) -> u32 {
        port.into()
    }

    fn output(&mut self, port: u16, _: usize, value: u32) {
        self.outputs.push((port, value));
    }

    fn acknowledge(&mut self) -> Option<u8> {
        self.interrupt.take()
    }

    fn end_of_interrupt(&mut self) {
        self.ended += 1;
    }

    fn tsc(&self) -> u64 {
        self.ticks
    }

    fn save(&mut self, _: &mut Vmcb) {}

    fn load(&mut self, _: &Vmcb) {}

    fn log(&mut self, _: core::fmt::Arguments<'_>) {}
}

fn vmcb() -> &'static mut Vmcb {
    Box::leak(Box::new(Vmcb::new_zeroed()))
}

/// A CPU whose hypervisor is in 64-bit mode, outside VMX operation.
pub fn cpu() -> Cpu<Fake> {
    let fake = Fake {
        memory: RefCell::new(vec![0; SIZE]),
        ..Fake::default()
    };
    let tables: Vec<Table> = (0..32).map(|_| Table([0; 512])).collect();
    let map = Box::leak(Box::new([0xff; 0x2000]));
    let shadow = Shadow::new(tables.leak(), 0x10_0000);
    let cpu = Cpu::new(fake, vmcb(), vmcb(), map, shadow);
    let hypervisor = &mut *cpu.hypervisor;
    // Paging is off, so that linear addresses are physical; the rest is what VMX wants.
    hypervisor.cr0 = 0x31;
    hypervisor.efer = 0x500;
    hypervisor.cs.attributes = 1 << 9;
    for region in [VMXON_REGION, VMCS_REGION] {
        cpu.host
            .write(region, &REVISION.to_le_bytes())
            .expect("memory");
    }
    cpu.host
        .write(EPT, &(EPT + 0x1007).to_le_bytes())
        .expect("memory");
    for gib in 0..512u64 {
        let at = EPT + 0x1000 + 8 * gib;
        cpu.host
            .write(at, &(gib << 30 | 0xb7).to_le_bytes())
            .expect("memory");
    }
    cpu
}

/// One in VMX operation with a current VMCS of a guest in 64-bit mode.
pub fn ready() -> Cpu<Fake> {
    let mut cpu = cpu();
    enable(&mut cpu);
    operand(&mut cpu, VMXON_REGION);
    assert_eq!(execute(&mut cpu, VMXON), 0);
    operand(&mut cpu, VMCS_REGION);
    assert_eq!(execute(&mut cpu, VMCLEAR), 0);
    assert_eq!(execute(&mut cpu, VMPTRLD), 0);
    for (field, value) in FIELDS {
        cpu.set(*field, *value);
    }
    cpu
}

/// Sets CR4.VMXE, and lets VMXON work.
pub fn enable(cpu: &mut Cpu<Fake>) {
    cpu.vmx.enabled = true;
    cpu.vmx.feature_control = 5;
    cpu.hypervisor.cr0 |= 1 << 31;
    // From now on with paging: a page of 1 GiB for the first, to itself.
    (cpu.hypervisor.cr3, cpu.hypervisor.cr4) = (EPT + 0x8000, 0x20);
    for (at, entry) in [(0x8000, EPT + 0x9003), (0x9000, 0x83)] {
        cpu.host
            .write(EPT + at, &u64::to_le_bytes(entry))
            .expect("memory");
    }
}

const FIELDS: &[(Field, u64)] = &[
    (Field::PIN, (pin::DEFAULT | pin::NMI) as u64),
    (
        Field::PRIMARY,
        (primary::DEFAULT | primary::SECONDARY | primary::HLT) as u64,
    ),
    (
        Field::SECONDARY,
        (secondary::EPT | secondary::UNRESTRICTED_GUEST) as u64,
    ),
    (
        Field::EXIT,
        (exit::DEFAULT | exit::HOST_64 | exit::SAVE_EFER) as u64,
    ),
    (
        Field::ENTRY,
        (entry::DEFAULT | entry::IA32E | entry::LOAD_EFER) as u64,
    ),
    (Field::EPT_POINTER, EPT | 0x1e),
    (Field::LINK, u64::MAX),
    (Field::HOST_CR0, 0x8000_0031),
    (Field::HOST_CR3, EPT + 0x8000),
    (Field::HOST_CR4, 0x2020),
    (Field::HOST_CS_SELECTOR, 8),
    (Field::HOST_TR_SELECTOR, 0x10),
    (Field::HOST_RIP, HOST_RIP),
    (Field::HOST_RSP, 0x7000),
    (Field::CR0, 0x8000_0031),
    (Field::CR3, EPT + 0x8000),
    (Field::CR4, 0x2020),
    (Field::EFER, 0x500),
    (Field::CS_RIGHTS, 0xa09b),
    (Field::CS_LIMIT, 0xffff_ffff),
    (Field::SS_RIGHTS, 0xc093),
    (Field::SS_LIMIT, 0xffff_ffff),
    (Field::DS_RIGHTS, 0x1_0000),
    (Field::ES_RIGHTS, 0x1_0000),
    (Field::FS_RIGHTS, 0x1_0000),
    (Field::GS_RIGHTS, 0x1_0000),
    (Field::LDTR_RIGHTS, 0x1_0000),
    (Field::TR_RIGHTS, 0x8b),
    (Field::TR_LIMIT, 0x67),
    (Field::RFLAGS, 0x202),
    (Field::RIP, GUEST_CODE),
    (Field::RSP, 0x9000),
];

/// Instructions whose operand is at [`OPERAND`] or in RAX and RBX.
pub const VMXON: &[u8] = &[0xf3, 0x0f, 0xc7, 0x34, 0x25, 0, 0x20, 0, 0];
pub const VMCLEAR: &[u8] = &[0x66, 0x0f, 0xc7, 0x34, 0x25, 0, 0x20, 0, 0];
pub const VMPTRLD: &[u8] = &[0x0f, 0xc7, 0x34, 0x25, 0, 0x20, 0, 0];
pub const VMPTRST: &[u8] = &[0x0f, 0xc7, 0x3c, 0x25, 0, 0x20, 0, 0];
/// VMREAD RAX, RBX and VMWRITE RBX, RAX: the field is in RBX.
pub const VMREAD: &[u8] = &[0x0f, 0x78, 0xd8];
pub const VMWRITE: &[u8] = &[0x0f, 0x79, 0xd8];
pub const VMLAUNCH: &[u8] = &[0x0f, 0x01, 0xc2];
pub const VMRESUME: &[u8] = &[0x0f, 0x01, 0xc3];
pub const VMXOFF: &[u8] = &[0x0f, 0x01, 0xc4];
/// INVEPT and INVVPID RAX, [OPERAND].
pub const INVEPT: &[u8] = &[0x66, 0x0f, 0x38, 0x80, 0x04, 0x25, 0, 0x20, 0, 0];
pub const INVVPID: &[u8] = &[0x66, 0x0f, 0x38, 0x81, 0x04, 0x25, 0, 0x20, 0, 0];

/// CF and ZF, as an instruction of VMX leaves them.
pub const CARRY: u64 = 1;
pub const ZERO: u64 = 0x40;

/// What is at [`OPERAND`].
pub fn operand(cpu: &mut Cpu<Fake>, value: u64) {
    cpu.host
        .write(OPERAND, &value.to_le_bytes())
        .expect("memory");
}

/// The hypervisor executes an instruction; CF and ZF.
pub fn execute(cpu: &mut Cpu<Fake>, instruction: &[u8]) -> u64 {
    cpu.host.write(CODE, instruction).expect("memory");
    cpu.hypervisor.rip = CODE;
    cpu.hypervisor.event = 0;
    cpu.hypervisor.exit_code = code::EXCEPTION + 6;
    cpu.hypervisor_exit().expect("an exit of the hypervisor");
    if cpu.hypervisor.event == 0 && !cpu.inside && cpu.hypervisor.rip != HOST_RIP {
        assert_eq!(cpu.hypervisor.rip, CODE + instruction.len() as u64);
    }
    cpu.hypervisor.rflags & (CARRY | ZERO)
}

/// The guest is stopped with this code, at this instruction.
pub fn stop(cpu: &mut Cpu<Fake>, code: u64, info: [u64; 2], instruction: &[u8]) {
    assert!(cpu.inside, "the guest does not run");
    cpu.host.write(cpu.guest.rip, instruction).expect("memory");
    cpu.guest.exit_code = code;
    [cpu.guest.exit_info_1, cpu.guest.exit_info_2] = info;
    cpu.guest_exit().expect("an exit of the guest");
}
