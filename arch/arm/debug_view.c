/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the monitor shows of a vCPU: registers, translations, callers (implements arch/debug.h). */
#include <arch/debug.h>
#include <arm/coproc.h>
#include <arm/insn.h>
#include <arm/shadow.h>
#include <arm/switch.h>
#include <arm/sysreg.h>
#include <arm/unwind.h>
#include <arm/vcpu.h>
#include <hv/guest.h>
#include <hv/guest_peek.h>
#include <hv/monitor.h>
#include <string.h>

static const struct {
	const char *name;
	u32 mode;
} modes[] = {
	{ "usr", MODE_USR }, { "fiq", MODE_FIQ }, { "irq", MODE_IRQ }, { "svc", MODE_SVC },
	{ "abt", MODE_ABT }, { "und", MODE_UND }, { "sys", MODE_SYS },
};

static const char *mode_name(u32 mode)
{
	for (u32 i = 0; i < ARRAY_SIZE(modes); i++)
		if (modes[i].mode == (mode & PSR_MODE))
			return modes[i].name;
	return "?";
}

/* -- registers -- */

static u32 bank_lr(const struct vcpu *v, enum vbank b)
{
	return b == vcpu_bank_of(vcpu_mode(v)) ? v->r[14] : v->bank_lr[b];
}

static void print_banks(const struct vcpu *v)
{
	const u32 *fiq = vcpu_mode(v) == MODE_FIQ ? &v->r[8] : v->fiq_r8_12;

	mon_printf("usr  r8 %08x  r9 %08x r10 %08x r11 %08x r12 %08x\n", (unsigned)vcpu_user_reg_get(v, 8),
		   (unsigned)vcpu_user_reg_get(v, 9), (unsigned)vcpu_user_reg_get(v, 10), (unsigned)vcpu_user_reg_get(v, 11),
		   (unsigned)vcpu_user_reg_get(v, 12));
	mon_printf("fiq  r8 %08x  r9 %08x r10 %08x r11 %08x r12 %08x\n", (unsigned)fiq[0], (unsigned)fiq[1], (unsigned)fiq[2],
		   (unsigned)fiq[3], (unsigned)fiq[4]);
	for (u32 i = 0; i < BANK_NR; i++) {
		mon_printf("%s  sp %08x  lr %08x", modes[i].name, (unsigned)vcpu_mode_sp_get(v, modes[i].mode),
			   (unsigned)bank_lr(v, (enum vbank)i));
		if (i != BANK_USR)
			mon_printf(" spsr %08x (%s)", (unsigned)v->bank_spsr[i], mode_name(v->bank_spsr[i]));
		mon_printf("\n");
	}
}

static void print_system_registers(struct vcpu *v)
{
	u32 n = 0, value;

	for (u32 i = 0; i < cp15_nr_rows; i++) {
		const struct coproc_row *row = &cp15_rows[i];

		if (!(row->access & COPROC_R) || coproc_read(v, row->enc, &value) != COPROC_OK)
			continue;
		if (row->slot == COPROC_NO_SLOT && !value)	/* reserved, or not there on this core */
			continue;
		mon_printf("%-12s %08x%s", row->name, (unsigned)value, ++n % 4 ? "  " : "\n");
	}
	mon_printf("%s", n % 4 ? "\n" : "");
}

void arch_debug_registers(struct vcpu *v)
{
	vcpu_load(v);
	mon_printf("mode %s, %s, IRQ %s, FIQ %s, interrupt inputs:%s%s\n", mode_name(v->cpsr), v->cpsr & PSR_T ? "T32" : "A32",
		   v->cpsr & PSR_I ? "masked" : "open", v->cpsr & PSR_F ? "masked" : "open", v->irq_in & PSR_I ? " IRQ" : "",
		   v->irq_in & PSR_F ? " FIQ" : v->irq_in & PSR_I ? "" : " none");
	for (u32 i = 0; i < 16; i += 4)
		mon_printf("r%-2u %08x %08x %08x %08x\n", (unsigned)i, (unsigned)v->r[i], (unsigned)v->r[i + 1],
			   (unsigned)v->r[i + 2], (unsigned)v->r[i + 3]);
	mon_printf("cpsr %08x\n", (unsigned)v->cpsr);
	print_banks(v);
	print_system_registers(v);
}

