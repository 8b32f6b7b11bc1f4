// SPDX-License-Identifier: GPL-2.0
/*
 * The one place where the tracepoints of include/trace/events/sbuddy.h come to
 * life.  Their arguments are pointers to engine structures: engine.h first, so
 * that the fields are known when the records are filled in.
 *
 * Owns no state.  Records are filled under whatever lock the engine holds at
 * the firing point, so nothing here may sleep or take a lock.
 */
#include "sbuddy/engine.h"

/* Set by sbuddy_compaction.h, for itself. */
#undef TRACE_INCLUDE_FILE

#define CREATE_TRACE_POINTS
#include <trace/events/sbuddy.h>
