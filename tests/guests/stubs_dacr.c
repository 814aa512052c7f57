// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: access to User memory is what DACR says, at every moment and whichever way the kernel came there: opened, closed, changed under a
 * condition, across system calls, interrupts, aborts and returns of both kinds. A model knows DACR; each access is compared with it.
 */
#include "guest.h"

#define UDF		0xe7f000f0u
#define SVC		0xef000000u
#define VA		0x30000000u	/* a section of each domain from 1 on */
#define DOMAINS		3u
#define DATA		(TEST_RAM + 0x00400000u)
#define STEPS		30000u
#define LINE		5u

static u32 dacr;		/* what it is by the book */
static u32 turn = 0x1234567;
static u32 frame[16];
#define FAR_PAGE	((u32 *)0xe0000000u)	/* code that no branch reaches from anywhere else */
#define USER_PAGE	((u32 *)0x20000000u)	/* a megabyte of its own for what User mode executes */

static u32 random(void)
{
	turn ^= turn << 13;
	turn ^= turn >> 17;
	turn ^= turn << 5;
	return turn;
}

/* -- the model's answer -- */

static bool open(u32 domain)
{
	return dacr >> (2 * domain) & 1;
}

static bool manager(u32 domain)
{
	return (dacr >> (2 * domain) & 3) == 3;
}

/* Domain 3 is read-only for User mode. */
static bool allowed(u32 domain, bool write, bool user)
{
	return open(domain) && (manager(domain) || !(write && user && domain == 3));
}

static void check_abort(const char *how, u32 domain, bool write, bool allow)
{
	group_check(allow ? 0 : VEC_DABT, exc_frame.vector, "%s, domain %u, DACR %x", how, domain, dacr);
	if (!allow && exc_frame.vector == VEC_DABT)
		group_check((open(domain) ? FS_PERM_SECT : FS_DOM_SECT) | (write ? FSR_WNR : 0), DFSR_FS(exc_frame.dfsr), "%s, domain %u: status", how,
			    domain);
}

/* -- DACR writes at many places: each is a site of its own -- */

/* One place that writes if it should. */
static void __attribute__((noinline)) write_if(u32 v, bool now)
{
	asm volatile("cmp %1, #0\n\tmcrne p15, 0, %0, c3, c0, 0\n\tisb" : : "r"(v), "r"(now) : "cc", "memory");
}

#define WRITE(n)	case n: asm volatile("mcr p15, 0, %0, c3, c0, 0\n\tisb" : : "r"(v) : "memory"); break
static void write_dacr(u32 v)
{
	dacr = v;
	switch (random() % 9) {
	WRITE(0);
	WRITE(1);
	WRITE(2);
	WRITE(3);
	WRITE(4);
	case 5:	/* under a condition that holds, and one that does not */
		write_if(v, true);
		write_if(random() | 1, false);
		break;
	case 6:	/* there and back */
		asm volatile("mcr p15, 0, %1, c3, c0, 0\n\tmcr p15, 0, %0, c3, c0, 0\n\tisb" : : "r"(v), "r"(random() | 1) : "memory");
		break;
	case 7:	/* twice the same */
		asm volatile("mcr p15, 0, %0, c3, c0, 0\n\tmcr p15, 0, %0, c3, c0, 0\n\tisb" : : "r"(v) : "memory");
		break;
	default:	/* between others */
		asm volatile("mrc p15, 0, r2, c3, c0, 0\n\tmcr p15, 0, %0, c3, c0, 0\n\tmrs r2, cpsr\n\tcpsid i\n\tisb" : : "r"(v) : "r2", "memory");
	}
}

/* Linux's two values most of the time, else anything with the kernel's own domain open. */
static void step_write(void)
{
	u32 r = random();

	write_dacr(r % 3 == 0 ? DACR_CLIENT(0) | DACR_CLIENT(1) : r % 3 == 1 ? DACR_CLIENT(0) :
		   r & 0x400 ? DACR_CLIENT(0) | (r >> 12 & 0xfc) : 0x55555555);
}

static void step_read(void)
{
	group_check(dacr, MRC(0, c3, c0, 0), "DACR");
}

/* -- accesses of the kernel -- */

