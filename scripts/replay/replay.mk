# SPDX-License-Identifier: GPL-2.0
#
# Programs that record a live kernel's stream and run it on the shadow, and the
# demonstration that uses them.

REPLAY	     := $(BUILD)/replay
REPLAY_FLAGS := -std=gnu11 -D_GNU_SOURCE -O2 -g -Wall -Wextra -Iinclude/uapi -Iselftests/lib
REPLAY_HDRS  := $(wildcard scripts/replay/*.h) selftests/lib/sbuddy_user.h $(wildcard include/uapi/linux/sbuddy*.h)
CC	     ?= cc

.PHONY: replay demo
replay: $(REPLAY)/replay $(REPLAY)/fragment $(addprefix $(HB)/,sbuddy-record sbuddy-convert sbuddy-replay sbuddy-twin)

# selftests/vm/replay.sh and twin.sh run them.
vm-tests: replay

$(REPLAY)/replay: $(addprefix scripts/replay/,replay.c results.c translate.c sbr_read.c) \
		  selftests/lib/sbuddy_user.c $(REPLAY_HDRS)
	@mkdir -p $(@D)
	$(CC) $(REPLAY_FLAGS) -o $@ $(filter %.c,$^)

$(REPLAY)/fragment: scripts/demo.d/fragment.c selftests/lib/sbuddy_user.c $(REPLAY_HDRS)
	@mkdir -p $(@D)
	$(CC) $(REPLAY_FLAGS) -o $@ $(filter %.c,$^)

demo:
	@scripts/demo
