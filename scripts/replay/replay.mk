# SPDX-License-Identifier: GPL-2.0
#
# Programs that record a live kernel's stream and run it on the shadow, and the
# demonstration that uses them.

REPLAY	     := $(BUILD)/replay
REPLAY_FLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Iinclude/uapi -Iselftests/lib
REPLAY_HDRS  := $(wildcard scripts/replay/*.h) selftests/lib/sbuddy_user.h $(wildcard include/uapi/linux/sbuddy*.h)
CC	     ?= cc

.PHONY: replay replay-check demo
replay: $(REPLAY)/record $(REPLAY)/replay

replay-check: $(REPLAY)/selftest
	$<

$(REPLAY)/record: $(addprefix scripts/replay/,record.c stream.c tracebuf.c) $(REPLAY_HDRS)
	@mkdir -p $(@D)
	$(CC) $(REPLAY_FLAGS) -o $@ $(filter %.c,$^)

$(REPLAY)/replay: $(addprefix scripts/replay/,replay.c translate.c stream.c) \
		  selftests/lib/sbuddy_user.c $(REPLAY_HDRS)
	@mkdir -p $(@D)
	$(CC) $(REPLAY_FLAGS) -o $@ $(filter %.c,$^)

$(REPLAY)/selftest: $(addprefix scripts/replay/,selftest.c translate.c stream.c tracebuf.c) \
		    $(REPLAY_HDRS)
	@mkdir -p $(@D)
	$(CC) $(REPLAY_FLAGS) -fsanitize=address,undefined -fno-sanitize-recover=all -o $@ \
		$(filter %.c,$^)

demo:
	@scripts/demo
