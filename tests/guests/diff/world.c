// SPDX-License-Identifier: GPL-2.0-or-later
/* Everything around a block: pages, interrupt lines, a timer, the state it starts from, and hashing the state it leaves. */
#include "diff.h"

#define CM_CLKSEL_WKUP	0x48004c40
#define ILR(line)	(INTC_BASE + 0x100 + 4 * (line))
#define ILR_FIRST	74u		/* lines whose priority blocks may change */
#define UDF		0xe7f000f0u
#define P_DEVICE	(P_SMALL | P_XN | 0x4u | P_AP(0, 1))
#define P_DATA		(P_SMALL | P_XN | P_WB)
#define TIMER_SHOTS	3u
#define PAGE_WORDS	1024u
#define SECTION_RAM	(TEST_RAM + 0x00100000u)

static u32 code_kernel[PAGE_WORDS] __attribute__((aligned(4096), section(".playground")));
static u32 code_any[PAGE_WORDS] __attribute__((aligned(4096), section(".playground")));
static u32 code_user[PAGE_WORDS] __attribute__((aligned(4096), section(".playground")));
static u16 code_thumb[2 * PAGE_WORDS] __attribute__((aligned(4096), section(".playground")));
static u16 code_t32[2 * PAGE_WORDS] __attribute__((aligned(4096), section(".playground")));
static u16 code_thumb_user[2 * PAGE_WORDS] __attribute__((aligned(4096), section(".playground")));

u32 diff_hash;
static u32 rnd_state, timer_shots, timer_delay = 1;
u32 diff_sys[16];
const char *const diff_sys_name[16] = {
	"sctlr", "cpacr", "dacr", "dfsr", "ifsr", "dfar", "ifar", "par", "contextidr", "tpidrurw", "tpidruro", "tpidrprw",
	"csselr", "fpexc", "isr", "fpscr",
};

void mix(u32 v)
{
	diff_hash = (diff_hash ^ v) * 16777619u;
	diff_hash ^= diff_hash >> 15;
}

static u32 rnd(void)
{
	rnd_state ^= rnd_state << 13;
	rnd_state ^= rnd_state >> 17;
	rnd_state ^= rnd_state << 5;
	return rnd_state * 0x9e3779b1u;
}

/* -- pages -- */

static void page(u32 *l2, u32 va, const void *at, u32 attributes)
{
	pt_page(l2, va, (u32)at | attributes);
}

static void pages_init(void)
{
	u32 *l2 = l2_alloc(), *l2_domain = l2_alloc(), ram = TEST_RAM;

	for (u32 i = 0; i < ARRAY_SIZE(code_thumb); i++)
		((volatile u16 *)code_thumb)[i] = ((volatile u16 *)code_thumb_user)[i] = 0xbe00;
	code_sync(code_thumb, sizeof(code_thumb));
	code_sync(code_thumb_user, sizeof(code_thumb_user));
	page(l2, VA_KERNEL, code_kernel, P_SMALL | P_WB | P_AP(0, 1));
	page(l2, VA_ANY, code_any, P_SMALL | P_WB | P_AP(0, 3));
	page(l2, VA_USER, code_user, P_SMALL | P_WB | P_AP(0, 2));
	page(l2, VA_THUMB, code_thumb, P_SMALL | P_WB | P_AP(0, 1));
	page(l2, VA_THUMB_USER, code_thumb_user, P_SMALL | P_WB | P_AP(1, 3));
	page(l2, VA_T32, code_t32, P_SMALL | P_WB | P_AP(0, 1));
	pt_page(l2, VA_DATA, ram | P_DATA | P_AP(0, 3));
	pt_page(l2, VA_RO, (ram + 0x1000) | P_DATA | P_AP(1, 3));
	pt_page(l2, VA_PRIV, (ram + 0x2000) | P_DATA | P_AP(0, 1));
	pt_page(l2, VA_INTC, INTC_BASE | P_DEVICE);
	pt_page(l2, VA_EXTERNAL, HOLE_ADDR | P_DEVICE | P_AP(0, 3));
	/* both pages are mapped: the machine model has another opinion on what comes first, a translation or a domain fault */
	pt_page(l2_domain, VA_DOMAIN, (ram + 0x3000) | P_DATA | P_AP(0, 3));
	pt_page(l2_domain, VA_DOMAIN + 0x1000, (ram + 0x1000) | P_DATA | P_AP(1, 3));
	pt_flat(l1_main);
	for (u32 i = RAM_BASE >> 20; i < RAM_TEST_END >> 20; i++)
		pt_section(l1_main, i << 20, i << 20 | S_SECT | S_WB | S_AP(0, diff_mixed() ? 3 : 1));
	pt_section(l1_main, VA_KERNEL, L1_TABLE(l2, 0));
	pt_section(l1_main, VA_DOMAIN, L1_TABLE(l2_domain, 1));
	pt_section(l1_main, VA_SECTION, SECTION_RAM | S_RAM);
}

