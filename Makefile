# SPDX-License-Identifier: GPL-2.0-or-later
# The build: configuration, Umbra, layouts, SD card image, and the targets that start the tools. See `make help`.
#
# Not recursive: every folder's Makefile only adds names to obj-y (relative to its folder) and is read here. Flags of
# one object: CFLAGS_name.o := ... in the same place. Everything that is made goes to O (build/ if not given).

MAKEFLAGS += --no-builtin-rules --no-builtin-variables
.SUFFIXES:
.DELETE_ON_ERROR:
.DEFAULT_GOAL := all

ifneq ($(abspath $(dir $(lastword $(MAKEFILE_LIST)))),$(CURDIR))
$(error Run make in the top folder of the source tree)
endif

O ?= build
include tools/build.mk
# One spelling for one folder: the compiler's command line is part of what decides about rebuilding.
override O := $(patsubst $(CURDIR)/%,%,$(abspath $(O)))
CROSS_COMPILE ?= arm-none-eabi-
PYTHON := /usr/bin/python3
V ?= 0
Q := $(if $(filter 0,$(V)),@)
say = $(if $(filter 0,$(V)),@printf '  %-8s%s\n' '$(1)' '$(patsubst $(O)/%,%,$(2))')

CC := $(if $(filter-out 0,$(LLVM)),clang,$(CROSS_COMPILE)gcc)
with_clang := $(findstring clang,$(notdir $(firstword $(CC))))
# Assembles and links, whatever compiles C: it knows where picolibc and its own library are, and clang's assembler does not know ADRL.
GCC := $(CROSS_COMPILE)gcc
OBJCOPY := $(CROSS_COMPILE)objcopy
AR := $(CROSS_COMPILE)ar
CPP := cpp

export srctree := $(CURDIR)
export KCONFIG_CONFIG := $(abspath $(O))/.config
export UMBRA_BUILD := $(abspath $(O))

# --- Configuration ---------------------------------------------------------------------------------------------------

config_targets := menuconfig guiconfig oldconfig olddefconfig randconfig allyesconfig allnoconfig alldefconfig listnewconfig
# Goals that need no configuration; reading it for them would make `make clean` build things.
plain_goals := $(config_targets) %_defconfig %.config savedefconfig clean distclean help test bench check check-host coverage setup fetch \
	run run-native debug
need_config := $(if $(MAKECMDGOALS),$(filter-out $(plain_goals),$(MAKECMDGOALS)),all)

# Before anything is made in the build folder: without these there is nothing to build.
ifneq ($(need_config),)
$(eval $(call need_programs,$(CC) $(filter-out $(CC),$(GCC)) $(OBJCOPY) $(AR) $(CPP) dtc mkimage))
endif

# One make at a time: two would read what the other has half written. Tools that run below this one are part of it.
ifneq ($(need_config),)
ifneq ($(UMBRA_BUILDING),$(UMBRA_BUILD))
ifeq ($(MAKE_RESTARTS),)
$(shell $(PYTHON) $(build_folder) hold '$(UMBRA_BUILD)' $$PPID)
endif
export UMBRA_BUILDING := $(UMBRA_BUILD)
endif
endif

.PHONY: $(config_targets) savedefconfig
$(config_targets): | $(O)/.umbra-build
	$(Q)$(PYTHON) tools/kconfig.py $@

savedefconfig: $(O)/.config
	$(Q)$(PYTHON) tools/kconfig.py $@ $(O)/defconfig
	@echo "The difference from the defaults is in $(O)/defconfig"

%_defconfig: configs/%_defconfig | $(O)/.umbra-build
	$(Q)$(PYTHON) tools/kconfig.py defconfig $<

configs/%_defconfig: ;

# Fragments: each over what the goals before it left, also with -j; what those set must stand.
fragments := $(filter %.config,$(MAKECMDGOALS))
before := $(or $(filter %_defconfig,$(MAKECMDGOALS)),$(if $(fragments),$(O)/.config))
earlier := $(patsubst %,configs/%,$(filter %_defconfig,$(MAKECMDGOALS)))
$(foreach f,$(fragments),$(eval $(f): | $(before))$(eval $(f): earlier := $(earlier))$(eval before := $(f))$(eval earlier += configs/fragments/$(f)))

.PHONY: $(fragments)
$(fragments): %.config: configs/fragments/%.config
	$(Q)$(PYTHON) tools/kconfig.py merge $< $(earlier)

configs/fragments/%.config: ;

