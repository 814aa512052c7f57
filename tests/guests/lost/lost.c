// SPDX-License-Identifier: GPL-2.0-or-later
/* A guest that loses itself in the way that a typed letter names, and never comes back: the host must stay up. */
#include "guest.h"

#define UART_RHR	(UART_BASE + 0x00)
#define UART_LSR	(UART_BASE + 0x14)

static u32 random_state = 0x2545f491;

static u32 next_random(void)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state;
}

static void vectors_to(u32 at)
{
	MCR(0, c12, c0, 0, at);
	isb();
}

static void lose_empty_table(void)
{
	pt_clear((u32 *)TEST_RAM);
	MCR(0, c2, c0, 0, TEST_RAM);
	tlb_all();
}

static void lose_table_in_hole(void)
{
	MCR(0, c2, c0, 0, HOLE_ADDR);
	tlb_all();
}

static void lose_no_domain(void)
{
	MCR(0, c3, c0, 0, 0);
	isb();
}

static void lose_vectors(void)
{
	vectors_to(HOLE_ADDR);
	asm volatile("udf #0");
}

static void lose_jump(void)
{
	vectors_to(HOLE_ADDR);
	((void (*)(void))0xfffffff0)();
}

static void lose_sleep(void)
{
	asm volatile("cpsid if");
	for (;;)
		asm volatile("wfi");
}

static void lose_loop(void)
{
	asm volatile("cpsid if\n1:\tb 1b");
}

/* Overwrites all its memory, code and tables included. */
static void lose_wipe(void)
{
	for (u32 a = RAM_TEST_END - 4; a >= RAM_BASE; a -= 4)
		write32(a, next_random());
}

/* Executes noise in a privileged mode, with vectors that lead to noise. */
static void lose_noise(void)
{
	for (u32 a = TEST_RAM; a < TEST_RAM + 0x100000; a += 4)
		write32(a, next_random());
	code_sync((void *)TEST_RAM, 0x100000);
	vectors_to(TEST_RAM + 0x4000);
	((void (*)(void))(TEST_RAM + 0x8000))();
}

/* The same with page tables of noise, over and over new ones. */
static void lose_noise_tables(void)
{
	u32 *l1 = (u32 *)TEST_RAM;

	for (u32 i = 0; i < L1_ENTRIES; i++)
		l1[i] = i >= RAM_BASE >> 20 && i < (RAM_BASE >> 20) + 4 ? l1_main[i] : next_random();
	for (u32 i = 0; i < DEV_SECTIONS; i++)
		l1[(DEV_BASE >> 20) + i] = 0;
	dcache_clean(l1, L1_ENTRIES * 4);
	MCR(0, c2, c0, 0, l1);
	tlb_all();
	for (;;) {
		u32 va = next_random();

		MCR(0, c3, c0, 0, next_random() | 1);
		isb();
		/* not the devices: noise there is another matter */
		if ((va >> 20) < (RAM_BASE >> 20) || va >= RAM_TEST_END)
			(void)TRY((void)read32(va));
		if (!(va & 0xf))
			tlb_all();
	}
}

/* A stack overflow in the abort handler's own mode: aborts without end. */
static void lose_recursion(void)
{
	static u32 table[16] __attribute__((aligned(64)));

	for (u32 i = 0; i < 8; i++)
		table[i] = 0xe5100000;	/* ldr r0, [r0] */
	code_sync(table, sizeof(table));
	vectors_to((u32)table);
	(void)read32(0x20000000);
}

/*
 * Where a hypervisor keeps code and state for the kernel in its address space, a kernel can find them: in pages below its own that it can read
 * although its tables say nothing about them. What it does with them is its own loss.
 */
#define FIND_FROM	(RAM_BASE - 0x02000000u)
static u32 found[512], founds;

static bool readable(u32 va)
{
	return !TRY((void)read32(va));
}

static bool writable(u32 va)
{
	return readable(va) && !TRY(write32(va, read32(va)));
}

/* A kernel's sensitive instructions, so that there is something to find, and something that suffers. */
static void be_sensitive(u32 n)
{
	u32 psr, dacr = DACR_CLIENT(0) | (n & 1 ? DACR_CLIENT(1) : 0), v;

	asm volatile("mrs %0, cpsr\n\tcpsid i\n\tmsr cpsr_c, %0\n\t"
		     "mcr p15, 0, %2, c3, c0, 0\n\tmrc p15, 0, %1, c3, c0, 0\n\tmrs %1, spsr\n\tmsr spsr_cxsf, %1\n\t"
		     "mrc p15, 0, %1, c13, c0, 4\n\tmrc p15, 0, %1, c2, c0, 0\n\tstmdb %3, {sp, lr}^"
		     : "=&r"(psr), "=&r"(v) : "r"(dacr), "r"(TEST_RAM + 64) : "memory");
}

