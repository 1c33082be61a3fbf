// SPDX-License-Identifier: BSD-2-Clause
use crate::capability::{TIMER_RATE, exit, pin, primary, secondary};
use crate::fake::{
    DESCRIPTOR, Fake, GUEST_CODE, HOST_RIP, IO_BITMAPS, MSR_BITMAP, VIRTUAL_APIC, VMLAUNCH,
    VMRESUME, execute, ready, stop,
};
use crate::host::Memory;
use crate::leave::reason;
use crate::vmcb::{code, control};
use crate::{Cpu, Field};

const INTERRUPT: u64 = 1 << 31;
const GENERAL_PROTECTION: u64 = 0x8000_0b0d;

/// A guest that runs, with these fields.
fn running(fields: &[(Field, u64)]) -> Cpu<Fake> {
    let mut cpu = ready();
    for (field, value) in fields {
        cpu.set(*field, *value);
    }
    execute(&mut cpu, VMLAUNCH);
    assert!(cpu.inside, "reason {:#x}", cpu.get(Field::REASON));
    cpu
}

fn also(field: Field, controls: u32) -> (Field, u64) {
    let cpu = ready();
    (field, cpu.get(field) | u64::from(controls))
}

/// The guest has left with this; it is entered again.
fn left(cpu: &mut Cpu<Fake>, reason: u32) -> (u64, u64) {
    assert!(!cpu.inside, "the guest still runs");
    assert_eq!(cpu.get(Field::REASON), reason.into());
    assert_eq!(cpu.hypervisor.rip, HOST_RIP);
    let told = (cpu.get(Field::QUALIFICATION), cpu.get(Field::LENGTH));
    execute(cpu, VMRESUME);
    assert!(cpu.inside);
    told
}

#[test]
fn instructions_exit_with_their_length() {
    let mut cpu = running(&[]);
    for (exit, instruction, reason) in [
        (code::CPUID, &[0x0f, 0xa2][..], reason::CPUID),
        (code::CPUID, &[0x2e, 0x0f, 0xa2][..], reason::CPUID),
        (code::HLT, &[0xf4][..], reason::HLT),
        (code::XSETBV, &[0x0f, 0x01, 0xd1][..], reason::XSETBV),
        (code::EXCEPTION + 6, &[0x0f, 0x01, 0xc1][..], reason::VMCALL),
        (code::EXCEPTION + 6, &[0x0f, 0x78, 0xd8][..], reason::VMREAD),
    ] {
        stop(&mut cpu, exit, [0; 2], instruction);
        assert_eq!(cpu.get(Field::RIP), GUEST_CODE);
        assert_eq!(left(&mut cpu, reason).1, instruction.len() as u64);
    }
    stop(&mut cpu, code::EXCEPTION + 6, [0; 2], &[0x0f, 0x0b]);
    assert!(
        cpu.inside && cpu.guest.event == 0x8000_0306,
        "UD2 is the guest's"
    );
}

#[test]
fn the_task_register_is_busy() {
    let mut cpu = running(&[]);
    // As QEMU has it after LTR.
    cpu.guest.tr.attributes = 0x89;
    stop(&mut cpu, code::CPUID, [0; 2], &[0x0f, 0xa2]);
    assert_eq!(cpu.get(Field::TR_RIGHTS), 0x8b);
    left(&mut cpu, reason::CPUID);
}

#[test]
fn a_halt_that_does_not_exit_waits() {
    let mut cpu = running(&[(
        Field::PRIMARY,
        u64::from(primary::DEFAULT | primary::SECONDARY),
    )]);
    stop(&mut cpu, code::HLT, [0; 2], &[0xf4]);
    assert!(cpu.inside && cpu.halted);
    cpu.interrupt(0x40);
    assert_eq!(
        (cpu.get(Field::ACTIVITY), cpu.get(Field::RIP)),
        (1, GUEST_CODE + 1)
    );
    left(&mut cpu, reason::EXTERNAL_INTERRUPT);
    assert!(cpu.halted, "it goes on waiting");
    cpu.interrupt(0x40);
    cpu.set(Field::ENTRY_EVENT, INTERRUPT | 0x31);
    left(&mut cpu, reason::EXTERNAL_INTERRUPT);
    assert!(!cpu.halted && cpu.guest.event == INTERRUPT | 0x31);
}

