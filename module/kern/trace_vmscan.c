// SPDX-License-Identifier: GPL-2.0
/*
 * Where the tracepoints of include/trace/events/sbuddy_vmscan.h come to life.
 * What trace_compaction.c says holds here too.
 */
#include "sbuddy/engine.h"

#undef TRACE_INCLUDE_FILE
#define CREATE_TRACE_POINTS
#include <trace/events/sbuddy_vmscan.h>
