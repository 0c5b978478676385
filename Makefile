# SPDX-License-Identifier: BSD-3-Clause
# Echolog: one GNU Makefile. `make help` lists the targets.
#
#   BUILD=dir         where everything goes (default: build/<flavour>)
#   FLAVOUR=name      release (default), debug, asan, tsan, fuzz
#   MALLOC=jemalloc   or libc
#   METRICS=yes       or no: without the HTTP port for metrics, and without libmicrohttpd
#   TLS=yes           or no
#   V=1               show the commands

FLAVOUR ?= release
BUILD   ?= build/$(FLAVOUR)
MALLOC  ?= jemalloc
METRICS ?= yes
TLS     ?= yes
PREFIX  ?= /usr/local
SYSCONFDIR ?= $(if $(filter /usr,$(PREFIX)),/etc,$(PREFIX)/etc)
LOCALSTATEDIR ?= $(if $(filter /usr /usr/local,$(PREFIX)),/var,$(PREFIX)/var)
DESTDIR ?=
VERSION := 0.1.0

ifeq ($(origin CC),default)
CC := $(if $(filter fuzz,$(FLAVOUR)),clang,gcc)
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
CFLAGS_fuzz  := $(CFLAGS_asan) -fsanitize=fuzzer-no-link -Wno-error
LDFLAGS_fuzz := $(LDFLAGS_asan)
ifeq ($(origin CFLAGS_$(FLAVOUR)),undefined)
$(error FLAVOUR is '$(FLAVOUR)'; it can be release, debug, asan, tsan or fuzz)
endif
FLAVOUR_CFLAGS  = $(CFLAGS_$(FLAVOUR))
FLAVOUR_LDFLAGS = $(LDFLAGS_$(FLAVOUR))
ALL_CFLAGS  = -std=c11 $(WARNINGS) $(FLAVOUR_CFLAGS) -pthread -MMD -MP $(CFLAGS)
ALL_LDFLAGS = $(FLAVOUR_LDFLAGS) -pthread $(LDFLAGS)

comma := ,
# The sanitizers bring their own allocator.
ifneq ($(filter asan tsan fuzz,$(FLAVOUR)),)
MALLOC := libc
endif
# Linked in where the system has it for that: the shared one brings the C++ library along, which nobody here uses.
# Compilers that link as needed do not see the calls to malloc that are still in the optimiser's hands.
JEMALLOC_ARCHIVE := $(filter /%,$(shell $(CC) -print-file-name=libjemalloc_pic.a))
MALLOC_LIBS_jemalloc := $(if $(JEMALLOC_ARCHIVE),-Wl$(comma)-u$(comma)malloc $(JEMALLOC_ARCHIVE) -lm,\
                          -Wl$(comma)--push-state$(comma)--no-as-needed -ljemalloc -Wl$(comma)--pop-state)
MALLOC_LIBS_libc :=
ifeq ($(filter jemalloc libc,$(MALLOC)),)
$(error MALLOC is '$(MALLOC)'; it can be jemalloc or libc)
endif
ifeq ($(filter yes no,$(METRICS)),)
$(error METRICS is '$(METRICS)'; it can be yes or no)
endif
WITH_METRICS := $(filter yes,$(METRICS))
# Loaded when it is wanted, by the name that a program linked with it would ask for.
MHD_LIBRARY = $(or $(shell objdump -p $$($(CC) -print-file-name=libmicrohttpd.so) 2>/dev/null | sed -n 's/^ *SONAME *//p'),libmicrohttpd.so.12)
ifneq ($(WITH_METRICS),)
CPPFLAGS += -DECHOLOG_METRICS -DECHOLOG_MHD_LIBRARY='"$(MHD_LIBRARY)"'
endif
METRICS_LIBS_yes := -ldl
# OpenSSL only where it is called. Its hashes are used also without TLS.
TLS_LIBS_yes := -lssl -lcrypto
TLS_LIBS_no  := -lcrypto
ifeq ($(filter yes no,$(TLS)),)
$(error TLS is '$(TLS)'; it can be yes or no)
endif
CPPFLAGS += -DECHOLOG_TLS=$(if $(filter yes,$(TLS)),1,0)
TLS_LIBS := -Wl,--push-state,--as-needed $(TLS_LIBS_$(TLS)) -Wl,--pop-state
LIBS := -lisal -lsodium $(TLS_LIBS) $(METRICS_LIBS_$(METRICS)) $(MALLOC_LIBS_$(MALLOC))

