# SPDX-License-Identifier: GPL-2.0
#
# Host tests: `make check` builds and runs everything that needs no kernel,
# `make fuzz` looks for what nobody thought of.
#
# A test of a mechanism is selftests/host/NAME.c; it becomes build/host/test-NAME
# and, with the sanitizers, build/host/san/test-NAME.

# The harness, and the rule that unpacks it, are shared with the VM's tests.
KSFT ?= $(BUILD)/kselftest

HOST_TESTS := gfp layout zone buddy fallback highatomic watermark pcp alloc free bulk vmstat check
HOST_TEST_BINS := $(HOST_TESTS:%=test-%)

HOST_PROGS += $(HOST_TEST_BINS)
$(foreach t,$(HOST_TESTS),$(eval test-$(t)-src := selftests/host/$(t).c selftests/host/host_machine.c))

# The harness is not clean under -Wextra: -isystem keeps its own warnings out,
# the rest comes from its macros in our files.
HOST_KSFT_FLAGS := -isystem $(KSFT) -Wno-sign-compare -Wno-unused-parameter \
		   -Wno-missing-field-initializers
$(foreach t,$(HOST_TESTS),$(eval CFLAGS_selftests/host/$(t) := $(HOST_KSFT_FLAGS)))
HOST_KSFT_OBJS := $(foreach t,$(HOST_TESTS),selftests/host/$(t).o)
$(HOST_KSFT_OBJS:%=$(BUILD)/host/obj/%) $(HOST_KSFT_OBJS:%=$(BUILD)/host/san/obj/%): \
	| $(KSFT)/kselftest_harness.h
