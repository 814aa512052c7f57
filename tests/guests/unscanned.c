// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: privileged code in pages that User mode can reach, while the kernel's own text is closed to it: vectors beside what User mode
 * executes, vectors that come to be where User mode read or executed before, functions in pages that it read, wrote, or runs beside.
 */
#include "guest.h"

#define VA		0x30000000u
#define HIGH		0xfff00000u
#define VECTORS_HIGH	(HIGH + 0xf0000)
#define PAGES		0x00200000u		/* in TEST_RAM */
#define URO		P_AP(0, 2)		/* User mode reads */
#define URW		P_AP(0, 3)
#define FUNCTION	0x80u			/* in each page: mrs r0, cpsr; bx lr */
#define MRS_R0		0xe10f0000u
#define NOP		0xe320f000u
#define USER_PART	0xf0u		/* in pages for both: svc */
#define USER_LOAD	0x00u			/* in the page of User code: ldr r2, [r0]; svc */
#define USER_STORE	0x08u
#define USER_SVC	0x10u

static u32 *l2, *l2_high, masks, pages;

/* The next page of memory at @va, a vector table whose SVC vector reads CPSR into r1 on its way, and a function that does. */
static void make(u32 *table, u32 va, u32 rights)
{
	u32 page = TEST_RAM + PAGES + 0x1000 * pages++;

	vector_table_build((u32 *)page);
	write32(page + 8, 0xea00000c);			/* b 0x40 */
	write32(page + 0x40, 0xe10f1000);		/* mrs r1, cpsr */
	write32(page + 0x44, 0xe51ff004);		/* ldr pc, [pc, #-4] */
	write32(page + 0x48, (u32)hook_2);
	write32(page + FUNCTION, MRS_R0);
	write32(page + FUNCTION + 4, 0xe12fff1e);
	code_sync((void *)page, 0x100);
	pt_page(table, va, page | P_SMALL | P_WB | rights);
}

static void user(const char *name, u32 pc, u32 r0)
{
	struct ctx c;

	ctx_init(&c, MODE_USR | masks);
	c.r[0] = r0;
	c.pc = pc;
	group_check(VEC_SVC, ctx_run(&c), "%s: User mode", name);
}

static void vbar(u32 va)
{
	MCR(0, c12, c0, 0, va);
	isb();
}

/* User mode makes a system call: does its vector know the mode that it is in? */
static void vectors_work(const char *name)
{
	user(name, VA + USER_SVC, 0);
	group_check(MODE_SVC, exc_frame.r[1] & 0x1f, "%s: mode in the vector", name);
}

static void kernel_calls(const char *name, u32 va)
{
	group_check(MODE_SVC, ((u32 (*)(void))(va + FUNCTION))() & 0x1f, "%s: mode in the function", name);
}

static void test_vectors(void)
{
	u32 old = MRC(0, c12, c0, 0);

	group_begin("vectors in a page that User mode reaches");
	make(l2, VA + 0x1000, URO);
	vbar(VA + 0x1000);
	vectors_work("beside a page that User mode executes");
	vbar(old);
	make(l2, VA + 0x20000, URO);
	user("read", VA + USER_LOAD, VA + 0x20000);
	vbar(VA + 0x20000);
	vectors_work("read before");
	vbar(old);
	make(l2, VA + 0x40000, URW);
	user("written", VA + USER_STORE, VA + 0x40f00);
	vbar(VA + 0x40000);
	vectors_work("written before");
	vbar(old);
	make(l2, VA + 0x60000, URO);
	write32(TEST_RAM + PAGES + 0x1000 * (pages - 1) + 0xf0, 0xef000000);
	code_sync((void *)(TEST_RAM + PAGES + 0x1000 * (pages - 1) + 0xc0), 0x40);
	user("executed", VA + 0x600f0, 0);
	vbar(VA + 0x60000);
	vectors_work("executed before");
	user("vectors as code", VA + 0x600f0, 0);
	vectors_work("executed before and since");
	vbar(old);
	group_end();
}

static void test_high_vectors(void)
{
	group_begin("high vectors in a page that User mode reaches");
	make(l2_high, VECTORS_HIGH, URO);
	write32(TEST_RAM + PAGES + 0x1000 * (pages - 1) + 0xf0, 0xef000000);
	code_sync((void *)(TEST_RAM + PAGES + 0x1000 * (pages - 1) + 0xc0), 0x40);
	for (u32 i = 0; i < 3; i++) {
		user("executed", VECTORS_HIGH + 0xf0, 0);
		sctlr_write(sctlr_read() | (1u << 13));		/* V */
		vectors_work("executed before");
		sctlr_write(sctlr_read() & ~(1u << 13));
	}
	group_end();
}

