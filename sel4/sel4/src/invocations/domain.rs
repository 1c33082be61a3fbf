// SPDX-License-Identifier: BSD-2-Clause
//! Scheduling domains.

use crate::{Result, Time, Word, cap, invoke, sys::invocation_label as label};

impl cap::DomainSet {
    /// Puts a thread into a scheduling domain.
    ///
    /// # Errors
    ///
    /// `InvalidArgument` for a domain that the kernel does not have.
    pub fn domain_set_set(self, domain: u8, thread: cap::Tcb) -> Result<()> {
        invoke(
            self.cptr(),
            label::DomainSetSet,
            &[thread.cptr()],
            &[domain.into()],
        )?;
        Ok(())
    }

    /// Sets entry `index` of the schedule: `domain` runs for `duration` timer ticks. A duration of
    /// 0 ends the schedule.
    ///
    /// # Errors
    ///
    /// `RangeError` or `InvalidArgument` for an entry or domain that the kernel does not have.
    pub fn domain_set_schedule_configure(
        self,
        index: Word,
        domain: u8,
        duration: Time,
    ) -> Result<()> {
        let args = [index, domain.into(), duration];
        invoke(self.cptr(), label::DomainScheduleConfigure, &[], &args)?;
        Ok(())
    }

    /// Lets the schedule start, now and after its end, at entry `index`.
    pub fn domain_set_schedule_set_start(self, index: Word) -> Result<()> {
        invoke(self.cptr(), label::DomainScheduleSetStart, &[], &[index])?;
        Ok(())
    }
}
