// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A driver of its own for Umbra's virtio devices (virtio 1.1: 2.6 split virtqueues, 4.2 MMIO, 5.2 block, 5.4 entropy), as no kernel would be: each way
 * to say a request, each agreement on interrupts, resets in between, and what breaks the rules, after which the device wants a reset and then works.
 */
#include "guest.h"

#define ENTROPY		0x10050000u	/* as the layout of tests/system/test_hostile.py has them */
#define DISK		0x10051000u
#define DISK_IRQ	4u

#define MAGIC		0x000
#define VERSION		0x004
#define DEVICE_ID	0x008
#define FEATURES	0x010
#define FEATURES_SEL	0x014
#define DRIVER		0x020
#define DRIVER_SEL	0x024
#define QUEUE_SEL	0x030
#define QUEUE_MAX	0x034
#define QUEUE_NUM	0x038
#define QUEUE_READY	0x044
#define QUEUE_NOTIFY	0x050
#define IRQ_STATUS	0x060
#define IRQ_ACK		0x064
#define STATUS		0x070
#define CAPACITY	0x100

#define S_ACKNOWLEDGE	1u
#define S_DRIVER	2u
#define S_DRIVER_OK	4u
#define S_FEATURES_OK	8u
#define S_NEEDS_RESET	0x40u
#define S_RUNS		(S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK | S_DRIVER_OK)
#define F_INDIRECT	(1u << 28)
#define F_EVENT_IDX	(1u << 29)
#define IRQ_USED	1u
#define IRQ_CONFIG	2u

#define NEXT		1u
#define WRITE		2u
#define INDIRECT	4u
#define NO_INTERRUPT	1u
#define NUM		16u

#define BLK_IN		0u
#define BLK_OUT		1u
#define BLK_FLUSH	4u
#define BLK_ID		8u
#define BLK_OK		0u
#define BLK_IOERR	1u
#define BLK_UNSUPP	2u

#define SECTOR		512u
#define DATA_SIZE	0x4000u
#define TURNS		100000u		/* looks at a ring before a request counts as lost */

struct desc {
	u32 addr, addr_high, len;
	u16 flags, next;
};

static struct desc desc[NUM] __attribute__((aligned(16))), table[NUM] __attribute__((aligned(16)));
static struct { u16 flags, idx, ring[NUM], used_event; } avail;
static struct { u16 flags, idx; struct { u32 id, len; } ring[NUM]; u16 avail_event, pad; } used __attribute__((aligned(4)));
static struct { u32 type, reserved, sector, sector_high; } header;
static u8 status, data[DATA_SIZE] __attribute__((aligned(4096))), want[DATA_SIZE];
static u16 seen;		/* used.idx that was looked at */
static u32 device;

static void reg_write(u32 at, u32 v)
{
	dmb();
	write32(device + at, v);
}

static u32 reg_read(u32 at)
{
	return read32(device + at);
}

/* -- the transport -- */

static void negotiate(u32 features, u32 high)
{
	reg_write(STATUS, 0);
	reg_write(STATUS, S_ACKNOWLEDGE);
	reg_write(STATUS, S_ACKNOWLEDGE | S_DRIVER);
	reg_write(DRIVER_SEL, 0);
	reg_write(DRIVER, features);
	reg_write(DRIVER_SEL, 1);
	reg_write(DRIVER, high);
	reg_write(STATUS, S_ACKNOWLEDGE | S_DRIVER | S_FEATURES_OK);
}

static void clear(void *p, u32 n)
{
	for (u32 i = 0; i < n; i++)
		((volatile u8 *)p)[i] = 0;
}

static void queue_begin(u32 queue)
{
	clear(desc, sizeof(desc));
	clear(&avail, sizeof(avail));
	clear(&used, sizeof(used));
	seen = 0;
	reg_write(QUEUE_SEL, queue);
	reg_write(QUEUE_NUM, NUM);
	reg_write(0x080, (u32)desc);
	reg_write(0x084, 0);
	reg_write(0x090, (u32)&avail);
	reg_write(0x094, 0);
	reg_write(0x0a0, (u32)&used);
	reg_write(0x0a4, 0);
	reg_write(QUEUE_READY, 1);
}