#[test]
fn ports_exit_by_bitmap() {
    let bitmaps = [
        also(Field::PRIMARY, primary::IO_BITMAPS),
        (Field::IO_BITMAP_A, IO_BITMAPS),
        (Field::IO_BITMAP_B, IO_BITMAPS + 0x1000),
    ];
    let mut cpu = running(&bitmaps);
    cpu.host
        .write(IO_BITMAPS + 0x80 / 8, &[1 << 2])
        .expect("memory");
    let byte = |port: u64| port << 16 | 1 << 4;
    // in al, dx of a port that is the guest's.
    stop(
        &mut cpu,
        code::IO,
        [byte(0x81) | 1, GUEST_CODE + 1],
        &[0xec],
    );
    assert_eq!((cpu.guest.rax, cpu.guest.rip), (0x81, GUEST_CODE + 1));
    // Two bytes, of which one is not.
    let word = 0x81 << 16 | 2 << 4;
    stop(&mut cpu, code::IO, [word, GUEST_CODE + 3], &[0x66, 0xef]);
    assert_eq!(left(&mut cpu, reason::IO), (0x81 << 16 | 1, 2));
    // out 0x82, al: the port is an immediate.
    stop(
        &mut cpu,
        code::IO,
        [byte(0x82), GUEST_CODE + 3],
        &[0xe6, 0x82],
    );
    assert_eq!(left(&mut cpu, reason::IO), (0x82 << 16 | 1 << 6, 2));
    // rep outsb, of FS.
    let string = byte(0x82) | 1 << 2 | 1 << 3;
    stop(
        &mut cpu,
        code::IO,
        [string, GUEST_CODE + 4],
        &[0xf3, 0x64, 0x6e],
    );
    assert_eq!(cpu.get(Field::INFORMATION), 2 << 7 | 4 << 15);
    assert_eq!(
        left(&mut cpu, reason::IO),
        (0x82 << 16 | 1 << 5 | 1 << 4, 3)
    );
    assert!(cpu.host.outputs.is_empty());
}

#[test]
fn msrs_exit_by_bitmap() {
    let mut cpu = running(&[
        also(Field::PRIMARY, primary::MSR_BITMAPS),
        (Field::MSR_BITMAP, MSR_BITMAP),
    ]);
    // Writes of 0x10 and all of 0xc0000081.
    cpu.host.write(MSR_BITMAP + 0x802, &[1]).expect("memory");
    for half in [0x400, 0xc00] {
        cpu.host
            .write(MSR_BITMAP + half + 0x10, &[2])
            .expect("memory");
    }
    for (msr, write, exits) in [
        (0x10, false, false),
        (0x10, true, true),
        (0xc000_0081, false, true),
        (0xc000_0082, false, false),
        (0x4000_0000, false, true),
    ] {
        cpu.registers[1] = msr;
        let before = cpu.guest.rip;
        stop(
            &mut cpu,
            code::MSR,
            [write.into(), 0],
            &[0x0f, if write { 0x30 } else { 0x32 }],
        );
        assert_eq!(!cpu.inside, exits, "{msr:#x}");
        match exits {
            true => assert_eq!(
                left(&mut cpu, if write { reason::WRMSR } else { reason::RDMSR }).1,
                2
            ),
            false => assert_eq!(cpu.guest.rip, before + 2),
        }
    }
    cpu.registers[1] = 0xc000_0080;
    (cpu.guest.rax, cpu.registers[2]) = (1 << 4, 0);
    stop(&mut cpu, code::MSR, [1, 0], &[0x0f, 0x30]);
    assert_eq!(
        cpu.guest.event, GENERAL_PROTECTION,
        "a bit of EFER that is none"
    );
}

