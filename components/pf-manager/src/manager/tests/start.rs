// SPDX-License-Identifier: BSD-2-Clause
//! How devices come up, and what happens when they do not.

use super::*;
use crate::testing::{ConfigSpace, IGB_PF, NVME_PF};
use pci::{Bdf, PciConfig};

fn word(config: &ConfigSpace, at: Bdf, offset: u16) -> u32 {
    config.read32(at, offset)
}

#[test]
fn everything_is_where_the_system_description_says() {
    let world = World::new();
    world.run();
    let config = &world.config;
    assert_eq!(word(config, IGB_PF, 0x10), 0xc000_0000);
    assert_eq!(word(config, IGB_PF, 0x1c), 0xc002_0004);
    assert_eq!(
        word(config, IGB_PF, 0x14),
        0xfe00_0000,
        "where firmware had it"
    );
    assert_eq!(word(config, IGB_PF, 0x184), 0xc010_000c);
    assert_eq!(word(config, IGB_PF, 0x190), 0xc020_000c);
    assert_eq!(word(config, IGB_PF, 4) & 0xffff, 6);
    assert_eq!(word(config, NVME_PF, 0x10), 0xc030_0004);
    assert_eq!(word(config, NVME_PF, 4) & 0xffff, 6);
    for vf in [VF_A, VF_B, VF_BLOCK] {
        assert_eq!(
            word(config, vf, 4) & 0xffff,
            2,
            "{vf} decodes, and issues nothing"
        );
    }
    // The network card interrupts by its own entry, vector 0 unmasked.
    assert_eq!(world.iommu.reach(IGB_PF), (true, [30].into()));
    let table = world.msix.borrow();
    let entry: Vec<_> = table.log().iter().map(|write| write.value).collect();
    assert_eq!(entry, [1, 0xfee0_0000 | 30 << 5 | 1 << 4, 0, 0, 0]);
    assert_eq!(word(config, IGB_PF, 0x70) >> 30, 2);
    let state = world.controller.borrow();
    assert!(
        state.vfs[0].online && !state.vfs[1].online,
        "only who has an owner"
    );
    assert_eq!(state.namespaces[&1], [1].into());
    assert_eq!(state.namespaces[&2], [].into(), "nobody was granted it");
}

#[test]
fn a_claim_before_the_start_is_granted_after_it() {
    let world = World::new();
    let running = world.boot(ms(10));
    let client = running.client(NET_A);
    assert_eq!(client.claim(), Ok(Claim::Pending));
    assert_eq!(client.query().unwrap().state, State::Absent);
    assert_eq!(
        client.give_up(),
        Ok(State::Absent),
        "a claim can be withdrawn"
    );
    assert_eq!(client.claim(), Ok(Claim::Pending));
    running.notified();
    running.wait(ms(500));
    assert!(running.notified().contains(&NET_A));
    assert_eq!(client.query().unwrap().state, State::Granted);
    assert_eq!(
        running.client(NET_B).query().unwrap().state,
        State::Configured
    );
}

#[test]
fn nothing_is_started_or_granted_without_a_guard() {
    for (refusal, silent, detail) in [(5, false, 5), (200, false, 200), (0, true, u16::MAX)] {
        let world = World::new();
        world.iommu.0.borrow_mut().refusal = refusal;
        world.iommu.0.borrow_mut().silent = silent;
        let running = world.run();
        assert!(!world.config.exists(VF_A));
        assert_eq!(
            word(&world.config, IGB_PF, 4),
            0x10_0000,
            "no bus master any more"
        );
        for channel in [NET_A, NET_B, BLOCK] {
            let client = running.client(channel);
            let expected = Error::Refused {
                status: Status::Unguarded,
                detail,
                state: State::Absent,
            };
            assert_eq!(client.claim(), Err(expected));
            assert_eq!(client.query(), Err(expected));
            assert_eq!(client.info().map(|info| info.id), Ok((0, 0)));
        }
        assert_eq!(running.poll(), None);
    }
}

