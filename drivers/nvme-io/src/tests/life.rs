// SPDX-License-Identifier: BSD-2-Clause
//! Starting, stopping, and what can be wrong with a controller or with what the driver is given.

use super::*;
use crate::{Error, Geometry, Refused, Status};

#[test]
fn a_start_leads_to_the_namespace() {
    let (model, mut driver) = new();
    assert_eq!(driver.poll(ms(0)), Ok(State::Stopped));
    assert_eq!(driver.geometry(), None);
    start(&model, &mut driver);
    let expected = Geometry {
        namespace: NamespaceId(NAMESPACE),
        block_bytes: 512,
        blocks: 2048,
        max_bytes: 256 << 10,
    };
    assert_eq!(driver.geometry(), Some(expected));
    driver.stop();
    assert_eq!(driver.poll(ms(0)), Ok(State::Stopped));
    assert_eq!(driver.flush(ms(0)), Err(Refused::Stopped));
    start(&model, &mut driver);
    assert!(driver.geometry().is_some());
}

#[test]
fn every_step_of_the_start_can_fail() {
    for opcode in [0x01, 0x05, 0x06, 0x09] {
        let (model, mut driver) = new();
        model.borrow_mut().fails = Some((opcode, 6));
        let result = try_start(&model, &mut driver, NAMESPACE);
        assert_eq!(result, Err(Error::Failed(opcode as u8, Status(6))));
        assert_eq!(driver.poll(ms(0)), Ok(State::Stopped));
        model.borrow_mut().fails = None;
        start(&model, &mut driver);
    }
}

#[test]
fn a_namespace_of_somebody_else_does_not_exist() {
    let (model, mut driver) = new();
    let result = try_start(&model, &mut driver, 1);
    assert_eq!(result, Err(Error::NoSuchNamespace(1)));
}

#[test]
fn a_controller_that_says_nothing_is_given_up() {
    let (model, mut driver) = new();
    model.borrow_mut().silent = true;
    driver.start(NamespaceId(NAMESPACE), ms(0)).unwrap();
    assert_eq!(driver.poll(ms(0)), Ok(State::Interrupts));
    assert_eq!(driver.poll(ms(0)), Ok(State::Starting(ms(1))));
    assert_eq!(driver.poll(ms(5000)), Err(Error::Timeout(0x06)));
}

#[test]
fn unsuitable_controllers_are_refused() {
    // Queues of 32 entries; doorbells 128 KiB apart.
    for capabilities in [0x0000_0020_0f01_001f, 0x0000_002f_0f01_07ff] {
        let (model, mut driver) = new();
        model.borrow_mut().capabilities = capabilities;
        driver.start(NamespaceId(NAMESPACE), ms(0)).unwrap();
        assert_eq!(driver.poll(ms(0)), Err(Error::Unsuitable));
    }
    let (model, mut driver) = new();
    model.borrow_mut().gone = true;
    let result = driver.start(NamespaceId(NAMESPACE), ms(0));
    assert_eq!(result, Err(Error::Absent));
}

#[test]
fn memory_has_to_suit() {
    let (model, _) = new();
    for (address, bytes) in [
        (BUS + 512, IO_DMA_BYTES),
        (BUS, IO_DMA_BYTES - 4096),
        (!0xfff, IO_DMA_BYTES),
    ] {
        let memory = Shared::new(model.memory(0, bytes), address);
        let result = NvmeIo::new(model.registers(), memory, None);
        assert_eq!(result.map(|_| ()), Err(Error::Memory));
    }
}

#[test]
fn a_running_controller_is_watched() {
    let (model, mut driver) = running();
    assert_eq!(driver.poll(ms(500)), Ok(State::Running(ms(1000))));
    assert_eq!(driver.poll(ms(1000)), Ok(State::Running(ms(2000))));
    model.borrow_mut().fatal = true;
    assert_eq!(driver.poll(ms(1999)), Ok(State::Running(ms(2000))));
    assert_eq!(driver.poll(ms(2000)), Err(Error::Fatal));
    let (model, mut driver) = running();
    model.borrow_mut().gone = true;
    assert_eq!(driver.poll(ms(1000)), Err(Error::Absent));
    assert_eq!(driver.poll(ms(1000)), Ok(State::Stopped));
}
