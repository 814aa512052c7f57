// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: a kernel that uses its address space as it likes, also where a hypervisor has put something of its own. Whatever it maps it gets at
 * once, by every way of publishing a descriptor that the architecture has; code works wherever it is, as much of it as there is.
 */
#include "guest.h"

#define UDF		0xe7f000f0u
#define NOP		0xe1a00000u
#define BX_LR		0xe12fff1eu
#define SLOTS		33u			/* below the image, as far as a branch reaches and a little more; above it is RAM */
#define DATA		(TEST_RAM + 0x00400000u)	/* one MiB of data that slots map */
#define OTHER_DATA	(TEST_RAM + 0x00500000u)
#define CODE		(RAM_BASE + 0x00400000u)
#define SPACES		(CODE + 0x00300000u)
#define FAR		0x30000000u		/* out of reach of any place near the image */
#define NEAR		(RAM_BASE - 0x00a00000u)	/* within reach of places near the image, not mapped otherwise */
#define FILL_PAGES	200u

static u32 l1_other[L1_ENTRIES] __attribute__((aligned(0x4000)));

/* mrs r0; cpsid i; mrs r1; msr cpsr_c, r0; mrc dacr r2; mcr dacr r2; mrs r3, cpsr; bx lr */
static const u32 function[] = { 0xe10f0000, 0xf10c0080, 0xe10f1000, 0xe121f000, 0xee132f10, 0xee032f10, 0xe10f3000, BX_LR };

/* Does the function at @at do what it says, with interrupts masked or not as they are? */
static bool works(u32 at)
{
	u32 psr = cpsr_read(), dacr = MRC(0, c3, c0, 0);
	register u32 r0 asm("r0"), r1 asm("r1"), r2 asm("r2"), r3 asm("r3");

	asm volatile("blx %4" : "=r"(r0), "=r"(r1), "=r"(r2), "=r"(r3) : "r"(at) : "r12", "lr", "cc", "memory");
	return !((r0 ^ psr) & 0x1ff) && !((r1 ^ (psr | PSR_I)) & 0x1ff) && r2 == dacr && !((r3 ^ psr) & 0x1ff);
}

static void write_function(u32 at)
{
	for (u32 i = 0; i < ARRAY_SIZE(function); i++)
		write32(at + 4 * i, function[i]);
	code_sync((void *)at, sizeof(function));
}

static u32 slot_va(u32 i)
{
	return RAM_BASE - ((SLOTS - i) << 20);
}

/* A test begins: whatever a hypervisor keeps in this address space is made anew, near the code that runs now. */
static void begin(const char *name)
{
	group_begin(name);
	mmu_off();
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	group_check(true, works(CODE), "function");
}

/* -- ways to publish a descriptor -- */

static void publish_mva(u32 *l1, u32 va, u32 desc)
{
	pt_section(l1, va, desc);
}

static void publish_unified(u32 *l1, u32 va, u32 desc)
{
	write32(&l1[va >> 20], desc);
	MCR(0, c7, c11, 1, &l1[va >> 20]);
	dsb();
}

static void publish_inv(u32 *l1, u32 va, u32 desc)
{
	write32(&l1[va >> 20], desc);
	dcache_clean_inv(&l1[va >> 20], 4);
}

static void publish_set_way(u32 *l1, u32 va, u32 desc)
{
	write32(&l1[va >> 20], desc);
	dcache_clean_inv_all();
}

/* In a loop, as kernels clean a whole table. */
static void publish_loop(u32 *l1, u32 va, u32 desc)
{
	u32 a = (u32)l1, end = a + 0x4000;

	write32(&l1[va >> 20], desc);
	asm volatile("1:\tmcr p15, 0, %0, c7, c10, 1\n\tadd %0, %0, #64\n\tcmp %0, %1\n\tblo 1b\n\tdsb"
		     : "+r"(a) : "r"(end) : "cc", "memory");
}

