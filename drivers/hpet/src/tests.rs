// SPDX-License-Identifier: BSD-2-Clause
//! The driver against the model of the device.

use proptest::prelude::*;

use crate::model::{Device, PERIOD_10NS, Registers};
use crate::registers::{conf, timer};
use crate::{Delivery, Error, Hpet};

const PIN_20: Delivery = Delivery::IoApic {
    pin: 20,
    level: true,
};
const MESSAGE: Delivery = Delivery::Message {
    address: 0xfee0_1000,
    data: 0x41,
};

fn start(device: Device, delivery: Delivery) -> (Hpet<Registers>, Registers) {
    let registers = Registers::of(device);
    (
        Hpet::new(registers.clone(), delivery).expect("a device is there"),
        registers,
    )
}

#[test]
fn starts_the_counter_and_routes_the_interrupt() {
    let mut device = Device::q35();
    device.config = conf::LEGACY;
    device.counter = 77;
    let (hpet, registers) = start(device, PIN_20);
    let device = registers.0.borrow();
    assert_eq!(device.config, conf::ENABLE);
    assert!(
        device.counter < 77,
        "a counter that stood still starts at 0"
    );
    let config = device.timers[0].config;
    assert_eq!(config & timer::ROUTE_MASK, 20 << timer::ROUTE_SHIFT);
    assert_eq!(config & timer::LEVEL, timer::LEVEL);
    assert_eq!(config & (timer::ENABLE | timer::PERIODIC | timer::FSB), 0);
    assert_eq!(hpet.comparator(), 0);
}

#[test]
fn time_goes_on_over_a_restart_and_old_alarms_are_silenced() {
    let (mut hpet, registers) = start(Device::q35(), PIN_20);
    assert!(hpet.arm(500));
    registers.0.borrow_mut().timers[1].config |= timer::ENABLE;
    registers.0.borrow_mut().advance(10_000);
    let (mut again, _) = {
        let delivery = Delivery::IoApic {
            pin: 8,
            level: false,
        };
        (Hpet::new(registers.clone(), delivery).unwrap(), ())
    };
    assert!(again.now() > 10_000);
    let device = registers.0.borrow();
    assert!(
        device
            .timers
            .iter()
            .all(|timer| timer.config & timer::ENABLE == 0)
    );
    assert_eq!(device.status, 0);
    assert_eq!(device.timers[0].config & timer::LEVEL, 0);
}

#[test]
fn chooses_the_first_comparator_that_fits() {
    let pins_then_message = [
        0x0000_0004_0000_0000,
        0x0010_0000_0000_8000,
        0x0010_0000_0000_8000,
    ];
    let capabilities = PERIOD_10NS | 0x8086_0001 | 2 << 8;
    let device = Device::new(capabilities, &pins_then_message);
    let (hpet, _) = start(device.clone(), PIN_20);
    assert_eq!(hpet.comparator(), 1);
    let (hpet, registers) = start(device.clone(), MESSAGE);
    assert_eq!(hpet.comparator(), 1);
    assert_eq!(
        registers.0.borrow().timers[1].message,
        0xfee0_1000_0000_0041
    );
    assert_eq!(
        registers.0.borrow().timers[1].config & timer::FSB,
        timer::FSB
    );

    let wrong = Hpet::new(
        Registers::of(device),
        Delivery::IoApic {
            pin: 5,
            level: true,
        },
    );
    assert_eq!(
        wrong.err(),
        Some(Error::Pin {
            wanted: 5,
            available: 0x10_0004
        })
    );
    let none = Hpet::new(Registers::of(Device::q35()), MESSAGE);
    assert_eq!(none.err(), Some(Error::NoMessages));
    let beyond = Hpet::new(
        Registers::of(Device::q35()),
        Delivery::IoApic {
            pin: 200,
            level: true,
        },
    );
    assert!(matches!(beyond.err(), Some(Error::Pin { wanted: 200, .. })));
}