static void try_sensitive(u32 n)
{
	(void)TRY(be_sensitive(n));
}

static void try_write(u32 va, u32 value)
{
	(void)TRY(write32(va, value));
}

static void find(void)
{
	mmu_off();
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	be_sensitive(0);
	for (u32 va = FIND_FROM; va < RAM_BASE && founds < ARRAY_SIZE(found); va += 0x1000)
		if (readable(va))
			found[founds++] = va;
	print("FOUND %s\n", founds ? "something" : "nothing");
}

/* Random words over random state, which is used in between. */
static void scribble(void)
{
	for (u32 n = 0;; n++) {
		u32 va = founds ? found[next_random() % founds] + (next_random() & 0xfc) : TEST_RAM;

		if (writable(va))
			try_write(va, next_random() & 1 ? next_random() : found[next_random() % founds] + (next_random() & 0xffc));
		try_sensitive(n);
		asm volatile("cpsid i\n\tcpsie i");
	}
}

static void lose_scribble(void)
{
	find();
	scribble();
}

/* The same while interrupts come, with handlers that use it too. */
static void storm_handler(void)
{
	(void)intc_sir();
	be_sensitive(next_random());
	gpt1_ack();
	gpt1_oneshot(1);
	intc_ack();
}

static void lose_scribble_storm(void)
{
	find();
	intc_init();
	gpt1_init();
	exc_hook[VEC_IRQ] = irq_entry;
	irq_handler = storm_handler;
	intc_unmask(GPT1_IRQ);
	gpt1_oneshot(1);
	irq_enable();
	scribble();
}

/* Jumps into the middle of what it found, with registers of noise, in every mode. */
static void lose_into_middle(void)
{
	static const u32 modes[] = { MODE_SVC, MODE_SYS, MODE_IRQ, MODE_ABT, MODE_FIQ, MODE_USR };

	find();
	for (;;) {
		struct ctx c;

		ctx_init(&c, modes[next_random() % ARRAY_SIZE(modes)] | (next_random() & (PSR_NZCVQ | PSR_I)));
		for (u32 i = 0; i < 13; i++)
			c.r[i] = next_random() & 1 ? next_random() : found[next_random() % founds] + (next_random() & 0xfff);
		c.lr = (u32)lose_into_middle;
		c.pc = found[next_random() % founds] + (next_random() & 0xffc);
		try_write(c.pc, next_random());
		ctx_run(&c);
		stacks_init();
		try_sensitive(0);
	}
}

/* Takes the addresses for itself and gives them back, scribbling all the time. */
static void lose_map_and_scribble(void)
{
	find();
	for (u32 n = 0;; n++) {
		u32 va = FIND_FROM + (next_random() & 0x01f00000);

		pt_section(l1_main, va, next_random() & 1 ? TEST_RAM | S_RAM : 0);
		if (next_random() & 1)
			tlb_all();
		try_write(va + (next_random() & 0xffffc), next_random());
		try_sensitive(n);
	}
}

/*
 * A kernel's stack in the registers of a block of which one does not answer, in the middle of the frame: of the way back to User mode, and of
 * the way in. The external abort is precise or late (ctx_run() then ends at an SVC of User mode, or at an abort from there), and the kernel's
 * own in any case.
 */
#define BLOCK		0x48074000u	/* McBSP1 */
#define BLOCK_HOLE	0x40u		/* -global omap3-stub.hole */
#define LOADED_FRAME	(BLOCK + BLOCK_HOLE - 0x20 + 60)	/* its ends */
#define STORED_FRAME	(BLOCK + BLOCK_HOLE - 0x34 + 72)
#define USER_VA		0x30000000u
#define HOLE_RUNS	64u
#define FS_EXT_LATE	0x406u

static void user_code(void)
{
	(void)read32(BLOCK);		/* as memory that is in use */
	pt_section(l1_main, USER_VA, TEST_RAM | S_RAM);
	tlb_all();
	for (u32 i = 0; i < 64; i++)
		write32(TEST_RAM + 4 * i, 0xef000000);
	code_sync((void *)TEST_RAM, 256);
}