static void lines_init(void)
{
	intc_init();
	gpt1_init();
	write32(CM_CLKSEL_WKUP, read32(CM_CLKSEL_WKUP) | 1);	/* the system clock: interrupts come soon */
	(void)read32(CM_CLKSEL_WKUP);
	intc_priority(LINE_FIQ, 0, true);
	intc_unmask(LINE_IRQ);
	intc_unmask(LINE_FIQ);
	intc_unmask(GPT1_IRQ);
}

/* A hypervisor may learn at the first exit of T32 code that there is some (docs/caveats.md): it comes before the blocks. */
static void t32_first(void)
{
	static const u16 code[] = { 0xee10, 0x0f10, 0x4770 };		/* MRC MIDR; BX lr */

	for (u32 i = 0; i < ARRAY_SIZE(code); i++)
		((volatile u16 *)code_t32)[i] = code[i];
	code_sync((void *)VA_T32, sizeof(code));
	((void (*)(void))(VA_T32 + 1))();
}

void world_init(void)
{
	static void (*const hooks[8])(void) = {
		[1] = diff_hook_1, [2] = diff_hook_2, [3] = diff_hook_3, [4] = diff_hook_4, [6] = diff_hook_6, [7] = diff_hook_7,
	};

	pages_init();
	mmu_on_cached(l1_main, DACR_CLIENT(0) | DACR_CLIENT(1));
	for (u32 i = 0; i < 256; i++)
		write32(TEST_RAM + 0x1c00 + 4 * i, i * 0x01000193u);
	lines_init();
	t32_first();
	for (u32 i = 0; i < 8; i++)
		if (hooks[i])
			exc_hook[i] = hooks[i];
}

/* -- code -- */

static volatile u32 *backing(u32 va)
{
	switch (va & ~0xfffu) {
	case VA_KERNEL: return code_kernel;
	case VA_ANY: return code_any;
	default: return (volatile u32 *)SECTION_RAM;
	}
}

static void put(volatile u32 *to, const u32 *words, u32 n, u32 room)
{
	for (u32 i = 0; i < room; i++)
		to[i] = i < n ? words[i] : UDF;
}

static void put_t32(const struct diff_block *b)
{
	volatile u16 *to = code_t32 + (b->t32_va & 0xfff) / 2;

	for (u32 i = 0; i < T32_HALVES; i++)
		to[i] = i < b->t32_nr ? b->t32[i] : 0xde00;
}

void world_batch(u32 nr)
{
	const struct diff_block *b = diff_block;

	for (u32 i = 0; i < nr; i++, b++) {
		put(backing(b->va) + (b->va & 0xfff) / 4, b->word, b->nr, SLOT_WORDS);
		put(code_user + (b->stub_va & 0xfff) / 4, b->stub, b->stub_nr, STUB_WORDS);
		put_t32(b);
	}
	code_sync((void *)VA_T32, BATCH * T32_HALVES * 2);
	code_sync((void *)(diff_block[0].va & ~0xfffu), 4 * PAGE_WORDS);
	code_sync((void *)VA_USER, BATCH * STUB_WORDS * 4);
}