/* Through another address of the table, of another colour. */
#define ALIAS	0x20000000u
static void publish_alias(u32 *l1, u32 va, u32 desc)
{
	static u32 *l2;
	u32 entry = (u32)&l1[va >> 20], alias = ALIAS + ((~entry >> 12 & 3) << 12), *p = (u32 *)(alias | (entry & 0xfff));

	if (!l2) {
		l2 = l2_alloc();
		pt_section(l1_main, ALIAS, L1_TABLE(l2, 0));
	}
	pt_page(l2, alias, (entry & ~0xfffu) | P_RAM);
	tlb_mva(alias);
	*(volatile u32 *)p = desc;
	MCR(0, c7, c10, 1, p);
	dsb();
}

/* The slot's own memory: what its pages hold, and stores, and code. */
static void check_slot(const char *how, u32 va, u32 data)
{
	static const u32 at[] = { 0, 0x80, 0x1000, 0x1004, 0x1010, 0x2084, 0x21000, 0xb0004, 0xfffffc };
	u32 i, bad = 0;

	for (i = 0; i < ARRAY_SIZE(at); i++) {
		u32 off = at[i] & 0xfffff, v = read32(va + off);

		bad += v != (data ^ off);
		write32(va + off, ~v);
		bad += read32(data + off) != ~v;
		write32(data + off, data ^ off);
	}
	group_check(0, bad, "%s: memory of %08x", how, va);
	group_check(true, works(va + 0x3000), "%s: code of %08x", how, va);
}

/* Words at which check_slot() looks, and the function. */
static void prepare_data(u32 data)
{
	for (u32 off = 0; off < 0x100000; off += 4)
		write32(data + off, data ^ off);
	dcache_clean((void *)data, 0x100000);
	write_function(data + 0x3000);
}

static const struct { const char *name; void (*publish)(u32 *l1, u32 va, u32 desc); } ways[] = {
	{ "clean by address", publish_mva }, { "clean to unification", publish_unified }, { "clean and invalidate", publish_inv },
	{ "by set and way", publish_set_way }, { "loop over the table", publish_loop }, { "through an alias", publish_alias },
};

static bool unmapped(u32 va)
{
	return TRY((void)read32(va)) == VEC_DABT;
}

/* One slot after the other, each given back at once. */
static void test_one_by_one(u32 way)
{
	begin(ways[way].name);
	for (u32 i = 0; i < SLOTS; i++) {
		u32 va = slot_va(i);

		ways[way].publish(l1_main, va, DATA | S_RAM);
		check_slot(ways[way].name, va, DATA);
		group_check(true, works(CODE), "%s: function with %08x mapped", ways[way].name, va);
		pt_section(l1_main, va, 0);
		tlb_all();
		group_check(true, unmapped(va + 0xff000), "%s: %08x unmapped", ways[way].name, va);
		group_check(true, works(CODE), "%s: function with %08x unmapped", ways[way].name, va);
	}
	group_end();
}

/* One after the other and none given back, until there is no room; then all back. */
static void test_all_taken(void)
{
	begin("all addresses taken");
	for (u32 i = SLOTS; i-- > 0;) {
		pt_section(l1_main, slot_va(i), DATA | S_RAM);
		check_slot("taken", slot_va(i), DATA);
		group_check(true, works(CODE), "function with %u taken", SLOTS - i);
	}
	for (u32 i = 0; i < SLOTS; i++) {
		check_slot("still", slot_va(i), DATA);
		pt_section(l1_main, slot_va(i), 0);
		tlb_all();
		write_function(CODE);
		group_check(true, works(CODE), "function with %u given back", i + 1);
	}
	group_end();
}

/* -- two address spaces -- */

static void go_to(u32 *l1, u32 asid)
{
	MCR(0, c13, c0, 1, asid);
	isb();
	MCR(0, c2, c0, 0, (u32)l1 | TTBR_CACHED);
	isb();
}