/* How often it ends by an external abort, of HOLE_RUNS times, with the code at code_area[@first] and A @masked or not; r2, sp := @frame. */
static u32 run_into_hole(u32 first, u32 frame, u32 masked)
{
	u32 aborts = 0, fs;

	for (u32 i = 0; i < HOLE_RUNS; i++) {
		struct ctx c;

		ctx_init(&c, MODE_SVC | PSR_I | PSR_F | masked);
		c.r[1] = MODE_USR | masked;
		c.r[2] = c.sp = frame;
		c.lr = USER_VA;
		c.pc = (u32)&code_area[first];
		ctx_run(&c);
		stacks_init();
		fs = DFSR_FS(exc_frame.dfsr) & ~FSR_WNR;
		aborts += exc_frame.vector == VEC_DABT && (fs == FS_EXT || fs == FS_EXT_LATE);
	}
	return aborts;
}

static void lose_frame_with_hole(void)
{
	/* msr spsr_cxsf, r1; (add r5, r5, r5;) ldmdb r2, {r0-lr}^; nop; add sp, sp, #0; movs pc, lr */
	static const u32 code[] = {
		0xe16ff001, 0xe9527fff, 0xe1a00000, 0xe28dd000, 0xe1b0f00e, 0,
		0xe16ff001, 0xe0855005, 0xe9527fff, 0xe1a00000, 0xe28dd000, 0xe1b0f00e,
	};

	mmu_off();
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	user_code();
	code_put(0, code, ARRAY_SIZE(code));
	print("ABORTS %u %u\n", run_into_hole(0, LOADED_FRAME, 0), run_into_hole(6, LOADED_FRAME, 0));
	(void)run_into_hole(0, LOADED_FRAME, PSR_A);
	(void)run_into_hole(6, LOADED_FRAME, PSR_A);
	print("SURVIVED\n");
	for (;;)
		;
}

static void lose_call_with_hole(void)
{
	/* msr spsr_cxsf, r1; movs pc, lr. As kernels begin a system call: sp and lr of User mode lie between words that answer. */
	static const u32 code[] = {
		0xe16ff001, 0xe1b0f00e,
		0xe24dd048, 0xe88d1fff, 0xe28d803c, 0xe9486000, 0xe14f8000, 0xe1a0900e, 0xe58d903c, 0xe58d8040, 0xe58d0044, 0xee1daf90,
		0xe7f000f0,
	};
	u32 *vectors = (u32 *)(TEST_RAM + 0x00100000);

	mmu_off();
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	user_code();
	code_put(0, code, ARRAY_SIZE(code));
	vector_table_build(vectors);
	vectors[8 + 2] = (u32)&code_area[2];
	code_sync(vectors, 64);
	vectors_to((u32)vectors);
	print("ABORTS %u\n", run_into_hole(0, STORED_FRAME, 0));
	(void)run_into_hole(0, STORED_FRAME, PSR_A);
	print("SURVIVED\n");
	for (;;)
		;
}

/* By letter, from a on; those from l on need stubs, or may have them. */
#define WAYS_WITH_STUBS	((u32)('l' - 'a'))
static void (*const ways[])(void) = {
	lose_empty_table, lose_table_in_hole, lose_no_domain, lose_vectors, lose_jump, lose_sleep, lose_loop, lose_wipe, lose_noise,
	lose_noise_tables, lose_recursion, lose_scribble, lose_scribble_storm, lose_into_middle, lose_map_and_scribble,
	lose_frame_with_hole, lose_call_with_hole,
};

/* Not for User mode, as kernels have it: what both modes may execute may have no stubs. */
static void hide_ram_from_user(void)
{
	for (u32 va = RAM_BASE; va < RAM_TEST_END; va += 1 << 20)
		l1_main[va >> 20] = va | S_SECT | S_WB | S_AP(0, 1);
	dcache_clean(l1_main, sizeof(l1_main));
}

void guest_main(void)
{
	u32 way;

	print("READY\n");
	while (!(read32(UART_LSR) & 1))
		;
	way = read32(UART_RHR) - 'a';
	pt_flat(l1_main);
	if (way >= WAYS_WITH_STUBS)
		hide_ram_from_user();
	mmu_on(l1_main, DACR_CLIENT(0));
	print("LOST %c\n", (int)('a' + way));
	if (way < ARRAY_SIZE(ways))
		ways[way]();
	print("BACK\n");
}