# Quiet commands: $(call say,CC,file) shows one line in place of the command.
say = $(if $(V),,@printf '  %-5s %s\n' $(1) $(2))
COMPILE = $(CC) $(CPPFLAGS) $(ALL_CFLAGS)
LINK    = $(CC) $(ALL_LDFLAGS) $(ALL_CFLAGS)
# Tests are many and short-lived: they take the machine code of the objects as it is.
LINK_TEST = $(LINK) -fno-lto

.PHONY: all
all:

# --- what a build depends on ------------------------------------------------------------------------

# Checked once per build directory; names what is missing and how to install it.
DEPS_RUN  := $(BUILD)/deps-run.ok
DEPS_TEST := $(BUILD)/deps-test.ok

$(BUILD)/deps-%.ok: deps/check.sh deps/install.sh
	@mkdir -p $(@D)
	$(Q)CC='$(CC)' MALLOC='$(MALLOC)' METRICS='$(METRICS)' deps/check.sh $*
	@touch $@

# Changes when the compiler, its flags or the libraries do: everything is built anew then.
FLAGS := $(BUILD)/flags
FLAGS_NOW := $(CC) $(CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LIBS)
.PHONY: force
$(FLAGS): force
	@mkdir -p $(@D)
	@echo '$(subst ','\'',$(FLAGS_NOW))' | cmp -s - $@ || echo '$(subst ','\'',$(FLAGS_NOW))' >$@

# --- the house: a folder is an archive, and links only with those below it --------------------------

