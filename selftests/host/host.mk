# SPDX-License-Identifier: GPL-2.0
#
# What runs natively.  The engine is compiled from the module's own files with
# selftests/lib/os.h in front, once for speed and once with the sanitizers.
#
# A program of build/host/ is one line below: its sources beside the engine.

HOSTCC	   ?= gcc
HB	   := $(BUILD)/host
HOST_FLAGS := -std=gnu11 -D_GNU_SOURCE -g -Wall -Wextra -Werror -MMD -MP \
	      -include selftests/lib/os.h -Iinclude -Iinclude/uapi -Imodule/engine -Iselftests/lib
HOST_OPT   := -O2 -fno-strict-aliasing
HOST_SAN   := -O1 -fno-omit-frame-pointer -fsanitize=address,undefined \
	      -fno-sanitize-recover=all -DSBUDDY_SANITIZED

ENGINE_SRC := $(sort $(wildcard module/engine/*.c)) selftests/lib/os.c

# program := sources
HOST_PROGS		:= sbuddy-vector sbuddy-bench sbuddy-record sbuddy-convert \
			   sbuddy-replay sbuddy-twin race-replay compact-replay
sbuddy-vector-src	:= selftests/host/vector.c selftests/lib/vecfile.c
sbuddy-bench-src	:= selftests/bench/host_bench.c
race-replay-src		:= selftests/race/race_replay.c
CFLAGS_selftests/race/race_replay := -Iinclude/uapi
compact-replay-src	:= selftests/race/compact_replay.c

# Recordings; what these programs share lies beside them.
replay-src		= $(patsubst %,scripts/replay/%.c,$(1))
sbuddy-record-src	:= $(call replay-src,record instance kmem tracebuf sbr_write)
sbuddy-replay-src	:= $(call replay-src,sbuddy_replay native settings translate results sbr_read)
sbuddy-twin-src		:= $(call replay-src,twin twin_state twin_queue instance kmem tracebuf)
sbuddy-convert-src	:= $(call replay-src,convert convert_text convert_llfree stream sbr_read sbr_write)

-include selftests/host/tests.mk

HOST_BINS := $(HOST_PROGS:%=$(HB)/%)
SAN_BINS  := $(HOST_PROGS:%=$(HB)/san/%)

host: $(HOST_BINS)

$(HB)/obj/%.o: %.c
	@mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) $(HOST_OPT) $(CFLAGS_$*) -c $< -o $@

$(HB)/san/obj/%.o: %.c
	@mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) $(HOST_SAN) $(CFLAGS_$*) -c $< -o $@

$(HB)/libengine.a: $(ENGINE_SRC:%.c=$(HB)/obj/%.o)
	rm -f $@
	ar rcs $@ $^

$(HB)/san/libengine.a: $(ENGINE_SRC:%.c=$(HB)/san/obj/%.o)
	rm -f $@
	ar rcs $@ $^

define host-program
$(HB)/$(1): $(patsubst %.c,$(HB)/obj/%.o,$($(1)-src)) $(HB)/libengine.a
	$$(HOSTCC) $$(HOST_OPT) -o $$@ $$^ -lpthread -lm

$(HB)/san/$(1): $(patsubst %.c,$(HB)/san/obj/%.o,$($(1)-src)) $(HB)/san/libengine.a
	$$(HOSTCC) $$(HOST_SAN) -o $$@ $$^ -lpthread -lm
endef
$(foreach p,$(HOST_PROGS),$(eval $(call host-program,$(p))))

-include $(shell find $(HB) -name '*.d' 2>/dev/null)
