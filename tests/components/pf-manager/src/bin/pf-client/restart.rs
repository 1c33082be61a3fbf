// SPDX-License-Identifier: BSD-2-Clause
//! The PF manager crashes, and is started anew.

use pf_manager_interface::{Claim, Error, State};
use sel4_test::{TestResult, check_eq};

use crate::card::{ACK, Card};
use crate::client::*;

pub fn a_restart_takes_everything_back() -> TestResult {
    let channels = [NET_A, NET_B, BLOCK];
    for channel in channels {
        have(channel)?;
    }
    for _ in 0..3 {
        let manager = pf_manager(NET_A);
        manager.query()?;
        // The breaker and the monitor run at once: their priorities are higher.
        BREAKER.notify();
        check_eq!(manager.query(), Err(Error::Restarted));
        check_eq!(manager.query()?.state, State::Absent);
        let blocked = iommu_manager_interface::State::Blocked as u16;
        check_eq!(
            iommu().query(VF_A)?.state,
            blocked,
            "from the first moment on"
        );
        for channel in channels {
            check_eq!(pf_manager(channel).claim()?, Claim::Pending);
        }
        for channel in channels {
            wait_until(channel, State::Granted)?;
        }
        check_eq!(Card::a().ask(&[1]).map(|answer| answer[0]), Some(ACK | 1));
        check_eq!(Card::b().ask(&[1]).map(|answer| answer[0]), Some(ACK | 1));
    }
    Ok(())
}