# From the top down; utils/lint-layers holds the includes to the same order.
LAYERS  := server metrics commands session groups topics pubsub access storage resp config net disk base
FOLDERS := $(foreach f,$(LAYERS),$(if $(wildcard src/$(f)/.),$(f)))
# What the other kind of build has in their place.
LEFT_OUT_yes := src/net/tls_none.c src/cli/secure_none.c
LEFT_OUT_no  := src/net/tls.c src/net/tls_context.c src/cli/secure.c
LEFT_OUT := $(LEFT_OUT_$(TLS)) $(if $(WITH_METRICS),,src/net/http.c src/net/mhd.c)
objects = $(patsubst src/%.c,$(BUILD)/obj/%.o,$(filter-out src/$(1)/main.c $(LEFT_OUT),$(wildcard src/$(1)/*.c)))
archive = $(BUILD)/lib/libecholog-$(1).a
below   = $(shell echo '$(FOLDERS)' | tr ' ' '\n' | sed -n '/^$(1)$$/,$$p')
archives_of = $(foreach f,$(1),$(call archive,$(f)))

# Programs beside the server: each is a folder with a main.c, and uses these layers and libraries.
TOOLS := $(foreach t,bench cli dump,$(if $(wildcard src/$(t)/main.c),$(t)))
bench_uses := resp base
bench_libs := -ljansson
cli_uses  := resp base
cli_libs  := -ledit -ljansson
# What of a program lies above the rest of it: only its main.c knows of these.
cli_above := lab
lab_uses  := cli resp base
lab_libs  := $(cli_libs)
ABOVE     := $(foreach t,$(TOOLS),$($(t)_above))
dump_uses := storage disk base

SERVER := $(BUILD)/echolog-server
CLI    := $(BUILD)/echolog-cli
PROGRAMS := $(if $(wildcard src/server/main.c),$(SERVER)) $(addprefix $(BUILD)/echolog-,$(TOOLS))

all: $(PROGRAMS) $(call archive,storage)

$(BUILD)/obj/%.o: src/%.c $(FLAGS) | $(DEPS_RUN)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -c -o $@ $<

define folder_rules
$(call archive,$(1)): $(call objects,$(1)) | $(FLAGS)
	@mkdir -p $$(@D)
	$$(call say,AR,$$@)
	$$(Q)rm -f $$@ && $$(AR) rcs $$@ $$^
endef
$(foreach f,$(filter-out storage,$(FOLDERS)) $(TOOLS) $(ABOVE),$(eval $(call folder_rules,$(f))))

# The storage library is whole in itself: it carries what it uses.
$(call archive,storage): $(call objects,storage) $(call objects,disk) $(call objects,base)
	@mkdir -p $(@D)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

$(SERVER): $(BUILD)/obj/server/main.o $(call archives_of,$(FOLDERS))
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS)

define tool_rules
$(BUILD)/echolog-$(1): $(BUILD)/obj/$(1)/main.o $(call archives_of,$($(1)_above) $(1) $($(1)_uses))
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK) -o $$@ $$(filter %.o %.a,$$^) $($(1)_libs) $$(LIBS)
endef
$(foreach t,$(TOOLS),$(eval $(call tool_rules,$(t))))

# Programs on the storage library alone: the example of its use, and its benchmark.
EXAMPLE := $(BUILD)/storage-example
BENCH_STORAGE := $(BUILD)/bench-storage
$(BUILD)/utils/%.o: utils/%.c $(FLAGS) | $(DEPS_RUN)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -c -o $@ $<
$(EXAMPLE): $(BUILD)/utils/storage-example.o $(call archive,storage)
$(BENCH_STORAGE): $(BUILD)/utils/bench/storage.o $(call archive,storage)
$(EXAMPLE) $(BENCH_STORAGE):
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $(filter %.o %.a,$^) $(LIBS)

# Many consumer groups in a real server.
BENCH_GROUPS := $(BUILD)/bench-groups
$(BENCH_GROUPS): $(BUILD)/utils/bench/groups.o
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^ -lhiredis

# What is left of a server when all is taken away that makes it one.
BENCH_FLOOR := $(BUILD)/bench-floor
$(BENCH_FLOOR): $(BUILD)/utils/bench/floor.o
	$(call say,LINK,$@)
	$(Q)$(LINK) -o $@ $^

# --- running and installing -------------------------------------------------------------------------

# `make run ARGS="--port 7000"` passes directives on.
.PHONY: run install uninstall
run: all
	@exec $(SERVER) $(wildcard conf/echolog.conf) $(ARGS)

# Manual pages and completions, made from what the programs and conf/echolog.conf say.
SHARE := $(BUILD)/share.ok
MAN_PAGES := $(patsubst docs/man/%.in,%,$(wildcard docs/man/*.in))
INSTALLED_CONF := $(BUILD)/service/echolog.conf
$(SHARE): $(PROGRAMS) $(wildcard docs/man/*.in) utils/make-man utils/make-completions \
          conf/echolog.conf src/commands/commands.def
	$(call say,MAKE,$@)
	$(Q)utils/make-man $(BUILD) $(VERSION)
	$(Q)utils/make-completions $(BUILD)
	@touch $@

# These know where they will be.
.PHONY: service
service:
	@mkdir -p $(BUILD)/service
	@sed -e 's|@BINDIR@|$(PREFIX)/bin|; s|@CONFIG@|$(SYSCONFDIR)/echolog/echolog.conf|' \
	     -e 's|@SYSCONFDIR@|$(SYSCONFDIR)|; s|/var/lib/echolog|$(LOCALSTATEDIR)/lib/echolog|' \
	     utils/service/echolog.service.in >$(BUILD)/service/echolog.service
	@sed 's|^dir \./echolog-data|dir $(LOCALSTATEDIR)/lib/echolog|' conf/echolog.conf >$(INSTALLED_CONF)

BINDIR := $(DESTDIR)$(PREFIX)/bin
DOCDIR := $(DESTDIR)$(PREFIX)/share/doc/echolog
MANDIR := $(DESTDIR)$(PREFIX)/share/man
CONFIG := $(DESTDIR)$(SYSCONFDIR)/echolog/echolog.conf
LOGROTATEDIR := $(DESTDIR)$(SYSCONFDIR)/logrotate.d
UNITDIR := $(DESTDIR)$(PREFIX)/lib/systemd/system
SYSUSERSDIR := $(DESTDIR)$(PREFIX)/lib/sysusers.d
TMPFILESDIR := $(DESTDIR)$(PREFIX)/lib/tmpfiles.d
BASHDIR := $(DESTDIR)$(PREFIX)/share/bash-completion/completions
ZSHDIR  := $(DESTDIR)$(PREFIX)/share/zsh/site-functions
FISHDIR := $(DESTDIR)$(PREFIX)/share/fish/vendor_completions.d
DOCS := LICENSE README.md $(wildcard docs/*.md)
PICTURES := $(wildcard docs/pictures/*.svg)
FISH := $(addprefix echolog-,$(addsuffix .fish,server $(TOOLS)))

# A configuration that is there already is left as it is. install-strip leaves debugging information out, and
# the names that crash reports use in.
.PHONY: install-strip
install-strip: STRIP := -s --strip-program=utils/strip-debug
install install-strip: all $(SHARE) service
	install -d $(BINDIR) $(DOCDIR)/pictures $(MANDIR)/man1 $(MANDIR)/man5 $(dir $(CONFIG)) $(LOGROTATEDIR) $(UNITDIR) \
	    $(SYSUSERSDIR) $(TMPFILESDIR) $(BASHDIR) $(ZSHDIR) $(FISHDIR)
	install $(STRIP) -m 755 $(PROGRAMS) $(BINDIR)
	install -m 755 utils/install-service $(BINDIR)/echolog-install-service
	install -m 644 $(DOCS) $(DOCDIR)
	install -m 644 $(PICTURES) $(DOCDIR)/pictures
	install -m 644 conf/echolog.conf $(DOCDIR)/echolog.conf.default
	install -m 644 $(addprefix $(BUILD)/man/,$(filter %.1,$(MAN_PAGES))) $(MANDIR)/man1
	install -m 644 $(addprefix $(BUILD)/man/,$(filter %.5,$(MAN_PAGES))) $(MANDIR)/man5
	test -e $(CONFIG) || install -m 640 $(INSTALLED_CONF) $(CONFIG)
	install -m 644 utils/service/echolog.logrotate $(LOGROTATEDIR)/echolog
	install -m 644 $(BUILD)/service/echolog.service $(UNITDIR)
	install -m 644 utils/service/echolog.sysusers $(SYSUSERSDIR)/echolog.conf
	install -m 644 utils/service/echolog.tmpfiles $(TMPFILESDIR)/echolog.conf
	install -m 644 $(BUILD)/completions/echolog.bash $(BASHDIR)/echolog-server
	ln -sf echolog-server $(BASHDIR)/echolog-cli
	ln -sf echolog-server $(BASHDIR)/echolog-dump
	ln -sf echolog-server $(BASHDIR)/echolog-bench
	install -m 644 $(BUILD)/completions/_echolog $(ZSHDIR)
	install -m 644 $(addprefix $(BUILD)/completions/,$(FISH)) $(FISHDIR)

# Leaves a configuration that was changed, and all data.
uninstall: service
	rm -f $(addprefix $(BINDIR)/,$(notdir $(PROGRAMS)) echolog-install-service)
	rm -f $(addprefix $(DOCDIR)/,$(notdir $(DOCS)) echolog.conf.default pictures/*.svg)
	rm -f $(addprefix $(MANDIR)/man1/,$(filter %.1,$(MAN_PAGES))) $(addprefix $(MANDIR)/man5/,$(filter %.5,$(MAN_PAGES)))
	rm -f $(LOGROTATEDIR)/echolog $(UNITDIR)/echolog.service $(SYSUSERSDIR)/echolog.conf $(TMPFILESDIR)/echolog.conf
	rm -f $(addprefix $(BASHDIR)/echolog-,server $(TOOLS)) $(ZSHDIR)/_echolog $(addprefix $(FISHDIR)/,$(FISH))
	if cmp -s $(INSTALLED_CONF) $(CONFIG); then rm $(CONFIG); fi
	-rmdir --ignore-fail-on-non-empty $(DOCDIR)/pictures $(DOCDIR) $(dir $(CONFIG))

# --- test programs ----------------------------------------------------------------------------------

$(BUILD)/tests/%.o: tests/%.c $(FLAGS) | $(DEPS_TEST)
	@mkdir -p $(@D)
	$(call say,CC,$<)
	$(Q)$(COMPILE) -Itests -Wno-missing-prototypes -c -o $@ $<

test_objects = $(patsubst tests/%.c,$(BUILD)/tests/%.o,$(wildcard $(1)))

# Unit tests: one Criterion program per folder, linked with that folder and those below it.
UNIT_FOLDERS := $(foreach f,$(LAYERS) $(TOOLS) $(ABOVE),$(if $(wildcard tests/unit/$(f)/*.c),$(f)))
UNIT_TESTS := $(addprefix $(BUILD)/unit/,$(UNIT_FOLDERS))

# What a folder's tests share with others'.
UNIT_SUPPORT_net      := tests/support/certificates.c
UNIT_SUPPORT_cli      := tests/support/certificates.c
UNIT_SUPPORT_topics   := tests/unit/storage/fake_disk.c
UNIT_SUPPORT_server   := tests/support/*.c tests/unit/storage/fake_disk.c
UNIT_SUPPORT_commands := tests/support/*.c
UNIT_SUPPORT_session  := tests/support/*.c
UNIT_SUPPORT_config   := tests/support/directive_rows.c
UNIT_SUPPORT_lab      := tests/unit/cli/resp.c
UNIT_SUPPORT_groups   := tests/unit/topics/rig.c tests/unit/storage/fake_disk.c

define unit_rules
$(BUILD)/unit/$(1): $(call test_objects,tests/unit/$(1)/*.c $(UNIT_SUPPORT_$(1))) $(call archives_of,$(if $(filter $(1),$(TOOLS) $(ABOVE)),$(1) $($(1)_uses),$(call below,$(1))))
	@mkdir -p $$(@D)
	$$(call say,LINK,$$@)
	$$(Q)$$(LINK_TEST) -o $$@ $$^ -lcriterion $($(1)_libs) $$(LIBS)
.PHONY: unit-$(1)
unit-$(1): $(BUILD)/unit/$(1)
	$(BUILD)/unit/$(1) --short-filename
endef
$(foreach f,$(UNIT_FOLDERS),$(eval $(call unit_rules,$(f))))

# Server tests: one Criterion program that starts the real server and speaks to it through hiredis.
# It knows nothing of src. Criterion does not run under ThreadSanitizer, so in that flavour the
# server is instrumented and the test process is an ordinary one.
SERVER_TESTS := $(if $(wildcard src/server/main.c),$(if $(wildcard tests/server/*.c),$(BUILD)/server-tests))
ifeq ($(FLAVOUR),tsan)
$(BUILD)/server-tests: FLAVOUR_CFLAGS  = $(CFLAGS_debug)
$(BUILD)/server-tests: FLAVOUR_LDFLAGS =
endif
$(BUILD)/server-tests: $(call test_objects,tests/server/*.c tests/support/directive_rows.c tests/support/certificates.c)
	$(call say,LINK,$@)
	$(Q)$(LINK_TEST) -o $@ $^ -lcriterion -lhiredis $(TLS_LIBS)

# Plain programs that are run under ThreadSanitizer: they fail by their exit status.
TSAN_TESTS := $(patsubst tests/tsan/%.c,$(BUILD)/tsan/%,$(wildcard tests/tsan/test_*.c))
$(BUILD)/tsan/%: $(BUILD)/tests/tsan/%.o $(call archives_of,$(FOLDERS))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK_TEST) -o $@ $^ $(LIBS)

# The simulator: src/storage on a disk in memory, run from seeds. It replays one with SEED, and tries SEEDS
# of them otherwise.
SEEDS ?= 2000
SIM := $(BUILD)/sim
$(SIM): $(call test_objects,tests/sim/*.c) $(call archive,storage)
	$(call say,LINK,$@)
	$(Q)$(LINK_TEST) -o $@ $^ $(LIBS)

# The other simulator: the whole broker with its clients on that disk.
SIM_DISK := tests/sim/sim_disk.c tests/sim/sim_files.c tests/sim/sim_inode.c tests/sim/sim_names.c
SIM_BROKER := $(BUILD)/simbroker
$(SIM_BROKER): $(call test_objects,tests/simbroker/*.c tests/support/seeds.c $(SIM_DISK)) $(call archives_of,$(FOLDERS))
	$(call say,LINK,$@)
	$(Q)$(LINK_TEST) -o $@ $^ $(LIBS)

# The same scripts against redis-server, and what differs: ARGS="pubsub --show", or --seeds 500.
.PHONY: parity
parity: $(SERVER)
	@ECHOLOG_SERVER=$(abspath $(SERVER)) tests/parity/run $(ARGS)

.PHONY: sim simbroker
sim: $(SIM)
	$(SIM) $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(ARGS)
simbroker: $(SIM_BROKER)
	$(SIM_BROKER) $(if $(SEED),--seed $(SEED),--seeds $(SEEDS)) $(ARGS)

# The server under load, killed and read back; bits flipped in what it stored; a full disk. It says its seed.
CRASH := $(BUILD)/crash
$(CRASH): $(call test_objects,tests/crash/*.c)
	$(call say,LINK,$@)
	$(Q)$(LINK_TEST) -o $@ $^ -lhiredis -lm

.PHONY: crash prove
crash: $(SERVER) $(CRASH)
	ECHOLOG_SERVER=$(abspath $(SERVER)) $(CRASH) $(if $(SEED),--seed $(SEED)) $(ARGS)

prove: $(SERVER) $(CRASH) $(SIM)
	@SEED=$(SEED) utils/prove $(abspath $(SERVER)) $(CRASH) $(SIM)

# What hostile and clumsy clients do to a server, in full; `make test` runs a short form. ARGS names some of the attacks,
# and --strict holds what other clients notice of them against a limit.
.PHONY: abuse
abuse: $(SERVER)
	@ECHOLOG_SERVER=$(abspath $(SERVER)) FLAVOUR=$(FLAVOUR) tests/abuse/run $(ARGS)

# Instructions per command: `make test` compares them with tests/instructions/counts, this writes that file anew.
.PHONY: instructions instructions-record
instructions instructions-record: $(SERVER)
	@ECHOLOG_SERVER=$(abspath $(SERVER)) tests/instructions/run $(if $(filter %-record,$@),--record) $(ARGS)

# What is made of sources and kept in the tree. docs-test runs what the pages show; ARGS names some of them.
.PHONY: docs docs-test
docs:
	@utils/make-reference >docs/commands.md
	@utils/make-pictures
docs-test: all
	@ECHOLOG_SERVER=$(abspath $(SERVER)) ECHOLOG_CLI=$(abspath $(CLI)) tests/docs/run $(ARGS)

# Clients in languages that `make test` does not ask for.
.PHONY: interop
interop: $(SERVER)
	@ECHOLOG_SERVER=$(abspath $(SERVER)) tests/interop/run $(BUILD)/interop $(ARGS)

# Fuzz targets: tests/fuzz/fuzz_<name>.c with its corpus in tests/fuzz/corpus/<name>. `make fuzz`
# links them with libFuzzer; every other flavour with a driver that replays the corpus. Some put what they
# are given on a disk in memory.
FUZZ_NAMES := $(patsubst tests/fuzz/fuzz_%.c,%,$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_TESTS := $(addprefix $(BUILD)/fuzz/,$(FUZZ_NAMES))
FUZZ_DRIVER := $(if $(filter fuzz,$(FLAVOUR)),-fsanitize=fuzzer,$(BUILD)/tests/fuzz/replay.o)
FUZZ_SUPPORT := $(call test_objects,tests/fuzz/log_rig.c tests/unit/storage/fake_disk.c tests/unit/config/fake_files.c)
$(BUILD)/fuzz/%: $(BUILD)/tests/fuzz/fuzz_%.o $(filter %.o,$(FUZZ_DRIVER)) $(FUZZ_SUPPORT) $(call archives_of,$(FOLDERS))
	@mkdir -p $(@D)
	$(call say,LINK,$@)
	$(Q)$(LINK_TEST) -o $@ $(filter-out %.d,$^) $(filter -%,$(FUZZ_DRIVER)) $(LIBS)

# --- running the tests ------------------------------------------------------------------------------

# tests/run runs the parts in turn and ends with one line: N passed, N failed.
RUN_TESTS = FLAVOUR=$(FLAVOUR) ECHOLOG_SERVER=$(abspath $(SERVER)) ECHOLOG_CLI=$(abspath $(CLI)) tests/run $(BUILD)
UNIT_PARTS   = $(addprefix criterion:,$(UNIT_TESTS))
SERVER_PARTS = $(addprefix criterion:,$(SERVER_TESTS))
ABUSE_PARTS  = $(if $(SERVER_TESTS),counted:tests/abuse/run:--short)
CLIENT_PARTS = $(if $(SERVER_TESTS),counted:tests/clients/run)
DOCS_PARTS   = $(if $(SERVER_TESTS),counted:tests/docs/run)
PROCESS_PARTS = $(if $(SERVER_TESTS),counted:tests/process/run)
# What a command costs, in instructions; see tests/instructions.
INSTRUCTIONS_PARTS = $(if $(SERVER_TESTS),counted:tests/instructions/run)
PARITY_PARTS = $(if $(SERVER_TESTS),counted:tests/parity/run)
FUZZ_PARTS   = $(foreach n,$(FUZZ_NAMES),plain:$(BUILD)/fuzz/$(n):tests/fuzz/corpus/$(n))
SIM_PARTS    = counted:$(SIM):--seeds=$(SEEDS) counted:$(SIM_BROKER):--seeds=$(SEEDS)
LINT_PARTS   = plain:utils/lint-layers
EXAMPLE_PARTS = plain:tests/example/run:$(EXAMPLE)

.PHONY: test asan tsan fuzz test-asan test-tsan test-fuzz
test: all $(BENCH_FLOOR) $(SHARE) $(EXAMPLE) $(UNIT_TESTS) $(SERVER_TESTS) $(FUZZ_TESTS) $(SIM) $(SIM_BROKER) $(CRASH) | $(DEPS_TEST)
	@$(RUN_TESTS) $(LINT_PARTS) $(UNIT_PARTS) $(SIM_PARTS) $(EXAMPLE_PARTS) $(FUZZ_PARTS) $(SERVER_PARTS) \
	    $(PROCESS_PARTS) counted:$(CRASH) $(ABUSE_PARTS) $(CLIENT_PARTS) $(DOCS_PARTS) $(PARITY_PARTS) $(INSTRUCTIONS_PARTS)

# The sanitizers' runs fail when a sanitizer wrote a report, whichever process it was in.
asan tsan:
	@+$(MAKE) --no-print-directory FLAVOUR=$@ BUILD=build/$@ test-$@

test-asan: all $(UNIT_TESTS) $(SERVER_TESTS) $(FUZZ_TESTS) $(SIM) $(SIM_BROKER) $(CRASH) | $(DEPS_TEST)
	@$(RUN_TESTS) $(UNIT_PARTS) counted:$(SIM):--seeds=200 counted:$(SIM_BROKER):--seeds=100 $(FUZZ_PARTS) $(SERVER_PARTS) \
	    $(ABUSE_PARTS) counted:$(CRASH):--rounds=30

test-tsan: all $(SERVER_TESTS) $(TSAN_TESTS) | $(DEPS_TEST)
	@$(RUN_TESTS) $(addprefix plain:,$(TSAN_TESTS)) $(SERVER_PARTS)

# Each target for FUZZ_SECONDS; what it finds is left in build/fuzz/findings.
FUZZ_SECONDS ?= 60
fuzz:
	@+$(MAKE) --no-print-directory FLAVOUR=$@ BUILD=build/$@ test-$@

test-fuzz: $(FUZZ_TESTS)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) utils/fuzz $(BUILD) $(FUZZ_NAMES)

# --- the rest ---------------------------------------------------------------------------------------

.PHONY: lint format bench bench-storage bench-groups clean help
lint: all $(SHARE) service
	@MAN='$(BUILD)/man' COMPLETIONS='$(BUILD)/completions' UNIT='$(BUILD)/service/echolog.service' CC='$(CC)' CFLAGS='-std=c11 -Isrc -D_GNU_SOURCE $(WARNINGS)' utils/lint

format:
	clang-format -i $(shell find src tests utils -name '*.[ch]')

# Beside Redis and NATS, where they are installed, and a floor. ARGS names rows: ARGS="publish fan-out --rounds 1"
bench: all $(BENCH_FLOOR)
	@utils/bench/run $(BUILD) $(ARGS)

bench-storage: $(BENCH_STORAGE)
	@$(BENCH_STORAGE) $(BUILD)/bench-storage-data

# A tenth of it with ARGS=10.
bench-groups: $(SERVER) $(BENCH_GROUPS)
	@$(BENCH_GROUPS) $(SERVER) $(BUILD)/bench-groups-data $(ARGS)

clean:
	rm -rf build

help:
	@echo 'make             build the server and the command line client'
	@echo 'make run         build and start the broker here; ARGS="--port 7000" adds directives'
	@echo 'make test        all tests; the last line counts them'
	@echo 'make asan        unit and server tests under AddressSanitizer and UBSan'
	@echo 'make tsan        server and worker tests under ThreadSanitizer'
	@echo 'make fuzz        every fuzz target for FUZZ_SECONDS (60) each; needs clang'
	@echo 'make sim         the log on a simulated disk: SEEDS=2000 of them, or SEED=k again; ARGS=--verbose'
	@echo 'make parity      the same scripts against redis-server and echolog-server; ARGS="pubsub --show"'
	@echo 'make crash       kill -9 in the middle of work, flipped bits, full disks; SEED=k again; ARGS="--rounds 500"'
	@echo 'make abuse       hostile and clumsy clients, in full: memory, what others notice; ARGS="--strict random_bytes"'
	@echo 'make instructions what commands cost in instructions, against the record; instructions-record writes it anew'
	@echo 'make prove       what an acknowledgement is worth, tried out in about a minute'
	@echo 'make interop     client libraries of other languages; fetches them; ARGS=Jedis runs one of them'
	@echo 'make docs        the reference of commands and the pictures, from their sources; docs-test runs what pages show'
	@echo 'make lint        layers, headers, formatting, scripts, names'
	@echo 'make format      clang-format on every source'
	@echo 'make bench       the table beside redis-server and the targets; ARGS="publish fan-out --rounds 1"'
	@echo '                 bench-storage: the storage library'
	@echo '                 bench-groups: a server with many consumer groups'
	@echo 'make install     into PREFIX (/usr/local), below DESTDIR; uninstall takes it out again; install-strip'
	@echo 'make clean       remove build/'
	@echo 'make unit-base   the unit tests of one folder; FLAVOUR=asan, BUILD=dir and V=1 work everywhere'

# Objects of tests are kept, as all others.
.SECONDARY:

-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