static void step_load(void)
{
	u32 domain = 1 + random() % DOMAINS;

	exc_frame.vector = 0;
	(void)TRY((void)read32(VA + (domain << 20) + (random() & 0xffffc)));
	check_abort("load", domain, false, allowed(domain, false, false));
}

static void step_store(void)
{
	u32 domain = 1 + random() % DOMAINS;

	exc_frame.vector = 0;
	(void)TRY(write32(VA + (domain << 20) + (random() & 0xffffc), 0x12345678));
	check_abort("store", domain, true, allowed(domain, true, false));
}

static void step_ldrt(void)
{
	u32 domain = 1 + random() % DOMAINS, at = VA + (domain << 20) + (random() & 0xffffc), v;

	exc_frame.vector = 0;
	(void)TRY(asm volatile("ldrt %0, [%1], #4" : "=&r"(v), "+r"(at) : : "memory"));
	check_abort("LDRT", domain, false, allowed(domain, false, true));
}

static void step_strt(void)
{
	u32 domain = 1 + random() % DOMAINS, at = VA + (domain << 20) + (random() & 0xffffc), v;

	exc_frame.vector = 0;
	(void)TRY(asm volatile("strbt %0, [%1], #1" : "=&r"(v), "+r"(at) : "0"(turn) : "memory"));
	check_abort("STRBT", domain, true, allowed(domain, true, true));
}

/* Straight behind the write, with nothing in between but what the architecture asks for. */
static void step_write_and_load(void)
{
	u32 domain = 1 + random() % DOMAINS, va = VA + (domain << 20), v;

	exc_frame.vector = 0;
	dacr = random() & 1 ? DACR_CLIENT(0) : DACR_CLIENT(0) | 0x54;
	(void)TRY(asm volatile("mcr p15, 0, %1, c3, c0, 0\n\tisb\n\tldr %0, [%2]" : "=&r"(v) : "r"(dacr), "r"(va) : "memory"));
	check_abort("load behind the write", domain, false, allowed(domain, false, false));
}

/* -- exceptions -- */

/* What the vector's first instruction is: a load of the domain's memory; then the ordinary handler. */
static void first_load(u32 index, void (*handler)(void))
{
	const u32 code[] = { 0xe5932000, 0xe51ff004, (u32)handler };	/* ldr r2, [r3]; ldr pc, [pc, #-4] */

	code_put(index, code, ARRAY_SIZE(code));
}
#define LOAD_SVC	64u	/* where they are */
#define LOAD_UND	80u
#define LOAD_IRQ	96u

static void hook_load(u32 vector, u32 index)
{
	exc_hook[vector] = (void (*)(void))(u32)&code_area[index];
}

/* An exception whose handler begins with a load. */
static void check_first_load(const char *how, u32 vector, u32 domain)
{
	if (allowed(domain, false, false))
		group_check(vector, exc_frame.vector, "%s, domain %u, DACR %x: load in the handler", how, domain, dacr);
	else
		group_check(VEC_DABT, exc_frame.vector, "%s, domain %u, DACR %x: no load in the handler", how, domain, dacr);
	stacks_init();
}

/* User mode by MOVS pc, lr: its own load, then a system call. */
static void step_user(void)
{
	u32 domain = 1 + random() % DOMAINS, first = random() & 3 ? domain : 1 + random() % DOMAINS;
	struct ctx c;

	ctx_init(&c, CPSR_USER | (cpsr_read() & (PSR_A | PSR_F)) | (random() & 1 ? PSR_I : 0));
	c.r[4] = VA + (first << 20);
	c.r[3] = VA + (domain << 20);
	c.pc = (u32)&USER_PAGE[random() & 1 ? 0 : 1];
	hook_load(VEC_SVC, LOAD_SVC);
	ctx_run(&c);
	exc_hook[VEC_SVC] = hook_2;
	if (c.pc == (u32)USER_PAGE && !allowed(first, false, true)) {
		check_abort("load of User mode", first, false, false);
		group_check(MODE_USR, exc_frame.spsr & PSR_MODE, "load of User mode, domain %u, DACR %x: by User mode", first, dacr);
	} else {
		check_first_load("system call", VEC_SVC, domain);
	}
}

/*
 * As Linux returns: LDM of the User bank, MOVS, in one go; DACR is written right before, under a condition; near and far from all
 * other code.
 */
