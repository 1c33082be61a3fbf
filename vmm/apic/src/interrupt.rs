// SPDX-License-Identifier: BSD-2-Clause
//! What travels from devices, the IOAPIC and other CPUs to local APICs.

use vmm_base::Message;

/// How an interrupt was signalled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Trigger {
    /// By an edge, or a message: it is over when it was delivered.
    #[default]
    Edge,
    /// By a level: its end is told to the IOAPIC.
    Level,
}

/// What an interrupt does where it arrives (SDM vol. 3A 12.6.1, "Delivery Mode").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DeliveryMode {
    /// Requests its vector.
    Fixed,
    /// The same at one of the CPUs that are addressed.
    LowestPriority,
    /// A system-management interrupt, of which guests have none.
    Smi,
    /// A non-maskable interrupt.
    Nmi,
    /// Resets the CPU.
    Init,
    /// Starts a CPU that was reset, at page `vector`.
    StartUp,
    /// Requests the vector that the legacy interrupt controller tells, of which guests have none.
    ExtInt,
}

impl DeliveryMode {
    /// The mode in these three bits; 3 is reserved.
    pub const fn from_bits(bits: u8) -> Option<Self> {
        Some(match bits & 7 {
            0 => Self::Fixed,
            1 => Self::LowestPriority,
            2 => Self::Smi,
            4 => Self::Nmi,
            5 => Self::Init,
            6 => Self::StartUp,
            7 => Self::ExtInt,
            _ => return None,
        })
    }
}

/// An interrupt on its way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Interrupt {
    /// Its vector, where the mode has one.
    pub vector: u8,
    /// What it does.
    pub mode: DeliveryMode,
    /// How it was signalled.
    pub trigger: Trigger,
    /// Is the destination a set of logical ids, not an APIC id?
    pub logical: bool,
    /// Whom it is for. 0xff and 0xffff_ffff as an APIC id are all.
    pub destination: u32,
}

impl Interrupt {
    /// Is it for every CPU?
    pub(crate) const fn is_broadcast(&self) -> bool {
        !self.logical && matches!(self.destination, 0xff | u32::MAX)
    }

    /// What the message of a device means (SDM vol. 3A 12.11); nothing if it does not go to the
    /// interrupt controllers, its delivery mode is reserved for messages, or it says that a level
    /// fell.
    pub const fn from_message(message: Message) -> Option<Self> {
        const LEVEL: u32 = 1 << 15;
        const ASSERTED: u32 = 1 << 14;
        let trigger = match message.data & (LEVEL | ASSERTED) {
            LEVEL => return None,
            data if data & LEVEL != 0 => Trigger::Level,
            _ => Trigger::Edge,
        };
        match DeliveryMode::from_bits(message.delivery_mode()) {
            Some(mode) if message.is_interrupt() && !matches!(mode, DeliveryMode::StartUp) => {
                Some(Self {
                    vector: message.vector(),
                    mode,
                    trigger,
                    logical: message.is_logical(),
                    destination: message.destination() as u32,
                })
            }
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn interrupt(address: u64, data: u32) -> Option<Interrupt> {
        Interrupt::from_message(Message { address, data })
    }

    #[test]
    fn messages() {
        let expected = Interrupt {
            vector: 0x41,
            mode: DeliveryMode::LowestPriority,
            trigger: Trigger::Edge,
            logical: true,
            destination: 3,
        };
        assert_eq!(interrupt(0xfee0_3004, 0x141), Some(expected));
        let level = interrupt(0xfeef_f000, 0xc031).expect("an interrupt");
        assert_eq!(level.trigger, Trigger::Level);
        assert!(level.is_broadcast());
    }

    #[test]
    fn messages_that_are_no_interrupts() {
        for (address, data) in [
            (0xfed0_0000, 0x41),
            (0xfee0_0000, 0x8041),
            (0xfee0_0000, 0x341),
            (0xfee0_0000, 0x641),
        ] {
            assert_eq!(interrupt(address, data), None, "{address:#x} {data:#x}");
        }
    }

    #[test]
    fn modes() {
        for bits in 0..8 {
            assert_eq!(DeliveryMode::from_bits(bits).is_none(), bits == 3);
        }
    }
}
