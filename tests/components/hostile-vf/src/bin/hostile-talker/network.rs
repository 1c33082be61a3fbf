// SPDX-License-Identifier: BSD-2-Clause
//! Numbered frames from one virtual function to another.

use core::time::Duration;

use hostile_vf_tests::Diary;
use igbvf::{BUFFER_BYTES, Igbvf, Offload, State};
use mmio::{MmioRegion, OutgoingRegion, SharedRegion};
use pf_manager_interface::{Event, Owner};
use sel4_microkit::{Channel, memory_region_symbol};

type Driver = Igbvf<MmioRegion, SharedRegion, OutgoingRegion>;

/// IEEE 802: for experiments.
const ETHERTYPE: [u8; 2] = [0x88, 0xb5];
const HEADER: usize = 14;
const FRAME: usize = 200;
/// Frames sent in a pass. The last one is to everybody.
const BURST: u64 = 4;
/// As system.xml says.
const FROM: [u8; 6] = [2, 0, 0, 0, 0, 0xb];
const TO: [u8; 6] = [2, 0, 0, 0, 0, 0xc];
const EVERYBODY: [u8; 6] = [0xff; 6];

struct Port {
    owner: Owner<Channel>,
    driver: Driver,
    link: bool,
}

/// Both.
pub struct Network {
    sender: Port,
    receiver: Port,
    /// The number of the next frame to send, and to arrive.
    next: u64,
    expected: u64,
    buffer: [u8; BUFFER_BYTES],
}

/// A driver of regions with these names.
macro_rules! driver {
    ($registers:ident, $shared:ident, $outgoing:ident) => {{
        let registers = memory_region_symbol!($registers: *mut u8);
        let shared = memory_region_symbol!($shared: *mut u8);
        let outgoing = memory_region_symbol!($outgoing: *mut u8);
        let address = |region: core::ptr::NonNull<u8>| region.addr().get() as u64;
        // SAFETY: the regions have these sizes, this is the only use of them, and the device may
        // only read the last one.
        let (registers, shared, outgoing) = unsafe {
            let bytes = core::slice::from_raw_parts_mut(outgoing.as_ptr(), 0x8_0000);
            (
                MmioRegion::new(registers, 0x4000),
                SharedRegion::new(shared, 0x8_2000, address(shared)),
                OutgoingRegion::new(bytes, address(outgoing)),
            )
        };
        match Igbvf::new(registers, shared, outgoing) {
            Ok(driver) => driver,
            Err(failure) => panic!("system.xml: {failure}"),
        }
    }};
}

impl Port {
    fn new(channel: Channel, driver: Driver) -> Self {
        Self {
            owner: Owner::new(channel),
            driver,
            link: false,
        }
    }

    fn turn(&mut self, now: Duration, asked: bool, diary: &Diary) {
        let asked = asked || self.owner.next().is_some_and(|at| now >= at);
        match asked.then(|| self.owner.poll(now)).flatten() {
            Some(Event::Granted(_)) => {
                let started = self.driver.start(now);
                let mastering = self.owner.manager().write_config(4, 4);
                if started.is_err() || mastering.is_err() {
                    Diary::add(&diary.trouble, 1);
                }
            }
            Some(event @ (Event::Lost(_) | Event::Refused(_))) => {
                log::error!("{event:?}");
                Diary::add(&diary.trouble, 1);
            }
            None => {}
        }
        match self.driver.poll(now) {
            Ok(state) => self.link = matches!(state, State::Running { link: true, .. }),
            Err(failure) => {
                log::error!("{failure}");
                Diary::add(&diary.trouble, 1);
            }
        }
    }
}

impl Network {
    /// Over these channels to the PF manager.
    pub fn new(sender: Channel, receiver: Channel) -> Self {
        Self {
            sender: Port::new(sender, driver!(sender, sender_shared, sender_outgoing)),
            receiver: Port::new(
                receiver,
                driver!(receiver, receiver_shared, receiver_outgoing),
            ),
            next: 0,
            expected: 0,
            buffer: [0; BUFFER_BYTES],
        }
    }

    /// A pass. `asked`: the PF manager has notified, on either channel.
    pub fn turn(&mut self, now: Duration, asked: [bool; 2], diary: &Diary) {
        self.sender.turn(now, asked[0], diary);
        self.receiver.turn(now, asked[1], diary);
        if self.sender.link && self.receiver.link {
            self.send(diary);
        }
        while let Some(received) = self.receiver.driver.receive(&mut self.buffer) {
            self.take(received.len, diary);
        }
        self.receiver.driver.flush();
        // QEMU's card gives a function its own broadcasts back.
        while self.sender.driver.receive(&mut self.buffer).is_some() {}
        self.sender.driver.flush();
    }

    fn send(&mut self, diary: &Diary) {
        for frame in 1..=BURST {
            let to = if frame == BURST { EVERYBODY } else { TO };
            let Some(slot) = self.sender.driver.slot() else {
                break;
            };
            let number = self.next;
            slot.send(FRAME, |frame| (fill(frame, to, number), ()));
            self.next += 1;
            Diary::add(&diary.sent, 1);
        }
    }

    /// Looks at a frame. Those of others do not matter.
    fn take(&mut self, len: usize, diary: &Diary) {
        let frame = &self.buffer[..len];
        if len < FRAME || frame[12..HEADER] != ETHERTYPE || frame[6..12] != FROM {
            return;
        }
        let (number, rest) = frame[HEADER..FRAME].split_at(8);
        let number = number.try_into().map_or(u64::MAX, u64::from_le_bytes);
        let right = rest.iter().all(|byte| *byte == number as u8);
        if right && number >= self.expected {
            Diary::add(&diary.lost, number - self.expected);
            Diary::add(&diary.received, 1);
            self.expected = number + 1;
        } else {
            Diary::add(&diary.lost, 1);
        }
    }
}

fn fill(frame: &mut [u8], to: [u8; 6], number: u64) -> Offload {
    frame[..6].copy_from_slice(&to);
    frame[6..12].copy_from_slice(&FROM);
    frame[12..HEADER].copy_from_slice(&ETHERTYPE);
    frame[HEADER..].fill(number as u8);
    frame[HEADER..HEADER + 8].copy_from_slice(&number.to_le_bytes());
    Offload::None
}