/* Where the code of the batch with this block runs. */
void world_place(struct diff_block *b, u32 kind)
{
	static const u32 at[] = { VA_KERNEL, VA_KERNEL, VA_ANY, VA_SECTION };
	u32 where = diff_mixed() ? kind % 4 : 0;

	b->va = at[where] + b->index % BATCH * SLOT_WORDS * 4;
	b->stub_va = VA_USER + b->index % BATCH * STUB_WORDS * 4;
	b->t32_va = VA_T32 + b->index % BATCH * T32_HALVES * 2;
	b->modes_allowed = where < 2 ? M_PRIV : M_ALL;
	b->both_sets = kind / 16 == 3;
	b->timer = BOARD_IS_OMAP3 && kind / 4 % 4 == 0;
	if (b->timer)
		b->modes_allowed &= ~M_IRQ;
}

/* -- the timer: what it interrupts must not show it -- */

static void timer_shot(void)
{
	timer_delay = (timer_delay * 1103515245 + 12345) & 0x7fffffff;
	write32(GPT1_BASE + 0x24, 0);
	write32(GPT1_BASE + 0x28, 0u - 1 - (timer_delay >> 12) % (timer_delay & 0x800 ? 6 : 200));
	write32(GPT1_BASE + 0x24, 1);
}

void timer_interrupt(void)
{
	(void)intc_sir();
	gpt1_ack();
	intc_ack();
	if (++timer_shots < TIMER_SHOTS)
		timer_shot();
}

static void timer_end(void)
{
	gpt1_stop();
	intc_ack();
}

/* -- before -- */

const u32 *world_window(u32 n, u32 *va)
{
	static const u32 pages[] = { VA_DATA, VA_PRIV, VA_DOMAIN };

	if (n >= ARRAY_SIZE(pages))
		return NULL;
	*va = pages[n] + WINDOW_LOW;
	return (const u32 *)*va;
}

static void windows_fill(void)
{
	const u32 *w;
	u32 va;

	for (u32 n = 0; (w = world_window(n, &va)); n++) {
		u32 v = rnd(), step = rnd();

		for (u32 i = 0; i < WINDOW_WORDS; i++, v += step)
			((volatile u32 *)w)[i] = v;
	}
}

static void system_registers_load(void)
{
	static const u32 dacr[] = { 5, 5, 1, 13 };	/* domain 1 open, closed, without checks */

	MCR(0, c3, c0, 0, dacr[rnd() >> 30]);
	MCR(0, c1, c0, 2, 0x00f00000);
	isb();
	asm volatile("mov r0, #0x40000000\n\t.word 0xeee80a10" : : : "r0");	/* vmsr fpexc, r0 */
	diff_vfp_load();
	MCR(0, c5, c0, 0, 0);
	MCR(0, c5, c0, 1, 0);
	MCR(0, c6, c0, 0, 0);
	MCR(0, c6, c0, 2, 0);
	MCR(0, c7, c4, 0, 0);
	MCR(0, c10, c2, 0, 0x00098aa4);
	MCR(0, c10, c2, 1, 0x44e048e0);
	MCR(0, c13, c0, 1, 0);
	MCR(0, c13, c0, 2, rnd());
	MCR(0, c13, c0, 3, rnd());
	MCR(0, c13, c0, 4, rnd());
	MCR(2, c0, c0, 0, 0);
	isb();
}

/* What blocks use of the interrupt controller; each register access is slow under a hypervisor. */
static void priorities_reset(const struct diff_block *b)
{
	for (u32 i = ILR_FIRST; b->uses_ilr && i < 96; i++)
		write32(ILR(i), 0);
}

static void lines_reset(const struct diff_block *b)
{
	if (!b->raises)
		return;
	write32(INTC_BASE + 0x94, 1u << LINE_IRQ | 1u << LINE_FIQ);
	write32(INTC_BASE + 0x48, 3);
	dsb();
}

void world_clear_line(u32 line)
{
	write32(INTC_BASE + 0x94, 1u << (line & 31));
}

static u32 one_bit(u32 set)
{
	u32 n = (rnd() >> 8) % (u32)__builtin_popcount(set);

	for (u32 i = 0;; i++)
		if (set >> i & 1 && !n--)
			return i;
}

