// SPDX-License-Identifier: BSD-2-Clause
//! Taking hardware over from firmware, whatever it left on, and refusing what will not do.

mod common;

use common::{Driver, Tables, config, device, expect_clean, start, start_with};
use pci::Message;
use vtd::{ApicId, Config, Error, GlobalStatus, Iommu, MAX_UNITS, Missing, Target, Unit, Vector};
use vtd_model::{Board, Interrupt, Options, QueueFault};

const PASSED_THROUGH: u16 = 0x98;
const VECTOR_0X40: Target = Target::Remapped {
    vector: Vector(0x40),
    destination: ApicId(0),
    level: false,
};

#[test]
fn what_firmware_let_pass_is_blocked_afterwards() {
    for options in [
        Options {
            protected_memory: true,
            ..Options::default()
        },
        Options {
            protected_memory: true,
            coherent: false,
            latency: 4,
            ..Options::default()
        },
        Options {
            protected_memory: true,
            pointer_flushes: true,
            ..Options::default()
        },
        Options {
            protected_memory: true,
            write_buffer: true,
            ..Options::default()
        },
    ] {
        let board = Board::new(256, &[options]);
        board.firmware_translation(0, PASSED_THROUGH);
        board.firmware_remapping(0, 7, PASSED_THROUGH);
        board.firmware_queue(0, None);
        board.firmware_protection(0);
        board.take_violations();
        assert_eq!(board.dma(0, PASSED_THROUGH, 0x5000, true), Ok(0x5000));
        let message = Message::single(7);
        let send = || board.message(0, PASSED_THROUGH, message.address, 0);
        assert!(matches!(send(), Interrupt::Remapped { vector: 0x31, .. }));

        let mut driver = start_with(&board, 1, config()).unwrap();
        let left = driver.units()[0].leftovers.to_string();
        for words in [
            "DMA remapping, interrupt remapping",
            "compatibility interrupts",
            "protected memory on",
        ] {
            assert!(left.contains(words), "{left}");
        }
        assert_eq!(board.dma(0, PASSED_THROUGH, 0x5000, true), Err(1));
        assert_eq!(send(), Interrupt::Stopped(0x22));
        assert_eq!(
            board.message(0, PASSED_THROUGH, 0xfee0_0000, 0x31),
            Interrupt::Stopped(0x25)
        );
        assert!(!driver.units()[0].unit().protected_memory());
        let status = driver.units()[0].unit().global_status();
        let on = [GlobalStatus::TES, GlobalStatus::IRES, GlobalStatus::QIES];
        assert!(on.iter().all(|&flag| status.has(flag)));
        assert!(!status.has(GlobalStatus::CFIS));

        let target = Target::Remapped {
            vector: Vector(0x40),
            destination: ApicId(1),
            level: false,
        };
        driver.bind(0, 7, vtd::Bdf(PASSED_THROUGH), target).unwrap();
        assert!(matches!(
            send(),
            Interrupt::Remapped {
                vector: 0x40,
                destination: 1,
                ..
            }
        ));
        expect_clean(&board);
    }
}

#[test]
fn the_mode_of_the_tables_is_changed_with_translation_off() {
    let board = Board::new(
        256,
        &[Options {
            latency: 2,
            ..Options::default()
        }],
    );
    board.firmware_abort(0);
    assert_eq!(board.dma(0, 8, 0, false), Err(0));
    let driver = start_with(&board, 1, config()).unwrap();
    let left = driver.units()[0].leftovers;
    assert!(
        left.other_mode && left.to_string().contains("not in legacy mode"),
        "{left}"
    );
    assert_eq!(board.dma(0, 8, 0, false), Err(1));
    expect_clean(&board);
}

#[test]
fn a_queue_that_firmware_left_in_trouble_is_no_obstacle() {
    for fault in [
        QueueFault::Refused,
        QueueFault::Timeout,
        QueueFault::WrongCompletion,
    ] {
        let board = Board::new(256, &[Options::default()]);
        board.firmware_queue(0, Some(fault));
        let mut driver = start_with(&board, 1, config()).unwrap();
        let mut domain = driver.create_domain(0, 48).unwrap();
        driver.attach(device(0, 1, 0), &mut domain).unwrap();
        driver.detach(device(0, 1, 0), &mut domain).unwrap();
        expect_clean(&board);
    }
}

#[test]
fn faults_that_firmware_left_are_forgotten() {
    let board = Board::new(
        256,
        &[Options {
            fault_records: 3,
            ..Options::default()
        }],
    );
    board.firmware_translation(0, PASSED_THROUGH);
    for _ in 0..5 {
        assert!(board.dma(0, 0x10, 0, false).is_err());
    }
    let mut driver = start_with(&board, 1, config()).unwrap();
    assert_eq!(driver.take_fault(), None);
    assert!(!driver.units_mut()[0].take_overflow());
}

