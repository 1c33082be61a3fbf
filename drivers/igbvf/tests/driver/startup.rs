// SPDX-License-Identifier: BSD-2-Clause
//! From reset to running, and how that ends.

use super::*;

#[test]
fn a_function_that_is_served_runs() {
    let mut bench = Bench::new();
    assert_eq!(bench.driver.poll(ms(5)), Ok(State::Stopped));
    bench.driver.start(ms(0)).unwrap();
    assert_eq!(bench.driver.poll(ms(0)), Ok(State::Starting(ms(1))));
    assert_eq!(bench.driver.mac(), None);
    assert!(bench.driver.slot().is_none());
    let state = bench.go_on(ms(20)).unwrap();
    assert_eq!(
        state,
        State::Running {
            link: true,
            next: bench.now + ms(1000)
        }
    );
    assert_eq!(bench.driver.mac(), Some(mac(1)));
    for (register, value) in [
        (0x2808, 4096),
        (0x2818, 255),
        (0x280c, 0x8200_0002),
        (0x3808, 4096),
        (0x3818, 2),
        (0x1524, 1),
        (0x152c, 1),
        (0x1680, 0),
        (0x1700, 0x80),
        (0x1740, 0x80),
    ] {
        assert_eq!(bench.card.peek(0, register), value, "{register:#x}");
    }
    // The physical function lets frames of the length through that was asked for.
    assert_eq!(mmio::Mmio::read32(&bench.card.pf(), 0x5ad0) & 0x3fff, 1522);
}

#[test]
fn each_step_has_its_time() {
    let mut bench = Bench::new();
    bench.card.begin_pf_reset();
    bench.driver.start(ms(0)).unwrap();
    let late = bench.go_on(ms(1999)).unwrap();
    assert!(matches!(late, State::Starting(_)));
    bench.now = ms(2000);
    assert_eq!(bench.go_on(ms(10)), Err(Failure::ResetStuck));
    assert_eq!(bench.driver.poll(bench.now), Ok(State::Stopped));

    bench.driver.start(bench.now).unwrap();
    bench.card.end_pf_reset();
    let mut asked = 0;
    // Nobody serves the mailbox.
    let failure = loop {
        bench.now += ms(1);
        match bench.driver.poll(bench.now) {
            Ok(_) => {
                let causes = mmio::Mmio::read32(&bench.card.pf(), 0xc80);
                asked += causes & 1;
                mmio::Mmio::write32(&mut bench.card.pf(), 0xc80, causes);
            }
            Err(failure) => break failure,
        }
    };
    assert_eq!(failure, Failure::Silent);
    assert_eq!(asked, 8, "it asks again after 250 ms");

    bench.card.set_enable_after(0, u32::MAX);
    bench.driver.start(bench.now).unwrap();
    bench.go_on(ms(1000)).unwrap();
    assert_eq!(bench.go_on(ms(3000)), Err(Failure::QueueStuck));
    bench.card.set_enable_after(0, 5);
    bench.driver.start(bench.now).unwrap();
    assert!(matches!(bench.go_on(ms(100)), Ok(State::Running { .. })));
}

#[test]
fn a_function_without_address_is_refused() {
    let mut bench = Bench::with_policy(Policy::new(None));
    bench.driver.start(ms(0)).unwrap();
    assert_eq!(bench.go_on(ms(100)), Err(Failure::Refused));
    let mut bench = Bench::new();
    bench.pf.forbid(&mut bench.card.pf(), 0);
    bench.driver.start(ms(0)).unwrap();
    assert_eq!(bench.go_on(ms(100)), Err(Failure::Refused));
}

#[test]
fn a_shorter_limit_than_wanted_is_no_obstacle() {
    let mut policy = Policy::new(Some(mac(1)));
    policy.max_frame = 600;
    let mut bench = Bench::with_policy(policy);
    bench.driver.start(ms(0)).unwrap();
    assert!(matches!(bench.go_on(ms(100)), Ok(State::Running { .. })));
}

