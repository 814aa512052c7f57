// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Guest: a small microkernel. Tasks in User mode, each in an address space by its ASID; messages by SVC; a driver in User mode that owns the timer's
 * registers and gets its interrupts as messages; pages granted and taken back; faults of tasks. At boot it writes the TLB lockdown registers and
 * reads the Jazelle identification, as such kernels do.
 */
#include "guest.h"

#define CODE_VA		0x40000000u	/* the tasks' code, the same for all */
#define DATA_VA		0x40100000u	/* a page of each task's own */
#define GRANT_VA	0x40101000u	/* where a granted page appears */
#define TIMER_VA	0x40200000u	/* the driver's device */
#define TIMER		(TIMER_VA + (GPT1_BASE & 0xfffffu))
#define DATA		(TEST_RAM + 0x100000u)
#define TASKS		4u
#define ROUNDS		400u
#define TICKS		20u
#define SYS_SEND	1u		/* r0: to whom, r1: message; returns the answer */
#define SYS_RECEIVE	2u		/* returns r0: message, r1: from whom */
#define SYS_REPLY	3u		/* r0: to whom, r1: answer; then as SYS_RECEIVE */
#define SYS_IRQ_WAIT	4u		/* unmask the timer's line, wait for it */
#define SYS_EXIT	5u		/* r0: result */
#define SYS_GRANT	6u		/* r0: to whom: my page; or take it back, if it is there */
#define USER(name)	__attribute__((noinline, noclone, section(".playground.user"))) name

enum state { DEAD, READY, RECEIVING, SENDING, IRQ_WAITING };

/* ukernel_asm.S knows this: 15 registers, then CPSR and pc. */
struct task {
	u32 r[15], cpsr, pc;
	enum state state;
	u32 asid, partner, message, result, fault;
	bool taken;		/* its message was received, the answer is missing */
	u32 *l1, *l2, *l2_timer;
};

void uk_svc(void);
void uk_irq(void);
void uk_dabt(void);
void uk_pabt(void);
void uk_run(struct task *first);
struct task *uk_dispatch(struct task *t, u32 cause);

static struct task tasks[TASKS];
static u32 l1_task[TASKS][L1_ENTRIES] __attribute__((aligned(16384)));
static u32 af, switches, preemptions;

/* -- what runs in User mode; it refers to nothing of the kernel's -- */

struct answer {
	u32 r0, r1;
};

static inline struct answer call(u32 number, u32 a0, u32 a1)
{
	register u32 r0 asm("r0") = a0, r1 asm("r1") = a1, r2 asm("r2") = number;

	asm volatile("svc #0x80" : "+r"(r0), "+r"(r1) : "r"(r2) : "r3", "r12", "lr", "memory");
	return (struct answer){ r0, r1 };
}

static void USER(client)(u32 server, u32 me)
{
	u32 bad = 0;

	for (u32 i = 0; i < ROUNDS; i++) {
		write32(DATA_VA + (i & 63) * 4, me << 16 | i);
		bad += call(SYS_SEND, server, i).r0 != i * 3 + me;
		bad += read32(DATA_VA + (i & 63) * 4) != (me << 16 | i);
	}
	call(SYS_EXIT, bad, 0);
}

static void USER(server)(u32 me, u32 unused)
{
	struct answer a = call(SYS_RECEIVE, 0, 0);

	(void)unused;
	for (;;) {
		write32(DATA_VA + 4 * a.r1, me << 16 | a.r0);
		a = call(SYS_REPLY, a.r1, (read32(DATA_VA + 4 * a.r1) & 0xffff) * 3 + a.r1);
	}
}

static void USER(driver)(u32 period, u32 unused)
{
	u32 n;

	(void)unused;
	write32(TIMER + 0x2c, 0u - period);
	write32(TIMER + 0x28, 0u - period);
	write32(TIMER + 0x24, 3);
	for (n = 0; n < TICKS; n++) {
		call(SYS_IRQ_WAIT, 0, 0);
		write32(TIMER + 0x18, 7);
		write32(DATA_VA, n);
	}
	write32(TIMER + 0x24, 0);
	call(SYS_EXIT, n, 0);
}

static void USER(giver)(u32 other, u32 unused)
{
	u32 bad = 0;

	(void)unused;
	for (u32 i = 0; i < 100; i++) {
		write32(DATA_VA, i ^ 0x5a5a);
		call(SYS_GRANT, other, 0);
		bad += call(SYS_SEND, other, i).r0 != (i ^ 0x5a5a);
		bad += read32(DATA_VA) != ~i;
		call(SYS_GRANT, other, 0);
	}
	call(SYS_SEND, other, ~0u);
	call(SYS_EXIT, bad, 0);
}

/* Reads what was granted and writes into it; in the end, when it was taken back, that is its end. */
static void USER(taker)(u32 me, u32 unused)
{
	struct answer a = call(SYS_RECEIVE, 0, 0);

	(void)me;
	(void)unused;
	for (;;) {
		u32 v = read32(GRANT_VA);

		write32(GRANT_VA, ~a.r0);
		a = call(SYS_REPLY, a.r1, v);
	}
}

