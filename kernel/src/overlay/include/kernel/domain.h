/* SPDX-License-Identifier: GPL-2.0-only */
/* The domain schedule, which the holder of the domain capability can set. */
#ifndef __KERNEL_DOMAIN_H
#define __KERNEL_DOMAIN_H

#include <types.h>
#include <api/failures.h>

/* The entry with which the schedule starts, and starts again after its end. */
extern word_t ksDomScheduleStart;

/* Decodes and performs the invocations that change the schedule. */
exception_t decodeDomainScheduleInvocation(word_t invLabel, word_t length, word_t *buffer);

#endif
