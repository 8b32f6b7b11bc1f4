# SPDX-License-Identifier: GPL-2.0
#
# `make help` lists what there is.  Host programs, VM tests and the replay of
# live streams keep their rules in .mk files beside their sources.

# What the goals need and a Debian machine may lack, installed before anything else is
# looked at.  demo, test and test-debug see to it themselves.
NEEDS_all	   := module
NEEDS_modules	   := module
NEEDS_install	   := module
NEEDS_dkms	   := module dkms
NEEDS_host	   := host
NEEDS_check	   := host
NEEDS_fuzz	   := host
NEEDS_bench	   := host module kernel vm
NEEDS_race	   := host module kernel vm
NEEDS_lint	   := lint module kernel
NEEDS_debug-kernel := debug
NEEDS_KVER_6.1	   := kernel
NEEDS_KVER_6.12	   := kernel
NEEDS_KVER_debug   := debug

NEEDS := $(sort $(foreach goal,$(or $(MAKECMDGOALS),all) KVER_$(KVER),$(NEEDS_$(goal))))
ifneq ($(if $(findstring n,$(firstword -$(MAKEFLAGS))),,$(NEEDS)),)
ifneq ($(shell scripts/deps $(NEEDS) >&2 || echo failed),)
$(error not everything that this needs is there, see above)
endif
endif

# The kernel to build for: KVER=6.1, 6.12 or debug (fetched or built into the cache),
# KVER=RELEASE of one whose headers are installed, or KDIR=/path/to/its/build/tree.
ifneq ($(filter 6.1 6.12 debug,$(KVER)),)
KDIR := $(shell scripts/vm/kernel $(KVER))/build
ifeq ($(KDIR),/build)
$(error no kernel $(KVER), see above)
endif
endif
ifdef KDIR
override KVER := $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
	'$(KDIR)/include/generated/utsrelease.h' 2>/dev/null)
else
KVER ?= $(shell uname -r)
KDIR := /lib/modules/$(KVER)/build
endif

NAME	:= sbuddy
BUILD	:= build
KMOD	:= $(BUILD)/kmod-$(KVER)
MODULE	:= $(KMOD)/$(NAME).ko
JOBS	?= $(shell nproc)

.DEFAULT_GOAL := all
.PHONY: all modules install dkms test test-debug debug-kernel lint clean help
.DELETE_ON_ERROR:

all: modules

-include selftests/vm/vm.mk selftests/host/host.mk selftests/bench/bench.mk scripts/replay/replay.mk \
	 selftests/race/race.mk

# ---- kernel module ----

# Links to the sources in directories of their own: whatever kbuild writes
# stays in $(KMOD).  Links that lead nowhere any more go first.
define mirror
	mkdir -p $(KMOD)/module
	find $(KMOD) -xtype l -delete
	cp -rsf $(CURDIR)/module/. $(KMOD)/module/
	ln -sfn $(CURDIR)/include $(KMOD)/include
	ln -sf $(CURDIR)/Kbuild $(KMOD)/Kbuild
endef

modules:
	@if [ -z '$(KVER)' ] || [ ! -e '$(KDIR)/Makefile' ]; then \
		echo "no headers for kernel '$(KVER)' (looked in $(KDIR))"; \
		echo "Debian: apt-get install linux-headers-$(KVER)"; \
		echo "or choose with KVER=: 6.1 or 6.12 (no package is installed for them)" \
			"$$(cd /lib/modules 2>/dev/null && for d in */build; do \
				[ -e "$$d" ] && printf '%s ' "$${d%/build}"; done)"; \
		exit 1; \
	fi
	@$(mirror)
	+$(MAKE) -j$(JOBS) -C $(KDIR) M=$(CURDIR)/$(KMOD) modules
	@ln -sf kmod-$(KVER)/$(NAME).ko $(BUILD)/$(NAME).ko
	@echo "built $(MODULE), also linked as $(BUILD)/$(NAME).ko"

# Below DESTDIR, where a package is being made, whoever installs that runs depmod.
install: modules
	+$(MAKE) -C $(KDIR) M=$(CURDIR)/$(KMOD) INSTALL_MOD_PATH='$(DESTDIR)' \
		$(if $(DESTDIR),DEPMOD=true) modules_install
	$(if $(DESTDIR),,depmod $(KVER))

dkms:
	@KVER='$(KVER)' KDIR='$(KDIR)' scripts/packaging/dkms $(DKMS_OPTIONS)

# ---- checks ----

# The host's part is in selftests/host/, benchmarks in selftests/bench/.

test:
	@scripts/check/test

test-debug:
	@scripts/check/test debug

debug-kernel:
	@scripts/vm/debug-kernel

lint:
	@scripts/check/lint

# ---- the rest ----

clean:
	rm -rf $(BUILD)

help:
	@echo 'make             sbuddy.ko for the running kernel: build/kmod-RELEASE/, build/sbuddy.ko'
	@echo '  KVER=          for 6.1, 6.12, debug, or a release whose headers are installed'
	@echo '  KDIR=          for the kernel with that build tree; W=1 and C=1 (sparse) as always'
	@echo 'make demo        the main job in a VM, end to end; tables and a picture in out/'
	@echo 'make test        all tests: host, and VM on 6.1 and 6.12; ends in "N passed, N failed"'
	@echo 'make host        what runs natively: build/host/'
	@echo 'make check       the tests that need neither root nor a VM'
	@echo 'make race N=...  N operations on the live kernel of a VM and on its clone, page by page;'
	@echo '                 SEED= PROFILE= CPUS= KVER= repeat or narrow it'
	@echo 'make debug-kernel  builds the KASAN and lockdep kernel into the cache, 8 to 18 minutes'
	@echo 'make test-debug  the VM tests on it; any report is a failure'
	@echo 'make bench       instructions and time of an operation, ours beside the kernel'"'"'s'
	@echo 'make fuzz        looks for inputs that nobody thought of'
	@echo 'make lint        style, sparse, kernel-doc, shellcheck and the rules of this tree'
	@echo 'make install     installs the module for the kernel it was built for; DESTDIR='
	@echo 'make dkms        hands the sources to DKMS, which builds and installs them'
	@echo 'make clean       removes build/'
	@echo 'Missing Debian packages are installed when root runs these (scripts/deps -n lists them).'
	@echo 'Kernels are kept in $${SBUDDY_CACHE:-~/.cache/sbuddy}; no kernel is ever installed.'
