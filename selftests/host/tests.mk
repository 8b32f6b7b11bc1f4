# SPDX-License-Identifier: GPL-2.0
#
# Host tests: `make check` builds and runs everything that needs no kernel,
# `make fuzz` looks for what nobody thought of.
#
# A test of a mechanism is selftests/host/NAME.c; it becomes build/host/test-NAME
# and, with the sanitizers, build/host/san/test-NAME.

# The harness, and the rule that unpacks it, are those of selftests/vm/vm.mk.
KSFT ?= $(BUILD)/kselftest

HOST_TESTS := gfp layout zone buddy fallback highatomic watermark pcp pcp_tune alloc free bulk \
	      vmstat snapshot check owner run fork failsweep rules rules_61 mempolicy recording translate \
	      native isolation contig layout_movable layout_pieces twin \
	      migrate movable compaction compact_random fork_movable contig_move \
	      reclaim kswapd slowpath reclaim_random
$(foreach t,$(HOST_TESTS),$(eval test-$(t)-src := selftests/host/$(t).c selftests/host/host_machine.c))
test-recording-src += $(call replay-src,sbr_read sbr_write stream convert_text convert_llfree tracebuf)
test-twin-src += $(call replay-src,twin_state twin_queue)
test-native-src += $(call replay-src,sbr_read sbr_write translate results native settings)
test-translate-src += $(call replay-src,sbr_read sbr_write stream translate)

# The harness is not clean under -Wextra: -isystem keeps its own warnings out,
# the rest comes from its macros in our files.
HOST_KSFT_FLAGS := -isystem $(KSFT) -Wno-sign-compare -Wno-unused-parameter \
		   -Wno-missing-field-initializers -Wno-override-init
$(foreach t,$(HOST_TESTS),$(eval CFLAGS_selftests/host/$(t) := $(HOST_KSFT_FLAGS)))
HOST_KSFT_OBJS := $(HOST_TESTS:%=selftests/host/%.o)
$(HOST_KSFT_OBJS:%=$(BUILD)/host/obj/%) $(HOST_KSFT_OBJS:%=$(BUILD)/host/san/obj/%): \
	| $(KSFT)/kselftest_harness.h

MODEL_SRC := $(sort $(wildcard selftests/lib/model*.c))

lockstep-src	 := selftests/host/lockstep.c selftests/host/lockstep_gen.c $(MODEL_SRC)
test-threads-src := selftests/host/threads.c

# Fuzz targets; here with a main() that replays files.
FUZZ_TARGETS	  := ops snapshot layout gfp recording
fuzz-ops-src	  := selftests/fuzz/ops.c selftests/fuzz/main.c $(MODEL_SRC)
fuzz-snapshot-src := selftests/fuzz/snapshot.c selftests/fuzz/main.c
fuzz-layout-src	  := selftests/fuzz/layout.c selftests/fuzz/main.c
fuzz-gfp-src	  := selftests/fuzz/gfp.c selftests/fuzz/main.c
fuzz-recording-src := selftests/fuzz/recording.c selftests/fuzz/main.c \
		      $(call replay-src,sbr_read sbr_write stream convert_text convert_llfree translate)

HOST_CHECKS := $(HOST_TESTS:%=test-%) test-threads lockstep
HOST_PROGS  += $(HOST_CHECKS) $(FUZZ_TARGETS:%=fuzz-%)

# ---- make check ----

# Operations of each lockstep profile, and the seed; "random" is the time.
LOCKSTEP_OPS  ?= 12000
LOCKSTEP_SEED ?= random
CHECK_BINS := $(HOST_CHECKS:%=$(BUILD)/host/%) $(BUILD)/host/sbuddy-vector
CHECK_SAN_BINS := $(HOST_CHECKS:%=$(BUILD)/host/san/%) $(FUZZ_TARGETS:%=$(BUILD)/host/san/fuzz-%) \
		  $(BUILD)/host/san/sbuddy-vector

.PHONY: check check-bins check-mutants fuzz

# With CHECK_RAW=1 the output is what scripts/check/tap-total reads, else what it says.
check: check-bins
	@HOST_TESTS='$(HOST_TESTS)' FUZZ_TARGETS='$(FUZZ_TARGETS)' HB='$(BUILD)/host' \
		LOCKSTEP_OPS='$(LOCKSTEP_OPS)' LOCKSTEP_SEED='$(LOCKSTEP_SEED)' \
		selftests/host/check $(if $(CHECK_RAW),--raw)

check-bins: $(CHECK_BINS) $(CHECK_SAN_BINS) $(BUILD)/host/tsan/test-threads

# A mutant of the engine that no test notices is a missing test.  Minutes, so not in check.
check-mutants:
	selftests/host/mutants.sh

# ---- ThreadSanitizer: the thread test alone ----

HOST_TSAN := -O1 -fno-omit-frame-pointer -fsanitize=thread -DSBUDDY_TSAN

$(BUILD)/host/tsan/obj/%.o: %.c
	@mkdir -p $(@D)
	$(HOSTCC) $(HOST_FLAGS) $(HOST_TSAN) -c $< -o $@

$(BUILD)/host/tsan/test-threads: $(patsubst %.c,$(BUILD)/host/tsan/obj/%.o,\
		$(wildcard module/engine/*.c) selftests/lib/os.c $(test-threads-src))
	$(HOSTCC) $(HOST_TSAN) -o $@ $^ -lpthread

# ---- make fuzz ----

# Seconds for each target; what is found lies in build/fuzz/NAME-*.
FUZZ_SECONDS ?= 60
FUZZ_CC	     ?= clang
FUZZ_FLAGS   := -std=gnu11 -D_GNU_SOURCE -g -O1 -fno-omit-frame-pointer -fno-strict-aliasing \
		-fsanitize=fuzzer,address,undefined -fno-sanitize-recover=all \
		-include selftests/lib/os.h -Iinclude -Iinclude/uapi -Imodule/engine \
		-Iselftests/lib
FUZZ_BINS    := $(FUZZ_TARGETS:%=$(BUILD)/fuzz/%)

$(FUZZ_BINS): $(BUILD)/fuzz/%: $(wildcard module/engine/*.[ch] selftests/lib/os.[ch]) $(MODEL_SRC) \
		selftests/fuzz/%.c $(wildcard scripts/replay/*.[ch])
	@mkdir -p $(@D)
	$(FUZZ_CC) $(FUZZ_FLAGS) -o $@ $(filter-out %.h selftests/fuzz/main.c,\
		$(wildcard module/engine/*.c) selftests/lib/os.c $(fuzz-$*-src)) -lpthread -lm

# Targets with a dictionary have it beside their corpus.
fuzz: $(FUZZ_BINS)
	@for t in $(FUZZ_TARGETS); do \
		mkdir -p $(BUILD)/fuzz/corpus-$$t; \
		dict=selftests/fuzz/$$t.dict; [ -r $$dict ] && dict=-dict=$$dict || dict=; \
		echo "# fuzz $$t, $(FUZZ_SECONDS) seconds"; \
		$(BUILD)/fuzz/$$t -max_total_time=$(FUZZ_SECONDS) -max_len=8192 -timeout=10 \
			-print_final_stats=1 $$dict -artifact_prefix=$(BUILD)/fuzz/$$t- \
			$(BUILD)/fuzz/corpus-$$t selftests/fuzz/corpus/$$t || exit 1; \
	done