/* -- the kernel -- */

static void space_enter(const struct task *t)
{
	dsb();
	MCR(0, c2, c0, 0, (u32)t->l1);
	isb();
	MCR(0, c13, c0, 1, t->asid);
	isb();
}

static struct task *next_ready(void)
{
	static u32 last;

	for (u32 i = 1; i <= TASKS; i++)
		if (tasks[(last + i) % TASKS].state == READY) {
			last = (last + i) % TASKS;
			return &tasks[last];
		}
	return NULL;
}

static void deliver(struct task *to, u32 message, u32 from)
{
	to->r[0] = message;
	to->r[1] = from;
	to->state = READY;
}

static void send(struct task *t)
{
	struct task *to = &tasks[t->r[0] % TASKS];

	t->partner = (u32)(to - tasks);
	t->message = t->r[1];
	t->state = SENDING;
	t->taken = to->state == RECEIVING;
	if (t->taken)
		deliver(to, t->message, (u32)(t - tasks));
	else if (to->state == DEAD)
		deliver(t, 0xdead, 0);
}

static void receive(struct task *t)
{
	t->state = RECEIVING;
	for (u32 i = 0; i < TASKS; i++)
		if (tasks[i].state == SENDING && &tasks[tasks[i].partner] == t && !tasks[i].taken) {
			tasks[i].taken = true;
			deliver(t, tasks[i].message, i);
			break;
		}
}

static void grant(struct task *t)
{
	struct task *to = &tasks[t->r[0] % TASKS];
	u32 *pte = &to->l2[(GRANT_VA >> 12) & 0xff];

	pte_write(pte, *pte ? 0 : (t->l2[(DATA_VA >> 12) & 0xff] | P_NG));
	tlb_mva(GRANT_VA | to->asid);
}

static void task_exit(struct task *t, u32 result, u32 fault)
{
	t->state = DEAD;
	t->result = result;
	t->fault = fault;
	for (u32 i = 0; i < TASKS; i++)
		if (tasks[i].state == SENDING && &tasks[tasks[i].partner] == t)
			deliver(&tasks[i], 0xdead, 0);
}

static void system_call(struct task *t)
{
	switch (t->r[2]) {
	case SYS_SEND:
		send(t);
		break;
	case SYS_REPLY:
		deliver(&tasks[t->r[0] % TASKS], t->r[1], (u32)(t - tasks));
		/* fall through */
	case SYS_RECEIVE:
		receive(t);
		break;
	case SYS_IRQ_WAIT:
		t->state = IRQ_WAITING;
		intc_unmask(GPT1_IRQ);
		break;
	case SYS_GRANT:
		grant(t);
		break;
	default:
		task_exit(t, t->r[0], 0);
		break;
	}
}

static void interrupt(void)
{
	intc_mask(GPT1_IRQ);
	intc_ack();
	preemptions++;
	for (u32 i = 0; i < TASKS; i++)
		if (tasks[i].state == IRQ_WAITING)
			tasks[i].state = READY;
}

struct task *uk_dispatch(struct task *t, u32 cause)
{
	switches++;
	if (cause == VEC_SVC)
		system_call(t);
	else if (cause == VEC_IRQ)
		interrupt();
	else
		task_exit(t, 0xfa, cause == VEC_DABT ? MRC(0, c6, c0, 0) : MRC(0, c6, c0, 2));
	while (!(t = next_ready())) {
		bool waits = false;

		for (u32 i = 0; i < TASKS; i++)
			waits |= tasks[i].state == IRQ_WAITING;
		if (!waits)
			return NULL;
		/* idle: the interrupt is taken by asking for it */
		while (!intc_pending(GPT1_IRQ))
			;
		(void)intc_sir();
		interrupt();
	}
	space_enter(t);
	return t;
}

static void space_make(struct task *t, u32 i)
{
	t->l1 = l1_task[i];
	if (!t->l2) {
		t->l2 = l2_alloc();
		t->l2_timer = l2_alloc();
	}
	for (u32 k = 0; k < L1_ENTRIES; k++)
		t->l1[k] = l1_main[k];
	for (u32 k = 0; k < 256; k++)
		pte_write(&t->l2[k], 0);
	t->l1[DATA_VA >> 20] = L1_TABLE(t->l2, 0);
	pt_page(t->l2, DATA_VA, (DATA + i * 0x1000) | P_SMALL | P_WB | P_AP(0, 3) | P_NG | P_XN);
	t->l1[CODE_VA >> 20] = L1_TABLE(t->l2_timer, 0);
	dcache_clean(t->l1, L1_ENTRIES * 4);
}

