// SPDX-License-Identifier: BSD-2-Clause
//! The driver against the model of the device.

extern crate std;

use std::vec::Vec;

use proptest::prelude::*;

use crate::model::{Device, Ports};
use crate::registers::{ier, lsr, mcr};
use crate::{Config, Counters, Error, Uart};

type TestUart = Uart<Ports, 64, 32>;

fn start(adjust: fn(&mut Device)) -> (TestUart, Ports) {
    let ports = Ports::default();
    adjust(&mut ports.0.borrow_mut());
    (
        Uart::new(ports.clone(), Config::default()).expect("a device is there"),
        ports,
    )
}

#[test]
fn sets_the_line_up() {
    let ports = Ports::default();
    let uart: TestUart = Uart::new(ports.clone(), Config { divisor: 0x1234 }).unwrap();
    let device = ports.0.borrow();
    assert!(uart.has_fifo());
    assert_eq!(device.divisor, [0x34, 0x12]);
    assert_eq!(device.lcr, 0b11);
    assert_eq!(device.mcr, mcr::DTR | mcr::RTS | mcr::OUT2);
    assert_eq!(
        device.ier,
        ier::ERBFI | ier::ELSI,
        "nothing to send: no transmit interrupt"
    );
}

#[test]
fn refuses_what_is_not_there() {
    let ports = Ports::default();
    ports.0.borrow_mut().absent = true;
    let absent = TestUart::new(ports, Config::default());
    assert_eq!(absent.err(), Some(Error::Absent));
    let zero = TestUart::new(Ports::default(), Config { divisor: 0 });
    assert_eq!(zero.err(), Some(Error::Divisor));
}

#[test]
fn a_device_without_fifo_gets_one_byte_at_a_time() {
    let (mut uart, ports) = start(|device| device.no_fifo = true);
    assert!(!uart.has_fifo());
    uart.send(b"abc");
    for _ in 0..3 {
        ports.0.borrow_mut().drain();
        uart.on_interrupt();
    }
    assert_eq!(ports.0.borrow().wire, b"abc");
    assert_eq!(ports.0.borrow().tx_lost, 0);
}

#[test]
fn send_takes_what_fits_and_interrupts_do_the_rest() {
    let (mut uart, ports) = start(|_| ());
    let text: Vec<u8> = (0..100).collect();
    assert_eq!(uart.send(&text), 64, "the queue's size");
    assert_eq!(uart.tx_room(), 16, "the device took a FIFO's worth at once");
    assert_eq!(ports.0.borrow().ier & ier::ETBEI, ier::ETBEI);
    let mut interrupts = 0;
    while !uart.tx_idle() {
        ports.0.borrow_mut().drain();
        assert!(
            ports.0.borrow().line(),
            "the transmit interrupt is armed while bytes wait"
        );
        uart.on_interrupt();
        interrupts += 1;
    }
    ports.0.borrow_mut().drain();
    assert_eq!(interrupts, 3);
    assert_eq!(ports.0.borrow().wire, text[..64]);
    assert_eq!(
        ports.0.borrow().ier & ier::ETBEI,
        0,
        "disarmed with nothing to send"
    );
    assert!(!ports.0.borrow().line());
}

#[test]
fn rearms_after_going_idle_even_if_the_device_raises_nothing() {
    let (mut uart, ports) = start(|device| device.quiet_etbei = true);
    for round in 0..3 {
        uart.send(&[round; 20]);
        while !uart.tx_idle() {
            ports.0.borrow_mut().drain();
            assert!(ports.0.borrow().line());
            uart.on_interrupt();
        }
        ports.0.borrow_mut().drain();
    }
    assert_eq!(ports.0.borrow().wire.len(), 60);
}

#[test]
fn a_lost_transmit_interrupt_is_made_good_by_the_next_send() {
    let (mut uart, ports) = start(|_| ());
    uart.send(&[1; 40]);
    ports.0.borrow_mut().drain();
    // Nobody calls on_interrupt.
    uart.send(&[2]);
    ports.0.borrow_mut().drain();
    assert_eq!(ports.0.borrow().wire.len(), 32);
}