/* -- translation -- */

/* By the fault status of the short-descriptor format (B3.13.3): of those that a walk can end with. */
static const char *const fault_name[16] = {
	[0x3] = "access flag, section", [0x5] = "translation, section", [0x6] = "access flag, page", [0x7] = "translation, page",
	[0x9] = "domain, section", [0xb] = "domain, page", [0xc] = "table outside of memory, first level",
	[0xd] = "permission, section", [0xe] = "table outside of memory, second level", [0xf] = "permission, page",
};

/* Does fault status @fs mean that the walk came to no address? All others are about who may access it. */
static bool nowhere(u32 fsr)
{
	u32 fs = fsr & 0xf;

	return fs == 0x5 || fs == 0x7 || fs == 0xc || fs == 0xe;
}

bool arch_debug_gpa(struct vcpu *v, gva_t va, gpa_t *gpa)
{
	struct gfault f;
	struct walk w;

	if (guest_walk(v, va, ACC_READ, true, &w, &f) && nowhere(f.fsr))
		return false;
	*gpa = w.gpa;
	return true;
}

/* "rwx", with '-' for what the guest's tables and its DACR forbid. */
static void rights(struct vcpu *v, gva_t va, bool priv, char text[4])
{
	static const enum shadow_access access[] = { ACC_READ, ACC_WRITE, ACC_EXEC };
	struct gfault f;
	struct walk w;

	for (u32 i = 0; i < ARRAY_SIZE(access); i++)
		text[i] = guest_walk(v, va, access[i], priv, &w, &f) ? '-' : "rwx"[i];
	text[3] = '\0';
}

static void print_descriptors(struct vcpu *v, const struct walk *w)
{
	static const char *const dacr_name[] = { "no access", "client", "reserved", "manager" };

	mon_printf("guest   first level  at 0x%08x: 0x%08x, domain %u (%s)\n", (unsigned)w->l1addr, (unsigned)w->l1desc,
		   (unsigned)w->domain, dacr_name[v->cp15.dacr >> (2 * w->domain) & 3]);
	if (w->l2addr)
		mon_printf("        second level at 0x%08x: 0x%08x\n", (unsigned)w->l2addr, (unsigned)w->l2desc);
}

static void print_leaf(struct vcpu *v, gva_t va, const struct walk *w)
{
	const struct region *r = guest_map_find(&v->guest->map, w->gpa);
	char kernel[4], user[4];

	rights(v, va, true, kernel);
	rights(v, va, false, user);
	mon_printf("        %lu KiB at physical 0x%08x (%s), kernel %s, user %s, %s, TEX %u C %u B %u S %u\n",
		   (unsigned long)(w->size >> 10), (unsigned)w->gpa, r ? SHOWN(r->name) : "nothing", kernel, user,
		   w->global ? "global" : "of one address space", w->tex, w->c, w->b, w->s);
}

void arch_debug_translate(struct vcpu *v, gva_t va)
{
	struct walk w = { .gpa = 0 };
	struct gfault f;
	int err = guest_walk(v, va, ACC_READ, true, &w, &f);

	if (!(v->cp15.sctlr & SCTLR_M))
		mon_printf("guest   its MMU is off: physical 0x%08x\n", (unsigned)va);
	else if (!w.l1addr)
		mon_printf("guest   walks of this half of the address space are disabled (TTBCR 0x%x)\n", (unsigned)v->cp15.ttbcr);
	else
		print_descriptors(v, &w);
	if (err && nowhere(f.fsr))
		mon_printf("        leads nowhere: fault status 0x%x: %s\n", (unsigned)(f.fsr & 0xf), fault_name[f.fsr & 0xf]);
	else if (v->cp15.sctlr & SCTLR_M)
		print_leaf(v, va, &w);
	shadow_show(v, va);
}

