// SPDX-License-Identifier: BSD-2-Clause
//! Functions that are given up while they write to memory, and go on trying.

use nvme_io::Direction;
use pf_manager_interface::State;
use sel4_test::{TestResult, check};

use crate::card::Card;
use crate::disk::{Disk, MANY};
use crate::world::{CARD, DISK, Own, Watch, ms, sleep};

const CARD_ROUNDS: usize = 500;
const DISK_ROUNDS: usize = 50;
const MARK: u64 = 0x6d61_726b;

fn give_up(own: Own) -> TestResult {
    own.manager().give_up()?;
    own.wait_until(State::Configured)?;
    Ok(())
}

/// There are frames for it all the time.
pub fn a_revoked_card_writes_nothing() -> TestResult {
    let watch = Watch::begin();
    for round in 0..CARD_ROUNDS {
        let mut card = Card::start()?;
        card.mark(MARK);
        let own = card.own();
        card.receive_at(own);
        let mut waits = 0..100;
        while card.is_marked(MARK) {
            check!(waits.next().is_some(), "no frame in round {round}");
            sleep(ms(1))?;
        }
        give_up(CARD)?;
        // From here on the memory may be anybody's.
        card.mark(MARK);
        card.receive_at(own);
        sleep(ms(4))?;
        check!(card.is_marked(MARK), "written in round {round}");
    }
    watch.end()
}

pub fn a_revoked_controller_writes_nothing() -> TestResult {
    let mut disk = Disk::start()?;
    let at = disk.buffer.bus_address();
    disk.fill(MANY, 0x0102_0304);
    disk.move_blocks(Direction::Write, 0, MANY, at)?;
    let watch = Watch::begin();
    for round in 0..DISK_ROUNDS {
        for _ in 0..8 {
            disk.order(Direction::Read, 0, MANY, at)?;
        }
        disk.finish()?;
        give_up(DISK)?;
        disk.fill(MANY, MARK);
        for _ in 0..4 {
            disk.order(Direction::Read, 0, MANY, at)?;
        }
        sleep(ms(20))?;
        check!(disk.holds(MANY, MARK), "written in round {round}");
        disk = Disk::start()?;
    }
    disk.works()?;
    watch.end()
}
