// SPDX-License-Identifier: BSD-2-Clause
//! Windows: the moments at which the guest can take an interrupt or an NMI.

use crate::capability::primary;
use crate::host::Host;
use crate::leave::{Exit, reason};
use crate::vmcb::{control, intercept};
use crate::{Cpu, Field};

impl<H: Host> Cpu<H> {
    /// The guest can take an interrupt now.
    pub(crate) fn window_exit(&mut self) {
        self.close_window();
        if self.has(Field::PRIMARY, primary::INTERRUPT_WINDOW) {
            self.leave(Exit::of(reason::INTERRUPT_WINDOW));
        }
    }

    /// Holds NMIs back until the guest executes IRET, or not.
    pub(crate) fn block_nmis(&mut self, yes: bool) {
        self.nmi_blocked = yes;
        self.guest.intercepts &= !intercept::IRET;
        if yes {
            self.guest.intercepts |= intercept::IRET;
        }
    }

    pub(crate) fn leave_for_nmi(&mut self) {
        const NMI: u64 = 2;
        self.leave(Exit {
            event: 1 << 31 | NMI << 8 | NMI,
            ..Exit::of(reason::EXCEPTION)
        });
    }

    /// Has the guest stop, or an interrupt delivered to it, as soon as it can take one.
    pub(crate) fn open_windows(&mut self) {
        self.close_window();
        if self.guest.event != 0 {
            // One at a time: it is looked at again when that has been delivered.
            if self.has(Field::PRIMARY, primary::INTERRUPT_WINDOW)
                || self.virtual_interrupt().is_some()
            {
                self.ask_for_window();
            }
            return;
        }
        const INTERRUPT_FLAG: u64 = 1 << 9;
        let open = self.guest.rflags & INTERRUPT_FLAG != 0 && self.guest.interrupt_shadow & 1 == 0;
        if self.has(Field::PRIMARY, primary::INTERRUPT_WINDOW) {
            return match open {
                true => self.leave(Exit::of(reason::INTERRUPT_WINDOW)),
                false => self.ask_for_window(),
            };
        }
        match self.virtual_interrupt() {
            Some(vector) if open => {
                self.deliver(vector);
                if self.virtual_interrupt().is_some() {
                    self.ask_for_window();
                }
            }
            Some(_) => self.ask_for_window(),
            None => {}
        }
    }

    fn ask_for_window(&mut self) {
        self.guest.intercepts |= intercept::VINTR;
        self.guest.interrupt_control |=
            control::PENDING | control::PRIORITY | control::IGNORE_PRIORITY;
    }

    fn close_window(&mut self) {
        self.guest.intercepts &= !intercept::VINTR;
        self.guest.interrupt_control &=
            !(control::PENDING | control::PRIORITY | control::IGNORE_PRIORITY);
    }
}