/* The slots of one are taken in one address space, the others in the other: nothing is free in both. */
static void test_two_spaces(void)
{
	begin("two address spaces");
	for (u32 i = 0; i < L1_ENTRIES; i++)
		l1_other[i] = l1_main[i];
	dcache_clean(l1_other, sizeof(l1_other));
	for (u32 i = 0; i < SLOTS; i++) {
		u32 *l1 = slot_va(i) >> 20 & 1 ? l1_other : l1_main;

		pt_section(l1, slot_va(i), (l1 == l1_main ? DATA : OTHER_DATA) | S_RAM | S_NG);
	}
	go_to(l1_main, 1);
	tlb_all();
	for (u32 round = 0; round < 8; round++)
		for (u32 i = 0; i < SLOTS; i++) {
			u32 va = slot_va(i);
			bool other = va >> 20 & 1;

			go_to(l1_other, 2);
			group_check(true, works(CODE), "function in the other space");
			if (other)
				check_slot("other", va, OTHER_DATA);
			go_to(l1_main, 1);
			group_check(true, works(CODE), "function in the main space");
			if (!other)
				check_slot("main", va, DATA);
			if (round > 4) {	/* and back without anything between */
				go_to(l1_other, 2);
				if (other)
					check_slot("other, at once", va, OTHER_DATA);
			}
		}
	go_to(l1_main, 0);
	for (u32 i = 0; i < SLOTS; i++)
		pt_section(l1_main, slot_va(i), 0);
	tlb_all();
	group_end();
}

/*
 * What is free in a new address space is taken in the one before, which is entered again with nothing but a write of TTBR0: global
 * entries, the same ASID.
 */
static void test_new_spaces(void)
{
	u32 *l1[6], last;

	begin("new address spaces");
	for (u32 i = 0; i < ARRAY_SIZE(l1); i++) {
		l1[i] = (u32 *)(SPACES + 0x4000 * i);
		for (u32 k = 0; k < L1_ENTRIES; k++)
			l1[i][k] = l1_main[k];
		for (u32 k = 0; k < SLOTS; k++)
			if (k % ARRAY_SIZE(l1) != i)
				l1[i][slot_va(k) >> 20] = DATA | S_RAM;
		dcache_clean(l1[i], 0x4000);
	}
	for (u32 i = 0; i < ARRAY_SIZE(l1); i++) {
		go_to(l1[i], 0);
		group_check(true, works(CODE), "function in space %u", i);
		if (!i)
			continue;
		go_to(l1[i - 1], 0);
		last = SLOTS - 1 - (SLOTS - 1 - i) % ARRAY_SIZE(l1);
		check_slot("the space before", slot_va(last), DATA);
		group_check(true, works(CODE), "function in space %u again", i - 1);
	}
	go_to(l1_main, 0);
	tlb_all();
	group_end();
}

/* The other space is changed while it is not the current one. */
static void test_changed_elsewhere(void)
{
	begin("changed from another address space");
	for (u32 i = 0; i < SLOTS; i++)
		pt_section(l1_other, slot_va(i), 0);
	tlb_all();
	for (u32 i = 0; i < SLOTS; i++) {
		go_to(l1_other, 2);
		group_check(true, works(CODE), "function in the other space");
		go_to(l1_main, 1);
		pt_section(l1_other, slot_va(i), OTHER_DATA | S_RAM | S_NG);
		group_check(true, works(CODE), "function in the main space");
		go_to(l1_other, 2);
		check_slot("other", slot_va(i), OTHER_DATA);
		pt_section(l1_other, slot_va(i), 0);
		tlb_all();
	}
	go_to(l1_main, 0);
	tlb_all();
	group_end();
}

/* -- from an interrupt -- */

static volatile u32 irqs, irq_slot;

