// SPDX-License-Identifier: BSD-2-Clause
//! Whatever the guest does, nothing panics, and what it may rely on holds.

use proptest::prelude::*;

use super::*;

#[derive(Debug, Clone)]
enum Step {
    ReadMsr(u32),
    WriteMsr(u32, u64),
    ReadPage(u64, Width),
    WritePage(u64, Width, u64),
    Base(u64),
    Written(u16),
    Deadline(u64),
    Deliver(u64, u32),
    Take,
    EndByCpu(u8),
    Wait(u64),
    Cr8(u64),
}

fn width() -> impl Strategy<Value = Width> {
    prop_oneof![
        Just(Width::Byte),
        Just(Width::Word),
        Just(Width::Dword),
        Just(Width::Qword)
    ]
}

fn step() -> impl Strategy<Value = Step> {
    let msr = || prop_oneof![9 => 0x800u32..0x840, 1 => any::<u32>()];
    let value = || prop_oneof![0u64..0x400, 0u64..0x10_0000, any::<u64>()];
    let offset = || {
        prop_oneof![
            (0u64..0x40).prop_map(|n| 16 * n),
            0u64..0x1000,
            any::<u64>()
        ]
    };
    prop_oneof![
        msr().prop_map(Step::ReadMsr),
        (msr(), value()).prop_map(|(msr, value)| Step::WriteMsr(msr, value)),
        (offset(), width()).prop_map(|(offset, width)| Step::ReadPage(offset, width)),
        (offset(), width(), value()).prop_map(|(o, w, v)| Step::WritePage(o, w, v)),
        prop_oneof![
            (0u64..4).prop_map(|mode| 0xfee0_0000 | mode << 10),
            any::<u64>()
        ]
        .prop_map(Step::Base),
        (0u16..0x40).prop_map(|number| Step::Written(16 * number)),
        any::<u64>().prop_map(Step::Deadline),
        (0xfee0_0000u64..0xfef0_0000, any::<u32>()).prop_map(|(a, d)| Step::Deliver(a, d)),
        Just(Step::Take),
        any::<u8>().prop_map(Step::EndByCpu),
        prop_oneof![0u64..1 << 20, any::<u64>()].prop_map(Step::Wait),
        (0u64..20).prop_map(Step::Cr8),
    ]
}

fn run(apic: &mut LocalApic<Cpu>, cpu: &Cpu, steps: &[Step]) -> Result<(), TestCaseError> {
    let mut now = 0u64;
    for step in steps {
        match *step {
            Step::ReadMsr(msr) => {
                let read = apic.read_msr(msr, now);
                let exists = (0x800..0x840).contains(&msr) && apic.mode() == Mode::X2Apic;
                prop_assert!(exists || read.is_err());
            }
            Step::WriteMsr(msr, value) => {
                let written = apic.write_msr(msr, value, now);
                let exists = (0x800..0x840).contains(&msr) && apic.mode() == Mode::X2Apic;
                prop_assert!(exists || written.is_err());
            }
            Step::ReadPage(offset, width) => {
                let value = apic.read_page(offset, width, now);
                prop_assert_eq!(value & !width.mask(), 0);
            }
            Step::WritePage(offset, width, value) => {
                apic.write_page(offset, width, value & width.mask(), now);
            }
            Step::Base(value) => {
                let before = apic.base();
                match apic.set_base(value) {
                    Ok(()) => prop_assert_eq!(apic.base() & !0x100, value & !0x100),
                    Err(_) => prop_assert_eq!(apic.base(), before),
                }
            }
            Step::Written(offset) => apic.written_by_cpu(offset, now),
            Step::Deadline(tsc) => apic.set_tsc_deadline(tsc, now),
            Step::Deliver(address, data) => {
                let message = vmm_base::Message { address, data };
                if let Some(interrupt) = Interrupt::from_message(message) {
                    apic.deliver(&interrupt);
                }
            }
            Step::Take => {
                if apic.is_virtualised() {
                    cpu.enter();
                    prop_assert!(cpu.take().is_none_or(|vector| vector >= 16));
                } else {
                    prop_assert!(take(apic).is_none_or(|vector| vector >= 16));
                }
            }
            Step::EndByCpu(vector) => apic.end_by_cpu(vector),
            Step::Wait(ticks) => {
                now = now.saturating_add(ticks);
                apic.expire(now);
                prop_assert!(
                    apic.deadline()
                        .is_none_or(|end| end > now || now == u64::MAX)
                );
            }
            Step::Cr8(value) => {
                prop_assert_eq!(apic.set_cr8(value).is_ok(), value < 16);
            }
        }
        apic.take_signal();
        apic.take_ipi();
        prop_assert!(apic.take_end().is_none_or(|vector| vector >= 16));
    }
    Ok(())
}

proptest! {
    #[test]
    fn nothing_that_a_guest_does_is_too_much(steps in prop::collection::vec(step(), 1..200)) {
        let cpu = Cpu::default();
        run(&mut LocalApic::new(0, true), &cpu, &steps)?;
        run(&mut LocalApic::virtualised(0, true, cpu.clone()), &cpu, &steps)?;
    }
}
