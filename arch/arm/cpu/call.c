/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The validity of lines. The call line does what the guest would execute from its SVC vector on, so all of that has to be what it was made of, and
 * executable, whenever a system call comes by it; and so have return lines, which T32 kernels have:
 *  - The words. While a page is scanned code nothing writes it without a drop (code_page.c), so they are those that were read as long as
 *    v->code_gen is what it was.
 *  - The pages: the vector's, that of the address that it loads, the target's, and that of returns. The current root has to have them, as it were in the TLB. What
 *    takes them away comes to C, and then here, before the guest goes on. Where the window selects another root, it has to have had them, and
 *    nothing that takes away anything (v->call_gen) may have happened since.
 *  - The host's DACR of a system call, which opens their domains: v->call_dacr.
 */
#include <arm/call.h>
#include <arm/code_page.h>
#include <arm/insn.h>
#include <arm/open.h>
#include <arm/shadow.h>
#include <arm/window.h>
#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <string.h>

#include "call_line.h"
#include "line_t32.h"
#include "ret_line.h"

#define LINE_SIZE	(sizeof(u32) * CALL_WORDS)
#define RETURNS		ARRAY_SIZE(((struct vcpu *)NULL)->ret)
#define BEFORE		(2 * CALL_INSNS)	/* halfwords before a return in which its line may begin */
_Static_assert((1 + RETURNS) * LINE_SIZE <= WINDOW_CALL_SIZE && WINDOW_CALL_SIZE <= WINDOW_CALL_FIXUPS, "the page of lines");

enum { VECTOR, LITERAL, TARGET, RETURN, PLACES };

struct call {
	bool known;		/* the others are of a look at the guest's code that found all pages */
	bool good;		/* and there is a line for it */
	u32 code_gen;
	bool thumb;		/* T32 code */
	gva_t at[PLACES];
	hpa_t page[PLACES];	/* that the host executes there */
	u32 insns, made;
	struct { gva_t at; u32 key, insns; } ret[RETURNS];	/* exception returns, all in one page, and their lines; key 0: there is none */
	u32 rets, rets_made;
};

/* The guest's own code at @va, up to the end of the page, if the host executes what was made of it at @page; or NULL. */
static const void *code_at(struct vcpu *v, gva_t va, hpa_t page)
{
	struct gfault f;
	struct walk w;
	hpa_t exec;

	if (guest_walk(v, va, ACC_EXEC, true, &w, &f) || !code_page_is_code(v, w.gpa, &exec) || exec != page)
		return NULL;
	return hpa_ptr(guest_map_hpa(&v->guest->map, w.gpa));
}

static hpa_t page_at(struct vcpu *v, gva_t va)
{
	return shadow_executed_page(v, va, v->hw_dacr_entry);
}

static const void *look_at(struct vcpu *v, struct call *c, u32 place, gva_t va)
{
	c->at[place] = va;
	c->page[place] = page_at(v, va);
	return c->page[place] ? code_at(v, va, c->page[place]) : NULL;
}

/* Where the A32 instruction of the vector at @at leads, or where the address is that it loads. False: it is something else. */
static bool vector_a32(u32 word, gva_t at, gva_t *to, bool *loads)
{
	*loads = (word & 0xfffff003) == 0xe59ff000;
	*to = at + 8 + (*loads ? word & 0xfff : (u32)((s32)(word << 8) >> 6));
	return *loads || word >> 24 == 0xea;
}

static bool vector_t32(const u16 *half, gva_t at, gva_t *to, bool *loads)
{
	struct insn in;

	t32_decode(half[0], half[1], &in);
	*loads = in.op == INSN_LDR && in.rn == 15 && in.rd == 15 && in.imm_form && in.u && in.size == 4;
	*to = (*loads ? at & ~3u : at) + 4 + in.imm;
	return *loads ? !(*to & 3) : in.op == INSN_B && in.cond == 14 && !in.p;
}

/* What the vector leads to: B, or LDR pc, [pc, #imm]. NULL: not all of it is there now, or it is something else. */
static const void *follow_vector(struct vcpu *v, struct call *c)
{
	gva_t at = v->svc_vector | v->svc_vector_t32, to;
	const void *code = look_at(v, c, VECTOR, at);
	const u32 *literal;
	bool loads;

	for (u32 i = VECTOR + 1; i < PLACES; i++) {
		c->at[i] = at;
		c->page[i] = c->page[VECTOR];
	}
	if (!code || !(c->thumb ? vector_t32(code, at, &to, &loads) : vector_a32(*(const u32 *)code, at, &to, &loads)))
		return NULL;
	if (loads) {
		literal = look_at(v, c, LITERAL, to);
		if (!literal || (*literal & 3) != c->thumb)
			return NULL;
		to = *literal & ~1u;
	}
	return look_at(v, c, TARGET, to);
}

/* Put @code into the window, as line @n. */
static void install(struct vcpu *v, u32 n, const struct call_code *code)
{
	u32 *line = v->window_call + n * CALL_WORDS, *fixup = line + WINDOW_CALL_FIXUPS / 4;

	memcpy(line, code->word, 4 * code->words);
	for (u32 i = 0; i < code->words; i++)
		fixup[i] = code->fixup[i] ? 4u * (code->fixup[i] - i) : 0;
	arch_dcache_clean_range(ptr_hpa(line), LINE_SIZE);
	arch_dcache_clean_range(ptr_hpa(fixup), LINE_SIZE);
	arch_icache_invalidate_all();
}

static struct call_code code;
static struct t32_line line;

/*
 * The line of return @k: the longest that begins with a trapping word of the copy. That word is executed only where an instruction begins with
 * it, so nothing needs to be known of what the halfwords are.
 */