/* Maps the next slot, and gives back the one before. */
static void handle(void)
{
	pt_section(l1_main, slot_va(irq_slot), 0);
	tlb_all();
	irq_slot = (irq_slot + 1) % SLOTS;
	pt_section(l1_main, slot_va(irq_slot), DATA | S_RAM);
	group_check(DATA, read32(slot_va(irq_slot)), "memory of %08x in the handler", slot_va(irq_slot));
	irqs++;
	gpt1_ack();
	(void)intc_sir();
	write32(GPT1_BASE + 0x28, 0u - 1 - irqs % 3);
	write32(GPT1_BASE + 0x24, 1);
	intc_ack();
}

static void test_from_interrupt(void)
{
	u32 bad = 0, checks = 0;

	mmu_off();
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	if (!BOARD_IS_OMAP3) {
		skip("mapped by an interrupt's handler", "no OMAP3 timer on this board");
		return;
	}
	stacks_init();
	exc_hook[VEC_IRQ] = irq_entry;
	irq_handler = handle;
	gpt1_init();
	intc_init();
	intc_unmask(GPT1_IRQ);
	gpt1_oneshot(1);
	irq_enable();
	while (irqs < 300) {
		u32 flags, dacr = MRC(0, c3, c0, 0);

		bad += !works(CODE);
		asm volatile("cmp %1, #0\n\tmrs %0, cpsr" : "=&r"(flags) : "r"(0) : "cc");
		bad += (flags & (PSR_NZCVQ | PSR_I | PSR_MODE)) != (PSR_Z | PSR_C | MODE_SVC);
		asm volatile("mcr p15, 0, %0, c3, c0, 0\n\tmcr p15, 0, %1, c3, c0, 0" : : "r"(dacr | 0x40), "r"(dacr));
		bad += MRC(0, c3, c0, 0) != dacr;
		checks++;
	}
	irq_disable();
	gpt1_stop();
	intc_mask(GPT1_IRQ);
	exc_hook[VEC_IRQ] = hook_6;
	pt_section(l1_main, slot_va(irq_slot), 0);
	tlb_all();
	check("mapped by an interrupt's handler", 0, bad || checks < 100);
}

/* -- where code is -- */

static void test_places(void)
{
	static const u32 at[] = {
		FAR, FAR + 0xfff00000, 0xfff00000, 0xe0000000, RAM_BASE - (SLOTS << 20), RAM_BASE - (33u << 20), RAM_BASE + (70u << 20), 0x00100000,
		0x0f000000, 0x70000000,
	};
	u32 pa = CODE + 0x10000;

	begin("code at any address");
	write_function(pa);
	write_function(pa + 0xfe0);
	for (u32 i = 0; i < ARRAY_SIZE(at); i++) {
		pt_section(l1_main, at[i], (pa & 0xfff00000u) | S_RAM);
		for (u32 n = 0; n < 3; n++) {
			group_check(true, works(at[i] + (pa & 0xfffff)), "at %08x", at[i]);
			group_check(true, works(at[i] + (pa & 0xfffff) + 0xfe0), "at %08x, end of the page", at[i]);
		}
	}
	for (u32 n = 0; n < 30; n++)
		for (u32 i = 0; i < ARRAY_SIZE(at); i++)
			group_check(true, works(at[i] + (pa & 0xfffff)), "at %08x in turn", at[i]);
	for (u32 i = 0; i < ARRAY_SIZE(at); i++)
		pt_section(l1_main, at[i], 0);
	tlb_all();
	group_end();
}

static void test_alternating(void)
{
	u32 *l2 = l2_alloc(), pa = CODE + 0x20000;

	begin("a page of code at two addresses");
	pt_section(l1_main, NEAR, L1_TABLE(l2, 0));
	write_function(pa + 0x40);
	pt_page(l2, NEAR, pa | P_RAM);
	pt_page(l2, NEAR + 0x5000, pa | P_RAM);
	for (u32 n = 0; n < 20; n++) {
		group_check(true, works(NEAR + 0x40), "first address");
		group_check(true, works(NEAR + 0x5040), "second address");
		if (n % 3 == 0)
			group_check(true, works(pa + 0x40), "third address");
		if (n % 7 == 0)
			write_function(pa + 0x40);
	}
	group_end();
}