#[test]
fn a_device_that_does_not_start_leaves_the_others_alone() {
    type Break = fn(&World);
    let network: [(&str, Break); 9] = [
        ("is missing", |w| w.config.remove(IGB_PF)),
        ("is another one", |w| {
            w.config.alter(IGB_PF, |f| f.set(0, 0x10d3_8086))
        }),
        ("has no SR-IOV", |w| {
            w.config.alter(IGB_PF, |f| f.set(0x160, 0))
        }),
        ("cannot be reset", |w| {
            w.config.alter(IGB_PF, |f| f.set(0xa4, 0))
        }),
        ("has a BAR that reaches too far", |w| {
            w.config.alter(IGB_PF, |f| f.bar(0x10, 0x4_0000, 0));
        }),
        ("has small VF BARs", |w| {
            w.config.alter(IGB_PF, |f| f.bar(0x184, 0x2000, 0b1100));
        }),
        ("has large VF BARs", |w| {
            w.config.alter(IGB_PF, |f| f.bar(0x190, 0x8000, 0b1100));
        }),
        ("does not answer", |w| w.card.borrow_mut().set(8, u32::MAX)),
        ("stays in reset", |w| {
            w.card.borrow_mut().reset_ends_after = usize::MAX
        }),
    ];
    for (what, break_it) in network {
        let world = World::new();
        break_it(&world);
        let running = world.run();
        let gone = refused(Status::Device, State::Absent);
        assert_eq!(
            running.client(NET_A).claim(),
            Err(gone),
            "an igb that {what}"
        );
        assert_eq!(
            running.client(NET_B).query(),
            Err(gone),
            "an igb that {what}"
        );
        assert_eq!(
            running.client(BLOCK).claim(),
            Ok(Claim::Granted),
            "an igb that {what}"
        );
        let command = word(&world.config, IGB_PF, 4) as u16;
        let expected = match what {
            "is missing" => u16::MAX,
            "is another one" => 6,
            _ => 0,
        };
        assert_eq!(command, expected, "an igb that {what}");
    }
    let storage: [(&str, Break); 6] = [
        ("is missing", |w| w.config.remove(NVME_PF)),
        ("reports a fatal error", |w| {
            w.controller.borrow_mut().fatal = true
        }),
        ("is never ready", |w| {
            w.controller.borrow_mut().ready_after = usize::MAX
        }),
        ("does not answer", |w| {
            w.controller.borrow_mut().silent = true
        }),
        ("lies", |w| w.controller.borrow_mut().lazy = true),
        ("lacks the namespace", |w| {
            w.controller.borrow_mut().namespaces.clear()
        }),
    ];
    for (what, break_it) in storage {
        let world = World::new();
        break_it(&world);
        let running = world.boot(world.now);
        running.wait(ms(20_000));
        let gone = refused(Status::Device, State::Absent);
        assert_eq!(
            running.client(BLOCK).claim(),
            Err(gone),
            "a controller that {what}"
        );
        assert_eq!(running.client(NET_A).claim(), Ok(Claim::Granted));
        assert!(!world.config.exists(VF_BLOCK));
        assert!(running.notified().contains(&BLOCK), "its owner was told");
    }
}

#[test]
fn a_function_that_is_somebody_else_is_not_granted() {
    let mut world = World::new();
    world.grants[1].requester = 0x9c.into();
    let running = world.run();
    let elsewhere = refused(Status::Device, State::Absent);
    assert_eq!(running.client(NET_B).claim(), Err(elsewhere));
    assert_eq!(running.client(NET_A).claim(), Ok(Claim::Granted));
}

#[test]
fn without_an_interrupt_it_is_polled() {
    let mut world = World::new();
    world.polled = true;
    let running = world.run();
    running.client(NET_A).claim().unwrap();
    world.card.borrow_mut().vf_send(0, &[1]);
    running.wait(ms(10));
    assert!(world.card.borrow_mut().vf_answer(0).is_some());
    let now = *running.now.borrow();
    assert_eq!(running.poll(), Some(now + ms(1)), "more may come");
    running.wait(ms(60));
    let now = *running.now.borrow();
    assert!(running.poll().is_some_and(|next| next > now + ms(1)));
}

#[test]
fn an_interrupt_that_cannot_be_bound_is_done_without() {
    let world = World::new();
    let failing = (iommu_manager_interface::Operation::Bind, IGB_PF.0);
    world.iommu.0.borrow_mut().failing = Some(failing);
    let running = world.run();
    running.client(NET_A).claim().unwrap();
    world.card.borrow_mut().vf_send(0, &[1]);
    running.wait(ms(10));
    assert!(world.card.borrow_mut().vf_answer(0).is_some());
}

#[test]
fn resources_that_a_controller_keeps_are_taken_from_it() {
    let world = World::new();
    world.controller.borrow_mut().kept = (6, 2);
    let running = world.boot(world.now);
    running.wait(ms(3000));
    let resets = running
        .log()
        .iter()
        .filter(|what| *what == "reset 00:04.0")
        .count();
    assert_eq!(resets, 2);
    assert_eq!(running.client(BLOCK).claim(), Ok(Claim::Granted));
}

#[test]
fn a_new_life_takes_everything_back_and_starts_over() {
    let world = World::new();
    let running = world.run();
    let client = running.client(NET_A);
    client.claim().unwrap();
    running.client(BLOCK).claim().unwrap();
    let generation = running.call(NET_A, &[0, 0])[1];
    world.iommu.fault(VF_B, 0, 0);

    let later = *running.now.borrow();
    running.log();
    let again = world.boot(later);
    // Before anything else, nobody reaches anything.
    let expected = ["detach 00:13.0", "detach 00:13.2", "detach 00:04.1"];
    assert_eq!(words(&again.log()), expected);
    assert_ne!(again.call(NET_A, &[0, 0])[1], generation);
    let client = again.client(NET_A);
    assert_eq!(client.claim(), Ok(Claim::Pending));
    again.poll();
    assert!(
        !world.config.exists(VF_A),
        "virtual functions are gone at once"
    );
    again.wait(ms(999));
    assert_eq!(client.query().unwrap().state, State::Absent);
    again.wait(ms(1000));
    assert_eq!(client.query().unwrap().state, State::Granted);
    assert_eq!(again.client(NET_B).claim(), Ok(Claim::Granted));
    assert_eq!(again.client(BLOCK).claim(), Ok(Claim::Granted));
}
