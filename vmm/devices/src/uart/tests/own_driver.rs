// SPDX-License-Identifier: BSD-2-Clause
//! The project's own driver, which was written for real chips, drives it.

use core::cell::RefCell;
use std::rc::Rc;
use std::vec::Vec;

use mmio::PortIo;

use super::{Uart, output, read, write};

struct Ports(Rc<RefCell<Uart>>);

impl PortIo for Ports {
    fn read8(&mut self, offset: u16) -> u8 {
        read(&mut self.0.borrow_mut(), offset)
    }

    fn write8(&mut self, offset: u16, value: u8) {
        write(&mut self.0.borrow_mut(), offset, value);
    }
}

#[test]
fn both_directions() {
    let device = Rc::new(RefCell::new(Uart::default()));
    let ports = Ports(device.clone());
    let mut driver = uart::Uart::<_, 256, 256>::new(ports, uart::Config::default()).unwrap();
    assert!(driver.has_fifo());
    let text: Vec<u8> = (0..200).collect();
    assert_eq!(driver.send(&text), 200);
    let (mut sent, mut offered) = (Vec::new(), text.iter().copied().peekable());
    for _ in 0..100 {
        while offered
            .next_if(|byte| device.borrow_mut().offer_input(*byte))
            .is_some()
        {}
        sent.extend(output(&mut device.borrow_mut()));
        if device.borrow().interrupt() {
            driver.on_interrupt();
        }
    }
    assert_eq!(sent, text);
    let received: Vec<u8> = core::iter::from_fn(|| driver.receive()).collect();
    assert_eq!(received, text);
    assert!(!device.borrow().interrupt());
}