/* Other code at the same address, and the first again after the second is gone: with the same instructions in the same places. */
static void test_same_address(void)
{
	u32 *l2 = l2_alloc(), page[2] = { CODE + 0x30000, CODE + 0x31000 }, old = MRC(0, c3, c0, 0);
	/* mcr dacr, r0; mrc dacr, r0; bx lr */
	static const u32 code[] = { 0xee030f10, 0xee130f10, BX_LR };
	u32 (*fn)(u32) = (u32 (*)(u32))NEAR;

	begin("other code at the same address");
	pt_section(l1_main, NEAR, L1_TABLE(l2, 0));
	tlb_all();
	for (u32 i = 0; i < ARRAY_SIZE(code); i++) {
		write32(page[0] + 4 * i, code[i]);
		write32(page[1] + 4 * i, code[i]);
	}
	code_sync((void *)page[0], 0x2000);
	for (u32 n = 0; n < 24; n++) {
		pt_page(l2, NEAR, page[n & 1] | P_RAM);
		tlb_mva(NEAR);
		icache_inv_all();
		group_check(0x55555555, fn(0x55555555), "round %u: opens", n);
		if (n & 1) {	/* the second is written: all that was made of it is gone */
			write32(page[1] + 0x800, n);
			code_sync((void *)page[1], 0x1000);
			pt_page(l2, NEAR, page[0] | P_RAM);
			tlb_mva(NEAR);
			group_check(0x55555555, fn(0x55555555), "round %u: opens, the first again", n);
		}
		dcache_clean_inv_all();		/* takes what is open into account where that was put off */
		/* closes some: a value that has not been before */
		group_check(0x55555555 & ~(n << 20 | 0x1000), fn(0x55555555 & ~(n << 20 | 0x1000)), "round %u: closes", n);
	}
	MCR(0, c3, c0, 0, old);
	isb();
	group_end();
}

/* The same page executed by the kernel and by User mode, in turns. */
static void test_user_too(void)
{
	/* mrs r0, cpsr; cpsid i; mrs r1, cpsr; mrc dacr would be Undefined; udf */
	static const u32 code[] = { 0xe10f0000, 0xf10c0080, 0xe10f1000, UDF };

	begin("kernel and User mode execute the same page");
	for (u32 n = 0; n < 8; n++) {
		struct ctx c;
		bool user = n & 1;

		if (n % 4 == 0)
			code_put(0, code, ARRAY_SIZE(code));
		ctx_init(&c, (user ? MODE_USR : MODE_SVC) | (cpsr_read() & (PSR_A | PSR_F)) | PSR_C);
		ctx_run(&c);
		group_check(VEC_UND, exc_frame.vector, "round %u: vector", n);
		group_check((u32)code_area + 16, exc_frame.exc_lr, "round %u: where", n);
		group_check(PSR_C, exc_frame.r[0] & PSR_NZCVQ, "round %u: flags", n);
		if (!user) {
			group_check(MODE_SVC, exc_frame.r[0] & (PSR_I | PSR_MODE), "round %u: before", n);
			group_check(MODE_SVC | PSR_I, exc_frame.r[1] & (PSR_I | PSR_MODE), "round %u: after", n);
		}
		group_check((user ? MODE_USR : MODE_SVC | PSR_I) | PSR_C, exc_frame.spsr & (PSR_NZCVQ | PSR_I | PSR_MODE), "round %u: CPSR", n);
	}
	group_end();
}

