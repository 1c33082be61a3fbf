// SPDX-License-Identifier: BSD-2-Clause
//! Admin commands (§5), as far as they are used. None of them reads or writes anything but the
//! driver's own data page.

/// What Identify is about (§5.15.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Cns {
    /// The controller.
    Controller = 0x01,
    /// Namespaces that exist, with numbers above the given one.
    Allocated = 0x10,
    /// Controllers that a namespace is attached to, with numbers from the given one.
    Attached = 0x12,
    /// What a primary controller can share out.
    Primary = 0x14,
    /// Secondary controllers, with numbers from the given one.
    Secondary = 0x15,
}

/// What is shared out among controllers (§5.22).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Resource {
    /// Queue pairs.
    Queues = 0,
    /// Interrupt vectors.
    Interrupts = 1,
}

/// One admin command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Command {
    pub(crate) opcode: u8,
    pub(crate) namespace: u32,
    pub(crate) dword10: u32,
    pub(crate) dword11: u32,
    /// The controller that the data page is to list, for commands that read it.
    pub(crate) listed: Option<u16>,
}

const IDENTIFY: u8 = 0x06;
const NAMESPACE_ATTACHMENT: u8 = 0x15;
const VIRTUALIZATION_MANAGEMENT: u8 = 0x1c;

const PRIMARY_ALLOCATE: u32 = 1;
const SECONDARY_OFFLINE: u32 = 7;
const SECONDARY_ASSIGN: u32 = 8;
const SECONDARY_ONLINE: u32 = 9;

impl Command {
    /// Fills the data page with what `cns` is about.
    pub const fn identify(cns: Cns, namespace: u32, controller: u16) -> Self {
        Self {
            opcode: IDENTIFY,
            namespace,
            dword10: (controller as u32) << 16 | cns as u32,
            dword11: 0,
            listed: None,
        }
    }

    /// Attaches a namespace to a controller, or detaches it.
    pub const fn attachment(namespace: u32, controller: u16, attach: bool) -> Self {
        Self {
            opcode: NAMESPACE_ATTACHMENT,
            namespace,
            dword10: if attach { 0 } else { 1 },
            dword11: 0,
            listed: Some(controller),
        }
    }

    /// How many of the flexible resources the primary controller itself has after its next
    /// reset.
    pub const fn primary(controller: u16, resource: Resource, count: u16) -> Self {
        Self::manage(controller, PRIMARY_ALLOCATE, resource, count)
    }

    /// How many of the flexible resources a secondary controller that is offline has.
    pub const fn assign(controller: u16, resource: Resource, count: u16) -> Self {
        Self::manage(controller, SECONDARY_ASSIGN, resource, count)
    }

    /// Takes a secondary controller offline, which takes its resources away.
    pub const fn offline(controller: u16) -> Self {
        Self::manage(controller, SECONDARY_OFFLINE, Resource::Queues, 0)
    }

    /// Puts a secondary controller online, which resets it.
    pub const fn online(controller: u16) -> Self {
        Self::manage(controller, SECONDARY_ONLINE, Resource::Queues, 0)
    }

    const fn manage(controller: u16, action: u32, resource: Resource, count: u16) -> Self {
        Self {
            opcode: VIRTUALIZATION_MANAGEMENT,
            namespace: 0,
            dword10: (controller as u32) << 16 | (resource as u32) << 8 | action,
            dword11: count as u32,
            listed: None,
        }
    }

    /// The opcode.
    pub const fn opcode(&self) -> u8 {
        self.opcode
    }

    /// The sixteen words of the submission (§4.2).
    pub(crate) fn words(&self, id: u16, data: u64) -> [u32; 16] {
        let mut words = [0; 16];
        words[0] = u32::from(id) << 16 | u32::from(self.opcode);
        words[1] = self.namespace;
        words[6] = data as u32;
        words[7] = (data >> 32) as u32;
        words[10] = self.dword10;
        words[11] = self.dword11;
        words
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn commands_have_the_words_that_the_specification_gives() {
        for (command, opcode, words) in [
            (
                Command::identify(Cns::Secondary, 0, 1),
                0x06,
                [0, 0x0001_0015, 0],
            ),
            (Command::identify(Cns::Attached, 3, 0), 0x06, [3, 0x12, 0]),
            (Command::attachment(2, 1, true), 0x15, [2, 0, 0]),
            (Command::attachment(2, 1, false), 0x15, [2, 1, 0]),
            (
                Command::primary(0, Resource::Interrupts, 0),
                0x1c,
                [0, 0x101, 0],
            ),
            (
                Command::assign(1, Resource::Interrupts, 1),
                0x1c,
                [0, 0x0001_0108, 1],
            ),
            (
                Command::assign(1, Resource::Queues, 2),
                0x1c,
                [0, 0x0001_0008, 2],
            ),
            (Command::offline(2), 0x1c, [0, 0x0002_0007, 0]),
            (Command::online(2), 0x1c, [0, 0x0002_0009, 0]),
        ] {
            let made = command.words(0x77, 0x1_2345_6000);
            assert_eq!(made[0], 0x0077_0000 | opcode);
            assert_eq!([made[1], made[10], made[11]], words, "{command:?}");
            assert_eq!(made[6..8], [0x2345_6000, 1]);
        }
    }
}
