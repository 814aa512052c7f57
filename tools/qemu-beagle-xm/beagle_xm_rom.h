// SPDX-License-Identifier: GPL-2.0-or-later
/* Boot ROM of the board: what the board file calls. */

#pragma once

#include "exec/memory.h"
#include "sysemu/block-backend.h"
#include "target/arm/cpu.h"

/* Creates the ROM (code, vectors, secure monitor) and maps it into system memory. Fatal if out of memory. */
void beagle_xm_rom_init(MemoryRegion *system_memory);

/*
 * Lets the processor, just reset and in Secure state, start in the ROM: that installs the secure monitor and enters
 * entry (physical address, ARM state) in Non-secure Supervisor mode with r0..r2 as given, all other general
 * registers 0, MMU and caches off, interrupts masked. Also writes the exception vectors in SRAM, which must already be
 * mapped in system memory. For use in a machine's reset handler, after cpu_reset().
 */
void beagle_xm_rom_enter(ARMCPU *cpu, uint32_t entry, uint32_t r0, uint32_t r1, uint32_t r2);

/*
 * What the ROM does after reset: takes MLO from the card into SRAM and enters it. card may be NULL. If that is not
 * possible, says why on stderr and leaves the processor asleep in the ROM. SRAM must already be mapped in system
 * memory. For use in a machine's reset handler, after cpu_reset().
 */
void beagle_xm_rom_boot(ARMCPU *cpu, BlockBackend *card);
