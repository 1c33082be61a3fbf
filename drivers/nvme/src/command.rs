// SPDX-License-Identifier: BSD-2-Clause
//! Admin commands (§5), as far as they are used. They read and write the driver's own data page
//! only, but for those that make an I/O queue.

/// What Identify is about (§5.15.1).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Cns {
    /// A namespace that this controller sees.
    Namespace = 0x00,
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
    /// Where an I/O queue is, for commands that make one.
    pub(crate) queue: Option<u64>,
}

const CREATE_SUBMISSION_QUEUE: u8 = 0x01;
const CREATE_COMPLETION_QUEUE: u8 = 0x05;
const IDENTIFY: u8 = 0x06;
const SET_FEATURES: u8 = 0x09;
const NAMESPACE_ATTACHMENT: u8 = 0x15;
const VIRTUALIZATION_MANAGEMENT: u8 = 0x1c;

/// The feature 'number of queues' (§5.21.1.7).
const NUMBER_OF_QUEUES: u32 = 0x07;
/// Of a queue: it is one piece of memory.
const CONTIGUOUS: u32 = 1;
/// Of a completion queue: it interrupts.
const INTERRUPTS: u32 = 1 << 1;

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
            queue: None,
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
            queue: None,
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
            queue: None,
        }
    }

    /// Asks for `count` I/O queues of each kind, at least one (§5.21.1.7).
    pub const fn queues(count: u16) -> Self {
        let last = count.saturating_sub(1) as u32;
        Self {
            opcode: SET_FEATURES,
            namespace: 0,
            dword10: NUMBER_OF_QUEUES,
            dword11: last << 16 | last,
            listed: None,
            queue: None,
        }
    }

    /// Makes completion queue `number` of `entries` at `address`, a multiple of 4096 (§5.3). With
    /// a vector it raises that interrupt.
    pub const fn completion_queue(
        number: u16,
        entries: u16,
        address: u64,
        vector: Option<u16>,
    ) -> Self {
        let interrupt = match vector {
            Some(vector) => (vector as u32) << 16 | INTERRUPTS,
            None => 0,
        };
        Self::queue(
            CREATE_COMPLETION_QUEUE,
            number,
            entries,
            address,
            interrupt | CONTIGUOUS,
        )
    }

    /// Makes submission queue `number` of `entries` at `address`, a multiple of 4096, whose
    /// commands are completed in the completion queue of the same number (§5.4).
    pub const fn submission_queue(number: u16, entries: u16, address: u64) -> Self {
        let completions = (number as u32) << 16;
        Self::queue(
            CREATE_SUBMISSION_QUEUE,
            number,
            entries,
            address,
            completions | CONTIGUOUS,
        )
    }

    const fn queue(opcode: u8, number: u16, entries: u16, address: u64, dword11: u32) -> Self {
        Self {
            opcode,
            namespace: 0,
            dword10: (entries.saturating_sub(1) as u32) << 16 | number as u32,
            dword11,
            listed: None,
            queue: Some(address),
        }
    }

    /// The opcode.
    pub const fn opcode(&self) -> u8 {
        self.opcode
    }

    /// The sixteen words of the submission (§4.2).
    pub(crate) fn words(&self, id: u16, data: u64) -> [u32; 16] {
        let data = self.queue.unwrap_or(data);
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
            (Command::queues(1), 0x09, [0, 0x07, 0]),
            (Command::queues(3), 0x09, [0, 0x07, 0x0002_0002]),
            (Command::offline(2), 0x1c, [0, 0x0002_0007, 0]),
            (Command::online(2), 0x1c, [0, 0x0002_0009, 0]),
        ] {
            let made = command.words(0x77, 0x1_2345_6000);
            assert_eq!(made[0], 0x0077_0000 | opcode);
            assert_eq!([made[1], made[10], made[11]], words, "{command:?}");
            assert_eq!(made[6..8], [0x2345_6000, 1]);
        }
    }

    #[test]
    fn queues_are_where_they_were_put() {
        const AT: u64 = 0x5_0001_2000;
        for (command, opcode, dword11) in [
            (Command::completion_queue(1, 64, AT, None), 0x05, 1),
            (
                Command::completion_queue(1, 64, AT, Some(2)),
                0x05,
                0x0002_0003,
            ),
            (Command::submission_queue(1, 64, AT), 0x01, 0x0001_0001),
        ] {
            let made = command.words(1, 0x1000);
            assert_eq!(made[0], 0x0001_0000 | opcode);
            assert_eq!(made[6..8], [0x0001_2000, 5]);
            assert_eq!(made[10..12], [0x003f_0001, dword11]);
        }
    }
}
