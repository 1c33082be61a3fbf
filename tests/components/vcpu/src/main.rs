// SPDX-License-Identifier: BSD-2-Clause
//! Runs guests of a few instructions and looks at their exits.
#![no_std]
#![no_main]

mod clock;
mod tests;

use sel4_microkit::{NullHandler, memory_region_symbol, protection_domain};
use sel4_test::{Suite, suite};
use sel4_vcpu::Vcpu;
use test_guests::{Lab, MEMORY, Memory};

use tests::{
    access::*, apic::*, controls::*, events::*, failures::*, fpu::*, modes::*, msrs::*,
    registers::*, vmcs::*,
};

const SUITE: Suite<Lab> = suite!(
    "vcpu",
    [
        // First, while nobody has used the FPU.
        the_fpu_starts_as_after_reset,
        fields_read_back,
        fields_of_the_host_are_refused,
        controls_show_what_the_kernel_keeps,
        what_the_cpu_lacks_is_told,
        no_control_reaches_the_host,
        registers_go_in_and_out,
        r8_to_r15_move_to_control_registers,
        an_exit_tells_the_guests_state,
        a_short_message_keeps_the_registers,
        rflags_and_interruptibility_come_back,
        guest_memory_is_shared,
        an_address_outside_exits,
        ports_exit_until_they_are_given,
        cr8_exits,
        real_mode,
        protected_mode,
        from_real_to_long_mode,
        system_calls_stay_in_the_guest,
        swapgs_stays_in_the_guest,
        msrs_are_the_monitors_too,
        other_msrs_exit,
        an_interrupt_is_injected,
        an_exception_brings_its_error_code,
        a_software_interrupt_returns_behind_it,
        the_interrupt_window_opens,
        an_interrupted_delivery_goes_on,
        page_faults_exit_by_error_code,
        the_preemption_timer_ends_the_run,
        a_guest_exits_at_a_point_in_time,
        a_page_fault_brings_its_address,
        the_time_stamp_counter_has_an_offset,
        single_steps,
        an_invalid_state_is_told_and_mended,
        an_msr_that_cannot_be_loaded_is_told,
        an_invalid_entry_has_its_error_number,
        a_triple_fault_is_no_end,
        instructions_of_vmx_exit,
        the_fpu_is_the_guests_own,
        an_interrupt_of_the_program_ends_the_run,
        the_tpr_shadow_is_the_guests,
        a_priority_below_the_threshold_exits,
        registers_of_the_apic_are_checked,
        only_virtual_registers_of_the_x2apic_do_not_exit,
        interrupts_are_delivered_without_exits,
        an_entry_brings_an_interrupt_along,
        an_exit_tells_the_apics_state,
        posted_interrupts_wait_for_the_flag,
        what_is_posted_is_in_the_registers,
        an_end_of_interrupt_exits_by_the_bitmap,
        accesses_to_the_apics_page_are_virtual,
        an_apic_without_its_shadow_does_not_run,
    ]
);

#[protection_domain]
fn init() -> NullHandler {
    let region = memory_region_symbol!(guest_vaddr: *mut [u8], n = MEMORY);
    // SAFETY: the region is mapped for good, and nothing else refers to it.
    let memory = unsafe { Memory::new(region) };
    SUITE.run_in_system(&mut Lab::new(Vcpu::new(0), memory));
    NullHandler::new()
}
