# SPDX-License-Identifier: GPL-2.0-or-later
# What each Makefile that builds begins with.
#
# The output folder $(O) is refused before anything happens if it is not the build's own; what writes to it first makes
# $(O)/.umbra-build, the mark.
build_folder := $(dir $(lastword $(MAKEFILE_LIST)))build_folder.py

ifneq ($(MAKECMDGOALS),setup)
ifeq ($(wildcard /usr/bin/python3),)
$(error python3 is missing: run tools/setup)
endif
build_refusal := $(shell /usr/bin/python3 $(build_folder) check '$(subst ','\'',$(O))' 2>&1)
ifneq ($(build_refusal),)
$(error $(build_refusal))
endif
endif

%/.umbra-build:
	@/usr/bin/python3 $(build_folder) claim $*

# $(call need_programs,NAMES): stop with one message that names those that are missing. Options among them are passed over.
define need_programs
missing_programs := $$(shell for p in $(filter-out -%,$(1)); do command -v $$$$p >/dev/null || echo $$$$p; done)
ifneq ($$(missing_programs),)
$$(error $$(missing_programs): not found; run tools/setup)
endif
endef