#[test]
fn control_registers_have_masks_and_shadows() {
    let mut cpu = running(&[
        (Field::CR0_MASK, 1 << 5),
        (Field::CR0_SHADOW, 0),
        (Field::CR4_MASK, 0x2000),
        (Field::CR4_SHADOW, 0),
    ]);
    // mov rbx, cr0; mov rbx, cr4
    stop(&mut cpu, code::CR_READ, [0; 2], &[0x0f, 0x20, 0xc3]);
    assert_eq!(cpu.registers[3], 0x8000_0011);
    stop(&mut cpu, code::CR_READ, [0; 2], &[0x0f, 0x20, 0xe3]);
    assert_eq!(cpu.registers[3], 0x20);
    // mov cr0, rbx: the guest sets NE, which is not its own.
    cpu.registers[3] = 0x8000_0031;
    stop(&mut cpu, code::CR_WRITE, [0; 2], &[0x0f, 0x22, 0xc3]);
    assert_eq!(left(&mut cpu, reason::CONTROL_REGISTER), (3 << 8, 3));
    // It sets TS, which is; then CLTS.
    cpu.registers[3] = 0x8000_0019;
    stop(&mut cpu, code::CR_WRITE, [0; 2], &[0x0f, 0x22, 0xc3]);
    assert_eq!(cpu.guest.cr0, 0x8000_0039);
    stop(&mut cpu, code::CR_WRITE, [0; 2], &[0x0f, 0x06]);
    assert_eq!(cpu.guest.cr0, 0x8000_0031);
    // Paging without protection is none.
    cpu.registers[3] = 0x8000_0010;
    stop(&mut cpu, code::CR_WRITE, [0; 2], &[0x0f, 0x22, 0xc3]);
    assert_eq!(cpu.guest.event, GENERAL_PROTECTION);
}

#[test]
fn leaving_paging_leaves_long_mode() {
    let mut cpu = running(&[]);
    cpu.registers[3] = 0x31;
    stop(&mut cpu, code::CR_WRITE, [0; 2], &[0x0f, 0x22, 0xc3]);
    assert_eq!(cpu.guest.efer & 0x500, 0x100);
    // In 32-bit code from here on.
    cpu.guest.cs.attributes = 0xc9b;
    stop(&mut cpu, code::CPUID, [0; 2], &[0x0f, 0xa2]);
    assert_eq!(cpu.get(Field::ENTRY) >> 9 & 1, 0);
    assert_eq!(cpu.get(Field::EFER), 0x100);
}

#[test]
fn pages_come_into_the_shadow_when_they_are_touched() {
    const MISSING_WRITE: u64 = 2;
    let mut cpu = running(&[]);
    stop(
        &mut cpu,
        code::NESTED_PAGE_FAULT,
        [MISSING_WRITE, 0x3000],
        &[0x90],
    );
    assert!(cpu.inside);
    // The table of 512 GiB ends.
    stop(
        &mut cpu,
        code::NESTED_PAGE_FAULT,
        [MISSING_WRITE, 1 << 39],
        &[0x89, 0x03],
    );
    assert_eq!(cpu.get(Field::GUEST_PHYSICAL), 1 << 39);
    let (qualification, length) = left(&mut cpu, reason::EPT_VIOLATION);
    assert_eq!((qualification & 0x3f, length), (2, 2));
}

#[test]
fn memory_that_is_not_there_is_no_page() {
    let mut cpu = running(&[]);
    // Beyond the machine's memory, which is where the shim itself is as far as guests know.
    stop(&mut cpu, code::NESTED_PAGE_FAULT, [0, 0x20_0000], &[0x90]);
    assert_eq!(cpu.get(Field::GUEST_PHYSICAL), 0x20_0000);
    left(&mut cpu, reason::EPT_MISCONFIGURATION);
}

