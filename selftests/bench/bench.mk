# SPDX-License-Identifier: GPL-2.0
#
# Benchmarks.  `make bench` prints instructions first, which repeat exactly:
# natively by callgrind, in the VM by -icount beside the kernel's own allocator.
# Nanoseconds come last; they depend on the machine and on who shares it.

BENCH_KVER  = $(shell scripts/vm/kernel --release 6.12)
BENCH_KDIR  = $(shell scripts/vm/kernel 6.12)/build
BENCH_KMOD  = $(BUILD)/kbench-$(BENCH_KVER)

.PHONY: bench bench-host bench-vm kbench

kbench:
	@mkdir -p $(BENCH_KMOD)/engine
	@ln -sf $(CURDIR)/module/engine/*.[ch] $(BENCH_KMOD)/engine/
	@ln -sf $(CURDIR)/selftests/bench/kbench/* $(CURDIR)/module/kern/trace*.c \
		$(CURDIR)/module/kern/sparse.c $(BENCH_KMOD)/
	@ln -sfn $(CURDIR)/include $(BENCH_KMOD)/include
	+@$(MAKE) -s -C $(BENCH_KDIR) M=$(CURDIR)/$(BENCH_KMOD) modules

bench: bench-vm bench-host

bench-host: $(HB)/sbuddy-bench
	@echo '== natively, instructions an operation (callgrind)'
	@$(HB)/sbuddy-bench --callgrind
	@echo '== natively, CPU nanoseconds an operation, median of 5 runs'
	@$(HB)/sbuddy-bench

bench-vm: kbench
	selftests/bench/vm-bench $(BENCH_KMOD)/kbench.ko