/* A driver that begins, with @features beside version 1. */
static void drive(u32 at, u32 features)
{
	device = at;
	negotiate(features, 1);
	queue_begin(0);
	reg_write(STATUS, S_RUNS);
}

static void set(struct desc *d, const volatile void *addr, u32 len, u32 flags, u32 next)
{
	*(volatile struct desc *)d = (struct desc){ (u32)addr, 0, len, (u16)flags, (u16)next };
}

static void offer(u32 head)
{
	*(volatile u16 *)&avail.ring[avail.idx % NUM] = (u16)head;
	dmb();
	*(volatile u16 *)&avail.idx = (u16)(avail.idx + 1);
}

static void notify(void)
{
	reg_write(QUEUE_NOTIFY, 0);
}

/* The request that comes next, which is @head, is used within reason. Returns its length, ~0: it is not. */
static u32 used_len(u32 head, const char *what)
{
	for (u32 i = 0; i < TURNS; i++)
		if (*(volatile u16 *)&used.idx != seen)
			break;
	dmb();
	if (*(volatile u16 *)&used.idx == seen) {
		group_check(1, 0, "%s: it is not used", what);
		return ~0u;
	}
	group_check(head, used.ring[seen % NUM].id, "%s: head", what);
	return used.ring[seen++ % NUM].len;
}

static bool done(u32 head, u32 len, const char *what)
{
	u32 is = used_len(head, what);

	group_check(len, is, "%s: length", what);
	return is == len;
}

/* -- the disk -- */

static void ask(u32 type, u32 sector)
{
	*(volatile u32 *)&header.type = type;
	*(volatile u32 *)&header.sector = sector;
	*(volatile u8 *)&status = 0xff;
}

/* Header, data, status in three descriptors from @head on. */
static void request_put(u32 head, u32 type, u32 sector, u32 len)
{
	ask(type, sector);
	set(&desc[head], &header, sizeof(header), NEXT, head + 1);
	set(&desc[head + 1], data, len, NEXT | (type == BLK_OUT ? 0 : WRITE), head + 2);
	set(&desc[head + 2], &status, 1, WRITE, 0);
}

/* The disk's answer; 0xff: none. */
static u32 request(u32 type, u32 sector, u32 len, u32 written, const char *what)
{
	request_put(0, type, sector, len);
	offer(0);
	notify();
	return done(0, written, what) ? *(volatile u8 *)&status : 0xff;
}

static void pattern(u8 *p, u32 n, u32 salt)
{
	for (u32 i = 0; i < n; i++)
		((volatile u8 *)p)[i] = (u8)(i * 7 + (i >> 8) + salt);
}

static u32 differ(const u8 *a, const u8 *b, u32 n)
{
	u32 bad = 0;

	for (u32 i = 0; i < n; i++)
		bad += ((const volatile u8 *)a)[i] != ((const volatile u8 *)b)[i];
	return bad;
}

static void check_works(const char *what)
{
	group_check(BLK_OK, request(BLK_IN, 0, SECTOR, SECTOR + 1, what), "%s: a request", what);
}

static void test_registers(void)
{
	group_begin("registers and negotiation");
	device = DISK;
	group_check(0x74726976, reg_read(MAGIC), "magic");
	group_check(2, reg_read(VERSION), "version");
	group_check(2, reg_read(DEVICE_ID), "a disk");
	group_check(1, reg_read(CAPACITY) >= 64, "its size");
	negotiate(0, 0);
	group_check(S_ACKNOWLEDGE | S_DRIVER, reg_read(STATUS), "without version 1");
	negotiate(1u << 5 | 1u << 20, 1);
	group_check(0, reg_read(STATUS) & S_FEATURES_OK, "with what was not offered");
	negotiate(F_INDIRECT, 1);
	group_check(S_FEATURES_OK, reg_read(STATUS) & S_FEATURES_OK, "with what was");
	reg_write(FEATURES_SEL, 1);
	group_check(1, reg_read(FEATURES) & 1, "version 1 is offered");
	reg_write(QUEUE_SEL, 0);
	group_check(1, reg_read(QUEUE_MAX) >= NUM, "queue 0 exists");
	reg_write(QUEUE_SEL, 1);
	group_check(0, reg_read(QUEUE_MAX), "queue 1 does not");
	reg_write(STATUS, 0);
	group_check(0, reg_read(STATUS), "reset");
	group_check(0, reg_read(QUEUE_READY), "no queue after it");
	group_end();
}