/* System instructions of each kind, one in a page that only User mode has executed so far. What they do is seen from elsewhere. */
enum state_in { IN_R0, IN_SPSR, IN_FRAME };		/* where the function finds the state that it is to make */
static const struct { const char *name; u32 word; enum state_in in; } executed_first[] = {
	{ "CPSIE", 0xf1080080, IN_R0 }, { "MSR", 0xe121f000, IN_R0 }, { "MSR of an immediate", 0xe321f053, IN_R0 },
	{ "MOVS pc, lr", 0xe1b0f00e, IN_SPSR }, { "SUBS pc, lr", 0xe25ef000, IN_SPSR }, { "RFE", 0xf8bd0a00, IN_FRAME },
};

/* With IRQ masked, the function at @pc is to unmask it. */
static void unmasks(const char *name, u32 pc, enum state_in in)
{
	u32 old = cpsr_read(), psr = old & ~PSR_I;

	irq_disable();
	if (in == IN_SPSR)
		asm volatile("msr spsr_cxsf, %0" : : "r"(psr));
	if (in == IN_FRAME)
		asm volatile("adr r2, 1f; push {r2, %0}; bx %1; 1:" : : "r"(psr), "r"(pc) : "r0", "r1", "r2", "r3", "memory");
	else
		((void (*)(u32))pc)(psr);
	group_check(0, cpsr_read() & PSR_I, "%s: IRQ mask", name);
	asm volatile("msr cpsr_c, %0" : : "r"(old) : "memory");
}

/* As make() does, but the only system instruction is @word, as a function; and there is something for User mode. */
static void make_common(u32 va, u32 word)
{
	u32 page = TEST_RAM + PAGES + 0x1000 * pages;

	make(l2, va, URO);
	write32(page + 0x40, NOP);
	write32(page + FUNCTION, word);
	write32(page + USER_PART, 0xef000000);
	code_sync((void *)page, 0x100);
}

/* As if the kernel had just begun: what it did before may have changed how pages of User mode are treated. */
static void anew(void)
{
	mmu_off();
	mmu_on(l1_main, DACR_CLIENT(0));
}

static void test_executed_first(void)
{
	u32 va = VA + 0xb0000;

	group_begin("functions in pages that User mode executed first");
	for (u32 i = 0; i < ARRAY_SIZE(executed_first); i++, va += 0x1000) {
		anew();
		make_common(va, executed_first[i].word);
		user(executed_first[i].name, va + USER_PART, 0);
		unmasks(executed_first[i].name, va + FUNCTION, executed_first[i].in);
		user(executed_first[i].name, va + USER_PART, 0);
	}
	make_common(va, MRS_R0);
	user("MRS", va + USER_PART, 0);
	kernel_calls("MRS", va);
	group_end();
}

/* What an access of the function at @pc to the kernel's memory ends in. */
static u32 ends_in(u32 pc)
{
	return TRY(((void (*)(u32, u32))pc)(TEST_RAM, 0));
}

/* The same of what only checks the rights of User mode, or is about its registers: alone in the page. */
static void test_executed_first_user_access(void)
{
	static const struct { const char *name; u32 word; } loads[] = {
		{ "LDRT", 0xe4b01000 }, { "LDRBT", 0xe4f01000 }, { "LDRHT", 0xe0f010b0 }, { "STRT", 0xe4a01000 }, { "STRBT of a register", 0xe6e01001 },
	};
	u32 va = VA + 0xc0000, user_regs[2] = { 0x11223344, 0x55667788 }, now[2];

	group_begin("accesses as User mode in pages that it executed first");
	for (u32 i = 0; i < ARRAY_SIZE(loads); i++, va += 0x1000) {
		anew();
		make_common(va, loads[i].word);
		user(loads[i].name, va + USER_PART, 0);
		group_check(VEC_DABT, ends_in(va + FUNCTION), "%s", loads[i].name);
	}
	anew();
	make_common(va, 0xe8d06000);				/* ldmia r0, {sp, lr}^ */
	user("LDM^", va + USER_PART, 0);
	((void (*)(u32 *))(va + FUNCTION))(user_regs);
	asm volatile("stmia %0, {sp, lr}^\n nop" : : "r"(now) : "memory");
	group_check(user_regs[0], now[0], "LDM^: sp");
	group_check(user_regs[1], now[1], "LDM^: lr");
	group_end();
}

/* A function is put into a page that User mode has executed, by another address of the page, and that or its own is named when it is told. */
static void test_written_since(void)
{
	group_begin("functions written to pages that User mode executed");
	for (u32 i = 0; i < 4; i++) {
		u32 va = VA + 0xd0000 + 0x1000 * i, at = TEST_RAM + PAGES + 0x1000 * pages + FUNCTION;

		anew();
		make_common(va, NOP);
		write32(at + 4, NOP);
		user("before", va + USER_PART, 0);
		for (u32 turn = 0; turn < 2; turn++) {
			write32(at, i & 2 ? NOP : MRS_R0);
			write32(at + 4, i & 2 ? MRS_R0 : NOP);
			write32(at + 8, 0xe12fff1e);
			code_sync((void *)(i & 1 ? va + FUNCTION : at), 12);
			kernel_calls("written", va);
			user("after", va + USER_PART, 0);
			write32(at, NOP);
			write32(at + 4, NOP);
			code_sync((void *)(i & 1 ? va + FUNCTION : at), 12);
			user("without it", va + USER_PART, 0);
		}
	}
	group_end();
}

