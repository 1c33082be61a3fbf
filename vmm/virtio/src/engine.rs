// SPDX-License-Identifier: BSD-2-Clause
//! A device in operation, whatever transport it has: features, status, queues, and who is to be
//! interrupted.

use vmm_base::GuestRam;

use crate::device::Device;
use crate::queue::{Chain, EVENT_IDX, INDIRECT_DESC, Queue};
use crate::setup::{MAX_QUEUES, NO_VECTOR, QueueSetup};
use crate::{Violation, status};

/// VIRTIO_F_VERSION_1: the device follows the specification, not what was before it.
pub const VERSION_1: u64 = 1 << 32;
/// What every device offers.
const ALWAYS: u64 = VERSION_1 | INDIRECT_DESC | EVENT_IDX;

/// How many violations of a guest are told. It could go on for ever.
const REPORTS: u8 = 4;

/// A device with its queues in the guest's memory.
#[derive(Debug)]
pub(crate) struct Engine<'a, D> {
    device: D,
    ram: GuestRam<'a>,
    status: u8,
    features: u64,
    queues: [QueueSetup; MAX_QUEUES],
    config_vector: u16,
    /// Queues that there is work for, bit by bit.
    work: u8,
    /// Queues whose driver wants an interrupt, bit by bit.
    interrupts: u8,
    config_changed: bool,
    violation: Option<Violation>,
    reports: u8,
    chain: Chain,
}

impl<'a, D: Device> Engine<'a, D> {
    pub fn new(device: D, ram: GuestRam<'a>) -> Self {
        Self {
            device,
            ram,
            status: 0,
            features: 0,
            queues: new_queues::<D>(),
            config_vector: NO_VECTOR,
            work: 0,
            interrupts: 0,
            config_changed: false,
            violation: None,
            reports: REPORTS,
            chain: Chain::new(),
        }
    }

    pub fn device(&self) -> &D {
        &self.device
    }

    pub fn device_mut(&mut self) -> &mut D {
        &mut self.device
    }

    /// Everything is as it was at first: virtio 1.2 §2.4.
    pub fn reset(&mut self) {
        self.status = 0;
        self.features = 0;
        self.queues = new_queues::<D>();
        self.config_vector = NO_VECTOR;
        (self.work, self.interrupts) = (0, 0);
        self.config_changed = false;
    }

    pub fn offered(&self) -> u64 {
        self.device.features() | ALWAYS
    }

    pub fn features(&self) -> u64 {
        self.features
    }

    /// The driver says which features it wants. Too late once they are agreed on.
    pub fn set_features(&mut self, features: u64) {
        if self.status & status::FEATURES_OK == 0 {
            self.features = features;
        }
    }

    pub fn status(&self) -> u8 {
        self.status
    }

    /// The driver writes the status. It can set bits; only a reset, by writing 0, clears them.
    pub fn set_status(&mut self, value: u8) {
        if value == 0 {
            self.reset();
            return;
        }
        let mut new = value & status::BY_DRIVER & !self.status;
        if new & status::FEATURES_OK != 0 && !self.acceptable() {
            new &= !status::FEATURES_OK;
        }
        self.status |= new;
        if self.status & status::FEATURES_OK == 0 {
            self.status &= !status::DRIVER_OK;
        } else if new & status::DRIVER_OK != 0 && self.runs() {
            self.serve_all();
        }
    }

    /// Can the device work with these features? Virtio 1.2 §2.2.2.
    fn acceptable(&self) -> bool {
        self.features & !self.offered() == 0 && self.features & VERSION_1 != 0
    }

    /// May the queues be used?
    pub fn runs(&self) -> bool {
        self.status & (status::DRIVER_OK | status::NEEDS_RESET) == status::DRIVER_OK
    }

    pub fn config_vector(&self) -> u16 {
        self.config_vector
    }

    pub fn set_config_vector(&mut self, vector: u16) {
        self.config_vector = vector;
    }

    pub fn queue(&self, index: u16) -> Option<&QueueSetup> {
        let real = usize::from(index) < D::KIND.queues.len();
        self.queues.get(usize::from(index)).filter(|_| real)
    }

    /// A queue that is to be changed.
    pub fn queue_mut(&mut self, index: u16) -> Option<&mut QueueSetup> {
        let real = usize::from(index) < D::KIND.queues.len();
        self.queues.get_mut(usize::from(index)).filter(|_| real)
    }

    /// The driver enables a queue. That it has told all of it is for it to know.
    pub fn enable(&mut self, index: u16) {
        let (features, ram) = (self.features, self.ram);
        let agreed = self.status & status::FEATURES_OK != 0;
        let most = D::KIND.queues.get(usize::from(index)).copied();
        let (Some(setup), Some(most), true) = (self.queue_mut(index), most, agreed) else {
            return;
        };
        if setup.queue.is_some() {
            return;
        }
        let size = setup.layout.size;
        let queue = if size > most {
            Err(Violation::QueueSize(size))
        } else {
            Queue::new(&setup.layout, features, &ram)
        };
        match queue {
            Ok(queue) => setup.queue = Some(queue),
            Err(violation) => self.stop(violation),
        }
    }

    /// The driver tells of new chains.
    pub fn notify(&mut self, index: u16) {
        if usize::from(index) < MAX_QUEUES {
            self.work |= 1 << index;
            self.serve();
        }
    }

    /// Something has come for the driver, or there may be other work on any queue.
    pub fn serve_all(&mut self) {
        self.work |= (1 << MAX_QUEUES) - 1;
        self.serve();
    }

    /// Does a bounded amount of the work that there is.
    pub fn serve(&mut self) {
        let work = core::mem::take(&mut self.work);
        if !self.runs() {
            return;
        }
        for (index, setup) in self.queues.iter_mut().enumerate() {
            let (1, Some(queue)) = (work >> index & 1, setup.queue.as_mut()) else {
                continue;
            };
            let served = self.device.serve(index, queue, &self.ram, &mut self.chain);
            match served.and_then(|more| Ok((more, queue.publish(&self.ram)?))) {
                Ok((more, interrupt)) => {
                    self.work |= u8::from(more) << index;
                    self.interrupts |= u8::from(interrupt) << index;
                }
                Err(violation) => return self.stop(violation),
            }
        }
    }

    /// Is there work that nobody will ask for?
    pub fn has_work(&self) -> bool {
        self.work != 0
    }

    /// The queues whose driver wants an interrupt, and whether it is to look at the configuration
    /// or the status. Asked once.
    pub fn take_interrupts(&mut self) -> (u8, bool) {
        let interrupts = core::mem::take(&mut self.interrupts);
        (interrupts, core::mem::take(&mut self.config_changed))
    }

    /// What the driver did wrong last, if that is to be told.
    pub fn take_violation(&mut self) -> Option<Violation> {
        self.violation.take()
    }

    /// Nothing moves until a reset: virtio 1.2 §2.1.2.
    fn stop(&mut self, violation: Violation) {
        self.config_changed |= self.status & status::DRIVER_OK != 0;
        self.status |= status::NEEDS_RESET;
        self.work = 0;
        if let Some(left) = self.reports.checked_sub(1) {
            self.reports = left;
            self.violation = Some(violation);
        }
    }
}

fn new_queues<D: Device>() -> [QueueSetup; MAX_QUEUES] {
    let size = |index| D::KIND.queues.get(index).copied().unwrap_or(0);
    core::array::from_fn(|index| QueueSetup::new(size(index)))
}