/* -- callers -- */

#define STACK_SIZE	8192u	/* of a Linux kernel, aligned; of what else it is a guess */
#define FRAMES_MAX	32u

static bool peek_word(struct vcpu *v, gva_t va, u32 size, u32 *word)
{
	u32 n;
	const void *p = guest_peek_virt(v->guest, va, size, &n);

	*word = 0;
	if (!p || n < size || va % size)
		return false;
	memcpy(word, p, size);
	return true;
}

/* May the mode that the guest is in execute @va? */
static bool is_code(struct vcpu *v, gva_t va)
{
	struct gfault f;
	struct walk w;
	const struct region *r;

	if (guest_walk(v, va, ACC_EXEC, vcpu_privileged(v), &w, &f))
		return false;
	r = guest_map_find(&v->guest->map, w.gpa);
	return r && r->type == REGION_RAM;
}

static bool is_call_a32(u32 w)
{
	return (w & 0x0f000000) == 0x0b000000 || (w & 0xfe000000) == 0xfa000000 || (w & 0x0ffffff0) == 0x012fff30 ||
	       (w & 0x0ffffff0) == 0x01a0f000 || (w & 0x0e50f000) == 0x0410f000;	/* BL, BLX; MOV pc, LDR pc behind MOV lr, pc */
}

/* Does @addr follow a call, so that it may be a return address? */
static bool is_return(struct vcpu *v, u32 addr)
{
	u32 first, second, word;

	if (addr < 4 || !is_code(v, addr & ~1u))
		return false;
	if (!(addr & 1))
		return !(addr & 2) && peek_word(v, addr - 4, 4, &word) && is_call_a32(word);
	if (!peek_word(v, addr - 3, 2, &second))
		return false;
	if ((second & 0xff87) == 0x4780)
		return true;		/* BLX Rm */
	return peek_word(v, addr - 5, 2, &first) && (first & 0xf800) == 0xf000 && (second & 0xc000) == 0xc000;
}

/*
 * A frame as GCC makes it with -mapcs-frame: PUSH {..., fp, ip, lr, pc} at the function's entry, fp at the saved pc, which is one or two
 * words behind that PUSH.
 */
static bool is_apcs_frame(struct vcpu *v, u32 fp)
{
	u32 pc, push;

	if (!peek_word(v, fp, 4, &pc))
		return false;
	for (u32 behind = 8; behind <= 12; behind += 4)
		if (peek_word(v, pc - behind, 4, &push) && (push & 0xffffd800) == 0xe92dd800)
			return true;
	return false;
}

/* The caller and its frame: above the saved pc of a frame of that kind, or {fp, lr}, as Clang has it. */
static bool frame_caller(struct vcpu *v, u32 fp, u32 *next, u32 *lr)
{
	bool apcs = is_apcs_frame(v, fp);

	return peek_word(v, fp - (apcs ? 12 : 0), 4, next) && peek_word(v, apcs ? fp - 4 : fp + 4, 4, lr) && is_return(v, *lr);
}

/* A stack to look for callers on: of the current mode, or of the one that it interrupted. */
struct stack {
	u32 sp, fp;
};

/* Along the chain of frames. Returns how many there were. */
static u32 walk_frames(struct vcpu *v, struct stack s)
{
	u32 lr, next, n = 0;

	while (n < FRAMES_MAX && s.fp >= s.sp && s.fp - s.sp < STACK_SIZE && frame_caller(v, s.fp, &next, &lr)) {
		mon_printf("    %08x  frame at %08x\n", (unsigned)lr, (unsigned)s.fp);
		n++;
		if (next <= s.fp)
			break;
		s.fp = next;
	}
	return n;
}