static void do_return(u32 to, u32 domain, const u32 *page)
{
	struct ctx c;

	for (u32 i = 0; i < 15; i++)
		frame[i] = ctx_reg(i);
	frame[3] = VA + (domain << 20);
	frame[4] = VA + (1 << 20);
	ctx_init(&c, MODE_SVC | PSR_I | PSR_Z | (cpsr_read() & (PSR_A | PSR_F)));
	c.r[1] = MODE_USR;
	c.r[2] = dacr = to;
	c.r[5] = (u32)&frame[15];
	c.lr = (u32)&USER_PAGE[random() & 1 ? 0 : 1];
	c.pc = (u32)&page[16];
	hook_load(VEC_SVC, LOAD_SVC);
	ctx_run(&c);
	exc_hook[VEC_SVC] = hook_2;
	if (c.lr == (u32)USER_PAGE && !allowed(1, false, true))
		check_abort("load of User mode behind LDM", 1, false, false);
	else
		check_first_load("system call behind LDM", VEC_SVC, domain);
}

static void step_return(void)
{
	do_return(random() & 1 ? DACR_CLIENT(0) | DACR_CLIENT(1) : random() & 2 ? DACR_CLIENT(0) : 0x55555555, 1 + random() % DOMAINS,
		  random() & 1 ? code_area : FAR_PAGE);
}

/* An exception in the kernel itself. */
static void step_undefined(void)
{
	u32 domain = 1 + random() % DOMAINS;
	struct ctx c;

	ctx_init(&c, MODE_SVC | PSR_I | (cpsr_read() & (PSR_A | PSR_F)));
	c.r[3] = VA + (domain << 20);
	c.pc = (u32)&code_area[32];
	hook_load(VEC_UND, LOAD_UND);
	ctx_run(&c);
	exc_hook[VEC_UND] = hook_1;
	check_first_load("undefined instruction", VEC_UND, domain);
}

/* An interrupt that the kernel, or User mode, finds waiting. */
static void step_interrupt(void)
{
	u32 domain = 1 + random() % DOMAINS;
	struct ctx c;

	if (!BOARD_IS_OMAP3)
		return;
	ctx_init(&c, (random() & 1 ? MODE_USR : MODE_SVC) | (cpsr_read() & (PSR_A | PSR_F)));
	c.r[3] = VA + (domain << 20);
	c.pc = (c.cpsr & PSR_MODE) == MODE_USR ? (u32)&USER_PAGE[4] : (u32)&code_area[48];
	hook_load(VEC_IRQ, LOAD_IRQ);
	intc_soft_set(LINE);
	ctx_run(&c);
	intc_soft_clear(LINE);
	intc_ack();
	exc_hook[VEC_IRQ] = hook_6;
	check_first_load("interrupt", VEC_IRQ, domain);
}

/* Something that a hypervisor must handle at length. */
static void step_device(void)
{
	if (BOARD_IS_OMAP3)
		(void)read32(INTC_BASE + 0x40);
	else
		(void)MRC(0, c0, c0, 0);
}

static void step_tlb(void)
{
	if (random() & 1)
		tlb_mva(VA + ((1 + random() % DOMAINS) << 20));
	else if (!(random() & 7))
		tlb_all();
}

static const struct { void (*fn)(void); u32 weight; } steps[] = {
	{ step_write, 12 }, { step_read, 3 }, { step_load, 8 }, { step_store, 8 }, { step_ldrt, 4 }, { step_strt, 4 }, { step_write_and_load, 4 },
	{ step_user, 4 }, { step_return, 4 }, { step_undefined, 2 }, { step_interrupt, 3 }, { step_device, 4 }, { step_tlb, 1 },
};

static void step(void)
{
	u32 sum = 0, n;

	for (u32 i = 0; i < ARRAY_SIZE(steps); i++)
		sum += steps[i].weight;
	n = random() % sum;
	for (u32 i = 0; i < ARRAY_SIZE(steps); i++) {
		if (n < steps[i].weight) {
			steps[i].fn();
			return;
		}
		n -= steps[i].weight;
	}
}

