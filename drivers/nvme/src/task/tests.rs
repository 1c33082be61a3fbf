// SPDX-License-Identifier: BSD-2-Clause
//! Whole tasks against a controller that behaves, and against others.

use std::collections::BTreeSet;
use std::vec::Vec;

use proptest::prelude::*;

use super::*;
use crate::testing::memory;
use crate::{Admin, Progress, Startup};
use nvme_model::{Fake, Vf, ms};

fn start(fake: &Fake) -> Admin {
    let (mut registers, mut memory) = (fake.registers(), memory(fake));
    let mut startup = Startup::start(&mut registers, &memory, ms(0)).unwrap();
    match startup.poll(&mut registers, &mut memory, ms(0)).unwrap() {
        Progress::Done(admin) => admin,
        Progress::Wait(_) => panic!("the fake is always ready"),
    }
}

fn run<T: Task>(fake: &Fake, mut task: T) -> Result<T::Output> {
    let mut admin = start(fake);
    match admin.run(&mut fake.registers(), &mut memory(fake), &mut task, ms(0))? {
        Progress::Done(output) => Ok(output),
        Progress::Wait(_) => panic!("the fake answers at once"),
    }
}

const PF: ControllerId = ControllerId(0);
const WISHES: Wishes = Wishes {
    queues: 2,
    interrupts: 1,
};

fn grant(namespace: u32, controller: u16) -> Grant {
    let controller = ControllerId(controller);
    Grant {
        namespace: NamespaceId(namespace),
        controller,
    }
}

#[test]
fn a_survey_says_what_can_be_shared_out() {
    let fake = Fake::new();
    let (controller, primary) = run(&fake, Survey::new()).unwrap();
    assert_eq!(
        (controller.id, primary.queues, primary.interrupts),
        (0, 8, 4)
    );
    fake.borrow_mut().oacs = 0x12a;
    assert_eq!(run(&fake, Survey::new()), Err(Error::NoManagement));
}

#[test]
fn each_virtual_function_has_its_controller() {
    let fake = Fake::new();
    let found = run(&fake, Secondaries).unwrap();
    let pairs: Vec<_> = found.iter().map(|one| (one.function, one.id)).collect();
    assert_eq!(pairs, [(1, 1), (2, 2), (3, 3), (4, 4)]);
    // Two entries that are one controller, and one function.
    fake.borrow_mut().noise = std::vec![2];
    let twice = Error::Inconsistent("it lists a virtual function twice");
    assert_eq!(run(&fake, Secondaries), Err(twice));
}

#[test]
fn a_virtual_function_gets_its_resources_and_loses_them() {
    let fake = Fake::new();
    run(&fake, ReleasePrimary::new(PF)).unwrap();
    for id in [1, 2] {
        let found = run(&fake, Prepare::new(ControllerId(id), WISHES)).unwrap();
        assert_eq!((found.id, found.function, found.queues), (id, id, 2));
        // Again, as after a restart of the driver.
        run(&fake, Prepare::new(ControllerId(id), WISHES)).unwrap();
    }
    let ready = Vf {
        online: true,
        queues: 2,
        interrupts: 1,
    };
    assert_eq!(fake.borrow().vfs[..3], [ready, ready, Vf::default()]);
    run(&fake, TakeOffline::new(ControllerId(1))).unwrap();
    assert_eq!(fake.borrow().vfs[..2], [Vf::default(), ready]);
    let commands: Vec<_> = fake.borrow().commands[..7]
        .iter()
        .map(|c| (c.0, c.2))
        .collect();
    let expected = [
        (0x1c, 0x101),
        (0x1c, 0x001),
        (0x1c, 0x0001_0007),
        (0x1c, 0x0001_0108),
        (0x1c, 0x0001_0008),
        (0x1c, 0x0001_0009),
        (0x06, 0x0001_0015),
    ];
    assert_eq!(commands, expected);
}

#[test]
fn what_is_not_granted_is_noticed() {
    let fake = Fake::new();
    let greedy = Wishes {
        queues: 3,
        ..WISHES
    };
    let failed = Error::Failed(0x1c, Status(0x121));
    assert_eq!(
        run(&fake, Prepare::new(ControllerId(1), greedy)),
        Err(failed)
    );
    let failed = Error::Failed(0x1c, Status(0x11f));
    assert_eq!(
        run(&fake, Prepare::new(ControllerId(9), WISHES)),
        Err(failed)
    );
    run(&fake, Prepare::new(ControllerId(2), WISHES)).unwrap();
    fake.borrow_mut().lazy = true;
    let not_online = Err(Error::NotGranted(1));
    assert_eq!(
        run(&fake, Prepare::new(ControllerId(1), WISHES)),
        not_online
    );
    assert!(matches!(
        run(&fake, TakeOffline::new(ControllerId(2))),
        Err(Error::Inconsistent(_))
    ));
}

#[test]
fn a_controller_that_withholds_resources_is_not_put_online() {
    for resource in [0, 1] {
        let fake = Fake::new();
        fake.borrow_mut().withheld = Some(resource);
        let result = run(&fake, Prepare::new(ControllerId(1), WISHES));
        assert_eq!(result, Err(Error::NotGranted(1)));
        assert!(!fake.borrow().vfs[0].online);
    }
}

