// SPDX-License-Identifier: GPL-2.0-or-later
/* What a kernel does for programs by emulating or generating instructions: eBPF, SWP, unaligned accesses. One line each, the same in every world. */
#include <linux/bpf.h>
#include <setjmp.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#define ALU(op, d, s, i, x)	{ .code = (op) | BPF_ALU64 | ((x) ? BPF_X : BPF_K), .dst_reg = (d), .src_reg = (s), .imm = (i) }
#define ALU32(op, d, s, i, x)	{ .code = (op) | BPF_ALU | ((x) ? BPF_X : BPF_K), .dst_reg = (d), .src_reg = (s), .imm = (i) }

/* Sums over 64 and 32 bits, shifts, a division, the stack, a loop of 1000 rounds. */
static const struct bpf_insn program[] = {
	ALU(BPF_MOV, 0, 0, 1, 0),
	ALU(BPF_MOV, 1, 0, 1000, 0),
	/* loop: */
	ALU(BPF_MUL, 0, 0, 0x5851f42d, 0),
	ALU(BPF_ADD, 0, 1, 0, 1),
	ALU(BPF_MOV, 2, 0, 0, 1),
	ALU(BPF_RSH, 2, 0, 29, 0),
	ALU(BPF_XOR, 0, 2, 0, 1),
	ALU32(BPF_MOV, 3, 0, 0, 1),
	ALU32(BPF_MOD, 3, 0, 1009, 0),
	{ .code = BPF_STX | BPF_MEM | BPF_DW, .dst_reg = 10, .src_reg = 3, .off = -8 },
	{ .code = BPF_LDX | BPF_MEM | BPF_DW, .dst_reg = 4, .src_reg = 10, .off = -8 },
	ALU(BPF_ADD, 0, 4, 0, 1),
	ALU(BPF_SUB, 1, 0, 1, 0),
	{ .code = BPF_JMP | BPF_JNE | BPF_K, .dst_reg = 1, .off = -12, .imm = 0 },
	{ .code = BPF_JMP | BPF_EXIT },
};

static void test_bpf(void)
{
	static const char license[] = "GPL";
	static uint8_t data[64];
	union bpf_attr a;
	long fd;

	memset(&a, 0, sizeof(a));
	a.prog_type = BPF_PROG_TYPE_SOCKET_FILTER;
	a.insns = (uintptr_t)program;
	a.insn_cnt = sizeof(program) / sizeof(program[0]);
	a.license = (uintptr_t)license;
	fd = syscall(__NR_bpf, BPF_PROG_LOAD, &a, sizeof(a));
	memset(&a, 0, sizeof(a));
	a.test.prog_fd = (unsigned int)fd;
	a.test.data_in = (uintptr_t)data;
	a.test.data_size_in = sizeof(data);
	a.test.repeat = 200;
	if (fd < 0 || syscall(__NR_bpf, BPF_PROG_TEST_RUN, &a, sizeof(a)))
		perror("bpf");
	else
		printf("bpf: 0x%08x\n", a.test.retval);
}

static sigjmp_buf back;

static void caught(int signal)
{
	siglongjmp(back, signal);
}

static void test_swp(void)
{
	static uint32_t word, old;
	int signal;

	word = 0x12345678;
	old = 0;
	signal = sigsetjmp(back, 1);
	if (!signal) {
		register uint32_t r0 __asm__("r0") = 0;
		register uint32_t *r1 __asm__("r1") = &word;
		register uint32_t r2 __asm__("r2") = 0x9abcdef0;

		__asm__ volatile(".inst 0xe1010092" : "+r"(r0) : "r"(r1), "r"(r2) : "memory");	/* swp r0, r2, [r1] */
		old = r0;
	}
	printf("swp: signal %d, old 0x%x, new 0x%x\n", signal, old, word);
}

static void test_alignment(void)
{
	static uint8_t bytes[] __attribute__((aligned(8))) = { 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	static uint32_t a, b;
	int signal;

	a = b = 0;
	signal = sigsetjmp(back, 1);
	if (!signal)
		__asm__ volatile("ldmia %2, {%0, %1}" : "=&r"(a), "=&r"(b) : "r"(bytes + 1) : "memory");
	printf("ldm: signal %d, 0x%x 0x%x\n", signal, a, b);
}

int main(void)
{
	setvbuf(stdout, NULL, _IONBF, 0);
	signal(SIGBUS, caught);
	signal(SIGILL, caught);
	test_bpf();
	test_swp();
	test_alignment();
	return 0;
}
