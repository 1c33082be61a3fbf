/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The domain schedule. An entry says how many timer ticks a domain runs; an entry of no ticks
 * ends the schedule. At boot domain 0 runs for ever.
 *
 * An entry that is changed while its domain runs counts from its next turn. The entry at the
 * start always has ticks, so that the scheduler always finds one.
 */

#include <config.h>
#include <api/invocation.h>
#include <api/syscall.h>
#include <kernel/domain.h>
#include <kernel/thread.h>
#include <model/statedata.h>
#include <object/structures.h>

dschedule_t ksDomSchedule[CONFIG_NUM_DOMAIN_SCHEDULES] = {
    { .domain = 0, .length = ~(word_t)0 },
};
const word_t ksDomScheduleLength = CONFIG_NUM_DOMAIN_SCHEDULES;
word_t ksDomScheduleStart = 0;

static exception_t
rangeError(word_t max)
{
    current_syscall_error.type = seL4_RangeError;
    current_syscall_error.rangeErrorMin = 0;
    current_syscall_error.rangeErrorMax = max;
    return EXCEPTION_SYSCALL_ERROR;
}

static exception_t
invalidArgument(word_t number)
{
    current_syscall_error.type = seL4_InvalidArgument;
    current_syscall_error.invalidArgumentNumber = number;
    return EXCEPTION_SYSCALL_ERROR;
}

exception_t
decodeDomainScheduleInvocation(word_t invLabel, word_t length, word_t *buffer)
{
    bool_t configure = invLabel == DomainScheduleConfigure;
    word_t index, domain, duration;

    /* Several cores cannot change domains together. */
    if (CONFIG_MAX_NUM_NODES > 1) {
        userError("Domain schedule: this kernel has one domain.");
        current_syscall_error.type = seL4_IllegalOperation;
        return EXCEPTION_SYSCALL_ERROR;
    }
    if (length < (configure ? 3 : 1)) {
        userError("Domain schedule: truncated message.");
        current_syscall_error.type = seL4_TruncatedMessage;
        return EXCEPTION_SYSCALL_ERROR;
    }
    index = getSyscallArg(0, buffer);
    if (index >= ksDomScheduleLength) {
        userError("Domain schedule: invalid index %lu.", index);
        return rangeError(ksDomScheduleLength - 1);
    }

    if (!configure) {
        if (ksDomSchedule[index].length == 0) {
            userError("Domain schedule: entry %lu has no ticks to start with.", index);
            return invalidArgument(0);
        }
        setThreadState(NODE_STATE(ksCurThread), ThreadState_Restart);
        ksDomScheduleStart = index;
        /* Past the end and without time: the scheduler goes to the start at once. */
        ksDomScheduleIdx = ksDomScheduleLength - 1;
        ksDomainTime = 0;
        rescheduleRequired();
        return EXCEPTION_NONE;
    }

    domain = getSyscallArg(1, buffer);
    duration = getSyscallArg(2, buffer);
    if (domain >= CONFIG_NUM_DOMAINS) {
        userError("Domain schedule: invalid domain %lu.", domain);
        return rangeError(CONFIG_NUM_DOMAINS - 1);
    }
    if (duration == 0 && index == ksDomScheduleStart) {
        userError("Domain schedule: the first entry needs ticks.");
        return invalidArgument(2);
    }
    setThreadState(NODE_STATE(ksCurThread), ThreadState_Restart);
    ksDomSchedule[index].domain = domain;
    ksDomSchedule[index].length = duration;
    return EXCEPTION_NONE;
}
