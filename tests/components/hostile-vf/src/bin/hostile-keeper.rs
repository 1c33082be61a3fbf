// SPDX-License-Identifier: BSD-2-Clause
//! A bystander: writes, reads and compares on its namespace again and again, by what blk-probe
//! consists of, whatever others do, and keeps a diary of how it goes. It also has a secret.
#![no_std]
#![no_main]

use core::convert::Infallible;
use core::time::Duration;

use blk_probe_core::{Command, Probe, Report};
use hostile_vf_tests::{Diary, SECRET_WORDS, secret};
use mmio::{MmioRegion, SharedRegion};
use nvme_io::Shared;
use sel4_microkit::{Channel, ChannelSet, Handler, memory_region_symbol, protection_domain};
use timer_interface::Timer;

const STORE: Channel = Channel::new(3);
const TIMER: Channel = Channel::new(5);
const IRQ: Channel = Channel::new(42);

/// From one round to the next.
const PAUSE: Duration = Duration::from_millis(250);

type Nvme = Probe<Channel, MmioRegion, Shared<MmioRegion>, SharedRegion>;

struct Keeper {
    timer: Timer<Channel>,
    probe: Nvme,
    diary: &'static Diary,
}

#[protection_domain]
fn init() -> Keeper {
    let words = memory_region_symbol!(secret: *mut u64);
    for word in 0..SECRET_WORDS {
        // SAFETY: the region has so many words, and only this program writes to it.
        unsafe { words.add(word).write_volatile(secret(word as u64)) }
    }
    let diary = memory_region_symbol!(diary: *mut Diary);
    // SAFETY: the region is a page, which is enough, and zeros are a diary.
    let diary = unsafe { diary.as_ref() };
    let mut keeper = Keeper {
        timer: Timer::new(TIMER),
        probe: probe(),
        diary,
    };
    if let Err(error) = keeper.timer.every(1, PAUSE) {
        panic!("{error}");
    }
    keeper.turn(true);
    keeper
}

fn probe() -> Nvme {
    let registers = memory_region_symbol!(store: *mut u8);
    let queues = memory_region_symbol!(store_queues: *mut u8);
    let buffers = memory_region_symbol!(store_buffers: *mut u8);
    let address = |region: core::ptr::NonNull<u8>| region.addr().get() as u64;
    // SAFETY: the regions have these sizes, and this is the only use of them.
    let (registers, memory, buffers) = unsafe {
        (
            MmioRegion::new(registers, 0x4000),
            MmioRegion::new(queues, 0x2_0000),
            SharedRegion::new(buffers, 0x10_0000, address(buffers)),
        )
    };
    let queues = Shared::new(memory, address(queues));
    match Probe::new(STORE, registers, queues, buffers) {
        Ok(probe) => probe,
        Err(error) => panic!("system.xml: {error}"),
    }
}

impl Keeper {
    /// Goes on, and has itself called again when it is time.
    fn turn(&mut self, asked: bool) {
        let now = self.timer.now().unwrap_or_default();
        let diary = self.diary;
        let next = self
            .probe
            .poll(now, asked, &mut |report| tell(report, diary));
        if let Some(next) = next
            && let Err(error) = self.timer.at(0, next)
        {
            log::error!("{error}");
        }
    }
}

fn tell(report: Report, diary: &Diary) {
    match report {
        Report::Verified(verified) => Diary::add(&diary.verified, verified.bytes),
        Report::Granted(_) | Report::Ready(_) => {}
        _ => {
            log::error!("{report}");
            Diary::add(&diary.trouble, 1);
        }
    }
}

impl Handler for Keeper {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        if channels.contains(IRQ) {
            self.probe.interrupt();
            if let Err(error) = IRQ.irq_ack() {
                log::error!("{error}");
            }
        }
        if channels.contains(TIMER) && self.timer.expired().is_ok_and(|ended| ended.contains(1)) {
            let (now, diary) = (self.timer.now().unwrap_or_default(), self.diary);
            let tell = &mut |report| tell(report, diary);
            self.probe.obey(Command::Again, now, tell);
        }
        self.turn(channels.contains(STORE));
        Ok(())
    }
}
