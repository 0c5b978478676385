# SPDX-License-Identifier: BSD-3-Clause
# Echolog: one GNU Makefile. `make help` lists the targets.
#
#   BUILD=dir         where everything goes (default: build/<flavour>)
#   FLAVOUR=name      release (default), debug, asan, tsan
#   MALLOC=jemalloc   or libc
#   V=1               show the commands

FLAVOUR ?= release
BUILD   ?= build/$(FLAVOUR)
MALLOC  ?= jemalloc
PREFIX  ?= /usr/local
DESTDIR ?=
VERSION := 0.1.0

ifeq ($(origin CC),default)
CC := gcc
endif
AR ?= ar
Q := $(if $(V),,@)

# --- flags ----------------------------------------------------------------------------------------

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wno-sign-conversion -Wstrict-prototypes \
            -Wmissing-prototypes -Wpointer-arith -Wcast-qual -Wvla -Wformat=2 -Werror
CPPFLAGS += -Isrc -D_GNU_SOURCE -DECHOLOG_VERSION='"$(VERSION)"'
CFLAGS_release := -O2 -g -fno-omit-frame-pointer -fstack-protector-strong -D_FORTIFY_SOURCE=2 -fPIE \
                  -fstack-clash-protection -flto=auto -ffat-lto-objects
LDFLAGS_release := -pie -Wl,-z,relro,-z,now -Wl,-z,noexecstack -flto=auto
CFLAGS_debug := -O0 -g3
CFLAGS_asan  := -O1 -g -fno-omit-frame-pointer -fsanitize=address,undefined -fno-sanitize-recover=undefined
LDFLAGS_asan := -fsanitize=address,undefined
CFLAGS_tsan  := -O1 -g -fno-omit-frame-pointer -fsanitize=thread
LDFLAGS_tsan := -fsanitize=thread
ALL_CFLAGS  := -std=c11 $(WARNINGS) $(CFLAGS_$(FLAVOUR)) -pthread -MMD -MP $(CFLAGS)
ALL_LDFLAGS := $(LDFLAGS_$(FLAVOUR)) -pthread $(LDFLAGS)

# The sanitizers bring their own allocator.
ifneq ($(filter asan tsan,$(FLAVOUR)),)
MALLOC := libc
endif
MALLOC_LIBS_jemalloc := -ljemalloc
MALLOC_LIBS_libc :=
ifeq ($(filter jemalloc libc,$(MALLOC)),)
$(error MALLOC is '$(MALLOC)'; it can be jemalloc or libc)
endif
LIBS := -lisal -lsodium $(MALLOC_LIBS_$(MALLOC))

# --- the house: a folder is an archive, and links only with those below it --------------------------

FOLDERS := server commands session topics pubsub storage resp config net disk base
# What each folder may use, nearest first (utils/lint-layers checks the includes).
objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(filter-out src/server/main.c,$(wildcard src/$(1)/*.c)))
archive = $(BUILD)/lib/libecholog-$(1).a
below   = $(shell echo '$(FOLDERS)' | tr ' ' '\n' | sed -n '/^$(1)$$/,$$p')
archives_of = $(foreach f,$(1),$(call archive,$(f)))

SERVER := $(BUILD)/echolog-server
CLI    := $(BUILD)/echolog-cli
PROGRAMS := $(if $(wildcard src/server/main.c),$(SERVER)) $(if $(wildcard src/cli/main.c),$(CLI))

.PHONY: all
all: check-deps $(PROGRAMS) $(call archive,storage)

$(BUILD)/obj/%.o: src/%.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS) $(ALL_CFLAGS) -c -o $@ $<

define folder_rules
$(call archive,$(1)): $(call objects,$(1))
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo "  AR    $$@")
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(foreach f,$(filter-out storage,$(FOLDERS)) cli,$(eval $(call folder_rules,$(f))))

# The storage library is whole in itself: it carries what it uses.
$(call archive,storage): $(call objects,storage) $(call objects,disk) $(call objects,base)
	@mkdir -p $(@D)
	$(if $(V),,@echo "  AR    $@")
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(SERVER): $(BUILD)/obj/server/main.o $(call archives_of,$(FOLDERS))
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) $(ALL_CFLAGS) -o $@ $(filter %.o,$^) $(filter %.a,$^) $(LIBS)

$(CLI): $(call archives_of,cli resp base)
	$(if $(V),,@echo "  LINK  $@")
	$(Q)$(CC) $(ALL_LDFLAGS) $(ALL_CFLAGS) -o $@ $^ -ledit $(LIBS)

# --- unit tests: one Criterion program per folder ---------------------------------------------------

UNIT_FOLDERS := $(notdir $(patsubst %/,%,$(wildcard tests/unit/*/)))
unit_program = $(BUILD)/unit/$(1)
unit_objects = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard tests/unit/$(1)/*.c))

$(BUILD)/tests/%.o: tests/%.c
	@mkdir -p $(@D)
	$(if $(V),,@echo "  CC    $<")
	$(Q)$(CC) $(CPPFLAGS) -Itests $(ALL_CFLAGS) -Wno-missing-prototypes -c -o $@ $<

define unit_rules
$(call unit_program,$(1)): $(call unit_objects,$(1)) $(call archives_of,$(if $(filter cli,$(1)),cli resp base,$(call below,$(1))))
	@mkdir -p $$(@D)
	$$(if $$(V),,@echo "  LINK  $$@")
	$$(Q)$$(CC) $$(ALL_LDFLAGS) $$(ALL_CFLAGS) -o $$@ $$^ -lcriterion $(if $(filter cli,$(1)),-ledit) $$(LIBS)
.PHONY: unit-$(1)
unit-$(1): $(call unit_program,$(1))
	$$(call unit_program,$(1)) --short-filename
endef
$(foreach f,$(UNIT_FOLDERS),$(eval $(call unit_rules,$(f))))

.PHONY: check-deps
check-deps:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
