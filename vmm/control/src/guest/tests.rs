// SPDX-License-Identifier: BSD-2-Clause
use super::*;
use crate::Control;
use proptest::prelude::*;

fn ends(page: &Page) -> (Control<'_>, Guest<'_>) {
    (Control::attach(page, 1_000), Guest::attach(page))
}

#[test]
fn nothing_is_told_before_there_is_a_vmm() {
    let page = Page::new();
    assert_eq!(Guest::attach(&page).snapshot(0), None);
    let (_, guest) = ends(&page);
    let snapshot = guest.snapshot(0).expect("a VMM");
    assert_eq!(
        (snapshot.state, snapshot.end, snapshot.starts),
        (State::NotStarted, None, 0)
    );
}

#[test]
fn counts_by_cause() {
    let page = Page::new();
    let (mut control, guest) = ends(&page);
    control.started(0);
    for reason in [10, 10, 48, 0x8000_0021, 12345] {
        control.count_exit(reason);
    }
    control.count(Access::ApicEoi);
    control.count_injected();
    control.set_pending(2);
    let snapshot = guest.snapshot(0).expect("a VMM");
    assert_eq!((snapshot.exits[10], snapshot.exits[48]), (2, 1));
    assert_eq!(snapshot.total_exits(), 5);
    assert_eq!(snapshot.accesses(Access::ApicEoi), 1);
    assert_eq!(snapshot.accesses(Access::IoApic), 0);
    assert_eq!((snapshot.injected, snapshot.pending), (1, 2));
    assert_eq!(snapshot.tsc_hz, 1_000);
}

#[test]
fn time_goes_where_it_is_spent_also_now() {
    let page = Page::new();
    let (mut control, guest) = ends(&page);
    control.started(1_000);
    control.switch(Phase::Guest, 1_100);
    let snapshot = guest.snapshot(1_500).expect("a VMM");
    let so_far = Times {
        guest: 400,
        vmm: 100,
        idle: 0,
    };
    assert_eq!((snapshot.phase, snapshot.times), (Phase::Guest, so_far));
    control.switch(Phase::Vmm, 2_000);
    control.switch(Phase::Idle, 2_200);
    assert_eq!(control.guest_ticks(), 900);
    let later = Times {
        guest: 900,
        vmm: 300,
        idle: 800,
    };
    let snapshot = guest.snapshot(3_000).expect("a VMM");
    assert_eq!((snapshot.phase, snapshot.times), (Phase::Idle, later));
    assert_eq!(later.total(), 2_000);
    control.ended(End::PowerOff, 3_000);
    let snapshot = guest.snapshot(9_999).expect("a VMM");
    assert_eq!((snapshot.phase, snapshot.times), (Phase::None, later));
    assert_eq!(
        (snapshot.state, snapshot.end),
        (State::Ended, Some(End::PowerOff))
    );
}

#[test]
fn each_life_counts_from_zero() {
    let page = Page::new();
    let (mut control, guest) = ends(&page);
    control.started(100);
    control.count_exit(10);
    control.switch(Phase::Guest, 200);
    control.stopped(300);
    let snapshot = guest.snapshot(400).expect("a VMM");
    assert_eq!((snapshot.state, snapshot.exits[10]), (State::Stopped, 1));
    assert_eq!(snapshot.times.total(), 200);
    control.started(500);
    let snapshot = guest.snapshot(500).expect("a VMM");
    assert_eq!((snapshot.state, snapshot.starts), (State::Running, 2));
    assert_eq!((snapshot.total_exits(), snapshot.times.total()), (0, 0));
}

#[test]
fn commands_are_obeyed_once_each() {
    let page = Page::new();
    let (mut control, guest) = ends(&page);
    assert_eq!(control.command(), None);
    for command in [Command::Stop, Command::Stop, Command::Start] {
        guest.command(command).expect("nothing waits");
        assert_eq!(guest.command(Command::Reset), Err(Busy(command)));
        let (found, word) = control.command().expect("one waits");
        assert_eq!(found, command);
        control.obeyed(word);
        assert_eq!(control.command(), None);
    }
}

#[test]
fn a_new_vmm_obeys_what_the_old_one_did_not() {
    let page = Page::new();
    let (_, guest) = ends(&page);
    guest.command(Command::Stop).expect("nothing waits");
    let (mut control, guest) = ends(&page);
    let (command, word) = control.command().expect("still there");
    assert_eq!(command, Command::Stop);
    control.obeyed(word);
    let (control, guest) = (Control::attach(&page, 0), guest);
    assert_eq!(control.command(), None);
    guest.command(Command::Start).expect("obeyed");
}

proptest! {
    /// Whatever stands in the page, both ends come back, and a VMM finds known commands only.
    #[test]
    fn any_page_does_no_harm(words in proptest::collection::vec(any::<u64>(), 512), now: u64) {
        let page = Page::new();
        let (control, guest) = ends(&page);
        let fields = [&page.state, &page.starts, &page.done, &page.phase, &page.injected];
        let arrays = [&page.end[..], &page.ticks, &page.accesses, &page.exits];
        let all = arrays.into_iter().flatten().chain(fields).chain([&page.command]);
        for (field, word) in all.zip(&words) {
            field.store(*word, Ordering::Relaxed);
        }
        let snapshot = guest.snapshot(now);
        prop_assert_eq!(snapshot.is_some(), page.state.load(Ordering::Relaxed) < 4);
        if let Some(snapshot) = snapshot {
            let _ = (snapshot.total_exits(), snapshot.times.total());
        }
        let _ = guest.command(Command::Stop);
        let mut control = control;
        if let Some((_, word)) = control.command() {
            control.obeyed(word);
        }
        control.count_exit(now as u32);
        control.switch(Phase::Idle, now);
        control.started(now);
    }
}