#[test]
fn a_list_that_does_not_go_forward_ends_at_once() {
    let fake = Fake::new();
    // Namespace 65536 again and again, attached to nobody.
    fake.borrow_mut().noise = [0x1_0000].into();
    fake.borrow_mut()
        .namespaces
        .insert(0x1_0000, BTreeSet::new());
    let result = run(&fake, Isolate::new(PF, &[]).unwrap());
    assert!(matches!(result, Err(Error::Inconsistent(_))));
    assert_eq!(fake.borrow().commands.len(), 3);
}

#[test]
fn each_virtual_function_sees_its_own_namespaces_only() {
    let fake = Fake::new();
    let set = |ids: &[u16]| ids.iter().copied().collect::<BTreeSet<u16>>();
    fake.borrow_mut().namespaces = [
        (1, set(&[0, 1, 2])), // shared with everybody
        (2, set(&[])),
        (3, set(&[1, 0])), // somebody else's
        (9, set(&[2])),
        (70_000, set(&[0])),
    ]
    .into();
    let grants = [grant(2, 1), grant(3, 2), grant(9, 2)];
    run(&fake, Isolate::new(PF, &grants).unwrap()).unwrap();
    let expected = [
        (1, set(&[0])),
        (2, set(&[1])),
        (3, set(&[2])),
        (9, set(&[2])),
        (70_000, set(&[0])),
    ];
    assert_eq!(fake.borrow().namespaces, expected.into());
    // Once it is so, nothing is changed any more.
    fake.borrow_mut().commands.clear();
    run(&fake, Isolate::new(PF, &grants).unwrap()).unwrap();
    assert!(
        fake.borrow()
            .commands
            .iter()
            .all(|command| command.0 == 0x06)
    );

    let missing = Isolate::new(PF, &[grant(4, 1)]).unwrap();
    assert_eq!(run(&fake, missing), Err(Error::NoSuchNamespace(4)));
    // Without a grant nobody but the primary controller may see them.
    assert_eq!(fake.borrow().namespaces[&2], set(&[]));
    fake.borrow_mut().namespaces.insert(2, set(&[1]));
    fake.borrow_mut().lazy = true;
    let moved = Isolate::new(PF, &[grant(2, 2)]).unwrap();
    assert_eq!(run(&fake, moved), Err(Error::NotIsolated(1, 2)));
}

#[test]
fn grants_that_make_no_sense_are_refused() {
    let twice = [grant(2, 1), grant(2, 2)];
    assert_eq!(
        Isolate::new(PF, &twice).unwrap_err(),
        Error::GrantedTwice(2)
    );
    let none = Isolate::new(PF, &[grant(0, 1)]);
    assert_eq!(none.unwrap_err(), Error::NoSuchNamespace(0));
    let many: Vec<_> = (1..=65).map(|id| grant(id, 1)).collect();
    assert!(Isolate::new(PF, &many[..64]).is_ok());
    assert_eq!(Isolate::new(PF, &many).unwrap_err(), Error::TooManyGrants);
}

#[test]
fn a_controller_that_says_nothing_is_given_up() {
    let fake = Fake::new();
    let mut admin = start(&fake);
    fake.borrow_mut().silent = true;
    let (mut registers, mut memory) = (fake.registers(), memory(&fake));
    let mut task = Survey::new();
    let waiting = admin.run(&mut registers, &mut memory, &mut task, ms(0));
    assert_eq!(waiting, Ok(Progress::Wait(ms(1))));
    let waiting = admin.run(&mut registers, &mut memory, &mut task, ms(4999));
    assert_eq!(waiting, Ok(Progress::Wait(ms(5000))));
    let over = admin.run(&mut registers, &mut memory, &mut task, ms(5000));
    assert_eq!(over, Err(Error::Timeout(0x06)));
    // A completion that comes after all is nobody's: the queue is not used again.
    fake.borrow_mut().silent = false;
    let again = admin.run(&mut registers, &mut memory, &mut task, ms(5001));
    assert!(again.is_err());
    let again = admin.run(&mut registers, &mut memory, &mut Survey::new(), ms(9000));
    assert!(again.is_err());
    assert_eq!(fake.borrow().commands.len(), 1);
    run(&fake, Survey::new()).unwrap();
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]
    #[test]
    fn no_data_makes_a_task_endless_or_wrong(
        noise in prop::collection::vec(prop_oneof![any::<u32>(), 0u32..8], 1..64),
        which in 0u8..4,
    ) {
        let fake = Fake::new();
        fake.borrow_mut().noise = noise.clone();
        fake.borrow_mut().namespaces = (1..6).map(|id| (id, BTreeSet::new())).collect();
        match which {
            0 => { let _ = run(&fake, Survey::new()); }
            1 => if let Ok(found) = run(&fake, Prepare::new(ControllerId(1), WISHES)) {
                prop_assert!(found.online && found.queues >= 2 && found.interrupts >= 1);
            },
            2 => { let _ = run(&fake, TakeOffline::new(ControllerId(1))); }
            _ => {
                let task = Isolate::new(PF, &[grant(2, 1), grant(3, 2)]).unwrap();
                // Success only if it claims that there are no namespaces, and then none of ours.
                prop_assert!(run(&fake, task).is_err());
            }
        }
        prop_assert!(fake.borrow().commands.len() < 20_000);
    }
}