/* A task that begins at @entry with @r0 and @r1; it has no stack. */
static void task_make(u32 i, void (*entry)(u32, u32), u32 r0, u32 r1)
{
	struct task *t = &tasks[i];
	const u32 code = (u32)entry & ~0xfffu;

	space_make(t, i);
	pt_page(t->l2_timer, CODE_VA, code | P_SMALL | P_WB | P_AP(0, 2) | P_NG);
	pt_page(t->l2_timer, CODE_VA + 0x1000, (code + 0x1000) | P_SMALL | P_WB | P_AP(0, 2) | P_NG);
	for (u32 k = 0; k < 15; k++)
		t->r[k] = ctx_reg(k);
	t->r[0] = r0;
	t->r[1] = r1;
	t->r[13] = DATA_VA + 0x1000;
	t->pc = CODE_VA + ((u32)entry & 0xffeu);
	t->cpsr = MODE_USR | af | ((u32)entry & 1 ? PSR_T : 0);
	t->state = READY;
	t->result = t->fault = 0;
	t->asid = i + 1;
	tlb_asid(t->asid);
}

static void kernel_run(void)
{
	struct task *first;

	exc_hook[2] = uk_svc;
	exc_hook[3] = uk_pabt;
	exc_hook[4] = uk_dabt;
	exc_hook[6] = uk_irq;
	first = next_ready();
	space_enter(first);
	uk_run(first);
	exc_hook[2] = hook_2;
	exc_hook[3] = hook_3;
	exc_hook[4] = hook_4;
	exc_hook[6] = hook_6;
	MCR(0, c2, c0, 0, (u32)l1_main);
	isb();
	MCR(0, c13, c0, 1, 0);
	isb();
	stacks_init();
	for (u32 i = 0; i < TASKS; i++)
		tasks[i].state = DEAD;
}

static u32 jazelle(u32 which)
{
	u32 v = ~0u;

	if (which == 0)
		asm volatile("mrc p14, 7, %0, c0, c0, 0" : "=r"(v));
	else if (which == 1)
		asm volatile("mrc p14, 7, %0, c1, c0, 0" : "=r"(v));
	else
		asm volatile("mrc p14, 7, %0, c2, c0, 0" : "=r"(v));
	return v;
}

static void test_boot(void)
{
	check("lockdown registers can be written", VEC_NONE, TRY(MCR(0, c10, c0, 0, 0); MCR(0, c10, c0, 1, 0)));
	check("JIDR is there", VEC_NONE, TRY(check("JIDR", 0, jazelle(0))));
	check("JOSCR is there", VEC_NONE, TRY(check("JOSCR", 0, jazelle(1))));
	check("JMCR is there", VEC_NONE, TRY(check("JMCR", 0, jazelle(2))));
}

static void test_messages(void)
{
	group_begin("messages between three address spaces and a server");
	task_make(0, server, 0, 0);
	for (u32 i = 1; i < TASKS; i++)
		task_make(i, client, 0, i);
	kernel_run();
	for (u32 i = 1; i < TASKS; i++) {
		group_check(0, tasks[i].result, "client %u: wrong answers", i);
		group_check(0, tasks[i].fault, "client %u: fault", i);
	}
	group_end();
}

static void test_driver(void)
{
	group_begin("a driver in User mode, two clients and a server meanwhile");
	preemptions = 0;
	intc_init();
	gpt1_init();
	task_make(0, server, 0, 0);
	task_make(1, client, 0, 1);
	task_make(2, client, 0, 2);
	task_make(3, driver, 4, 0);
	pt_section(l1_task[3], TIMER_VA, (GPT1_BASE & 0xfff00000) | S_SECT | S_DEV | S_AP(0, 3) | S_XN | S_NG);
	tasks[3].r[0] = 4;
	kernel_run();
	group_check(TICKS, tasks[3].result, "interrupts");
	group_check(0, tasks[1].result | tasks[2].result, "wrong answers");
	group_check(TICKS, preemptions, "interrupts that the kernel took");
	group_end();
	gpt1_stop();
	intc_init();
}

static void test_grants(void)
{
	group_begin("pages granted and taken back");
	task_make(0, giver, 1, 0);
	task_make(1, taker, 0, 0);
	kernel_run();
	group_check(0, tasks[0].result, "wrong data");
	group_check(GRANT_VA, tasks[1].fault, "the taker ended where it had nothing any more");
	group_end();
}

static void test_reuse(void)
{
	u32 bad = 0;

	/* other pages under the same ASIDs and addresses, many times */
	for (u32 n = 0; n < 20; n++) {
		task_make(n & 1, server, 0, 0);
		tasks[n & 1].r[0] = n & 1;
		task_make(2 + (n & 1), client, n & 1, 2 + (n & 1));
		kernel_run();
		bad += tasks[2 + (n & 1)].result | tasks[2 + (n & 1)].fault;
	}
	check("address spaces that are made again", 0, bad);
}

void guest_main(void)
{
	if (!BOARD_IS_OMAP3) {
		skip("ukernel", "no OMAP3 timer on this board");
		return;
	}
	af = cpsr_read() & (PSR_A | PSR_F);
	test_boot();
	pt_flat(l1_main);
	for (u32 i = RAM_BASE >> 20; i < RAM_TEST_END >> 20; i++)
		l1_main[i] = i << 20 | S_SECT | S_WB | S_AP(0, 1);
	mmu_on(l1_main, DACR_CLIENT(0));
	test_messages();
	test_driver();
	test_grants();
	test_reuse();
	check("there were switches", 1, switches > ROUNDS);
	mmu_off();
}
