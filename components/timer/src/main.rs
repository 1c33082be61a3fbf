// SPDX-License-Identifier: BSD-2-Clause
//! The timer: time-outs for several clients from one HPET.
//!
//! Each channel of this protection domain is a client, but for the interrupt and the console's. The id of the `irq`
//! element tells the driver what to program: with `setvar_id="hpet_pin"` it is also the IOAPIC
//! pin, with `setvar_id="hpet_vector"` (an MSI) it is also the element's `vector`.
#![no_std]
#![no_main]

use core::convert::Infallible;

use console_interface::own_stream;
use hpet::{Delivery, Hpet};
use mmio::MmioRegion;
use sel4_microkit::{
    Channel, ChannelSet, Handler, MessageInfo, memory_region_symbol, protection_domain, var,
    with_msg_regs, with_msg_regs_mut,
};
use timer_core::{CLIENTS, Pace, Service};
use timer_interface::REPLY_WORDS;

/// The size of the HPET's register block (IA-PC HPET specification 1.0a, section 2.3.1).
const REGISTERS_SIZE: usize = 1024;

/// The processor's vector of IRQ 0: seL4 keeps 32 for exceptions and 16 for the legacy PIC.
const FIRST_VECTOR: u32 = 0x30;

/// Messages to the processor with APIC id 0, physical destination (Intel SDM volume 3, 11.11.1).
const MESSAGE_ADDRESS: u32 = 0xfee0_0000;

/// What `setvar_id` leaves where the attribute is not used.
const UNSET: usize = usize::MAX;

struct Timer {
    hpet: Hpet<MmioRegion>,
    service: Service,
    irq: Channel,
    /// The tick that the alarm is set to, until it rings.
    alarm: Option<u64>,
    pace: Pace,
}

#[protection_domain]
fn init() -> Timer {
    own_stream!();
    let base = memory_region_symbol!(hpet_registers: *mut u8);
    // SAFETY: the image tool mapped the region of that symbol, at least a page, for this program
    // alone, and this is the only use of it.
    let registers = unsafe { MmioRegion::new(base, REGISTERS_SIZE) };
    let pin = *var!(hpet_pin: usize = UNSET);
    let vector = *var!(hpet_vector: usize = UNSET);
    let (irq, delivery) = match (pin, vector) {
        (pin @ 0..32, UNSET) => (
            pin,
            Delivery::IoApic {
                pin: pin as u8,
                level: true,
            },
        ),
        (UNSET, vector @ 0..CLIENTS) => {
            let data = FIRST_VECTOR + vector as u32;
            (
                vector,
                Delivery::Message {
                    address: MESSAGE_ADDRESS,
                    data,
                },
            )
        }
        _ => panic!("system.xml: the timer's irq element needs setvar_id, hpet_pin or hpet_vector"),
    };
    let mut hpet = match Hpet::new(registers, delivery) {
        Ok(hpet) => hpet,
        Err(error) => panic!("{error}"),
    };
    log::info!(
        "{}; comparator {}, {delivery}",
        hpet.capabilities(),
        hpet.comparator()
    );
    let service = Service::new(hpet.now());
    let mut timer = Timer {
        hpet,
        service,
        irq: Channel::new(irq),
        alarm: None,
        pace: Pace::default(),
    };
    // At a restart clients learn that their time-outs are gone; at the first start it is nothing.
    let clients = (0..CLIENTS)
        .map(Channel::new)
        .filter(|channel| channel.peer_name().is_some());
    clients.for_each(|client| client.notify());
    let now = timer.now();
    timer.update(now);
    timer
}

impl Timer {
    fn now(&mut self) -> u64 {
        let ticks = self.hpet.now();
        self.hpet.period().ns(ticks)
    }

    /// Tells clients what ended, and sets the alarm for the next. Without one it is set as far
    /// away as it goes, which keeps the clock of a 32-bit counter going. `start` is when the event
    /// that is being served began.
    fn update(&mut self, start: u64) {
        let now = self.now();
        let due = self.service.expire(now);
        if due != 0 {
            for client in (0..CLIENTS).filter(|client| due >> client & 1 != 0) {
                Channel::new(client).notify();
            }
            let end = self.now();
            self.pace.served(start, end);
        }
        let period = self.hpet.period();
        let ring = |end| period.ticks(self.pace.ring(end));
        let next = self.service.next().map_or(u64::MAX, ring);
        if self.alarm.replace(next) == Some(next) {
            return;
        }
        if !self.hpet.arm(next) {
            log::error!("the HPET outruns every alarm that it is given: no time-out will end");
        }
    }
}

impl Handler for Timer {
    type Error = Infallible;

    fn notified(&mut self, channels: ChannelSet) -> Result<(), Infallible> {
        if channels.contains(self.irq) {
            let start = self.now();
            self.hpet.on_interrupt();
            self.alarm = None;
            if let Err(error) = self.irq.irq_ack() {
                log::error!("{error}");
            }
            self.update(start);
        }
        Ok(())
    }

    fn protected(&mut self, client: Channel, info: MessageInfo) -> Result<MessageInfo, Infallible> {
        let now = self.now();
        let reply = with_msg_regs(|registers| {
            // Never longer than the registers; what is too short or too long is refused.
            let words = registers.get(..info.count()).unwrap_or_default();
            self.service.call(client.index(), words, now)
        });
        self.update(now);
        with_msg_regs_mut(|registers| registers[..REPLY_WORDS].copy_from_slice(&reply));
        Ok(MessageInfo::new(0, REPLY_WORDS))
    }
}
