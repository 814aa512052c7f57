/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Registers of OMAP3 that no layout may pass through as they are: what Umbra drives itself, and what could take the board away from under
 * it. A register filter of emulators/ stands over them, or they are withheld. Addresses: OMAP36xx TRM, memory map; an agent of the L4
 * interconnect (the page behind its block) can reset that block. What hangs on L4-Wakeup answers a second time in L4-Emu, 0x0c400000 higher,
 * where the debugger reaches it: all of it is withheld there.
 */
#include <hv/passthrough.h>

#define DRIVES	"Umbra drives itself"
#define RESETS	"can reset the board or switch it off"
#define BLOCKS	"can reset or block what Umbra drives"

const struct host_range host_owned[] = {
	{ "the interrupt controller", 0x48200000, 0x1000, false, DRIVES },
	{ "GPTIMER11", 0x48088000, 0x1000, false, DRIVES },
	{ "UART3", 0x49020000, 0x1000, true, DRIVES },
	{ "the clock manager", 0x48004000, 0x4000, false, DRIVES },
	{ "the power and reset manager", 0x48306000, 0x4000, false, DRIVES },
	{ "the memory scheduler", 0x6c000000, 0x10000, false, DRIVES },
	{ "the memory controller", 0x6d000000, 0x10000, false, DRIVES },
	{ "I2C1 with the power chip", 0x48070000, 0x1000, false, RESETS },
	{ "WDT2", 0x48314000, 0x1000, false, RESETS },
	{ "L4-Wakeup by way of L4-Emu", 0x54700000, 0x31000, false, RESETS },
	{ "the agent of GPTIMER11", 0x48089000, 0x1000, false, BLOCKS },
	{ "the agent of UART3", 0x49021000, 0x1000, false, BLOCKS },
	{ "the agent of the 32 kHz counter", 0x48321000, 0x1000, false, BLOCKS },
	{ "the agent of I2C1", 0x48071000, 0x1000, false, BLOCKS },
	{ "the agent of WDT2", 0x48315000, 0x1000, false, BLOCKS },
	{ "the protection of L4-Core", 0x48040000, 0x2000, false, BLOCKS },
	{ "the protection of L4-Wakeup", 0x48328000, 0x3000, false, BLOCKS },
	{ "the protection of L4-Per", 0x49000000, 0x2000, false, BLOCKS },
	{ "the protection of L4-Emu", 0x54006000, 0x3000, false, BLOCKS },
	{ "the L3 interconnect", 0x68000000, 0x15000, false, BLOCKS },
	{ "the processor's debug registers", 0x54011000, 0x1000, false, "can halt the processor" },
	{ "the debug access port's control", 0x5401d000, 0x1000, false, "can halt the processor" },
};
const u32 host_owned_nr = ARRAY_SIZE(host_owned);

const struct host_range host_sram[] = {
	{ "on-chip RAM", 0x40200000, 0x10000, false, NULL },
};
const u32 host_sram_nr = ARRAY_SIZE(host_sram);