#[test]
fn a_delivery_that_was_stopped_is_told_and_can_go_on() {
    const BREAKPOINT: u64 = INTERRUPT | 6 << 8 | 3;
    let mut cpu = running(&[(Field::ENTRY_EVENT, BREAKPOINT), (Field::ENTRY_LENGTH, 1)]);
    assert_eq!(
        (cpu.guest.event, cpu.guest.rip),
        (INTERRUPT | 3 << 8 | 3, GUEST_CODE + 1)
    );
    // The page of its handler was missing: the shim goes on.
    cpu.guest.exit_event = cpu.guest.event;
    stop(&mut cpu, code::NESTED_PAGE_FAULT, [0, 0x3000], &[0x90]);
    assert_eq!(cpu.guest.event, INTERRUPT | 3 << 8 | 3);
    // And then one that the hypervisor has to see.
    cpu.guest.exit_event = cpu.guest.event;
    stop(&mut cpu, code::NESTED_PAGE_FAULT, [0, 1 << 39], &[0x90]);
    assert_eq!(
        (cpu.get(Field::VECTORING), cpu.get(Field::RIP)),
        (BREAKPOINT, GUEST_CODE)
    );
    assert_eq!(
        (cpu.get(Field::ENTRY_EVENT), cpu.get(Field::LENGTH)),
        (6 << 8 | 3, 1)
    );
}

#[test]
fn interrupts_of_the_machine_are_the_hypervisors() {
    let mut cpu = running(&[]);
    cpu.host.interrupt = Some(0x51);
    stop(&mut cpu, code::INTR, [0; 2], &[0x90]);
    assert_eq!(cpu.get(Field::EXIT_EVENT), INTERRUPT | 0x51);
    left(&mut cpu, reason::EXTERNAL_INTERRUPT);
    assert_eq!(cpu.host.ended, 0);
}

#[test]
fn the_window_opens_with_the_flag() {
    let mut cpu = running(&[
        also(Field::PRIMARY, primary::INTERRUPT_WINDOW),
        (Field::RFLAGS, 2),
    ]);
    cpu.before_guest();
    assert!(cpu.inside && cpu.guest.interrupt_control & control::PENDING != 0);
    stop(&mut cpu, code::VINTR, [0; 2], &[0x90]);
    left(&mut cpu, reason::INTERRUPT_WINDOW);
    cpu.guest.rflags |= 1 << 9;
    cpu.before_guest();
    left(&mut cpu, reason::INTERRUPT_WINDOW);
}

#[test]
fn the_timer_ends_and_keeps_what_is_left() {
    let mut cpu = running(&[
        also(Field::PIN, pin::PREEMPTION_TIMER),
        also(Field::EXIT, exit::SAVE_PREEMPTION_TIMER),
        (Field::PREEMPTION_TIMER, 100),
    ]);
    cpu.host.ticks = 40 << TIMER_RATE;
    stop(&mut cpu, code::CPUID, [0; 2], &[0x0f, 0xa2]);
    assert_eq!(cpu.get(Field::PREEMPTION_TIMER), 60);
    left(&mut cpu, reason::CPUID);
    cpu.host.ticks += 60 << TIMER_RATE;
    cpu.before_guest();
    assert!(cpu.inside, "it has to get on");
    cpu.host.interrupt = Some(0x51);
    stop(&mut cpu, code::INTR, [0; 2], &[0x90]);
    assert_eq!(cpu.host.interrupt, Some(0x51), "is still pending");
    left(&mut cpu, reason::PREEMPTION_TIMER);
}

/// A guest with virtual-interrupt delivery and posted interrupts of vector 0xf2.
fn with_apic() -> Cpu<Fake> {
    let second = secondary::EPT
        | secondary::UNRESTRICTED_GUEST
        | secondary::VIRTUALIZE_X2APIC
        | secondary::APIC_REGISTER_VIRTUALIZATION
        | secondary::VIRTUAL_INTERRUPT_DELIVERY;
    running(&[
        also(Field::PIN, pin::POSTED_INTERRUPTS),
        also(Field::PRIMARY, primary::TPR_SHADOW | primary::MSR_BITMAPS),
        (Field::MSR_BITMAP, MSR_BITMAP),
        (Field::SECONDARY, second.into()),
        (Field::VIRTUAL_APIC, VIRTUAL_APIC),
        (Field::POSTED_DESCRIPTOR, DESCRIPTOR),
        (Field::POSTED_VECTOR, 0xf2),
        (Field::EOI_EXIT_1, 1),
    ])
}