#[test]
fn hardware_that_will_not_do_is_refused_untouched() {
    let whole = Options::default();
    let cases = [
        (
            Options {
                queue: false,
                ..whole
            },
            Missing::QueuedInvalidation,
        ),
        (
            Options {
                three_levels: false,
                four_levels: false,
                ..whole
            },
            Missing::Levels,
        ),
    ];
    for (options, missing) in cases {
        let board = Board::new(256, &[whole, options]);
        board.firmware_translation(1, PASSED_THROUGH);
        let before = board.dma(1, PASSED_THROUGH, 0, false);
        let result = start_with(&board, 2, config()).err();
        assert_eq!(result, Some(Error::Missing(missing)));
        assert_eq!(
            board.dma(1, PASSED_THROUGH, 0, false),
            before,
            "unit 1 is as it was"
        );
        assert_eq!(
            board.dma(0, PASSED_THROUGH, 0, false),
            Err(1),
            "unit 0 blocks all"
        );
        expect_clean(&board);
    }
}

#[test]
fn interrupts_may_be_remapped_later_or_never() {
    let board = Board::new(256, &[Options::default()]);
    let mut driver = take_over(&board, 1).unwrap();
    let remaps = GlobalStatus::IRES;
    let status = driver.units()[0].unit().global_status();
    assert!(!status.has(remaps));
    driver.bind(0, 3, vtd::Bdf(8), VECTOR_0X40).unwrap();
    driver.remap_interrupts().unwrap();
    let sent = |index| board.message(0, 8, Message::single(index).address, 0);
    assert!(matches!(sent(3), Interrupt::Remapped { vector: 0x40, .. }));
    assert_eq!(sent(4), Interrupt::Stopped(0x22));
    expect_clean(&board);

    let whole = Options::default();
    for (options, missing) in [
        (
            Options {
                remapping: false,
                ..whole
            },
            Missing::InterruptRemapping,
        ),
        (
            Options {
                extended_interrupts: false,
                ..whole
            },
            Missing::ExtendedInterruptMode,
        ),
    ] {
        let board = Board::new(256, &[whole, options]);
        let mut driver = take_over(&board, 2).unwrap();
        for unit in 0..2 {
            let stopped = board.dma(unit, 8, 0, false);
            assert_eq!(stopped, Err(1), "DMA is blocked all the same");
        }
        let error = Error::Missing(missing);
        assert_eq!(driver.remap_interrupts(), Err(error));
        let status = driver.units()[1].unit().global_status();
        assert!(!status.has(remaps) && !status.has(GlobalStatus::IRTPS));
        expect_clean(&board);
    }
}

/// Takes a board over without remapping interrupts.
fn take_over(board: &Board, units: usize) -> Result<Driver, Error> {
    let probed = (0..units).map(|unit| Unit::probe(board.registers(unit)).unwrap());
    Iommu::take_over(Tables::new(board), probed, config())
}

#[test]
fn too_little_memory_and_too_many_units_are_told() {
    for pages in 0..6 {
        let board = Board::new(pages, &[Options::default()]);
        let enough = start_with(&board, 1, config());
        assert_eq!(
            enough.err(),
            (pages < 4).then_some(Error::OutOfMemory),
            "{pages} pages"
        );
    }
    let units = MAX_UNITS + 1;
    let board = Board::new(1024, &vec![Options::default(); units]);
    assert_eq!(
        start_with(&board, units, config()).err(),
        Some(Error::OutOfIds)
    );
}

#[test]
fn stuck_hardware_does_not_hang_the_driver() {
    let board = Board::new(
        256,
        &[Options {
            latency: 100_000,
            ..Options::default()
        }],
    );
    let result = start_with(&board, 1, config()).err();
    assert_eq!(result, Some(Error::Stuck(1 << 26)));
}

#[test]
fn the_size_of_the_table_is_brought_into_range() {
    for (interrupt_order, entries) in [(0, 256_u32), (255, 65_536), (12, 4096)] {
        let board = Board::new(2048, &[Options::default()]);
        let config = Config {
            interrupt_order,
            ..config()
        };
        let mut driver = start_with(&board, 1, config).unwrap();
        let last = (entries - 1) as u16;
        driver.bind(0, last, vtd::Bdf(8), VECTOR_0X40).unwrap();
        if let Some(beyond) = last.checked_add(1) {
            let result = driver.bind(0, beyond, vtd::Bdf(8), VECTOR_0X40);
            assert_eq!(result, Err(Error::NoSuch));
        }
        expect_clean(&board);
    }
}

#[test]
fn several_units_start_and_serve_their_own_devices() {
    let units = [
        Options::default(),
        Options {
            caching_mode: true,
            ..Options::default()
        },
        Options {
            coherent: false,
            mega: false,
            ..Options::default()
        },
    ];
    let (board, driver) = start(&units);
    assert_eq!(driver.units().len(), 3);
    for (unit, options) in units.iter().enumerate() {
        assert_eq!(board.dma(unit, 8, 0, false), Err(1));
        let capabilities = driver.units()[unit].unit().capabilities();
        assert_eq!(capabilities.0, options.cap());
    }
    expect_clean(&board);
}