/* As a kernel does it: opens, copies a few words, closes. Whatever it learns, a hypervisor keeps to the letter. */
static void test_pattern(void)
{
	group_begin("opened and closed around each access");
	for (u32 n = 0; n < 400; n++) {
		u32 old = MRC(0, c3, c0, 0);

		asm volatile("mcr p15, 0, %0, c3, c0, 0\n\tisb" : : "r"(old | DACR_CLIENT(1)) : "memory");
		dacr = old | DACR_CLIENT(1);
		if (n % 3)
			group_check(0, TRY((void)read32(VA + (1 << 20))), "open");
		asm volatile("mcr p15, 0, %0, c3, c0, 0\n\tisb" : : "r"(old) : "memory");
		dacr = old;
		if (n % 5 < 3)
			group_check(VEC_DABT, TRY((void)read32(VA + (1 << 20))), "closed");
		if (n % 7 == 0)
			step_user();
	}
	group_end();
}

static int load_of(u32 domain)
{
	return TRY((void)read32(VA + (domain << 20)));
}

/* The value with which this kernel closed last is no help for the next system call, and DACR changes far from where it does otherwise. */
static void test_unusual_close(void)
{
	static const u32 closes[] = { 0x41, 0x05, 0x11 };	/* leaves another domain open than what is opened next */

	group_begin("closed in unusual ways");
	for (u32 n = 0; n < 96; n++) {
		u32 domain = 1 + n / 16 % DOMAINS;

		write_dacr(0x55);
		for (u32 d = 1; d <= DOMAINS; d++)
			group_check(0, load_of(d), "domain %u open", d);
		write_dacr(closes[domain - 1]);
		write_dacr(DACR_CLIENT(0) | DACR_CLIENT(domain));
		group_check(0, load_of(domain), "domain %u open", domain);
		do_return(DACR_CLIENT(0), domain, n & 1 ? FAR_PAGE : code_area);
	}
	group_end();
}

static void code_prepare(void)
{
	static const u32 user[] = { 0xe5942000, SVC, UDF, UDF, 0xeafffffe };	/* ldr r2, [r4]; svc; .. b . */
	static const u32 ret[] = {
		0xe16ff001, 0x0e032f10, 0xe9557fff, 0xe1a00000, 0xe28dd048, 0xe1b0f00e,	/* msr spsr, r1; mcreq dacr, r2; ldmdb r5, {r0-lr}^; .. */
	};
	static const u32 und[] = { UDF, UDF };
	static const u32 loop[] = { 0xeafffffe };

	for (u32 i = 0; i < ARRAY_SIZE(user); i++)
		USER_PAGE[i] = user[i];
	code_sync(USER_PAGE, sizeof(user));
	code_put(16, ret, ARRAY_SIZE(ret));
	for (u32 i = 0; i < ARRAY_SIZE(ret); i++)
		FAR_PAGE[16 + i] = ret[i];
	code_sync(&FAR_PAGE[16], sizeof(ret));
	code_put(32, und, ARRAY_SIZE(und));
	code_put(48, loop, ARRAY_SIZE(loop));
	first_load(LOAD_SVC, hook_2);
	first_load(LOAD_UND, hook_1);
	first_load(LOAD_IRQ, hook_6);
}

void guest_main(void)
{
	if (BOARD_IS_OMAP3) {
		intc_init();
		intc_unmask(LINE);
	}
	irq_disable();
	pt_flat(l1_main);
	for (u32 d = 1; d <= DOMAINS; d++)
		pt_section(l1_main, VA + (d << 20), (DATA + (d << 20)) | S_SECT | S_WB | S_AP(0, d == 3 ? 2 : 3) | S_DOMAIN(d));
	pt_section(l1_main, (u32)USER_PAGE, (DATA + 0x00800000u) | S_RAM);
	pt_section(l1_main, (u32)FAR_PAGE, (DATA + 0x00900000u) | S_RAM);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	code_prepare();
	dacr = DACR_CLIENT(0);
	MCR(0, c3, c0, 0, dacr);
	isb();
	test_pattern();
	test_unusual_close();
	group_begin("DACR by a model");
	for (u32 i = 0; i < STEPS; i++)
		step();
	group_end();
	MCR(0, c3, c0, 0, DACR_CLIENT(0));
	isb();
	if (BOARD_IS_OMAP3)
		intc_mask(LINE);
}
