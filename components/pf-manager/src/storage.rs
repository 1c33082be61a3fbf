// SPDX-License-Identifier: BSD-2-Clause
//! An NVMe controller: what its virtual functions get, and who sees which namespace. Once they are
//! prepared it has nothing more to do.

use core::mem;
use core::time::Duration;

use image_spec::vf_grants::Grant;
use nvme::{
    Admin, ControllerId, Error, Isolate, MAX_GRANTS, MAX_SECONDARIES, NamespaceId, Prepare,
    Primary, ReleasePrimary, Secondaries, Secondary, Startup, Survey, Task, Wishes,
};

use crate::device::{Progress, Started};
use crate::{Parts, Problem, StorageParts};

/// The admin queue and one I/O queue.
const FEWEST_QUEUES: u16 = 2;
const FEWEST_INTERRUPTS: u16 = 1;

/// There is one of it for each controller.
#[allow(clippy::large_enum_variant)]
#[derive(Default)]
enum Work {
    #[default]
    Nothing,
    Startup(Startup),
    Survey(Survey),
    Release(ReleasePrimary),
    Secondaries,
    Isolate(Isolate),
    /// The grant with this number among those of the device gets its resources.
    Prepare(usize, Prepare),
}

/// The driver of an NVMe controller with its registers and queues.
pub(crate) struct Storage<P: Parts> {
    registers: P::Registers,
    memory: P::Memory,
    admin: Option<Admin>,
    work: Work,
    primary: Option<Primary>,
    /// The primary controller was told to keep nothing, and reset.
    released: bool,
    secondaries: heapless::Vec<Secondary, MAX_SECONDARIES>,
}

impl<P: Parts> Storage<P> {
    pub fn new(parts: StorageParts<P::Registers, P::Memory>) -> Self {
        Self {
            registers: parts.registers,
            memory: parts.memory,
            admin: None,
            work: Work::Nothing,
            primary: None,
            released: false,
            secondaries: heapless::Vec::new(),
        }
    }

    pub fn start(&mut self, now: Duration) -> Result<(), Problem> {
        let startup = Startup::start(&mut self.registers, &self.memory, now)?;
        self.admin = None;
        self.work = Work::Startup(startup);
        Ok(())
    }

    /// From the reset to a controller that keeps no resources for itself.
    pub fn poll_start(&mut self, now: Duration) -> Result<Progress<Started>, Problem> {
        loop {
            let (next, work) = match mem::take(&mut self.work) {
                Work::Startup(mut startup) => {
                    match startup.poll(&mut self.registers, &mut self.memory, now)? {
                        nvme::Progress::Wait(next) => (Some(next), Work::Startup(startup)),
                        nvme::Progress::Done(admin) => {
                            self.admin = Some(admin);
                            (None, Work::Survey(Survey::new()))
                        }
                    }
                }
                Work::Survey(mut survey) => match self.run(&mut survey, now)? {
                    nvme::Progress::Wait(next) => (Some(next), Work::Survey(survey)),
                    nvme::Progress::Done((_, primary)) => {
                        self.primary = Some(primary);
                        if self.released || primary.kept == (0, 0) {
                            return Ok(Progress::Done(Started::Running));
                        }
                        let release = ReleasePrimary::new(ControllerId(primary.id));
                        (None, Work::Release(release))
                    }
                },
                Work::Release(mut release) => match self.run(&mut release, now)? {
                    nvme::Progress::Wait(next) => (Some(next), Work::Release(release)),
                    nvme::Progress::Done(()) => {
                        self.released = true;
                        return Ok(Progress::Done(Started::ResetAgain));
                    }
                },
                other => {
                    self.work = other;
                    return Ok(Progress::Done(Started::Running));
                }
            };
            self.work = work;
            if let Some(next) = next {
                return Ok(Progress::Wait(next));
            }
        }
    }