#[test]
fn rings_once_at_or_after_the_deadline() {
    let (mut hpet, registers) = start(Device::q35(), PIN_20);
    let deadline = hpet.now() + 5_000;
    assert!(hpet.arm(deadline));
    registers.0.borrow_mut().advance(4_900);
    assert!(!hpet.on_interrupt(), "not yet");
    registers.0.borrow_mut().advance(200);
    assert!(hpet.on_interrupt());
    assert!(!hpet.on_interrupt(), "acknowledged");
    assert_eq!(registers.0.borrow().timers[0].rung, [deadline]);
}

#[test]
fn an_alarm_in_the_past_rings_soon() {
    for access_ticks in [0, 1, 20, 200, 5_000] {
        let mut device = Device::q35();
        device.access_ticks = access_ticks;
        let (mut hpet, registers) = start(device, PIN_20);
        let now = hpet.now();
        assert!(
            hpet.arm(now.saturating_sub(10)),
            "access of {access_ticks} ticks"
        );
        registers.0.borrow_mut().advance(200_000);
        assert!(
            !registers.0.borrow().timers[0].rung.is_empty(),
            "access of {access_ticks} ticks"
        );
    }
}

#[test]
fn a_clock_that_outruns_every_alarm_is_reported() {
    let mut device = Device::q35();
    device.stall_ticks = 1 << 31;
    let (mut hpet, registers) = start(device, PIN_20);
    assert!(!hpet.arm(0));
    assert_eq!(registers.0.borrow().timers[0].config & timer::ENABLE, 0);
}

#[test]
fn a_far_alarm_rings_early_at_the_horizon() {
    let (mut hpet, registers) = start(Device::q35(), PIN_20);
    let now = hpet.now();
    assert!(hpet.arm(now + (1 << 40)));
    registers.0.borrow_mut().advance((1 << 31) + 1_000);
    let rung = registers.0.borrow().timers[0].rung.clone();
    assert_eq!(rung.len(), 1);
    assert!(rung[0] - now <= (1 << 31) + 100);
}

#[test]
fn a_disarmed_alarm_is_silent() {
    let (mut hpet, registers) = start(Device::q35(), PIN_20);
    assert!(hpet.arm(5_000));
    hpet.disarm();
    registers.0.borrow_mut().advance(10_000);
    assert!(registers.0.borrow().timers[0].rung.is_empty());
}

#[test]
fn a_32_bit_counter_is_extended() {
    let mut device = Device::q35();
    device.capabilities &= !(1 << 13);
    let (mut hpet, registers) = start(device, PIN_20);
    let mut before = hpet.now();
    for _ in 0..10 {
        registers.0.borrow_mut().advance(3 << 30);
        let now = hpet.now();
        assert!((now - before).abs_diff(3 << 30) < 100);
        before = now;
    }
    assert!(before > 7 << 32);
    let deadline = hpet.now() + 1_000;
    assert!(hpet.arm(deadline));
    registers.0.borrow_mut().advance(1_000);
    assert_eq!(registers.0.borrow().timers[0].rung, [deadline]);
}

proptest! {
    /// However slow the bus is and wherever the counter stands, an alarm that was taken rings: not
    /// before its deadline (or the horizon), and not much later.
    #[test]
    fn an_alarm_that_was_taken_rings(
        counter in any::<u32>(),
        access_ticks in 0u64..500,
        stall_ticks in 0u64..3_000,
        distance in -5_000i64..20_000_000_000,
    ) {
        let mut device = Device::q35();
        device.access_ticks = access_ticks;
        device.stall_ticks = stall_ticks;
        device.counter = u64::from(counter) + (1 << 33);
        device.config = conf::ENABLE;
        let (mut hpet, registers) = start(device, PIN_20);
        let now = hpet.now();
        let deadline = now.saturating_add_signed(distance);
        prop_assert!(hpet.arm(deadline));
        registers.0.borrow_mut().advance(1 << 32);
        let rung = registers.0.borrow().timers[0].rung[0];
        prop_assert!(rung >= deadline.min(now + (1 << 31)));
        prop_assert!(rung <= deadline.max(now).saturating_add(200_000));
    }
}