static void test_disk(void)
{
	u32 last = 0;

	/* The length is of what was written from the first byte on: the status alone is none of it, where data were to come first. */
	group_begin("disk: write, read, beyond the end, what it does not know");
	drive(DISK, 0);
	last = reg_read(CAPACITY) - 1;
	for (u32 len = SECTOR; len <= DATA_SIZE; len *= 2) {
		u32 sector = len / SECTOR - 1;

		pattern(data, len, len);
		pattern(want, len, len);
		group_check(BLK_OK, request(BLK_OUT, sector, len, 1, "write"), "write of %u", len);
		clear(data, len);
		group_check(BLK_OK, request(BLK_IN, sector, len, len + 1, "read"), "read of %u", len);
		group_check(0, differ(data, want, len), "bytes of %u", len);
	}
	group_check(BLK_OK, request(BLK_IN, last, SECTOR, SECTOR + 1, "last"), "the last sector");
	group_check(BLK_IOERR, request(BLK_IN, last, 2 * SECTOR, 0, "over"), "over the end");
	group_check(BLK_IOERR, request(BLK_OUT, last + 1, SECTOR, 1, "behind"), "behind the end");
	group_check(BLK_IOERR, request(BLK_IN, ~0u, SECTOR, 0, "far behind"), "far behind the end");
	group_check(BLK_UNSUPP, request(77, 0, SECTOR, 0, "unknown"), "unknown request");
	group_end();
}

static void test_shapes(void)
{
	group_begin("requests cut anywhere, and in a table of their own");
	drive(DISK, F_INDIRECT);
	pattern(want, SECTOR, 3);
	pattern(data, SECTOR, 3);
	group_check(BLK_OK, request(BLK_OUT, 5, SECTOR, 1, "write"), "write");
	for (u32 cut = 0; cut <= SECTOR; cut += 73)
		for (u32 indirect = 0; indirect < 2; indirect++) {
			struct desc *d = indirect ? table : desc;

			clear(data, SECTOR);
			ask(BLK_IN, 5);
			set(&d[1], &header, 9, NEXT, 4);
			set(&d[4], (u8 *)&header + 9, sizeof(header) - 9, NEXT, 2);
			set(&d[2], data, cut, NEXT | WRITE, 6);
			set(&d[6], data + cut, SECTOR - cut, NEXT | WRITE, 3);
			set(&d[3], &status, 1, WRITE, 0);
			if (indirect) {
				set(&table[0], &header, 9, NEXT, 4);	/* a table is entered at its first one */
				set(&desc[9], table, 7 * sizeof(table[0]), INDIRECT, 0);
			}
			offer(indirect ? 9 : 1);
			notify();
			if (!done(indirect ? 9 : 1, SECTOR + 1, "cut"))
				continue;
			group_check(BLK_OK, *(volatile u8 *)&status, "cut at %u", cut);
			group_check(0, differ(data, want, SECTOR), "bytes, cut at %u", cut);
		}
	group_end();
}

/* Several are offered at once, more often than the ring is long, and each is used once. */
static void test_many(void)
{
	group_begin("more requests than the ring is long");
	drive(DISK, 0);
	for (u32 i = 0; i < 4 * NUM; i++) {
		u32 n = 1 + i % 5;

		for (u32 k = 0; k < n; k++) {
			request_put(3 * k, BLK_IN, i % 8, SECTOR);
			offer(3 * k);
		}
		notify();
		for (u32 k = 0; k < n; k++)
			done(3 * k, SECTOR + 1, "one of many");
	}
	group_check(avail.idx, used.idx, "all are used");
	group_end();
}