/* T32 functions that are to unmask IRQ or say the mode; with User code of either set in the same page, which ran first. */
static const struct { const char *name; u16 half[6]; bool mode; } t32_first[] = {
	{ "MRS", { 0xf3ef, 0x8000, 0x4770, 0xbf00, 0xbf00, 0xbf00 }, true },
	{ "CPSIE", { 0xb662, 0x4770, 0xbf00, 0xbf00, 0xbf00, 0xbf00 }, false },
	{ "CPSIE.W", { 0xf3af, 0x8440, 0x4770, 0xbf00, 0xbf00, 0xbf00 }, false },
	{ "MSR", { 0xf380, 0x8100, 0x4770, 0xbf00, 0xbf00, 0xbf00 }, false },
};

static void t32_function(u32 i, u32 va, bool user_t32)
{
	u32 page = TEST_RAM + PAGES + 0x1000 * pages, old = cpsr_read(), got;
	struct ctx c;

	anew();
	make_common(va, NOP);
	for (u32 k = 0; k < 6; k++)
		write16(page + FUNCTION + 2 * k, t32_first[i].half[k]);
	write32(page + 0x44, 0xe12fff1e);			/* where make() has vectors */
	write16(page + USER_PART + 8, 0xdf00);
	code_sync((void *)page, 0x100);
	ctx_init(&c, MODE_USR | masks | (user_t32 ? PSR_T : 0));
	c.pc = va + USER_PART + (user_t32 ? 8 : 0);
	group_check(VEC_SVC, ctx_run(&c), "%s: User mode", t32_first[i].name);
	irq_disable();
	got = ((u32 (*)(u32))(va + FUNCTION + 1))(old & ~PSR_I);
	if (t32_first[i].mode)
		group_check(MODE_SVC, got & 0x1f, "%s: mode", t32_first[i].name);
	else
		group_check(0, cpsr_read() & PSR_I, "%s: IRQ mask", t32_first[i].name);
	asm volatile("msr cpsr_c, %0" : : "r"(old) : "memory");
}

static void test_t32_executed_first(void)
{
	u32 at = TEST_RAM + PAGES + 0x1000 * pages++;

	write16(at, 0x4770);					/* the kernel has T32 code */
	code_sync((void *)at, 4);
	((void (*)(void))(at + 1))();
	for (u32 user_t32 = 0; user_t32 < 2; user_t32++) {
		group_begin(user_t32 ? "T32 functions in pages that User mode executed first, as T32 code" :
			    "T32 functions in pages that User mode executed first, as A32 code");
		for (u32 i = 0; i < ARRAY_SIZE(t32_first); i++)
			t32_function(i, VA + 0xe0000 + 0x1000 * (2 * i + user_t32), user_t32);
		group_end();
	}
}

static void test_functions(void)
{
	group_begin("functions in a page that User mode reaches");
	make(l2, VA + 0x80000, URO);
	user("read", VA + USER_LOAD, VA + 0x80000);
	kernel_calls("read before", VA + 0x80000);
	group_end();
}

/* The kernel's first call of such a page may change how the rest is treated, so each has a run of its own. */
static void test_functions_again(const char *name, u32 va, u32 rights, u32 entry, u32 data)
{
	group_begin(name);
	make(l2, va, rights);
	anew();
	user(name, VA + entry, data);
	kernel_calls(name, va);
	user(name, VA + USER_SVC, 0);
	group_end();
}

void guest_main(void)
{
	u32 at = TEST_RAM + PAGES + 0x1000 * pages++;

	masks = cpsr_read() & (PSR_A | PSR_F | PSR_I);
	pt_flat(l1_main);
	for (u32 i = RAM_BASE >> 20; i < RAM_TEST_END >> 20; i++)
		l1_main[i] = i << 20 | S_SECT | S_WB | S_AP(0, 1);
	l2 = l2_alloc();
	l2_high = l2_alloc();
	write32(at, 0xe5902000);
	write32(at + 4, 0xef000000);
	write32(at + 8, 0xe5802000);
	write32(at + 12, 0xef000000);
	write32(at + 16, 0xef000000);
	code_sync((void *)at, 20);
	pt_page(l2, VA, at | P_SMALL | P_WB | URO);
	pt_section(l1_main, VA, L1_TABLE(l2, 0));
	pt_section(l1_main, HIGH, L1_TABLE(l2_high, 0));
	mmu_on(l1_main, DACR_CLIENT(0));
	test_vectors();
	test_high_vectors();
	test_executed_first();
	test_executed_first_user_access();
	test_written_since();
	test_functions();
	test_functions_again("a function beside what User mode executes", VA + 0x2000, URO, USER_SVC, 0);
	test_functions_again("a function in a page that User mode wrote", VA + 0xa0000, URW, USER_STORE, VA + 0xa0f00);
	test_functions_again("a function beside what User mode read", VA + 0xa1000, URO, USER_LOAD, VA + 0xa0000);
	test_t32_executed_first();
}