kconfig_files := Kconfig $(wildcard arch/arm/Kconfig arch/arm/*/Kconfig core/Kconfig* emulators/Kconfig drivers/Kconfig \
	drivers/passthrough/Kconfig)

# Without a configuration of one's own, the board's.
$(O)/.config: | $(O)/.umbra-build
	$(Q)test -e $@ || $(PYTHON) tools/kconfig.py defconfig configs/beagle-xm_defconfig

$(O)/auto.conf: $(O)/.config $(kconfig_files) tools/kconfig.py
	$(Q)$(PYTHON) tools/kconfig.py sync $(O)

ifneq ($(need_config),)
include $(O)/auto.conf
endif

# --- Sources ---------------------------------------------------------------------------------------------------------

folders := arch/arm arch/arm/cpu arch/arm/mmu core emulators drivers drivers/passthrough
objects :=
# What one folder adds. obj-y is emptied first, so that nothing leaks from one folder to the next.
define read_folder
obj-y :=
-include $(1)/Makefile
objects += $$(addprefix $$(O)/$(1)/,$$(obj-y))
$$(foreach o,$$(obj-y),$$(eval $$(O)/$(1)/$$(o): CFLAGS_OBJECT := $$(CFLAGS_$$(o))))
endef
$(foreach folder,$(folders),$(eval $(call read_folder,$(folder))))

warnings := -Wall -Wextra -Werror -Wshadow -Wstrict-prototypes -Wmissing-prototypes -Wundef -Wno-unused-parameter
# Soft floating point: Umbra must not touch the guest's VFP registers. No unaligned access: Umbra also runs with the MMU off.
machine_flags := -mcpu=cortex-a8 -marm -mfloat-abi=soft -mno-unaligned-access
# What GCC and clang call differently. Addresses are in whole words, so that entry.S can move the image (-pie: the linker lists them).
gcc_flags := --specs=picolibc.specs -mword-relocations
picolibc_include := $(if $(with_clang),$(shell $(GCC) --specs=picolibc.specs -E -v -xc /dev/null 2>&1 | sed -n 's/^ \(.*picolibc.*include\)$$/\1/p'))
clang_flags := --target=$(CROSS_COMPILE:%-=%) -mno-movt -meabi gnu -fshort-enums -ftls-model=local-exec -isystem $(picolibc_include)
# The tool chain's 32-bit types are long, those of the build host int. With int here too, unit tests and target agree on
# types and printf formats (and libfdt, which mixes int and int32_t, compiles). Same size and registers either way.
type_flags := -U__INT32_TYPE__ -D__INT32_TYPE__=int -U__UINT32_TYPE__ "-D__UINT32_TYPE__=unsigned int"
common_flags := -DPICOLIBC_INTEGER_PRINTF_SCANF $(machine_flags) $(type_flags) -O2 -g -fno-common -ffunction-sections -fdata-sections
compiler_flags := $(if $(with_clang),$(clang_flags),$(gcc_flags)) $(common_flags)
# A null pointer is an address of the board (GPMC), so its checks stay.
c_flags := $(compiler_flags) -std=gnu11 -fno-strict-aliasing -fno-delete-null-pointer-checks -fno-stack-protector \
	-fstack-usage $(warnings)
include_flags := -Icore/include -Iarch/arm/include -I$(O)/include -isystem $(O)/libfdt/include \
	-include $(O)/include/autoconf.h
link_flags := $(gcc_flags) $(common_flags) -nostartfiles -static -Wl,-pie,--no-dynamic-linker,-z,notext -Wl,--gc-sections -Wl,--build-id=none -Wl,--fatal-warnings \
	-Wl,--no-warn-rwx-segments -Wl,-z,noexecstack -Wl,-z,max-page-size=4096

# A file that changes exactly when its text does: what depends on it is rebuilt when flags or the object list change.
define stamp
.PHONY: force
$(1): force | $(O)/.umbra-build
	@printf '%s\n' '$(2)' | cmp -s - $$@ || printf '%s\n' '$(2)' >$$@
endef
force: ;
ifneq ($(need_config),)
cc_version := $(CC) $(shell $(CC) --version 2>/dev/null | head -n 1)
# The name with its folder, if it is there.
with_picolibc := $(if $(with_clang),$(GCC),$(CC))
ifeq ($(filter /%,$(shell $(with_picolibc) -print-file-name=picolibc.specs 2>/dev/null)),)
$(error $(with_picolibc) has no picolibc, or does not run: run tools/setup)
endif
endif
$(eval $(call stamp,$(O)/flags,$(cc_version) $(c_flags) $(include_flags) $(link_flags)))
$(eval $(call stamp,$(O)/objects,$(objects)))

# --- libfdt, from Debian's U-Boot source package ---------------------------------------------------------------------

fdt_names := fdt fdt_ro fdt_wip fdt_sw fdt_rw fdt_strerror fdt_empty_tree fdt_addresses
fdt_objects := $(fdt_names:%=$(O)/libfdt/%.o)

$(O)/libfdt/include/libfdt.h: tools/libfdt tools/fetch tools/lib/umbra_debian.py | $(O)/.umbra-build
	$(call say,FETCH,libfdt)
	$(Q)$(PYTHON) tools/libfdt $(O)/libfdt/include

# The copies come with the header; their own warnings are not ours to mend.
$(fdt_names:%=$(O)/libfdt/include/%.c): $(O)/libfdt/include/libfdt.h ;

$(fdt_objects): $(O)/libfdt/%.o: $(O)/libfdt/include/%.c $(O)/flags
	$(call say,CC,$@)
	$(Q)$(CC) $(compiler_flags) -std=gnu11 -w -I$(O)/libfdt/include -c -o $@ $<

$(O)/libfdt.a: $(fdt_objects)
	$(call say,AR,$@)
	$(Q)rm -f $@ && $(AR) rcs $@ $^

# --- Umbra -----------------------------------------------------------------------------------------------------------

.PHONY: all
all: $(O)/umbra.elf $(O)/umbra.bin $(O)/umbra.img layouts

common_needs := $(O)/flags $(O)/auto.conf $(O)/libfdt/include/libfdt.h

$(O)/%.o: %.c $(common_needs)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(c_flags) $(include_flags) $(CFLAGS_OBJECT) -MMD -MP -c -o $@ $<

# What assembly knows of C: numbers that the compiler wrote into marked lines.
$(O)/arch/arm/asm_offsets.s: arch/arm/asm_offsets.c $(common_needs)
	$(call say,CC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CC) $(c_flags) $(include_flags) -MMD -MP -MT $@ -MF $@.d -S -o $@ $<

$(O)/include/asm_offsets.h: $(O)/arch/arm/asm_offsets.s
	$(call say,OFFSETS,$@)
	$(Q)sed -n -e '1i /* Made from arch/arm/asm_offsets.c, for assembly. */' \
		-e 's/^.*"->\([A-Z0-9_]*\) \(-\{0,1\}[0-9]*\)"$$/#define \1 (\2)/p' $< >$@

$(O)/%.o: %.S $(common_needs) $(O)/include/asm_offsets.h
	$(call say,AS,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(GCC) $(gcc_flags) $(common_flags) -D__ASSEMBLY__ $(include_flags) -Wa,--fatal-warnings $(CFLAGS_OBJECT) -MMD -MP -c -o $@ $<

$(O)/umbra.lds: arch/arm/umbra.lds.S $(common_needs)
	$(call say,LDS,$@)
	$(Q)$(CC) -E -P -x assembler-with-cpp -D__ASSEMBLY__ $(include_flags) -MMD -MP -MT $@ -MF $@.d -o $@ $<

# The whole set of objects is in one group: units register themselves in linker sections that nothing refers to.
$(O)/umbra.elf: $(objects) $(O)/libfdt.a $(O)/umbra.lds $(O)/objects
	$(call say,LD,$@)
	$(Q)$(GCC) $(link_flags) -T $(O)/umbra.lds -Wl,-Map=$(O)/umbra.map -o $@ $(objects) $(O)/libfdt.a

$(O)/umbra.bin: $(O)/umbra.elf
	$(call say,BIN,$@)
	$(Q)$(OBJCOPY) -O binary $< $@

# SOURCE_DATE_EPOCH: the same sources give the same image.
$(O)/umbra.img: $(O)/umbra.bin
	$(call say,UIMAGE,$@)
	$(Q)SOURCE_DATE_EPOCH=0 mkimage -A arm -O linux -T kernel -C none -a $(CONFIG_LOAD_ADDRESS) -e $(CONFIG_LOAD_ADDRESS) \
		-n Umbra -d $< $@ >$@.log

ifneq ($(need_config),)
-include $(wildcard $(objects:.o=.d) $(O)/arch/arm/asm_offsets.s.d $(O)/umbra.lds.d)
endif

# --- Layouts ---------------------------------------------------------------------------------------------------------

layout_dir := configs/layouts
layouts := $(patsubst $(layout_dir)/%.dts,$(O)/layouts/%.dtb,$(wildcard $(layout_dir)/*.dts))

.PHONY: layouts
layouts: $(layouts) $(O)/layout-host
	$(Q)$(if $(CONFIG_EXPERT),-)$(PYTHON) tools/layout check --build $(O) $(layouts)

# An expert's choices may leave out what these layouts name: then that is said, and no error.
# The parser, the device types and the map of Umbra itself, on this computer: what tools/layout asks.
HOSTCC ?= gcc
layout_host_sources := $(wildcard tools/layout_host/*.c) $(addprefix core/,layout.c layout_msg.c emudev.c guest_map.c guest_fdt.c guest_tree.c guest.c \
	guest_files.c uimage.c passthrough.c) arch/arm/vcpu_size.c arch/arm/cpu/cpu_path.c arch/arm/mmu/strategy.c drivers/owned_omap.c drivers/passthrough/missing.c \
	$(patsubst $(O)/%.o,%.c,$(filter $(O)/emulators/%,$(objects)))
# Which paths and strategies there are is known by their objects; path_native.c is what some of them share.
built_of = $(patsubst $(O)/$(1)%.o,%,$(filter $(O)/$(1)%.o,$(objects)))
layout_host_plugins := '-DPATHS=$(foreach n,$(filter-out native,$(call built_of,arch/arm/cpu/path_)),PATH($(n)))' \
	'-DSTRATEGIES=$(foreach n,$(call built_of,arch/arm/mmu/strategy_),STRATEGY($(n)))'
$(O)/layout-host: $(layout_host_sources) $(common_needs) $(O)/include/passthrough_missing.h $(wildcard core/include/hv/*.h)
	$(call say,HOSTCC,$@)
	$(Q)$(HOSTCC) -std=gnu11 -O1 -g -Wall -Wextra -Werror -Wno-unused-parameter -fno-common -ffunction-sections -fdata-sections \
		-DUMBRA_HOST_TEST -D_GNU_SOURCE -include $(O)/include/autoconf.h -Icore/include -Iarch/arm/include -I$(O)/include $(layout_host_plugins) \
		-isystem $(O)/libfdt/include -o $@ $(layout_host_sources) $(fdt_names:%=$(O)/libfdt/include/%.c) \
		-Wl,--gc-sections -Wl,-T,tools/layout_host/sections.ld

# Device families: what layouts include of them, and what Umbra knows of those that are not built in.
families := $(wildcard drivers/passthrough/*.dtsi)
$(O)/layouts/passthrough.dtsi: tools/passthrough.py $(families) $(O)/auto.conf
	$(Q)mkdir -p $(@D)
	$(Q)$(PYTHON) tools/passthrough.py layout $@ $(O)/auto.conf && touch $@

$(O)/include/passthrough_missing.h: tools/passthrough.py $(families) $(O)/auto.conf
	$(Q)$(PYTHON) tools/passthrough.py missing $@ $(O)/auto.conf && touch $@

# dtc has no switch that makes its warnings errors: any word on stderr is one. The number in guest@1 is a name, not an address.
$(O)/layouts/%.dtb: $(layout_dir)/%.dts $(O)/layouts/passthrough.dtsi | $(O)/.umbra-build
	$(call say,DTC,$@)
	$(Q)mkdir -p $(@D)
	$(Q)$(CPP) -nostdinc -undef -D__DTS__ -x assembler-with-cpp -I$(layout_dir) -I$(O)/layouts -Idrivers/passthrough -MMD -MP -MT $@ -MF $@.d $< $@.tmp
	$(Q)dtc -I dts -O dtb -@ -W no-unit_address_vs_reg -i $(layout_dir) -o $@.new $@.tmp 2>$@.log || { cat $@.log >&2; exit 1; }
	$(Q)if [ -s $@.log ]; then cat $@.log >&2; echo "$<: a warning of dtc is an error" >&2; exit 1; fi
	$(Q)mv $@.new $@

-include $(wildcard $(layouts:=.d))

# --- Machine, card, runs ---------------------------------------------------------------------------------------------

# Which one is on the card, so that `make image LAYOUT=x` and then `make run` boots x.
with_layout := $(if $(LAYOUT),--layout $(LAYOUT))
# A run boots one.
one_layout := $(if $(LAYOUT),--layout $(firstword $(LAYOUT)))
with_overlays := $(foreach file,$(OVERLAY),--overlay $(file))
with_files := $(if $(KERNEL),--kernel $(KERNEL)) $(if $(DTB),--dtb $(DTB)) $(if $(INITRD),--initrd $(INITRD))

.PHONY: setup fetch image layout-name run run-native debug guests
setup:
	$(Q)tools/setup

fetch:
	$(Q)tools/fetch

layout-name:
	$(Q)tools/mkimage --check $(with_layout) $(with_overlays) $(with_files)

image: layout-name all
	$(Q)tools/mkimage $(with_layout) $(with_overlays) $(with_files)

run:
	$(Q)tools/run $(one_layout)

run-native:
	$(Q)tools/run --native $(one_layout)

debug:
	$(Q)tools/run --debug $(one_layout)

guests:
	$(Q)$(MAKE) --no-print-directory -C tests/guests O=$(abspath $(O))

# --- Tests and checks ------------------------------------------------------------------------------------------------

# For tools that read C as the compiler does.
.PHONY: print-flags print-sources
print-flags:
	@printf '%s\n' '$(c_flags) $(include_flags)'

print-sources:
	@printf '%s\n' $(wildcard $(patsubst $(O)/%.o,%.c,$(objects)))

.PHONY: test bench check check-host coverage
test:
	$(Q)tools/test

bench:
	$(Q)tools/bench

check-host:
	$(Q)$(MAKE) --no-print-directory -C tests/host O=$(abspath $(O))

coverage:
	$(Q)$(MAKE) --no-print-directory -C tests/host O=$(abspath $(O)) coverage

check:
	$(Q)tools/test checks host

# --- Housekeeping ----------------------------------------------------------------------------------------------------

.PHONY: clean distclean help
# Keeps the configuration and everything that tests and runs left behind.
clean:
	$(Q)rm -rf $(addprefix $(O)/,$(sort $(foreach f,$(folders),$(firstword $(subst /, ,$(f))))) libfdt layouts include host guests guest \
		umbra.* libfdt.a flags objects auto.conf)

distclean:
	$(Q)$(PYTHON) $(build_folder) remove $(O)

help:
	@sed -n 's/^#: \?//p' $(firstword $(MAKEFILE_LIST))

#: Configuration (the result is $(O)/.config; a warning is an error):
#:   beagle-xm_defconfig  the board's configuration (taken by itself when there is none); others: configs/*_defconfig
#:   NAME.config          what configs/fragments/NAME.config sets, over that: make beagle-xm_defconfig debug.config
#:   menuconfig guiconfig oldconfig olddefconfig savedefconfig listnewconfig
#:   allyesconfig allnoconfig alldefconfig
#:   randconfig           a random valid one; KCONFIG_SEED=N repeats it
#:
#: Build (O=DIR builds elsewhere than in build/, V=1 shows the commands, CC=clang compiles with that):
#:   all (default)        umbra.elf, umbra.bin, umbra.img (for U-Boot's bootm) and the layouts
#:   layouts              configs/layouts/*.dts to layouts/*.dtb, checked as Umbra would (tools/layout --help: show, diff)
#:   guests               the bare-metal test guests
#:   image                sdcard.img: one FAT partition with boot chain, Umbra, layout and guest; LAYOUT=NAME (or .dts, .dtb) picks one
#:                        (LAYOUT="NAME NAME": with a choice at boot),
#:                        OVERLAY=FILE (.dtso, .dtbo) changes it,
#:                        KERNEL=, DTB=, INITRD=FILE put other files in the place of those that it names
#:   clean distclean      remove what was built / the whole output folder (only a folder that the build made)
#:
#: Run (the machine is built at the first start):
#:   run                  boot the card in QEMU's beagle-xm; LAYOUT=NAME puts another layout on it
#:   run-native           the same card and guest files without Umbra
#:   debug                as run, stopped at the first instruction, with gdb attached
#:
#: Test:
#:   test                 everything; ends in `N passed, N failed` (tools/test --help: parts of it)
#:   check                only the quick part: source checks and unit tests on this computer
#:   check-host           only the unit tests
#:   coverage             what they execute of the sources (host-coverage/coverage.html)
#:   bench                lmbench, Dhrystone and others, natively and under Umbra (tools/bench --help: parts of it)
#:
#: Others:
#:   setup fetch          install Debian packages / fetch Debian's armhf packages into the cache