static u32 interrupts(void)
{
	u32 is = reg_read(IRQ_STATUS);

	group_check(is != 0, intc_raw(DISK_IRQ), "line and status say the same");
	reg_write(IRQ_ACK, is);
	group_check(0, reg_read(IRQ_STATUS), "acknowledged");
	group_check(0, intc_raw(DISK_IRQ), "the line goes down");
	return is;
}

static void test_interrupts(void)
{
	group_begin("interrupts, wanted and not");
	drive(DISK, 0);
	check_works("first");
	group_check(IRQ_USED, interrupts(), "one comes");
	*(volatile u16 *)&avail.flags = NO_INTERRUPT;
	check_works("quiet");
	group_check(0, interrupts(), "none comes");
	drive(DISK, F_EVENT_IDX);
	for (u32 event = 0; event < 40; event += 1 + event % 4) {
		*(volatile u16 *)&avail.used_event = (u16)event;
		dmb();
		while (seen <= event) {
			u32 at = seen;

			check_works("with an index");
			group_check(at == event ? IRQ_USED : 0, interrupts(), "request %u, wanted at %u", at, event);
		}
		group_check(avail.idx, *(volatile u16 *)&used.avail_event, "what the device waits for");
	}
	for (u32 i = 0; i < 3; i++) {
		check_works("behind the index");
		group_check(0, interrupts(), "request %u, not wanted again", i);
	}
	group_end();
}

static void test_resets(void)
{
	group_begin("resets of device and queue");
	for (u32 i = 0; i < 20; i++) {
		drive(DISK, i & 1 ? F_EVENT_IDX : 0);
		for (u32 k = 0; k < i % 4; k++)
			check_works("before");
		request_put(0, BLK_IN, 0, DATA_SIZE);
		offer(0);
		if (i & 2)
			notify();	/* it may be about to be done */
		reg_write(STATUS, 0);
		group_check(0, reg_read(IRQ_STATUS), "nothing is pending");
		group_check(0, intc_raw(DISK_IRQ), "nor does the line say so");
	}
	drive(DISK, 0);
	check_works("after all");
	reg_write(QUEUE_SEL, 0);
	reg_write(QUEUE_READY, 0);
	group_check(0, reg_read(QUEUE_READY), "the queue is given back");
	queue_begin(0);
	check_works("a queue that began anew");
	group_end();
}

/* The device says that it is broken, by an interrupt, does nothing more, and works after a reset. */
static void check_broken(const char *what)
{
	u16 before = seen;

	for (u32 i = 0; i < TURNS && !(reg_read(STATUS) & S_NEEDS_RESET); i++)
		;
	group_check(S_NEEDS_RESET, reg_read(STATUS) & S_NEEDS_RESET, "%s: it wants a reset", what);
	group_check(IRQ_CONFIG, reg_read(IRQ_STATUS) & IRQ_CONFIG, "%s: and says so", what);
	request_put(0, BLK_IN, 0, SECTOR);
	offer(0);
	notify();
	group_check(before, *(volatile u16 *)&used.idx, "%s: nothing goes on", what);
	drive(DISK, F_INDIRECT);
	check_works(what);
	drive(DISK, F_INDIRECT);
}

static void offer_broken(u32 head, const char *what)
{
	offer(head);
	notify();
	check_broken(what);
}