#[test]
fn an_absent_function_is_noticed_everywhere() {
    let mut bench = Bench::new();
    bench.card.set_absent(0, true);
    assert_eq!(bench.driver.start(ms(0)), Err(Failure::Absent));
    bench.card.set_absent(0, false);
    bench.driver.start(ms(0)).unwrap();
    bench.card.set_absent(0, true);
    assert_eq!(bench.driver.poll(ms(1)), Err(Failure::Absent));
    let mut bench = Bench::running();
    bench.card.set_absent(0, true);
    assert!(matches!(
        bench.driver.poll(bench.now),
        Ok(State::Running { .. })
    ));
    assert_eq!(
        bench.driver.poll(bench.now + ms(1000)),
        Err(Failure::Absent)
    );
}

#[test]
fn the_link_is_watched() {
    let mut bench = Bench::running();
    for (up, at) in [(false, 1000), (true, 2000)] {
        bench.card.set_link(up);
        let state = bench.driver.poll(bench.now + ms(at)).unwrap();
        assert!(matches!(state, State::Running { link, .. } if link == up));
    }
}

#[test]
fn a_reset_of_the_physical_function_is_noticed() {
    let mut bench = Bench::running();
    bench.card.begin_pf_reset();
    assert_eq!(
        bench.driver.poll(bench.now + ms(1000)),
        Err(Failure::Forgotten)
    );

    // One that was over before anybody looked.
    let mut bench = Bench::running();
    bench.card.begin_pf_reset();
    bench.card.end_pf_reset();
    assert_eq!(
        bench.driver.poll(bench.now + ms(1000)),
        Err(Failure::Forgotten)
    );
    bench.now += ms(1000);
    bench.driver.start(bench.now).unwrap();
    assert!(matches!(bench.go_on(ms(100)), Ok(State::Running { .. })));

    // A physical function that says it has forgotten.
    let pf = &mut bench.card.pf();
    for (offset, value) in [(0xc00, 8), (0x800, 0x0100), (0xc00, 1)] {
        mmio::Mmio::write32(pf, offset, value);
    }
    assert_eq!(
        bench.driver.poll(bench.now + ms(1000)),
        Err(Failure::Forgotten)
    );
}

#[test]
fn starting_again_begins_from_nothing() {
    let mut bench = Bench::running();
    for round in 0..300u32 {
        for number in 0..round % 40 {
            assert!(bench.send(&frame(60, number), Offload::None));
            assert!(bench.card.deliver(0, &frame(60, number)));
        }
        bench.driver.flush();
        bench.now += ms(100);
        bench.driver.start(bench.now).unwrap();
        assert!(matches!(bench.go_on(ms(100)), Ok(State::Running { .. })));
        while bench.card.sent(0).is_some() {}
        assert_eq!(bench.receive(), None, "frames of an earlier life");
        assert!(bench.send(&frame(60, round), Offload::None));
        bench.driver.flush();
        assert_eq!(bench.card.sent(0), Some(frame(60, round)));
    }
}

#[test]
fn memory_that_does_not_suit_is_refused() {
    struct Small(u64, usize);
    impl igbvf::Dma for Small {
        fn bus_address(&self) -> u64 {
            self.0
        }
        fn size(&self) -> usize {
            self.1
        }
        fn read64(&self, _: usize) -> u64 {
            0
        }
        fn write64(&mut self, _: usize, _: u64) {}
        fn copy_out(&self, _: usize, _: &mut [u8]) {}
    }
    let card = Card::new(1);
    for (address, size, good) in [
        (0x1000, igbvf::DMA_BYTES, true),
        (0x1000, igbvf::DMA_BYTES - 1, false),
        (0x1800, igbvf::DMA_BYTES, false),
        (0u64.wrapping_sub(0x1000), igbvf::DMA_BYTES, false),
    ] {
        let memory = Small(address, size);
        let driver = Igbvf::new(card.registers(0), memory, card.outgoing(0));
        assert_eq!(driver.is_ok(), good, "{address:#x} {size:#x}");
        assert!(good || driver.is_err_and(|error| error == Failure::Memory));
    }
}
