// SPDX-License-Identifier: GPL-2.0-or-later
/* CPU path `interp`: privileged instructions are interpreted, User mode runs natively. */
/*
 * No privileged instruction of the guest is ever executed in its place, so nothing is scanned, copied or replaced: what the guest reads
 * of its own code is what it wrote.
 *
 * The fast exits are off: they would enter the guest's kernel natively.
 */
#include "path_native.h"

#include <arch/cpu.h>
#include <arm/code_page.h>
#include <arm/coproc.h>
#include <arm/debug.h>
#include <arm/exec.h>
#include <arm/insn.h>
#include <arm/interp.h>
#include <arm/pmu.h>
#include <arm/shadow.h>
#include <arm/slot.h>
#include <arm/sysreg.h>
#include <arm/window.h>
#include <arm/xlate.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/log.h>
#include <hv/sched.h>

#include "exec_int.h"

static const struct cpu_path path_interp;

/*
 * Instructions decoded last, by where they stand, so that those of a loop have places of their own. A word means the same everywhere:
 * nothing but the word has to be right. Their functions are executable, and apart from what is written all the time.
 */
#define DECODED_NR	16384u
static struct decoded {
	struct insn in;		/* first: what fn() gets is the whole */
	exec_fn *fn;
	u8 flags, uses;
#define QUIET	BIT(0)		/* has no effect but on registers and memory, and stays in this instruction set */
#define FOREIGN	BIT(1)		/* may be of another path's making */
} __attribute__((aligned(64))) decoded[DECODED_NR];	/* a cache line */
static u32 code[DECODED_NR][SLOT_CODE_WORDS] __section(".bss.exec");

static inline struct decoded *decoded_at(u32 pc)
{
	return &decoded[(pc / 4 ^ pc / (4 * DECODED_NR)) % DECODED_NR];
}

static u32 decodes, compiles;	/* for the dump */

/* What comes again and again gets a function of its own. */
#define USES_TO_COMPILE	64

static enum exec_result exec_new(struct vcpu *v, const struct insn *in)
{
	struct decoded *d = (struct decoded *)in;

	if (++d->uses == USES_TO_COMPILE) {
		compiles++;
		if (slot_compile(code[d - decoded], in))
			d->fn = (exec_fn *)(uintptr_t)code[d - decoded];
		else
			d->fn = in->cond == 14 ? exec_function(in->op) : exec_insn;
	}
	return exec_insn(v, in);
}

/* Apart from devices, which are noticed when they are accessed. */
static bool is_quiet(const struct insn *in)
{
	switch (in->op) {
	case INSN_ALU_REG: case INSN_ALU_RSR: case INSN_ALU_IMM: case INSN_LDR:
		return in->rd != 15;
	case INSN_LDM:
		return !(in->reglist & BIT(15));
	case INSN_STR: case INSN_STM: case INSN_LDREX: case INSN_STREX: case INSN_PLAIN: case INSN_MOVW:
	case INSN_MOVT: case INSN_B: case INSN_HINT:
		return true;
	default:
		return false;
	}
}

static void decode(struct decoded *d, u32 word)
{
	decodes++;
	a32_decode(word, &d->in);
	d->flags = is_quiet(&d->in) ? QUIET : 0;
	if (d->in.op == INSN_SVC || d->in.op == INSN_B)
		d->flags |= FOREIGN;
	d->fn = exec_new;
	d->uses = 0;
}

/*
 * -- T32 --
 * Instructions of two sizes, some of which depend on the IT block that they stand in: fetched and decoded each time.
 */
static bool fetch_thumb(struct vcpu *v, u32 *hw1, u32 *hw2, struct gfault *f)
{
	*hw2 = 0;
	if (guest_fetch(v, v->r[15], 2, hw1, f))
		return false;
	return *hw1 >> 11 < 0x1d || !guest_fetch(v, v->r[15] + 2, 2, hw2, f);
}

static enum exec_result step_thumb(struct vcpu *v)
{
	struct insn in;
	struct gfault f;
	u32 hw1, hw2;

	if (debug_stops(v))
		return EXEC_BRANCH;
	if (!fetch_thumb(v, &hw1, &hw2, &f)) {
		inject_pabt(v, &f);
		return EXEC_INJECTED;
	}
	t32_decode((u16)hw1, (u16)hw2, &in);
	if (in.op == INSN_UDF && v->path != &path_interp && code_page_restore_t32(v, in.word))
		return EXEC_BRANCH;
	if (v->cpsr & PSR_IT && in.op != INSN_BKPT)	/* which is unconditional (A8.8.24) */
		in.cond = FIELD(v->cpsr, 15, 12);
	return exec_insn(v, &in);
}

/* Where the code is that is being interpreted. Quiet instructions change nothing about that. */
struct fetched {
	gva_t page;
	u32 gen;
	bool priv;
	const u32 *words;
	u32 check;		/* FOREIGN: another path hands over pages that may have words of its own */
};

static inline void fetched_check(struct vcpu *v, struct fetched *c)
{
	if (c->gen != v->xlate_gen || c->priv != vcpu_privileged(v))
		c->page = ~0u;
}

/*
 * The word at @pc, when that is not the page of before, as a page with a breakpoint never is; false: there is one here, or the prefetch
 * abort has been injected.
 */
static bool fetch_anew(struct vcpu *v, struct fetched *c, u32 pc, u32 *word)
{
	struct gfault f;

	if (debug_stops(v))
		return false;
	if (guest_fetch(v, pc, 4, word, &f)) {
		inject_pabt(v, &f);
		return false;
	}
	c->priv = vcpu_privileged(v);
	c->words = xlate_find(v, pc & PAGE_MASK, ACC_EXEC, c->priv);
	c->page = c->words && !debug_page(v, pc) ? pc : ~0u;
	c->gen = v->xlate_gen;
	return true;
}