/* Nobody but a hypervisor has put anything there: User mode finds nothing at all, and the kernel can change nothing. */
static void check_nothing(u32 va, u32 mode, u32 word, u32 vector)
{
	struct ctx c;
	u32 fs;

	ctx_init(&c, mode | (cpsr_read() & (PSR_A | PSR_F)) | PSR_I);
	c.r[0] = va;
	if (word)
		code_run(&c, (const u32[]){ word, UDF }, 2);
	else
		c.pc = va, ctx_run(&c);
	fs = vector == VEC_PABT ? IFSR_FS(exc_frame.ifsr) : DFSR_FS(exc_frame.dfsr) & ~FSR_WNR;
	group_check(vector, exc_frame.vector, "%08x, mode %x, word %x: vector", va, mode, word);
	group_check(FS_TRANS_SECT, fs, "%08x, mode %x, word %x: status", va, mode, word);
	group_check(va, vector == VEC_PABT ? exc_frame.ifar : exc_frame.dfar, "%08x, mode %x, word %x: address", va, mode, word);
}

static void test_nothing_there(void)
{
	static const u32 at[] = { 0, 0x80, 0x84, 0xc0, 0x1000, 0x1004, 0x2080, 0x3008, 0x5000, 0xb0004, 0xffffc };

	pt_section(l1_main, NEAR, 0);
	begin("User mode finds nothing");
	for (u32 i = 0; i < SLOTS; i++)
		for (u32 k = 0; k < ARRAY_SIZE(at); k++) {
			u32 va = slot_va(i) + at[k];

			check_nothing(va, MODE_USR, 0xe5901000, VEC_DABT);	/* ldr r1, [r0] */
			check_nothing(va, MODE_USR, 0xe5801000, VEC_DABT);	/* str r1, [r0] */
			check_nothing(va, MODE_USR, 0, VEC_PABT);
			check_nothing(va, MODE_SVC, 0xe4b01004, VEC_DABT);	/* ldrt r1, [r0], #4 */
			check_nothing(va, MODE_SVC, 0xe4a01004, VEC_DABT);	/* strt r1, [r0], #4 */
			if (at[k] & 0x1000)	/* where stubs may be, not what they work on */
				check_nothing(va, MODE_SVC, 0xe5801000, VEC_DABT);
		}
	group_check(true, works(CODE), "function");
	group_end();
}

/* -- code that is copied and written -- */

/* A function copies itself, from where it runs: what it reads there may be what a hypervisor put there. @move: and its address is taken. */
static void copy_code(u32 from, u32 to, u32 n)
{
	for (u32 i = 0; i < n; i++)
		write32(to + 4 * i, read32(from + 4 * i));
	code_sync((void *)to, 4 * n);
}

static void test_copied(void)
{
	u32 from = CODE + 0x40000, to = CODE + 0x50000;

	begin("code copied from where it runs");
	for (u32 n = 0; n < 12; n++) {
		write_function(from + 0x100 * n);
		group_check(true, works(from + 0x100 * n), "original %u", n);
		copy_code(from + 0x100 * n, to + 0x1000 * n, ARRAY_SIZE(function));
		group_check(true, works(to + 0x1000 * n), "copy %u", n);
		copy_code(to + 0x1000 * n, to + 0x1000 * n + 0x800, ARRAY_SIZE(function));
		group_check(true, works(to + 0x1000 * n + 0x800), "copy %u of the copy", n);
	}
	group_end();
}

/* Between the copying and the first run of the copy everything that the original's stubs were in is given up. */
static void test_copied_and_moved(void)
{
	u32 from = CODE + 0x60000, to = CODE + 0x61000;

	begin("copied code runs after the address space changed");
	write_function(from);
	group_check(true, works(from), "original");
	copy_code(from, to, ARRAY_SIZE(function));
	for (u32 i = 0; i < SLOTS; i++) {
		pt_section(l1_main, slot_va(i), DATA | S_RAM);
		(void)read32(slot_va(i));
		pt_section(l1_main, slot_va(i), 0);
		tlb_all();
	}
	group_check(true, works(to), "copy");
	group_check(true, works(from), "original again");
	group_end();
}

