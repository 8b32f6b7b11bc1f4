# SPDX-License-Identifier: GPL-2.0
#
# The race: a module that works on the live kernel's allocator, and the program
# that runs it and sbuddy on the same stream.  `make race N=...` boots the VMs.

RACE_KMOD = $(BUILD)/race-$(KVER)

.PHONY: race race-module

# linux/sbuddy.h for a kernel module: the kernel's own include/linux comes first
# there, so the file is found through a directory of its own.
race-module:
	@mkdir -p $(RACE_KMOD)
	@ln -sf $(CURDIR)/selftests/race/*.[ch] $(CURDIR)/selftests/race/Kbuild \
		$(CURDIR)/module/compat/compat.h $(CURDIR)/module/compat/contig.c \
		$(CURDIR)/module/compat/gfp.c \
		$(CURDIR)/module/compat/kallsyms.c $(CURDIR)/module/compat/kallsyms.h $(RACE_KMOD)/
	@ln -sfn $(CURDIR)/include $(RACE_KMOD)/include
	+@$(MAKE) -s -C $(KDIR) M=$(CURDIR)/$(RACE_KMOD) modules

RACE_SRC := $(filter-out %/race_replay.c,$(wildcard selftests/race/race*.c))

.PHONY: race-program
race-program: $(BUILD)/race/race

$(BUILD)/race/race: $(RACE_SRC) $(VM_LIB) $(wildcard selftests/race/*.h) $(VM_LIBH) $(VM_UAPI)
	@mkdir -p $(@D)
	$(CC) $(VM_CFLAGS) -o $@ $(RACE_SRC) $(VM_LIB)

$(BUILD)/race/compact-live: selftests/race/compact_live.c selftests/race/sbuddy_race.h $(VM_UAPI)
	@mkdir -p $(@D)
	$(CC) $(VM_CFLAGS) -o $@ $<

# KVER counts only if it was given: the race is in a guest, whatever runs here.
race:
	@selftests/race/run $(if $(filter override,$(origin KVER)),-k $(KVER)) $(if $(N),-n $(N)) \
		$(if $(SEED),-s $(SEED)) $(if $(PROFILE),-p $(PROFILE)) $(if $(CPUS),-c $(CPUS))
