// SPDX-License-Identifier: BSD-2-Clause
//! Calls of protected procedures.

use ipc_tests::{scramble, server};
use sel4_microkit::{MessageInfo, with_msg_regs};
use sel4_test::{TestResult, check, check_eq};

use crate::context::{Context, SERVER, answer, ask, call, spoil_message};

/// Words that Microkit promises.
const MAX: usize = 64;

fn word(count: usize, i: usize) -> u64 {
    (count as u64) << 32 | i as u64
}

pub fn calls_carry_0_to_64_words(_: &mut Context) -> TestResult {
    for count in 0..=MAX {
        spoil_message();
        let words: [u64; MAX] = core::array::from_fn(|i| word(count, i));
        let (label, answered) = call(SERVER, server::ECHO, &words[..count]);
        check_eq!((label, answered), (server::ECHO, count));
        let words: [u64; MAX] = answer();
        for (i, found) in words[..count].iter().enumerate() {
            check_eq!(*found, scramble(i, word(count, i)), "word {i} of {count}");
        }
    }
    Ok(())
}

pub fn answers_carry_0_to_64_words(_: &mut Context) -> TestResult {
    for count in 0..=MAX {
        spoil_message();
        let (label, answered) = call(SERVER, server::FILL, &[count as u64]);
        check_eq!((label, answered), (server::FILL, count));
        let words: [u64; MAX] = answer();
        for (i, found) in words[..count].iter().enumerate() {
            check_eq!(*found, scramble(i, count as u64), "word {i} of {count}");
        }
    }
    Ok(())
}

pub fn labels_come_back(_: &mut Context) -> TestResult {
    let widest = (1 << MessageInfo::label_width()) - 1;
    for label in [0, 0x55, 0xa_5a5a, widest] {
        check_eq!(call(SERVER, label, &[]), (label, 0));
    }
    Ok(())
}

pub fn words_beyond_the_message_stay(_: &mut Context) -> TestResult {
    spoil_message();
    call(SERVER, server::ECHO, &[1, 2, 3, 4, 5, 6]);
    check_eq!(with_msg_regs(|regs| regs[6]), 0xdead_beef);
    Ok(())
}

/// The server signals the meddler, whose priority is between theirs: it runs after the server has
/// answered, but before this program goes on.
pub fn a_callee_runs_before_its_caller_goes_on(context: &mut Context) -> TestResult {
    context.journal.clear();
    call(SERVER, server::MEDDLE, &[]);
    context.journal.push(99);
    check_eq!(context.journal.events(), [10, 11, 161, 99]);
    Ok(())
}

pub fn a_deferred_signal_comes_before_the_answer(context: &mut Context) -> TestResult {
    check!(!context.poll(SERVER), "there is a signal already");
    check_eq!(ask(SERVER, server::DEFER, 0), 77);
    check!(context.poll(SERVER), "the answer came without the signal");
    check!(!context.poll(SERVER), "the signal came twice");
    Ok(())
}
