// SPDX-License-Identifier: BSD-2-Clause
use alloc::vec;

use crate::*;

/// Bytes of data that the sample takes.
pub(super) const DATA: u64 = 0x1800;

fn object(name: &str, kind: Kind) -> Object {
    Object {
        name: name.into(),
        kind,
    }
}

pub(super) fn frames(count: u32, paddr: Option<u64>) -> Kind {
    Kind::Frames {
        count,
        size: PageSize::Small,
        paddr,
        contiguous: false,
    }
}

/// A small system with one of everything.
pub(super) fn sample() -> Spec {
    let objects = vec![
        object("endpoint of 'timer'", Kind::Endpoint),
        object("notification of 'timer'", Kind::Notification),
        object("CSpace of 'timer'", Kind::CNode { size_bits: 9 }),
        object("thread of 'timer'", Kind::Tcb),
        object("protection domain 'timer'", Kind::VSpace),
        object("virtual machine 'linux'", Kind::EptRoot),
        object("VCPU of 'linux'", Kind::Vcpu),
        object(
            "page tables of 'timer'",
            Kind::Tables {
                space: 4,
                level: TableLevel::PageTable,
                vaddr: 0x20_0000,
                count: 2,
            },
        ),
        object("memory region 'hpet'", frames(1, Some(0xfed0_0000))),
        object("memory region 'ring'", frames(4, None)),
        object(
            "interrupt 3 of 'timer'",
            Kind::IrqHandler {
                vector: 3,
                source: IrqSource::Ioapic {
                    ioapic: 0,
                    pin: 2,
                    level: true,
                    active_low: false,
                    irte: Some(0),
                },
            },
        ),
        object(
            "I/O ports of 'timer'",
            Kind::IoPorts {
                first: 0x3f8,
                last: 0x3ff,
            },
        ),
    ];
    let mapping = Mapping {
        space: 4,
        vaddr: 0x20_0000,
        frames: 9,
        first: 1,
        count: 3,
        rights: Rights::READ_WRITE,
        cached: true,
    };
    Spec {
        objects,
        mappings: vec![
            mapping.clone(),
            Mapping {
                space: 5,
                vaddr: 0,
                ..mapping.clone()
            },
            Mapping {
                frames: 8,
                first: 0,
                count: 1,
                vaddr: 0x40_0000,
                ..mapping
            },
        ],
        fills: vec![
            Fill {
                frames: 9,
                offset: 0x800,
                source: FillSource::Data {
                    offset: 0,
                    len: DATA,
                },
            },
            Fill {
                frames: 9,
                offset: 0x3000,
                source: FillSource::Bootinfo(BootinfoKind::AcpiRsdp),
            },
            Fill {
                frames: 9,
                offset: 8,
                source: FillSource::PhysicalAddress(8),
            },
        ],
        capabilities: vec![
            Capability {
                cnode: 2,
                slot: 511,
                object: 1,
                rights: Rights::WRITE,
                data: CapData::Badge(4),
            },
            Capability {
                cnode: 2,
                slot: 0,
                object: 2,
                rights: Rights::ALL,
                data: CapData::Guard(49),
            },
        ],
        interrupts: vec![Interrupt {
            handler: 10,
            notification: 1,
            badge: 8,
        }],
        threads: vec![Thread {
            name: "timer".into(),
            tcb: 3,
            cspace: 2,
            vspace: 4,
            ipc_buffer: 9,
            ipc_buffer_vaddr: 0x20_0000,
            fault_endpoint: 2,
            priority: 200,
            core: 0,
            domain: 0,
            notification: Some(1),
            vcpu: Some((6, 5)),
            entry: 0x20_1000,
            stack_pointer: 0x7fff_ffff_d000,
        }],
        schedule: Some(Schedule {
            shift: 1,
            start: 0,
            entries: vec![
                ScheduleEntry {
                    domain: 1,
                    ticks: 5,
                },
                ScheduleEntry {
                    domain: 0,
                    ticks: 0,
                },
            ],
        }),
    }
}

#[test]
fn a_spec_survives_its_encoding() {
    let spec = sample();
    assert_eq!(Spec::decode(&spec.encode(), DATA).unwrap(), spec);
    assert_eq!(spec.encode(), sample().encode());
}

#[test]
fn capabilities_of_second_mappings_are_counted() {
    // 9 single objects, 2 tables, 1 + 4 frames, 3 copies of frames.
    assert_eq!(sample().slots(), 9 + 2 + 1 + 4 + 3);
}