static void registers_fill(const struct diff_block *b, struct diff_state *s)
{
	u32 enter = one_bit(b->modes_allowed & M_BANKED);
	u32 psr = rnd() & (PSR_NZCVQ | PSR_GE | PSR_A | PSR_I | PSR_F);

	for (u32 i = 0; i < 6; i++)
		s->r[i] = rnd();
	s->r[6] = b->va;
	s->r[7] = VA_DATA + WINDOW;
	for (u32 i = 0; i < 5; i++) {
		s->usr_high[i] = rnd();
		s->fiq_high[i] = rnd();
	}
	for (u32 i = 0; i < B_NR; i++) {
		s->bank[i].sp = i == B_USR ? rnd() : VA_DATA + WINDOW - 0x60 + (rnd() >> 8) % 48 * 4;
		s->bank[i].lr = rnd();
		s->bank[i].spsr = i == B_USR ? 0 : rnd() & 0xff0fffff;
	}
	if (b->timer)
		psr = (psr & ~(u32)PSR_I) | PSR_F;
	/* B_ and M_ count alike: the mode that is left for the block has its return address and PSR in the registers for that */
	s->bank[enter].lr = b->va;
	s->bank[enter].spsr = psr | b->start_mode;
	s->enter = mode_of[enter];
}

void world_before(struct diff_block *b, u32 round, struct diff_state *s)
{
	rnd_state = (b->seed * 0x85ebca6bu ^ b->index * 0x9e3779b1u) + round * 0xc2b2ae35u;
	rnd_state = rnd_state ? rnd_state : 1;
	for (u32 i = 0; i < 4; i++)
		(void)rnd();
	windows_fill();
	system_registers_load();
	priorities_reset(b);
	registers_fill(b, s);
	diff_records = 0;
	diff_current = b;
	timer_shots = 0;
	if (b->timer)
		timer_shot();
}

/* -- after -- */

static void system_registers_store(const struct diff_block *b)
{
	u32 *v = diff_sys, vfp[9];

	*v++ = MRC(0, c1, c0, 0);
	*v++ = MRC(0, c1, c0, 2);
	*v++ = MRC(0, c3, c0, 0);
	*v++ = MRC(0, c5, c0, 0);
	*v++ = MRC(0, c5, c0, 1);
	*v++ = MRC(0, c6, c0, 0);
	*v++ = MRC(0, c6, c0, 2);
	*v++ = MRC(0, c7, c4, 0);
	*v++ = MRC(0, c13, c0, 1);
	*v++ = MRC(0, c13, c0, 2);
	*v++ = MRC(0, c13, c0, 3);
	*v++ = MRC(0, c13, c0, 4);
	*v++ = MRC(2, c0, c0, 0);
	MCR(0, c1, c0, 2, 0x00f00000);
	isb();
	asm volatile(".word 0xeef80a10\n\tmov %0, r0" : "=r"(*v) : : "r0");	/* vmrs r0, fpexc */
	v++;
	asm volatile("mov r0, #0x40000000\n\t.word 0xeee80a10" : : : "r0");
	diff_vfp_store(vfp);
	*v++ = b->timer ? 0 : MRC(0, c12, c1, 0);
	*v = vfp[8];
	for (u32 i = 0; i < 8; i++)
		mix(vfp[i]);
	for (u32 i = 0; i < ARRAY_SIZE(diff_sys); i++)
		mix(diff_sys[i]);
	MCR(0, c3, c0, 0, DACR_CLIENT(0) | DACR_CLIENT(1));
	isb();
}

void world_after(struct diff_block *b, struct diff_state *s)
{
	const u32 *w;
	u32 va;

	if (b->timer) {
		timer_end();
		s->bank[B_IRQ].lr = s->bank[B_IRQ].spsr = 0;
	}
	for (u32 i = 0; i < 8; i++)
		s->r[i] = diff_frame.r[i];
	s->cpsr = diff_frame.spsr;
	s->pc = diff_frame.lr;
	for (u32 i = 0; i < sizeof(*s) / 4; i++)
		mix(((const u32 *)s)[i]);
	mix(diff_records);
	mix(diff_end_reason);
	system_registers_store(b);
	lines_reset(b);
	for (u32 n = 0; (w = world_window(n, &va)); n++)
		for (u32 i = 0; i < WINDOW_WORDS; i++)
			mix(((const volatile u32 *)w)[i]);
}