    /// From enabled virtual functions to controllers that can be used: namespaces first, so that
    /// none of them is ever online with a namespace that is not its own.
    pub fn prepare<'g>(
        &mut self,
        grants: impl Iterator<Item = &'g Grant> + Clone,
        now: Duration,
    ) -> Result<Progress<()>, Problem> {
        loop {
            let (next, work) = match mem::take(&mut self.work) {
                Work::Isolate(mut isolate) => match self.run(&mut isolate, now)? {
                    nvme::Progress::Wait(next) => (Some(next), Work::Isolate(isolate)),
                    nvme::Progress::Done(()) => match self.prepare_one(grants.clone(), 0)? {
                        Some(work) => (None, work),
                        None => return Ok(Progress::Done(())),
                    },
                },
                Work::Prepare(n, mut prepare) => match self.run(&mut prepare, now)? {
                    nvme::Progress::Wait(next) => (Some(next), Work::Prepare(n, prepare)),
                    nvme::Progress::Done(_) => match self.prepare_one(grants.clone(), n + 1)? {
                        Some(work) => (None, work),
                        None => return Ok(Progress::Done(())),
                    },
                },
                _ => match self.run(&mut Secondaries, now)? {
                    nvme::Progress::Wait(next) => (Some(next), Work::Secondaries),
                    nvme::Progress::Done(secondaries) => {
                        self.secondaries = secondaries;
                        (None, Work::Isolate(self.isolate(grants.clone())?))
                    }
                },
            };
            self.work = work;
            if let Some(next) = next {
                return Ok(Progress::Wait(next));
            }
        }
    }

    fn run<T: Task>(
        &mut self,
        task: &mut T,
        now: Duration,
    ) -> Result<nvme::Progress<T::Output>, Error> {
        let admin = self.admin.as_mut().ok_or(Error::NotReady)?;
        admin.run(&mut self.registers, &mut self.memory, task, now)
    }

    /// The controller of virtual function `vf`, by what the device says.
    fn controller(&self, vf: u8) -> Result<ControllerId, Error> {
        let function = u16::from(vf) + 1;
        let mut secondaries = self.secondaries.iter();
        let found = secondaries.find(|secondary| secondary.function == function);
        let missing = Error::Inconsistent("a virtual function has no controller");
        found
            .map(|secondary| ControllerId(secondary.id))
            .ok_or(missing)
    }

    fn primary(&self) -> Result<Primary, Error> {
        self.primary.ok_or(Error::NotReady)
    }

    fn isolate<'g>(&self, grants: impl Iterator<Item = &'g Grant>) -> Result<Isolate, Error> {
        let mut wanted = heapless::Vec::<nvme::Grant, MAX_GRANTS>::new();
        for grant in grants.filter(|grant| grant.namespace.get() != 0) {
            let grant = nvme::Grant {
                namespace: NamespaceId(grant.namespace.get()),
                controller: self.controller(grant.vf)?,
            };
            wanted.push(grant).map_err(|_| Error::TooManyGrants)?;
        }
        Isolate::new(ControllerId(self.primary()?.id), &wanted)
    }

    /// Work for grant `n` of the device; each gets an equal share of what there is.
    fn prepare_one<'g>(
        &self,
        grants: impl Iterator<Item = &'g Grant> + Clone,
        n: usize,
    ) -> Result<Option<Work>, Error> {
        let Some(grant) = grants.clone().nth(n) else {
            return Ok(None);
        };
        let primary = self.primary()?;
        let sharers = u32::try_from(grants.count()).unwrap_or(u32::MAX).max(1);
        let share = |all: u32, most: u16, fewest: u16| {
            let share = u16::try_from(all / sharers).unwrap_or(u16::MAX);
            share.min(most).max(fewest)
        };
        let wishes = Wishes {
            queues: share(primary.queues, primary.queues_each, FEWEST_QUEUES),
            interrupts: share(
                primary.interrupts,
                primary.interrupts_each,
                FEWEST_INTERRUPTS,
            ),
        };
        let prepare = Prepare::new(self.controller(grant.vf)?, wishes);
        Ok(Some(Work::Prepare(n, prepare)))
    }
}
