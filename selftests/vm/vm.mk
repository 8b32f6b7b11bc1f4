# SPDX-License-Identifier: GPL-2.0
#
# Tests that need the module: programs built here and run in the guest, which
# sees this tree.  `make vm-tests` builds them; selftests/vm/with-module loads
# the module around one.  A .c file in selftests/vm is a program of its own.

BUILD	?= build
KSFT	:= $(BUILD)/kselftest
VM_OUT	:= $(BUILD)/vm
KSFT_SOURCE ?= /usr/src/linux-source-6.12.tar.xz

VM_TESTS := $(patsubst selftests/vm/%.c,$(VM_OUT)/%,$(wildcard selftests/vm/*.c))
VM_LIB	 := $(VM_OUT)/sbuddy_user.o
VM_LIBH	 := selftests/lib/sbuddy_user.h selftests/lib/test_util.h selftests/lib/known_hash.h
VM_UAPI	 := $(wildcard include/uapi/linux/sbuddy*.h)
VM_CFLAGS := -std=gnu11 -O2 -g -Wall -Wextra -Wno-unused-parameter -Wno-missing-field-initializers \
	     -Wno-sign-compare -D_GNU_SOURCE -pthread -Iinclude/uapi -Iselftests/lib
CC	?= cc

.PHONY: vm-tests
vm-tests: $(VM_TESTS) $(VM_OUT)/ioctl_cost $(VM_OUT)/uapi32.ok

# The harness is the kernel's own and stays where it comes from.  A test that hangs does
# so for longer than 30 seconds, and under emulation a good one takes them.
$(KSFT)/kselftest_harness.h: | $(KSFT)
	@[ -r '$(KSFT_SOURCE)' ] || \
		{ echo 'no $(KSFT_SOURCE); Debian: apt-get install linux-source-6.12'; exit 1; }
	tar -xJf $(KSFT_SOURCE) -C $(KSFT) --strip-components=4 --wildcards --occurrence=1 \
		'*/tools/testing/selftests/kselftest.h' \
		'*/tools/testing/selftests/kselftest_harness.h'
	sed -i 's/^\(#define TEST_TIMEOUT_DEFAULT\) 30$$/\1 240/' $@
	touch $(KSFT)/kselftest.h $@

$(KSFT) $(VM_OUT):
	mkdir -p $@

$(VM_OUT)/sbuddy_user.o: selftests/lib/sbuddy_user.c selftests/lib/sbuddy_user.h $(VM_UAPI) | $(VM_OUT)
	$(CC) $(VM_CFLAGS) -c -o $@ $<

# The harness itself is not clean under -Wextra: -isystem keeps its warnings out.
$(VM_OUT)/%: selftests/vm/%.c $(VM_LIB) $(KSFT)/kselftest_harness.h $(VM_LIBH) $(VM_UAPI)
	$(CC) $(VM_CFLAGS) -isystem $(KSFT) -o $@ $< $(VM_LIB)

$(VM_OUT)/ioctl_cost: selftests/bench/ioctl_cost.c $(VM_LIB) selftests/lib/test_util.h $(VM_UAPI)
	$(CC) $(VM_CFLAGS) -o $@ $< $(VM_LIB)

# Layout of every structure, as 64-bit and as 32-bit programs see it.
$(VM_OUT)/uapi32.ok: selftests/lib/uapi_layout.c $(VM_UAPI) | $(VM_OUT)
	$(CC) -Wall -Wextra -Wpadded -Werror -Iinclude/uapi -fsyntax-only $<
	$(CC) -m32 -Wall -Wextra -Wpadded -Werror -Iinclude/uapi \
		-idirafter /usr/include/$(shell $(CC) -print-multiarch) -fsyntax-only $<
	touch $@
