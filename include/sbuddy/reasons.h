/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Why the engine did something: the symbolic arguments of the tracepoints in
 * include/trace/events/sbuddy.h, which hold the text for each value.
 *
 * Plain enumerations without an include, so that engine, kernel side and
 * programs in user space can share them.
 */
#ifndef _SBUDDY_REASONS_H
#define _SBUDDY_REASONS_H

/* sbuddy_zone_skipped: why a zone of the zonelist did not serve a request. */
enum sbuddy_skip_reason {
	SBUDDY_SKIP_WATERMARK,		/* too little would be left free */
	SBUDDY_SKIP_NOFRAGMENT_REMOTE,	/* remote zone: NOFRAGMENT dropped for locality */
	SBUDDY_SKIP_NODE,		/* bulk: zone of another node */
	SBUDDY_SKIP_EMPTY,		/* no suitable block on the lists */
};

/* sbuddy_pcp_tuned: what changed the high mark or a factor of a vcpu's lists. */
enum sbuddy_tune_reason {
	SBUDDY_TUNE_REFILL,		/* refill size grows with successive refills */
	SBUDDY_TUNE_REFILL_RAISE,	/* refills in a row: high goes up */
	SBUDDY_TUNE_FREE_HIGH,		/* high orders freed in a row: drain all */
	SBUDDY_TUNE_RECLAIM,		/* kswapd works on the zone: high goes down */
	SBUDDY_TUNE_BELOW_HIGH,		/* zone below its high watermark: high goes down */
	SBUDDY_TUNE_FREE_RAISE,		/* frees in a row: high goes up */
	SBUDDY_TUNE_DECAY,		/* one vmstat period passed */
	SBUDDY_TUNE_LIMITS,		/* a knob moved high_min, high_max or batch */
};

/* sbuddy_would_block: what the kernel would do next and this allocator does not. */
enum sbuddy_block_step {
	SBUDDY_STEP_DIRECT_COMPACT,
	SBUDDY_STEP_DIRECT_RECLAIM,
};

#endif /* _SBUDDY_REASONS_H */