static void test_broken(void)
{
	group_begin("what breaks the rules");
	drive(DISK, F_INDIRECT);
	request_put(0, BLK_IN, 0, SECTOR);
	set(&desc[2], &status, 1, WRITE | NEXT, 1);
	offer_broken(0, "a chain that bites its tail");
	request_put(0, BLK_IN, 0, SECTOR);
	set(&desc[1], data, SECTOR, WRITE | NEXT, NUM);
	offer_broken(0, "a next one that does not exist");
	offer_broken(NUM, "a head that does not exist");
	request_put(0, BLK_IN, 0, SECTOR);
	set(&desc[1], (void *)0xf0000000, SECTOR, WRITE | NEXT, 2);
	offer_broken(0, "data where no memory is");
	request_put(0, BLK_IN, 0, SECTOR);
	set(&desc[1], (void *)0x9f000000, SECTOR, WRITE | NEXT, 2);
	offer_broken(0, "data in memory of another");
	request_put(0, BLK_IN, 0, SECTOR);
	set(&desc[1], data, 0xffffff00, WRITE | NEXT, 2);
	offer_broken(0, "data that wraps");
	request_put(0, BLK_IN, 0, SECTOR);
	*(volatile u32 *)&desc[1].addr_high = 1;
	offer_broken(0, "data above 4 GiB");
	request_put(0, BLK_OUT, 0, SECTOR);
	set(&desc[0], &header, sizeof(header), NEXT | WRITE, 1);
	offer_broken(0, "to be read behind to be written");
	set(&desc[0], table, sizeof(table[0]) - 1, INDIRECT, 0);
	offer_broken(0, "half a table");
	set(&table[0], table, sizeof(table[0]), INDIRECT, 0);
	set(&desc[0], table, sizeof(table[0]), INDIRECT, 0);
	offer_broken(0, "a table in a table");
	*(volatile u16 *)&avail.idx = NUM + 1;
	notify();
	check_broken("more than the ring holds");
	group_end();
}

static void test_entropy(void)
{
	static const u32 lens[] = { 1, 7, 64, 4096 };

	group_begin("entropy");
	drive(ENTROPY, 0);
	group_check(4, reg_read(DEVICE_ID), "a source of entropy");
	for (u32 i = 0; i < ARRAY_SIZE(lens); i++) {
		u32 least = lens[i], same, n;

		for (u32 k = 0; k < 2; k++) {
			clear(k ? want : data, 4096);
			set(&desc[k], k ? want : data, lens[i], WRITE, 0);
			offer(k);
			notify();
			n = used_len(k, "random bytes");
			group_check(1, n > 0 && n <= lens[i], "of %u: %u", lens[i], n);	/* it may give fewer */
			least = n < least ? n : least;
		}
		same = least - differ(data, want, least);
		group_check(1, least < 64 || same < least / 8, "%u of %u bytes are the same ones again", same, least);
	}
	group_end();
}

/* -- code -- */

#define VA		0x30000000u	/* the kernel's alone: */
#define HANDLER_VA	VA		/* what a system call comes to, as Linux begins it, */
#define VECTORS_VA	(VA + 0x1000u)
#define STACK_VA	(VA + 0x2000u)
#define USER_VA		0x30100000u	/* SVC */
#define UDF		0xe7f000f0u
#define KERNEL_PAGE	(P_SMALL | P_WB | P_AP(0, 1))

static u32 handler[1024] __attribute__((aligned(4096))), vectors[1024] __attribute__((aligned(4096))), stack[1024] __attribute__((aligned(4096)));
static u32 user[1024] __attribute__((aligned(4096)));
static u32 percpu[4];
#define SAVES		8u		/* the one that differs: which register it stores */
static const u32 begins[] = {
	0xe24dd048,			/* sub sp, sp, #72 */
	0xe88d1fff,			/* stm sp, {r0-r12} */
	0xe28d803c, 0xe9486000,		/* add r8, sp, #60; stmdb r8, {sp, lr}^ */
	0xe14f8000, 0xe1a0900e,		/* mrs r8, spsr; mov r9, lr */
	0xe58d903c, 0xe58d8040, 0xe58d0044, /* str r9, [sp, #60]; str r8, [sp, #64]; str r0, [sp, #68] */
	0xee1daf90, 0xe300c008, 0xe340c000, 0xe79aa00c, /* mrc TPIDRPRW, r10; movw, movt r12, #8; ldr r10, [r10, r12] */
	0xee0daf70, 0xee11cf10,		/* mcr TPIDRURO, r10; mrc SCTLR, r12 */
};

