// SPDX-License-Identifier: BSD-2-Clause
//! Every event in every state, and random lives against rules that no life may break.

mod rules;

use core::time::Duration;
use std::vec::Vec;

use super::*;
use crate::testing::ms;

const A: Owner = Owner(1);
const B: Owner = Owner(2);

/// Does what it is told, except that it has its own mind about some actions; remembers all.
#[derive(Default)]
struct Recorder {
    done: Vec<Action>,
    failing: Option<Action>,
    waiting: Option<(Action, Duration)>,
}

impl Effects for Recorder {
    fn perform(&mut self, vf: u16, action: Action, now: Duration) -> Outcome {
        assert_eq!(vf, 3);
        if let Some((slow, until)) = self.waiting
            && slow == action
            && now < until
        {
            return Outcome::Wait(until);
        }
        self.done.push(action);
        if self.failing == Some(action) {
            Outcome::Failed
        } else {
            Outcome::Done
        }
    }
}

fn vf(state: State) -> Vf {
    let deadline = STEP_LIMIT;
    Vf {
        index: 3,
        state,
        deadline,
    }
}

const QUARANTINED: State = State::Quarantined {
    owner: A,
    reason: Reason::Dma,
};

const fn resetting(goal: Goal, step: u8) -> State {
    State::Resetting {
        owner: A,
        goal,
        step,
    }
}

type Event = fn(&mut Vf, &mut Recorder) -> Result<(), Refused>;

const EVENTS: [(&str, Event); 9] = [
    ("configure", |v, e| v.configure(e, ms(0))),
    ("remove", |v, e| v.remove(e, ms(0))),
    ("grant", |v, e| v.grant(e, A, ms(0))),
    ("quarantine", |v, e| v.quarantine(e, Reason::Dma, ms(0))),
    ("release by owner", |v, _| v.release(A, ms(0))),
    ("release by other", |v, _| v.release(B, ms(0))),
    ("renew by owner", |v, _| v.renew(A, ms(0))),
    ("renew by other", |v, _| v.renew(B, ms(0))),
    ("revoke", |v, _| v.revoke(ms(0))),
];

#[test]
fn every_event_in_every_state() {
    use Refused::*;
    let granted = State::Granted { owner: A };
    let freeing = resetting(Goal::Free, 0);
    let regranting = resetting(Goal::Regrant, 0);
    #[rustfmt::skip]
    let table: [(State, [Result<State, Refused>; 9]); 6] = [
        (State::Absent, [
            Ok(State::Configured), Err(Absent), Err(Absent), Err(Absent),
            Err(Absent), Err(Absent), Err(Absent), Err(Absent), Err(Absent),
        ]),
        (State::Configured, [
            Err(Present), Ok(State::Absent), Ok(granted), Err(NotGranted),
            Err(NotGranted), Err(NotGranted), Err(NotGranted), Err(NotGranted), Err(NotGranted),
        ]),
        (granted, [
            Err(Present), Err(InUse(A)), Err(InUse(A)), Ok(QUARANTINED),
            Err(NotBlocked), Err(NotBlocked), Ok(regranting), Err(NotOwner(A)), Ok(freeing),
        ]),
        (QUARANTINED, [
            Err(Present), Err(InUse(A)), Err(InUse(A)), Err(Blocked),
            Ok(regranting), Err(NotOwner(A)), Err(Blocked), Err(Blocked), Ok(freeing),
        ]),
        (resetting(Goal::Regrant, 2), [
            Err(Present), Err(InUse(A)), Err(InUse(A)), Err(Blocked),
            Err(Busy), Err(Busy), Err(Busy), Err(Busy), Ok(resetting(Goal::Free, 2)),
        ]),
        (resetting(Goal::Free, 2), [
            Err(Present), Err(InUse(A)), Err(InUse(A)), Err(Blocked),
            Err(Busy), Err(Busy), Err(Busy), Err(Busy), Err(Busy),
        ]),
    ];
    for (before, row) in table {
        for ((name, event), expected) in EVENTS.into_iter().zip(row) {
            let (mut vf, mut recorder) = (vf(before), Recorder::default());
            let result = event(&mut vf, &mut recorder);
            assert_eq!(result.err(), expected.err(), "{name} in {before:?}");
            assert_eq!(
                vf.state(),
                expected.unwrap_or(before),
                "{name} in {before:?}"
            );
            if result.is_err() {
                assert!(
                    recorder.done.is_empty(),
                    "{name} refused in {before:?}, but done"
                );
            }
        }
    }
}

