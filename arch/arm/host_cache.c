/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Host cache maintenance of the contract arch/cpu.h. */
#include <arch/cpu.h>
#include <arm/sysreg.h>

#define DCACHE_LINE	64u		/* Cortex-A8 L1 and L2 */
#define FLUSH_ALL_FROM	0x100000u	/* bytes: three times what the largest caches of a Cortex-A8 hold */

/* name(a, len): @op on each line of the range. Eight a turn: most ranges are pages. */
#define LINES(name, op)							\
static void name(hpa_t a, u32 len)					\
{									\
	u32 n = (len + (u32)a % DCACHE_LINE + DCACHE_LINE - 1) / DCACHE_LINE;	\
	hpa_t p = ALIGN_DOWN(a, DCACHE_LINE);				\
									\
	for (; n >= 8; n -= 8, p += 8 * DCACHE_LINE) {			\
		op(p);							\
		op(p + DCACHE_LINE);					\
		op(p + 2 * DCACHE_LINE);				\
		op(p + 3 * DCACHE_LINE);				\
		op(p + 4 * DCACHE_LINE);				\
		op(p + 5 * DCACHE_LINE);				\
		op(p + 6 * DCACHE_LINE);				\
		op(p + 7 * DCACHE_LINE);				\
	}								\
	for (; n; n--, p += DCACHE_LINE)				\
		op(p);							\
}
LINES(clean_lines, write_dccmvac)
LINES(flush_lines, write_dccimvac)

void arch_dcache_clean_range(hpa_t a, u32 len)
{
	clean_lines(a, len);
	dsb();
}

/* Clean and invalidate a level of the caches of data by set and way (B4.2.1, B4.1.19). */
static void flush_level(u32 level)
{
	u32 size, ways, way_shift, set_shift;

	write_csselr(level << 1);
	isb();
	size = read_ccsidr();
	ways = FIELD(size, 12, 3);
	way_shift = ways ? (u32)__builtin_clz(ways) : 0;
	set_shift = FIELD(size, 2, 0) + 4;
	for (u32 way = 0; way <= ways; way++)
		for (u32 set = 0; set <= FIELD(size, 27, 13); set++)
			write_dccisw(way << way_shift | set << set_shift | level << 1);
	dsb();
}

/* All levels up to the point of coherency that have data (B4.1.20). */
static void flush_all(void)
{
	u32 clidr = read_clidr();

	dsb();
	for (u32 level = 0; level < FIELD(clidr, 26, 24); level++)
		if (FIELD(clidr >> 3 * level, 2, 0) > 1)
			flush_level(level);
}

/* What is large goes by set and way, which names the lines that there are and not those that could be; there is one processor. */
void arch_dcache_flush_range(hpa_t a, u32 len)
{
	if (len >= FLUSH_ALL_FROM) {
		flush_all();
		return;
	}
	flush_lines(a, len);
	dsb();
}

void arch_icache_invalidate_all(void)
{
	dsb();
	write_iciallu(0);
	write_bpiall(0);
	dsb();
	isb();
}
