// SPDX-License-Identifier: BSD-2-Clause
//! Any accesses, against the simplest description of what must hold.

use std::collections::VecDeque;

use proptest::prelude::*;
use vmm_base::{PortDevice, Width};

use super::super::registers::offset::*;
use super::{Uart, output};

#[derive(Debug, Clone)]
enum Operation {
    Read(u16, Width),
    Write(u16, Width, u32),
    Offer(u8),
    Take,
}

fn operation() -> impl Strategy<Value = Operation> {
    let width = prop_oneof![
        8 => Just(Width::Byte),
        1 => Just(Width::Word),
        1 => Just(Width::Dword),
        1 => Just(Width::Qword),
    ];
    let register = prop_oneof![16 => 0u16..8, 1 => any::<u16>()];
    prop_oneof![
        (register.clone(), width.clone()).prop_map(|(r, w)| Operation::Read(r, w)),
        (register, width, any::<u32>()).prop_map(|(r, w, v)| Operation::Write(r, w, v)),
        any::<u8>().prop_map(Operation::Offer),
        Just(Operation::Take),
    ]
}

/// What was offered and not yet read, and what was sent and not yet taken.
#[derive(Default)]
struct Oracle {
    received: VecDeque<u8>,
    sent: VecDeque<u8>,
    line_control: u8,
    modem_control: u8,
    fifos: bool,
}

impl Oracle {
    fn depth(&self) -> usize {
        if self.fifos { 16 } else { 1 }
    }

    fn is_loop(&self) -> bool {
        self.modem_control & 0x10 != 0
    }

    fn write(&mut self, register: u16, value: u8) {
        match register {
            DATA if self.line_control & 0x80 != 0 => {}
            DATA if self.is_loop() => {
                if self.received.len() < self.depth() {
                    self.received.push_back(value);
                } else if !self.fifos {
                    self.received = [value].into();
                }
            }
            DATA if self.sent.len() < self.depth() => self.sent.push_back(value),
            IDENTIFICATION => {
                let fifos = value & 1 != 0;
                if fifos != self.fifos || fifos && value & 2 != 0 {
                    self.received.clear();
                }
                if fifos != self.fifos || fifos && value & 4 != 0 {
                    self.sent.clear();
                }
                self.fifos = fifos;
            }
            LINE_CONTROL => self.line_control = value,
            MODEM_CONTROL => self.modem_control = value,
            _ => {}
        }
    }
}

proptest! {
    #[test]
    fn no_character_is_lost_or_made_up(
        operations in prop::collection::vec(operation(), 1..300)
    ) {
        let (mut uart, mut oracle) = (Uart::default(), Oracle::default());
        for operation in operations {
            match operation {
                Operation::Read(DATA, Width::Byte) if oracle.line_control & 0x80 == 0 => {
                    let expected = oracle.received.pop_front().unwrap_or(0);
                    prop_assert_eq!(uart.read(DATA, Width::Byte), u32::from(expected));
                }
                Operation::Read(register, Width::Byte) => {
                    let value = uart.read(register, Width::Byte);
                    prop_assert!(value <= 0xff);
                    if register == LINE_STATUS {
                        prop_assert_eq!(value & 1 != 0, !oracle.received.is_empty());
                        prop_assert_eq!(value & 0x60 == 0x60, oracle.sent.is_empty());
                    }
                }
                Operation::Read(register, width) => {
                    prop_assert_eq!(u64::from(uart.read(register, width)), width.mask() & 0xffff_ffff);
                }
                Operation::Write(register, Width::Byte, value) => {
                    uart.write(register, Width::Byte, value & 0xff);
                    oracle.write(register, value as u8);
                }
                Operation::Write(register, width, value) => uart.write(register, width, value),
                Operation::Offer(byte) => {
                    let taken = !oracle.is_loop() && oracle.received.len() < oracle.depth();
                    prop_assert_eq!(uart.can_receive(), taken);
                    prop_assert_eq!(uart.offer_input(byte), taken);
                    if taken {
                        oracle.received.push_back(byte);
                    }
                }
                Operation::Take => prop_assert_eq!(uart.take_output(), oracle.sent.pop_front()),
            }
            // The line, as far as its gate decides it.
            let gate = oracle.modem_control & 0x18 == 0x08;
            prop_assert!(gate || !uart.interrupt());
        }
        prop_assert_eq!(oracle.sent, output(&mut uart));
    }
}
