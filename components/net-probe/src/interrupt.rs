// SPDX-License-Identifier: BSD-2-Clause
//! How a virtual function that was just granted gets its interrupt: the message that the remapping
//! table knows goes into its MSI-X table, and the PF manager lets it send messages and master the bus.

use core::fmt;

use mmio::{ABSENT32, Mmio};
use pci::Message;
use pci::{Bdf, MsiX, PciConfig};
use pf_manager_interface::{Call, Error, Info, PfManager};

const COMMAND: u16 = 4;
const BUS_MASTER: u32 = 1 << 2;
/// The BAR that has the MSI-X table of an 82576 virtual function (§9.7).
const TABLE_BAR: u8 = 3;

/// Why there is no interrupt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NoInterrupt {
    /// The system description grants none: no `irq` names this function.
    NoHandle,
    /// The function's MSI-X capability is not what it should be.
    Capability,
    /// The PF manager does not let it.
    Refused(Error),
}

impl fmt::Display for NoInterrupt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoHandle => f.write_str("system.xml has no irq for the virtual function"),
            Self::Capability => f.write_str("the virtual function has no usable MSI-X table"),
            Self::Refused(error) => error.fmt(f),
        }
    }
}

/// The function's configuration space, as far as the PF manager opens it.
struct Config<'a, C> {
    manager: &'a PfManager<C>,
    function: Bdf,
}

impl<C: Call> PciConfig for Config<'_, C> {
    fn read32(&self, function: Bdf, offset: u16) -> u32 {
        if function != self.function {
            return ABSENT32;
        }
        self.manager.read_config(offset).unwrap_or(ABSENT32)
    }

    fn write32(&mut self, function: Bdf, offset: u16, value: u32) {
        if function == self.function {
            // Whoever wants to know whether it was taken reads it back.
            let _ = self.manager.write_config(offset, value);
        }
    }
}

/// Sets vector 0 to the function's first handle, in the MSI-X table at the start of `table`, and
/// switches MSI-X and bus mastering on. The other vectors stay masked, as a reset leaves them.
///
/// # Errors
///
/// [`NoInterrupt`].
pub fn enable_interrupt<C: Call>(
    manager: &PfManager<C>,
    info: &Info,
    table: &mut impl Mmio,
) -> Result<(), NoInterrupt> {
    let handle = *info.handles().first().ok_or(NoInterrupt::NoHandle)?;
    let function = Bdf(info.requester);
    let mut config = Config { manager, function };
    let msix = MsiX::read(&config, function).map_err(|_| NoInterrupt::Capability)?;
    let (place, message) = (msix.table, Message::single(handle));
    let inside = (place.offset as usize).saturating_add(16) <= table.size();
    if place.bar != TABLE_BAR || !inside {
        return Err(NoInterrupt::Capability);
    }
    let message = (message.address, message.data);
    pci::write_entry(table, place.offset as usize, 0, message, false);
    msix.set(&mut config, true, false);
    manager
        .write_config(COMMAND, BUS_MASTER)
        .map_err(NoInterrupt::Refused)
}

#[cfg(test)]
mod tests {
    use core::cell::RefCell;
    use std::vec::Vec;

    use mmio::FakeMmio;
    use pf_manager_interface::{
        BODY_WORDS, Driver, Link, NoReply, Operation, REPLY_WORDS, REQUEST_WORDS, Reply, Request,
        State, Status, VERSION,
    };

    use super::*;

    const INFO: Info = Info {
        driver: Driver::Igb,
        vf: 1,
        requester: 0x9a,
        id: (0x8086, 0x10ca),
        mac: Some([2, 0, 0, 0, 0, 0xb]),
        vlan: 0,
        max_frame: 1522,
        link: Link::Up(1000),
        namespace: 0,
        interrupts: 1,
        handles: [5, 0, 0, 0],
    };

    /// Configuration space, and what was written to it.
    struct Manager {
        words: Vec<(u16, u32)>,
        written: RefCell<Vec<(u16, u32)>>,
    }

    impl Manager {
        fn new(table: u32) -> Self {
            Self {
                words: std::vec![
                    (0x04, 0x0010_0000),
                    (0x34, 0xa0),
                    (0xa0, 0x7010),
                    (0x70, 0x0002_0011),
                    (0x74, table),
                    (0x78, 0x2003),
                ],
                written: RefCell::default(),
            }
        }
    }

    impl Call for &Manager {
        fn call(&self, words: [u64; REQUEST_WORDS]) -> Result<[u64; REPLY_WORDS], NoReply> {
            let request = Request::from_words(words);
            let mut body = [0; BODY_WORDS];
            let mut status = Status::Ok;
            if request.operation == Operation::ReadConfig as u16 {
                let word = self.words.iter().find(|(at, _)| *at == request.offset);
                body[0] = word.map_or(0, |(_, word)| *word).into();
            } else if request.operation == Operation::WriteConfig as u16 {
                let write = (request.offset, request.value as u32);
                self.written.borrow_mut().push(write);
            } else {
                status = Status::Operation;
            }
            let reply = Reply {
                version: VERSION,
                status: status as u16,
                state: State::Granted as u8,
                reason: 0,
                detail: 0,
                generation: 1,
                body,
            };
            Ok(reply.to_words())
        }
    }

    #[test]
    fn the_message_is_there_before_it_may_be_sent() {
        let manager = Manager::new(0x0003);
        let mut table = FakeMmio::<0x4000>::new();
        let pf = PfManager::new(&manager);
        assert_eq!(enable_interrupt(&pf, &INFO, &mut table), Ok(()));
        let entry = [0, 4, 8, 12].map(|offset| table.read32(offset));
        assert_eq!(entry, [0xfee0_00b0, 0, 0, 0]);
        let written = manager.written.borrow();
        assert_eq!(*written, [(0x70, 0x8000_0000), (4, 4)]);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let none = Info {
            interrupts: 0,
            ..INFO
        };
        for (info, table, reason) in [
            (none, 3, NoInterrupt::NoHandle),
            (INFO, 0, NoInterrupt::Capability),
            (INFO, 0x3ff8 | 3, NoInterrupt::Capability),
            (INFO, 0xffff_fff8 | 3, NoInterrupt::Capability),
        ] {
            let manager = Manager::new(table);
            let mut table = FakeMmio::<0x4000>::new();
            let pf = PfManager::new(&manager);
            assert_eq!(enable_interrupt(&pf, &info, &mut table), Err(reason));
            assert!(table.log().is_empty() && manager.written.borrow().is_empty());
        }
    }
}