const STEPS: [Action; 6] = [
    Action::Stop,
    Action::Reset,
    Action::Drain,
    Action::InvalidateDma,
    Action::InvalidateInterrupts,
    Action::Free,
];

#[test]
fn a_revocation_goes_through_all_steps_in_order() {
    let mut vf = vf(State::Granted { owner: A });
    let mut recorder = Recorder {
        waiting: Some((Action::Reset, ms(105))),
        ..Recorder::default()
    };
    vf.revoke(ms(0)).unwrap();
    assert_eq!(vf.poll(&mut recorder, ms(0)), Ok(Some(ms(105))));
    assert_eq!(recorder.done, [Action::Stop]);
    assert_eq!(vf.grant(&mut recorder, B, ms(50)), Err(Refused::InUse(A)));
    assert_eq!(vf.poll(&mut recorder, ms(105)), Ok(None));
    assert_eq!(recorder.done, STEPS);
    assert_eq!(vf.state(), State::Configured);
    assert_eq!(vf.poll(&mut recorder, ms(106)), Ok(None));
    vf.grant(&mut recorder, B, ms(107)).unwrap();
    assert_eq!(vf.state().owner(), Some(B));
}

#[test]
fn a_release_and_a_renewal_end_with_the_same_owner() {
    let granted = State::Granted { owner: A };
    for before in [QUARANTINED, granted] {
        let mut vf = vf(before);
        let mut recorder = Recorder::default();
        match before {
            State::Granted { .. } => vf.renew(A, ms(0)).unwrap(),
            _ => vf.release(A, ms(0)).unwrap(),
        }
        assert_eq!(vf.poll(&mut recorder, ms(0)), Ok(None));
        assert_eq!(recorder.done[..5], STEPS[..5]);
        assert_eq!(recorder.done[5..], [Action::Grant(A)]);
        assert_eq!(vf.state(), granted);
    }
}

#[test]
fn a_step_that_fails_or_takes_too_long_frees_nothing() {
    for (position, step) in STEPS.into_iter().enumerate() {
        for slow in [false, true] {
            let mut vf = vf(State::Granted { owner: A });
            let mut recorder = Recorder::default();
            if slow {
                recorder.waiting = Some((step, ms(9999)));
            } else {
                recorder.failing = Some(step);
            }
            vf.revoke(ms(0)).unwrap();
            if slow {
                assert_eq!(vf.poll(&mut recorder, ms(0)), Ok(Some(STEP_LIMIT)));
            }
            let now = if slow { STEP_LIMIT } else { ms(0) };
            assert_eq!(vf.poll(&mut recorder, now), Err(Refused::Failed(step)));
            let reason = Reason::Failed(step);
            assert_eq!(vf.state(), State::Quarantined { owner: A, reason });
            assert_eq!(recorder.done.last(), Some(&Action::Quarantine));
            assert_eq!(recorder.done[..position], STEPS[..position]);
            // The revocation can be tried again, from its beginning.
            let mut recorder = Recorder::default();
            vf.revoke(ms(5000)).unwrap();
            assert_eq!(vf.poll(&mut recorder, ms(5000)), Ok(None));
            assert_eq!(recorder.done, STEPS);
        }
    }
}

#[test]
fn failures_at_once_keep_it_safe() {
    let failing = |action| Recorder {
        failing: Some(action),
        ..Recorder::default()
    };

    let mut it = vf(State::Configured);
    let mut recorder = failing(Action::Grant(A));
    let failed = Err(Refused::Failed(Action::Grant(A)));
    assert_eq!(it.grant(&mut recorder, A, ms(0)), failed);
    assert_eq!(it.poll(&mut recorder, ms(0)), Ok(None));
    assert_eq!(recorder.done[1..], STEPS, "a grant that failed is revoked");
    assert_eq!(it.state(), State::Configured);

    let mut it = vf(State::Granted { owner: A });
    let failed = Err(Refused::Failed(Action::Quarantine));
    let result = it.quarantine(&mut failing(Action::Quarantine), Reason::Dma, ms(0));
    assert_eq!((result, it.state()), (failed, QUARANTINED));

    let mut it = vf(State::Absent);
    let failed = Err(Refused::Failed(Action::Configure));
    assert_eq!(it.configure(&mut failing(Action::Configure), ms(0)), failed);
    assert_eq!(it.state(), State::Absent);

    let mut it = vf(State::Configured);
    assert!(it.remove(&mut failing(Action::Remove), ms(0)).is_err());
    assert_eq!(it.state(), State::Configured);
}