/* Does this path interpret what stands at r[15]? User mode that may use the counters would read the host's PMUSERENR. */
static bool interpreted(const struct vcpu *v)
{
	return vcpu_privileged(v) || v->cp15.pmuserenr;
}

static bool interrupted(struct vcpu *v)
{
	if (arch_irq_pending()) {
		vcpu_count(v, EXIT_IRQ);
		host_irq_handle();
	}
	return v->irq_in & ~v->cpsr & PSR_AIF;
}

/* Then the guest's own word is there now. */
static bool is_foreign(struct vcpu *v, u32 word)
{
	struct gfault f;
	struct walk w;

	return !guest_walk(v, v->r[15], ACC_EXEC, vcpu_privileged(v), &w, &f) && code_page_restore(v, w.gpa, word);
}

#define SOME	64u

/* Interpret up to the first instruction that is not quiet, or an interrupt, @most at most. Returns how many. */
static u32 interpret_some(struct vcpu *v, struct fetched *c, u32 most)
{
	struct decoded *d;
	enum exec_result r;
	u32 n = 0, word;

	if (v->cpsr & PSR_T) {
		exec_finish(v, step_thumb(v));
		return 1;
	}
	fetched_check(v, c);
	do {
		u32 pc = v->r[15];

		n++;
		if (!((pc ^ c->page) & PAGE_MASK))
			word = c->words[pc % PAGE_SIZE / 4];
		else if (!fetch_anew(v, c, pc, &word))
			return n;
		d = decoded_at(pc);
		if (d->in.word != word)
			decode(d, word);
		r = EXEC_NEXT;
		if (!(d->flags & c->check) || !is_foreign(v, word))
			r = d->fn(v, &d->in);
	} while (d->flags & QUIET && !v->device_accessed && r <= EXEC_BRANCH && n < most && !(read_isr() & PSR_I));
	v->device_accessed = false;
	if (r > EXEC_BRANCH)
		exec_finish(v, r);
	return n;
}

/* What is interpreted in one go: all that this path does, or, for another path, one page in one kind of mode. */
struct stretch {
	bool all, priv;
	gva_t page;
};

static bool in_stretch(const struct vcpu *v, const struct stretch *s)
{
	if (s->all)
		return interpreted(v);
	return !((v->r[15] ^ s->page) & PAGE_MASK) && vcpu_privileged(v) == s->priv;
}

static bool is_wanted_elsewhere(struct vcpu *v)
{
	return interrupted(v) || v->waiting || v->debug_stop || v->guest->request != GUEST_REQ_NONE || core_is_wanted;
}

#define RUN_MAX		(1u << 20)	/* what an exit cost is counted in 32 bits */

void interp_run(struct vcpu *v)
{
	struct stretch s = { v->path == &path_interp, vcpu_privileged(v), v->r[15] };
	struct fetched c = { .page = ~0u, .check = s.all ? 0 : FOREIGN };
	struct gfault f;
	struct walk w;
	u32 n = 0, some, counting, sets = 0;
	bool page = !s.all && !guest_walk(v, s.page, ACC_EXEC, s.priv, &w, &f);

	vcpu_count(v, EXIT_INTERP);
	do {
		counting = v->pmu.on;
		sets |= v->cpsr & PSR_T ? RAN_T32 : RAN_A32;
		some = interpret_some(v, &c, SOME);
		pmu_interpreted(v, counting, some);
		n += some;
	} while (in_stretch(v, &s) && n < RUN_MAX && !is_wanted_elsewhere(v));
	v->exits[EXIT_INTERP] += n - 1;
	if (page)
		code_page_spend(v, w.gpa, n, sets);
	if (!s.all || !interpreted(v))
		exec_monitor_home(v);
}

void interp_step(struct vcpu *v)
{
	struct fetched c = { .page = ~0u, .check = v->path == &path_interp ? 0 : FOREIGN };
	u32 breaks = v->breaks.nr, counting = v->pmu.on;

	v->breaks.nr = 0;	/* not here */
	vcpu_count(v, EXIT_INTERP);
	pmu_interpreted(v, counting, interpret_some(v, &c, 1));
	v->breaks.nr = breaks;
	if (v->path != &path_interp || !interpreted(v))
		exec_monitor_home(v);
}

static u32 interp_enter(struct vcpu *v)
{
	return interpreted(v) ? VEC_INTERP : native_run(v);
}

/* What depends on fast_off is what CPACR makes of it. */
static void set_fast_off(struct vcpu *v, bool off)
{
	v->fast_off = off;
	coproc_write(v, COPROC_ENC(15, 0, 1, 0, 2), v->cp15.cpacr);
}

static void interp_start(struct vcpu *v)
{
	set_fast_off(v, true);
}

static void interp_stop(struct vcpu *v)
{
	exec_monitor_home(v);
	set_fast_off(v, !IS_ENABLED(CONFIG_FAST_EXITS));
}

static int interp_init(struct vcpu *v)
{
	(void)v;
	for (u32 i = 0; i < DECODED_NR; i++)
		decode(&decoded[i], 0);
	decodes = 0;
	return 0;
}

static void interp_dump(struct vcpu *v)
{
	pr_info("interp: %u instructions decoded, %u of them got a function\n", (unsigned)decodes, (unsigned)compiles);
}

static const struct cpu_path path_interp = {
	.name = "interp",
	.dump = interp_dump,
	.init = interp_init,
	.start = interp_start,
	.stop = interp_stop,
	.run = interp_enter,
	.svc = native_svc,
	.undef = native_undef,
};
CPU_PATH_REGISTER(path_interp);
