# SPDX-License-Identifier: GPL-2.0
#
# `make help` lists what there is.  Host programs, VM tests and the replay of
# live streams keep their rules in .mk files beside their sources.

# The kernel to build for: KVER=RELEASE, or KDIR=/path/to/its/build/tree.
ifdef KDIR
KVER := $(shell sed -n 's/.*UTS_RELEASE "\(.*\)"/\1/p' \
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
.PHONY: all modules install lint clean help
.DELETE_ON_ERROR:

all: modules

-include selftests/vm/vm.mk selftests/host/host.mk selftests/bench/bench.mk scripts/replay/replay.mk

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
		echo "or choose with KVER=: $$(cd /lib/modules 2>/dev/null && \
			for d in */build; do [ -e "$$d" ] && printf '%s ' "$${d%/build}"; done)"; \
		exit 1; \
	fi
	@$(mirror)
	+$(MAKE) -j$(JOBS) -C $(KDIR) M=$(CURDIR)/$(KMOD) modules
	@ln -sf kmod-$(KVER)/$(NAME).ko $(BUILD)/$(NAME).ko
	@echo "built $(MODULE), also linked as $(BUILD)/$(NAME).ko"

install: modules
	+$(MAKE) -C $(KDIR) M=$(CURDIR)/$(KMOD) modules_install
	depmod $(KVER)

# ---- checks ----

lint:
	scripts/check/lint

# ---- the rest ----

clean:
	rm -rf $(BUILD)

help:
	@echo 'make [KVER=release | KDIR=path]  sbuddy.ko for the running or the given kernel;'
	@echo '                 lands in build/kmod-RELEASE/ and, the latest, as build/sbuddy.ko;'
	@echo '                 W=1 and C=1 (sparse) as with every kernel module'
	@echo 'make install     installs it for that kernel'
	@echo 'make lint        style, sparse, kernel-doc, shellcheck and the rules of this tree'
	@echo 'make clean       removes build/'
	@$(if $(HOST_HELP),$(HOST_HELP))