/* A system call whose handler saves @reg. */
static void system_call(u32 *launch, u32 reg)
{
	volatile u32 *saved = &stack[(0x800 - 4) / 4];
	struct ctx c;

	ctx_init(&c, MODE_SVC | PSR_I);
	c.sp = STACK_VA + 0x800;
	c.lr = USER_VA;
	c.pc = (u32)launch;
	*saved = 0;
	asm volatile("msr spsr_cxsf, %0" : : "r"(MODE_USR));
	group_check(VEC_UND, ctx_run(&c), "vector, r%u", reg);
	group_check(HANDLER_VA + sizeof(begins) + 4, exc_frame.exc_lr, "where, r%u", reg);
	group_check(c.sp - 72, exc_frame.sp, "sp, r%u", reg);
	group_check(ctx_reg(reg), *saved, "what was saved, r%u", reg);
}

static void handler_to_disk(u32 sector, u32 reg)
{
	for (u32 i = 0; i < SECTOR / 4; i++)
		((volatile u32 *)data)[i] = i < ARRAY_SIZE(begins) ? begins[i] | (i == SAVES ? reg << 12 : 0) : UDF;
	group_check(BLK_OK, request(BLK_OUT, sector, SECTOR, 1, "code to the disk"), "write");
}

/* The handler is read from the disk, over the one that there is. All that is done for the processor's sake is to invalidate its instruction cache. */
static void handler_from_disk(u32 sector)
{
	request_put(0, BLK_IN, sector, SECTOR);
	set(&desc[1], handler, SECTOR, NEXT | WRITE, 2);
	offer(0);
	notify();
	done(0, SECTOR + 1, "code from the disk");
	asm volatile("mcr p15, 0, %0, c7, c5, 0\n\tmcr p15, 0, %0, c7, c5, 6\n\tdsb\n\tisb" : : "r"(0) : "memory");
}

/* What a device writes over code that was executed, and over what was made of it, runs. */
static void test_code(void)
{
	const u32 movs[] = { 0xe1b0f00e };
	u32 *launch = code_fresh(movs, 1), *l2 = l2_alloc();

	group_begin("a system call's handler from the disk, again and again");
	vector_table_build(vectors);
	vectors[10] = HANDLER_VA;
	user[0] = 0xef000000;
	code_sync(vectors, sizeof(vectors));
	code_sync(user, sizeof(user));
	pt_section(l1_main, VA, L1_TABLE(l2, 0));
	pt_page(l2, HANDLER_VA, (u32)handler | KERNEL_PAGE);
	pt_page(l2, VECTORS_VA, (u32)vectors | KERNEL_PAGE);
	pt_page(l2, STACK_VA, (u32)stack | KERNEL_PAGE);
	l2 = l2_alloc();
	pt_section(l1_main, USER_VA, L1_TABLE(l2, 0));
	pt_page(l2, USER_VA, (u32)user | P_SMALL | P_WB | P_AP(0, 2));
	tlb_all();
	drive(DISK, 0);
	*(volatile u16 *)&avail.flags = NO_INTERRUPT;	/* nothing but the notification itself is an exit */
	for (u32 i = 0; i < 4; i++)
		handler_to_disk(i, i);
	asm volatile("cpsie af");
	MCR(0, c13, c0, 4, percpu);
	MCR(0, c12, c0, 0, VECTORS_VA);
	isb();
	for (u32 round = 0; round < 24; round++) {
		handler_from_disk(round % 4);
		for (u32 i = 0; i < 8; i++)	/* a hypervisor learns */
			system_call(launch, round % 4);
	}
	MCR(0, c12, c0, 0, exc_vectors);
	isb();
	stacks_init();
	group_end();
}

void guest_main(void)
{
	intc_init();
	pt_flat(l1_main);
	for (u32 va = RAM_BASE; va < RAM_TEST_END; va += 1 << 20)	/* not for User mode, as kernels have it */
		l1_main[va >> 20] = va | S_SECT | S_WB | S_AP(0, 1);
	pt_section(l1_main, DISK & 0xfff00000, (DISK & 0xfff00000) | S_DEVICE);
	mmu_on_cached(l1_main, DACR_CLIENT(0));
	test_registers();
	test_disk();
	test_shapes();
	test_many();
	test_interrupts();
	test_resets();
	test_broken();
	test_entropy();
	test_code();
	reg_write(STATUS, 0);
}