static void make_return(struct vcpu *v, struct call *c, u32 k)
{
	u32 end = c->ret[k].at % PAGE_SIZE / 2, h = end > BEFORE ? end - BEFORE : 0, n;
	gva_t page = c->ret[k].at & PAGE_MASK;
	const u16 *own = look_at(v, c, RETURN, page), *copy = hpa_ptr(c->page[RETURN]);

	c->ret[k].key = 0;
	for (; own && h < end; h++) {
		struct call_at at = { .target = page + 2 * h, .insn = line.word, .half = line.half };

		if (copy[h] == own[h])
			continue;
		t32_line(&line, own + h, PAGE_SIZE / 2 - h);
		for (n = 0; n < line.insns && h + line.half[n] != end; n++)
			;
		at.insns = n + (n < line.insns);
		if (!ret_line_make(&code, &at) || code.insns != n + 1)
			continue;
		install(v, 1 + k, &code);
		c->ret[k].key = at.target + 2;
		c->ret[k].insns = code.insns;
		c->rets_made++;
		return;
	}
}

/* The line of what @first leads to. */
static bool make_call(struct vcpu *v, struct call *c, const void *first)
{
	gva_t target = c->at[TARGET];
	struct call_at at = { .target = target, .insn = first, .insns = (PAGE_SIZE - target % PAGE_SIZE) / 4 };

	if (c->thumb && first) {
		t32_line(&line, first, (PAGE_SIZE - target % PAGE_SIZE) / 2);
		at.insn = line.word;
		at.half = line.half;
		at.insns = line.insns;
	}
	if (!first || !call_line_make(&code, &at))
		return false;
	c->insns = code.insns;
	c->made++;
	install(v, 0, &code);
	return true;
}

/* Look at the guest's code. Nothing is known where something of it is not there yet. */
static void make(struct vcpu *v, struct call *c)
{
	struct call now = { .known = true, .code_gen = v->code_gen, .made = c->made, .rets_made = c->rets_made, .thumb = v->svc_vector_t32 };
	const void *first = follow_vector(v, &now);

	now.at[RETURN] = now.at[TARGET];
	now.page[RETURN] = now.page[TARGET];
	for (u32 k = 0; now.thumb && c->thumb && k < c->rets; k++) {
		now.ret[now.rets++].at = c->ret[k].at;
		make_return(v, &now, k);
	}
	for (u32 i = 0; i < PLACES; i++)
		now.known &= now.page[i] != 0;
	now.good = now.known && make_call(v, &now, first);
	*c = now;
	v->call_gen += 2;	/* other roots had what another line needs */
}

/* The exception return behind which the window was last, if it was one of T32 code, is to have a line. */
static void learn_return(struct vcpu *v, struct call *c)
{
	gva_t at = v->returned_behind - 4;

	if (!v->returned_behind || !c->known || !c->thumb)
		return;
	v->returned_behind = 0;
	if (c->rets == RETURNS || (c->rets && (c->ret[0].at ^ at) & PAGE_MASK))
		return;
	for (u32 k = 0; k < c->rets; k++)
		if (c->ret[k].at == at)
			return;
	c->ret[c->rets++].at = at;
	c->known = false;
}

/* Is all that was looked at as it was, and executable in the current root? */
static bool is_valid(struct vcpu *v)
{
	struct call *c = v->calls;
	bool same = c->known && c->code_gen == v->code_gen && c->at[VECTOR] == (v->svc_vector | v->svc_vector_t32) &&
		    c->thumb == (v->svc_vector_t32 != 0);

	for (u32 i = 0; i < PLACES && same; i++) {
		hpa_t page;

		if (i && !((c->at[i] ^ c->at[i - 1]) & PAGE_MASK))
			continue;
		page = page_at(v, c->at[i]);
		if (!page)
			return false;	/* perhaps not yet, in this root */
		same = page == c->page[i];
	}
	if (!same)
		make(v, c);
	return c->known;
}

/* For the window, which comes back to this root. */
static void remember(struct vcpu *v)
{
	struct root_cache *c = v->root_cache[vcpu_root_index(v->cp15.ttbr0)];

	for (u32 i = 0; i < ARRAY_SIZE(v->root_cache[0]); i++)
		if (c[i].hw_asid == v->hw_asid)
			c[i].calls = v->call_gen;
}

int call_init(struct vcpu *v)
{
	v->calls = hv_alloc(sizeof(*v->calls), 8);
	v->call_gen = 1;
	return 0;
}

void call_refresh(struct vcpu *v)
{
	struct call *c = v->calls;
	bool valid;

	if (v->open_used)
		learn_return(v, c);
	valid = v->open_used && (v->svc_vector || v->svc_vector_t32) && is_valid(v);
	v->call_line = valid && c->good ? v->window_base + WINDOW_CALL : v->svc_plain;
	for (u32 k = 0; k < RETURNS; k++) {
		v->ret[k].key = valid && c->ret[k].key ? c->ret[k].key : RET_NOWHERE;
		v->ret[k].line = v->window_base + WINDOW_CALL + (1 + k) * LINE_SIZE;
	}
	if (valid) {
		if (v->call_dacr != v->hw_dacr_entry)
			v->call_gen += 2;
		v->call_dacr = v->hw_dacr_entry;
		remember(v);
	}
	open_choose_lines(v, valid);
}

void call_dump(struct vcpu *v)
{
	const struct call *c = v->calls;

	pr_info("system calls: %u instructions are one line, which was made %u times; of returns %u times\n", (unsigned)(c->good ? c->insns : 0),
		(unsigned)c->made, (unsigned)c->rets_made);
	for (u32 k = 0; k < c->rets; k++)
		pr_info("return at 0x%08x: %u instructions are one line\n", (unsigned)c->ret[k].at, (unsigned)(c->ret[k].key ? c->ret[k].insns : 0));
}