/* Along the unwind tables from @f on, which is where they end then. Returns how many callers there were. */
static u32 walk_tables(struct vcpu *v, struct unwind_index *idx, struct unwind_frame *f, bool say, enum unwind_end *end)
{
	u32 n = 0;

	for (*end = UNWIND_CALLER; n < FRAMES_MAX; n++) {
		struct unwind_frame caller = *f;

		*end = unwind_step(v, idx, &caller);
		if (*end != UNWIND_CALLER || (caller.called && !is_return(v, caller.r[15])))
			break;
		*f = caller;
		if (say)
			mon_printf("    %08x  by its unwind table, stack at %08x\n", (unsigned)f->r[15], (unsigned)f->r[13]);
	}
	return n;
}

#define CHAIN_MIN	3u	/* callers that nobody finds by chance */

/* If @f is a function that was called, the tables lead from it to the first of all, or far. */
static bool walk_chain(struct vcpu *v, struct unwind_index *idx, struct unwind_frame f)
{
	struct unwind_frame probe = f;
	enum unwind_end end;
	u32 n = walk_tables(v, idx, &probe, false, &end);

	if (!n || (end != UNWIND_TOP && n < CHAIN_MIN))
		return false;
	walk_tables(v, idx, &f, true, &end);
	return true;
}

/* Everything on the stack that could be a return address, until the tables know one. */
static void scan_stack(struct vcpu *v, struct unwind_index *idx, struct unwind_frame f)
{
	u32 n = 0, sp = f.r[13] & ~3u, word;

	f.called = true;
	/* Words are counted, because the last stack of all ends at address 0. */
	for (u32 left = (STACK_SIZE - sp % STACK_SIZE) / 4; left && n < FRAMES_MAX && peek_word(v, sp, 4, &word); left--, sp += 4) {
		if (!is_return(v, word))
			continue;
		mon_printf("    %08x  on the stack at %08x, or left over there\n", (unsigned)word, (unsigned)sp);
		n++;
		f.r[15] = word;
		f.r[13] = sp + 4;
		if (walk_chain(v, idx, f))
			break;
	}
}

/* The modes in which exceptions arrive have no stack worth the name in Linux: what matters is whom they interrupted. */
static struct unwind_frame frame_of(struct vcpu *v)
{
	struct unwind_frame f = { .called = false };
	const u32 *spsr = vcpu_spsr(v);
	u32 mode;

	memcpy(f.r, v->r, sizeof(f.r));
	if (!spsr || vcpu_mode(v) == MODE_SVC)
		return f;
	mode = *spsr & PSR_MODE;
	mon_printf("    %08x  lr: where mode %s was interrupted, or behind it\n", (unsigned)v->r[14], mode_name(mode));
	for (u32 i = 8; i <= 12; i++)
		f.r[i] = vcpu_user_reg_get(v, i);
	f.r[15] = v->r[14] - 4;
	f.r[14] = mode == MODE_SVC ? v->bank_lr[BANK_SVC] : vcpu_user_reg_get(v, 14);
	f.r[13] = vcpu_mode_sp_get(v, mode);
	return f;
}

void arch_debug_backtrace(struct vcpu *v)
{
	struct unwind_index idx = { .nr = 0 };
	struct unwind_frame f, leaf;
	enum unwind_end end;

	mon_printf("    %08x  pc, mode %s, %s\n", (unsigned)v->r[15], mode_name(v->cpsr), v->cpsr & PSR_T ? "T32" : "A32");
	f = frame_of(v);
	if (walk_tables(v, &idx, &f, true, &end) && end == UNWIND_TOP)
		return;
	if (!f.called && is_return(v, v->r[14])) {
		mon_printf("    %08x  lr, the caller or a call that is over\n", (unsigned)v->r[14]);
		/* In a function's first instructions nothing is on the stack yet, whatever its table says. */
		leaf = f;
		leaf.r[15] = v->r[14];
		leaf.called = true;
		if (walk_chain(v, &idx, leaf))
			return;
	}
	if (!walk_frames(v, (struct stack){ f.r[13], f.r[11] }))
		scan_stack(v, &idx, f);
}