fn post(cpu: &mut Cpu<Fake>, vector: u8) {
    let at = DESCRIPTOR + u64::from(vector / 32) * 4;
    let word = cpu.host.read_u32(at).expect("memory") | 1 << (vector % 32);
    cpu.host.write(at, &word.to_le_bytes()).expect("memory");
    cpu.host
        .write(DESCRIPTOR + 32, &1u32.to_le_bytes())
        .expect("memory");
    cpu.host.interrupt = Some(0xf2);
    stop(cpu, code::INTR, [0; 2], &[0x90]);
    assert!(cpu.inside, "nobody else sees it");
}

fn write_msr(cpu: &mut Cpu<Fake>, msr: u64, value: u64) {
    cpu.registers[1] = msr;
    (cpu.guest.rax, cpu.registers[2]) = (value & 0xffff_ffff, value >> 32);
    stop(cpu, code::MSR, [1, 0], &[0x0f, 0x30]);
}

#[test]
fn posted_interrupts_are_delivered_by_priority() {
    let mut cpu = with_apic();
    post(&mut cpu, 0x31);
    post(&mut cpu, 0x52);
    assert_eq!(
        (cpu.host.ended, cpu.host.read_u32(DESCRIPTOR + 32)),
        (2, Ok(0))
    );
    cpu.before_guest();
    assert_eq!(cpu.guest.event, INTERRUPT | 0x52);
    assert_eq!(cpu.get(Field::INTERRUPT_STATUS), 0x52 << 8 | 0x31);
    // In service; the other has to wait for its end.
    stop(&mut cpu, code::VINTR, [0; 2], &[0x90]);
    cpu.before_guest();
    assert_eq!(cpu.guest.event, 0);
    write_msr(&mut cpu, 0x80b, 0);
    cpu.before_guest();
    assert_eq!(cpu.guest.event, INTERRUPT | 0x31);
    // Nothing is left.
    write_msr(&mut cpu, 0x80b, 0);
    cpu.before_guest();
    assert_eq!((cpu.guest.event, cpu.get(Field::INTERRUPT_STATUS)), (0, 0));
}

#[test]
fn the_task_priority_and_the_flag_hold_back() {
    let mut cpu = with_apic();
    write_msr(&mut cpu, 0x808, 0x50);
    post(&mut cpu, 0x52);
    cpu.before_guest();
    assert_eq!(cpu.guest.event, 0);
    write_msr(&mut cpu, 0x808, 0x40);
    cpu.guest.rflags &= !(1 << 9);
    cpu.before_guest();
    assert_eq!(cpu.guest.event, 0);
    assert!(
        cpu.guest.interrupt_control & control::PENDING != 0,
        "asked to be told"
    );
    cpu.guest.rflags |= 1 << 9;
    stop(&mut cpu, code::VINTR, [0; 2], &[0x90]);
    cpu.before_guest();
    assert_eq!(cpu.guest.event, INTERRUPT | 0x52);
}

#[test]
fn ends_of_chosen_interrupts_exit() {
    let mut cpu = with_apic();
    write_msr(&mut cpu, 0x83f, 0x40);
    cpu.before_guest();
    assert_eq!(cpu.guest.event, INTERRUPT | 0x40);
    let rip = cpu.guest.rip;
    write_msr(&mut cpu, 0x80b, 0);
    assert_eq!(cpu.get(Field::RIP), rip + 2, "behind the instruction");
    assert_eq!(left(&mut cpu, reason::VIRTUALIZED_EOI).0, 0x40);
}

#[test]
fn registers_of_the_x2apic_are_checked() {
    for (msr, value) in [(0x80b, 1), (0x808, 0x100), (0x83f, 0x100)] {
        let mut cpu = with_apic();
        write_msr(&mut cpu, msr, value);
        assert_eq!(cpu.guest.event, GENERAL_PROTECTION, "{msr:#x}");
    }
}