#[test]
fn spurious_interrupts_change_nothing() {
    let (mut uart, ports) = start(|_| ());
    for _ in 0..10 {
        uart.on_interrupt();
    }
    assert_eq!(uart.receive(), None);
    assert!(uart.take_counters().is_clean());
    assert!(ports.0.borrow().wire.is_empty());
}

#[test]
fn receives_in_order_and_counts_each_kind_of_loss() {
    let (mut uart, ports) = start(|_| ());
    for (byte, errors) in [
        (b'a', 0),
        (0, lsr::BI | lsr::FE),
        (b'b', 0),
        (b'x', lsr::FE),
        (b'y', lsr::PE),
        (b'c', 0),
    ] {
        ports.0.borrow_mut().arrive(byte, errors);
    }
    uart.on_interrupt();
    let got: Vec<u8> = std::iter::from_fn(|| uart.receive()).collect();
    assert_eq!(got, b"abc");
    let counters = uart.take_counters();
    assert_eq!(
        counters,
        Counters {
            framing: 1,
            parity: 1,
            breaks: 1,
            ..Counters::default()
        }
    );

    for byte in 0..17 {
        ports.0.borrow_mut().arrive(byte, 0);
    }
    uart.on_interrupt();
    assert_eq!(
        uart.take_counters(),
        Counters {
            overruns: 1,
            ..Counters::default()
        }
    );
    for _ in 0..2 {
        for byte in 0..16 {
            ports.0.borrow_mut().arrive(byte, 0);
        }
        uart.on_interrupt();
    }
    assert_eq!(
        uart.take_counters(),
        Counters {
            rx_full: 16,
            ..Counters::default()
        }
    );
    assert!(uart.take_counters().is_clean(), "counters start again");
}

#[test]
fn a_stuck_device_does_not_keep_the_processor() {
    let (mut uart, ports) = start(|_| ());
    ports.0.borrow_mut().stuck = true;
    let before = ports.0.borrow().reads;
    uart.on_interrupt();
    let reads = ports.0.borrow().reads - before;
    assert!(reads <= 4 * 64, "{reads} port reads");
}

#[derive(Clone, Debug)]
enum Step {
    Send(Vec<u8>),
    Arrive(u8),
    Drain,
    Interrupt,
    Fetch,
}

fn step() -> impl Strategy<Value = Step> {
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..80).prop_map(Step::Send),
        any::<u8>().prop_map(Step::Arrive),
        Just(Step::Drain),
        Just(Step::Interrupt),
        Just(Step::Fetch),
    ]
}

proptest! {
    /// Whatever the order of events, accepted bytes come out once and in order, both ways.
    #[test]
    fn no_byte_is_lost_doubled_or_reordered(steps in proptest::collection::vec(step(), 0..200)) {
        let (mut uart, ports) = start(|_| ());
        let (mut sent, mut arrived, mut received) = (Vec::new(), Vec::new(), Vec::new());
        for step in steps {
            match step {
                Step::Send(bytes) => {
                    let taken = uart.send(&bytes);
                    sent.extend_from_slice(&bytes[..taken]);
                }
                Step::Arrive(byte) => {
                    arrived.push(byte);
                    ports.0.borrow_mut().arrive(byte, 0);
                    // In time: neither queue overflows in this test.
                    uart.on_interrupt();
                    received.extend(std::iter::from_fn(|| uart.receive()));
                }
                Step::Drain => ports.0.borrow_mut().drain(),
                Step::Interrupt => uart.on_interrupt(),
                Step::Fetch => received.extend(std::iter::from_fn(|| uart.receive())),
            }
        }
        for _ in 0..10 {
            ports.0.borrow_mut().drain();
            uart.on_interrupt();
        }
        received.extend(std::iter::from_fn(|| uart.receive()));
        prop_assert_eq!(&ports.0.borrow().wire, &sent);
        prop_assert_eq!(received, arrived);
        prop_assert_eq!(ports.0.borrow().tx_lost, 0);
        prop_assert!(uart.take_counters().is_clean());
    }
}
