/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The kernel's kselftest harness around host_machine.h: operations that are
 * followed by the full walk, and a fixture that gives everything back and
 * demands that the engine did too.
 */
#ifndef _SBUDDY_HOST_TEST_H
#define _SBUDDY_HOST_TEST_H

#include <kselftest_harness.h>

#include "host_machine.h"

/* For use inside a test; the fixture holds "struct host h". */
#define EXPECT_SANE() do {						\
	char _why[256];							\
	EXPECT_EQ(0, host_check(&self->h, _why, sizeof(_why))) {	\
		TH_LOG("check: %s", _why);				\
	}								\
} while (0)

#define ALLOC(gfp, order) __extension__ ({				\
	long _off = host_alloc(&self->h, gfp, order);			\
	EXPECT_SANE();							\
	_off;								\
})

#define ALLOC_NODE(gfp, order, nid) __extension__ ({			\
	long _off = host_alloc_node(&self->h, gfp, order, nid);		\
	EXPECT_SANE();							\
	_off;								\
})

#define FREE(off, order) do {						\
	EXPECT_EQ(0, host_free(&self->h, off, order));			\
	EXPECT_SANE();							\
} while (0)

#define ZONE(idx)	   host_zone(&self->h, 0, SBUDDY_ZONE_ ## idx)
#define LIST(z, order, mt) host_list(&self->h, z, order, mt)
#define PCPLIST(z, idx)	   host_pcp(&self->h, z, 0, idx)
#define TYPE(off)	   host_type(&self->h, off)

/* A fixture that only holds a machine which each test makes for itself. */
#define HOST_FIXTURE(name)						\
	FIXTURE(name) { struct host h; };				\
	FIXTURE_SETUP(name) { memset(&self->h, 0, sizeof(self->h)); }	\
	FIXTURE_TEARDOWN(name)						\
	{								\
		host_untrace();						\
		host_exit(&self->h);					\
		EXPECT_EQ(0, os_allocated);				\
	}

#define BOOT(layout, vcpus)	ASSERT_EQ(0, host_boot(&self->h, layout, vcpus))
#define IMPORT(...) do {						\
	ASSERT_EQ(0, host_import(&self->h, &(struct host_state){ __VA_ARGS__ })); \
	EXPECT_SANE();							\
} while (0)

#endif /* _SBUDDY_HOST_TEST_H */
