// SPDX-License-Identifier: GPL-2.0-or-later
/* Floating point and NEON: results bit for bit, registers kept over system calls, signals and other processes. */
#include <arm_neon.h>
#include <math.h>
#include <signal.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include <sched.h>

#include "utest.h"

static uint64_t bits(double value)
{
	uint64_t word;

	memcpy(&word, &value, sizeof(word));
	return word;
}

int test_fp(void)
{
	volatile double one = 1.0, three = 3.0, two = 2.0, zero = 0.0;
	double sum = 0;
	int i;

	CHECK(bits(one / three) == 0x3fd5555555555555ull);
	CHECK(bits(sqrt(two)) == 0x3ff6a09e667f3bcdull);
	CHECK(bits(one / zero) == 0x7ff0000000000000ull);
	CHECK(isnan(zero / zero));
	for (i = 1; i <= 1000; i++)
		sum += one / i;
	CHECK(bits(sum) == 0x401df11f45f4e618ull);
	CHECK((int)(three * -2.5) == -7);
	return 0;
}

int test_neon(void)
{
	float32x4_t a = { 1, 2, 3, 4 }, b = { 0.5f, 0.25f, 8, -1 };
	uint8_t text[16], back[16];
	float out[4];
	int i;

	vst1q_f32(out, vmlaq_f32(a, a, b));
	CHECK(out[0] == 1.5f && out[1] == 2.5f && out[2] == 27 && out[3] == 0);
	for (i = 0; i < 16; i++)
		text[i] = i * 17;
	vst1q_u8(back, vrev64q_u8(vld1q_u8(text)));
	for (i = 0; i < 16; i++)
		CHECK(back[i] == text[(i & 8) | (7 - (i & 7))]);
	CHECK(vgetq_lane_u64(vpaddlq_u32(vdupq_n_u32(0x80000001)), 0) == 0x100000002ull);
	return 0;
}

/* Fill d8-d31 from a seed, make a system call, and see whether they are still the same. */
static int registers_kept(uint32_t seed)
{
	uint32_t in[48], out[48];
	int i;

	for (i = 0; i < 48; i++)
		in[i] = seed * 2654435761u + i;
	__asm__ volatile(
		"vldmia	%0, {d8-d23}\n\t"
		"add	r4, %0, #128\n\t"
		"vldmia	r4, {d24-d31}\n\t"
		"mov	r7, #158\n\t"		/* sched_yield */
		"svc	#0\n\t"
		"vstmia	%1, {d8-d23}\n\t"
		"add	r4, %1, #128\n\t"
		"vstmia	r4, {d24-d31}\n\t"
		: : "r"(in), "r"(out)
		: "r0", "r4", "r7", "memory", "cc", "d8", "d9", "d10", "d11", "d12", "d13", "d14", "d15", "d16", "d17", "d18",
		  "d19", "d20", "d21", "d22", "d23", "d24", "d25", "d26", "d27", "d28", "d29", "d30", "d31");
	return !memcmp(in, out, sizeof(in));
}

static void use_fp(int signal_number)
{
	volatile double x = signal_number;

	x = x / 3;
}

/* Three processes use the whole register file at once, one of them with signals that use it as well. */
int test_fp_switch(void)
{
	int child, i, status, bad = 0;

	signal(SIGUSR1, use_fp);
	for (child = 1; child <= 3; child++) {
		if (fork() == 0) {
			for (i = 0; i < 300; i++) {
				if (child == 1 && i % 10 == 0)
					raise(SIGUSR1);
				if (!registers_kept(child * 1000 + i))
					_exit(1);
			}
			_exit(0);
		}
	}
	for (child = 1; child <= 3; child++) {
		CHECK(wait(&status) > 0);
		bad += status != 0;
	}
	CHECK(bad == 0);
	return 0;
}
