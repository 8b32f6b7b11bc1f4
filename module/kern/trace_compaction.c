// SPDX-License-Identifier: GPL-2.0
/*
 * Where the tracepoints of include/trace/events/sbuddy_compaction.h come to
 * life; a unit of its own because two headers of one system do not go into one.
 * What trace.c says holds here too.
 */
#include "sbuddy/engine.h"

#define CREATE_TRACE_POINTS
#include <trace/events/sbuddy_compaction.h>