/* A store into the page that is executing, between sensitive instructions, which becomes one itself. */
static void test_writes_itself(void)
{
	/* cpsid i; str r1, [r0]; mcr iciallu-like barrier is the caller's way; mrs r2, cpsr; cpsie i; nop (written); mrs r3, cpsr; udf */
	static const u32 code[] = {
		0xf10c0080, 0xe5801000, 0xe10f2000, 0xee070f3b, 0xf57ff04f, 0xee070f35, 0xee070fd5, 0xf57ff04f, 0xf57ff06f, NOP, 0xe10f3000, UDF,
	};

	begin("code that writes sensitive instructions into its own page");
	for (u32 n = 0; n < 6; n++) {
		struct ctx c;

		code_put(0, code, ARRAY_SIZE(code));
		ctx_init(&c, MODE_SVC | (cpsr_read() & (PSR_A | PSR_F)));
		c.r[0] = (u32)&code_area[9];
		c.r[1] = n & 1 ? 0xf1080080 : NOP;	/* cpsie i */
		ctx_run(&c);
		group_check(VEC_UND, exc_frame.vector, "round %u: vector", n);
		group_check(PSR_I, exc_frame.r[2] & PSR_I, "round %u: masked", n);
		group_check(n & 1 ? 0 : PSR_I, exc_frame.r[3] & PSR_I, "round %u: behind what was written", n);
	}
	group_end();
}

static void test_exclusives(void)
{
	static u32 word __attribute__((aligned(64)));
	u32 v, fail, psr, tries = 0;

	begin("exclusives around sensitive instructions");
	for (u32 n = 0; n < 200; n++)
		do {
			asm volatile("ldrex %0, [%3]\n\tmrs %2, cpsr\n\tcpsid i\n\tadd %0, %0, #1\n\tmsr cpsr_c, %2\n\tstrex %1, %0, [%3]"
				     : "=&r"(v), "=&r"(fail), "=&r"(psr) : "r"(&word) : "memory");
			tries++;
		} while (fail && tries < 100000);
	group_check(200, word, "count");
	group_end();
}

/* -- more code than there is room for -- */

static void test_full(void)
{
	static const u32 kinds[] = { 0xe10f0000, 0xf10c0080, 0xf1080080, 0xe14f0000, 0xee130f10, 0xee1d0f90, 0xe10f1000, 0xee120f10 };
	u32 base = CODE + 0x100000, psr;

	begin("more sensitive instructions than there is room for");
	for (u32 p = 0; p < FILL_PAGES; p++) {
		u32 at = base + 0x1000 * p;

		for (u32 i = 0; i < 1022; i++)
			write32(at + 4 * i, i % 8 == 7 ? NOP : kinds[(i * 7 + p) % ARRAY_SIZE(kinds)]);
		write32(at + 4 * 1022, 0xe121f002);	/* msr cpsr_c, r2 */
		write32(at + 4 * 1023, BX_LR);
	}
	code_sync((void *)base, 0x1000 * FILL_PAGES);
	for (u32 round = 0; round < 2; round++)
		for (u32 p = 0; p < FILL_PAGES; p++) {
			psr = cpsr_read();
			asm volatile("mov r2, %0\n\tblx %1" : : "r"(psr), "r"(base + 0x1000 * p) : "r0", "r1", "r2", "lr", "cc", "memory");
			group_check(psr & 0x1ff, cpsr_read() & 0x1ff, "page %u", p);
			if (p % 16 == 0)
				group_check(true, works(CODE), "function after page %u", p);
		}
	group_end();
}

void guest_main(void)
{
	pt_flat(l1_main);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	irq_disable();
	prepare_data(DATA);
	prepare_data(OTHER_DATA);
	write_function(CODE);
	for (u32 i = 0; i < ARRAY_SIZE(ways); i++)
		test_one_by_one(i);
	test_all_taken();
	test_two_spaces();
	test_new_spaces();
	test_changed_elsewhere();
	test_from_interrupt();
	test_places();
	test_alternating();
	test_same_address();
	test_user_too();
	test_nothing_there();
	test_copied();
	test_copied_and_moved();
	test_writes_itself();
	test_exclusives();
	test_full();
	write_function(CODE);
	begin("end");
	group_check(true, works(CODE), "function");
	group_end();
}
