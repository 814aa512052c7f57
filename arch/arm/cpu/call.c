/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The validity of lines. The call line does what the guest would execute from its SVC vector on, so all of that has to be what it was made of, and
 * executable, whenever a system call comes by it; and so have return lines, which T32 kernels have, and lines of other vectors, which A32 ones have:
 *  - The words. While a page is scanned code nothing writes it without a drop (code_page.c), so they are those that were read as long as
 *    v->code_gen is what it was. Other pages begin and end to be code all the time: then the words are compared with those of then.
 *  - The pages: the vectors', that of the address that one loads, that of the other vectors' targets, the target's, and that of returns. The current root
 *    has to have them, as it were in the TLB. What takes them away comes to C, and then here, before the guest goes on. A root that was seen to have them
 *    says so in its root_cache, and is right until something is taken away: of one of these pages (v->call_gen), or of the root as a whole
 *    (root_tlb_flush()). So here most exits find that nothing has to be looked at, and the window knows it of a root that it selects.
 *  - Their domains, v->call_dacr: the host's DACR of a system call has to open them, whatever else it opens. It is less where the kernel is known to close
 *    user memory (v->dacr_closed), which changes without an exit.
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

#include "abort_line.h"
#include "call_line.h"
#include "line_t32.h"
#include "ret_line.h"
#include "vector_line.h"

#define LINE_SIZE	(sizeof(u32) * CALL_WORDS)
#define RETURNS		ARRAY_SIZE(((struct vcpu *)0)->ret)
#define BEFORE		(2 * CALL_INSNS)	/* halfwords before a return in which its line may begin */
#define RET_HALVES	2u			/* those of the return itself */
#define SVC_OFFSET	8u			/* of its vector (B1.8.1) */
#define SCTLR_WRITES	256u			/* from so many on they belong to the line */
#define ABORT_LINE	1u			/* its place behind the call line: it is of A32 code, and return lines are of T32 code */
_Static_assert((1 + RETURNS) * LINE_SIZE <= WINDOW_CALL_SIZE && WINDOW_CALL_SIZE <= WINDOW_CALL_FIXUPS, "the page of lines");

enum { VECTOR, LITERAL, STUB, TARGET, RETURN, PLACES };
#define STACK PLACES		/* another one, not of code: what lines of exceptions stored to last */
_Static_assert(PLACES + 1 == ARRAY_SIZE(((struct vcpu *)0)->call_at), "one for each place");

/* Exceptions but system calls: where their vectors are, and in which mode. The first says which page the others' targets have to be in. */
static const struct exception {
	u32 offset, mode;
} exceptions[] = {
	{ 0x10, MODE_ABT },
	{ 0x0c, MODE_ABT },
	{ 0x18, MODE_IRQ },
	{ 0x04, MODE_UND },
};
#define EXCEPTIONS	ARRAY_SIZE(exceptions)
#define DATA_ABORT	0u	/* exceptions[] */

/* The guest's words from the target on, and their line. */
struct vector {
	bool good;		/* they are there, and are a line */
	gva_t at;
	u32 words, word[VECTOR_WORDS];
	struct vector_line line;
	bool looked;		/* @in_window is about it */
	bool in_window;		/* its abort line is there */
};

struct call {
	bool known;		/* the others are of a look at the guest's code that found all pages */
	bool good;		/* and there is a line for it */
	bool thumb;		/* T32 code */
	u32 code_gen;
	gva_t at[PLACES];
	hpa_t page[PLACES];	/* that the host executes there */
	bool stub_awaited;	/* the root had not the page of the other vectors' targets, which is that of @stub: they have no lines yet */
	gva_t stub;
	u32 words, word[CALL_INSNS];	/* the guest's from at[TARGET] on, as many as the line may be of; as struct call_at has them */
	u8 half[CALL_INSNS + 1];
	u32 insns, made;
	struct ret {		/* exception returns, all in one page */
		gva_t at;
		u32 halves;
		u16 half[BEFORE + RET_HALVES];	/* the guest's code up to it */
		u32 key, insns;	/* its line; key 0: there is none */
	} ret[RETURNS];
	u32 rets, rets_made;
	bool writes_sctlr;	/* at each system call, to what it is: the line does it */
	u32 sctlr_writes;	/* the count of them when the line was made */
	u32 vectors_done, vectors_entered;	/* lines that were done, and with the abort before them */
	u32 aborts_done, aborts_given;	/* data aborts, too, in the window, before so many were allowed anew */
	struct vector *vector;	/* by exceptions[]; as the last look found them */
	const struct vector_line *line[8];	/* of each vector; NULL: none, or not all pages are known */
};

/* The guest's own code at @va, up to the end of the page, if the host executes what was made of it at @page; or NULL. */
static const void *code_at(struct vcpu *v, gva_t va, hpa_t page)
{
	struct gfault f;
	struct walk w;
	hpa_t exec;

	if (guest_walk(v, va, ACC_EXEC, true, &w, &f) || !code_page_is_code(v, w.gpa, &exec) || exec != page)
		return NULL;
	return hpa_ptr(guest_map_hpa(&v->guest->map, ALIGN_DOWN(w.gpa, 2)));
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

/* Where exception @k leads, by the vectors at @code, of which the first is of system calls. False: it is not known. */
static bool follow_exception(const struct call *c, u32 k, const u32 *code, const u32 *literals, gva_t *to)
{
	u32 away = exceptions[k].offset - SVC_OFFSET;
	bool loads;

	if (!vector_a32(code[(s32)away / 4], c->at[VECTOR] + away, to, &loads))
		return false;
	if (!loads)
		return true;
	if ((*to ^ c->at[LITERAL]) & PAGE_MASK || *to & 3)
		return false;
	*to = literals[(s32)(*to - c->at[LITERAL]) / 4];
	return !(*to & 3);
}

/* The guest's words at @at are @own: make the line of @k anew, if it was of others. */
static void look_at_exception(struct vector *x, u32 k, gva_t at, const void *own)
{
	u32 words = (PAGE_SIZE - at % PAGE_SIZE) / 4;

	x->good = x->line.insns;
	if (x->at == at && x->words && !memcmp(x->word, own, 4 * x->words))
		return;
	x->at = at;
	x->words = words < VECTOR_WORDS ? words : VECTOR_WORDS;
	memcpy(x->word, own, 4 * x->words);
	x->looked = false;
	x->good = vector_line_make(&x->line, exceptions[k].mode, x->word, x->words);
	if (x->good)
		x->words = x->line.words;
}

/*
 * What other exceptions begin with, of A32 code, whose vectors are around @code; their targets are in one page. System calls do not need it, so it
 * comes to be there with the first of these exceptions, and then lines are made anew (is_missed()).
 */
static void look_at_exceptions(struct vcpu *v, struct call *c, const u32 *code, const u32 *literals)
{
	const u8 *page = NULL, *own;
	gva_t to;

	c->stub_awaited = false;
	for (u32 k = 0; k < EXCEPTIONS; k++) {
		if (c->thumb || !follow_exception(c, k, code, literals, &to))
			continue;
		if (!k) {
			own = look_at(v, c, STUB, to);
			page = own ? own - to % PAGE_SIZE : NULL;
			c->stub_awaited = !c->page[STUB];
			c->stub = to;
		}
		if (page && !((to ^ c->at[STUB]) & PAGE_MASK))
			look_at_exception(&c->vector[k], k, to, page + to % PAGE_SIZE);
	}
	if (page)
		return;
	c->at[STUB] = c->at[LITERAL];
	c->page[STUB] = c->page[LITERAL];
}

/* What the vector leads to: B, or LDR pc, [pc, #imm]. NULL: not all of it is there now, or it is something else. */
static const void *follow_vector(struct vcpu *v, struct call *c)
{
	gva_t at = v->svc_vector | v->svc_vector_t32, to;
	const void *code = look_at(v, c, VECTOR, at);
	const u32 *literal = code;
	bool loads;

	for (u32 k = 0; k < EXCEPTIONS; k++)
		c->vector[k].good = false;
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
	look_at_exceptions(v, c, code, literal);
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

/* The guest's code up to return @k, from which its line is made. */
static void look_at_return(struct vcpu *v, struct call *now, u32 k)
{
	struct ret *r = &now->ret[k];
	const u16 *own = look_at(v, now, RETURN, r->at & PAGE_MASK);
	u32 end = r->at % PAGE_SIZE / 2 + RET_HALVES, first = end > ARRAY_SIZE(r->half) ? end - ARRAY_SIZE(r->half) : 0;

	r->halves = own && end <= PAGE_SIZE / 2 ? end - first : 0;
	if (r->halves)
		memcpy(r->half, own + first, 2 * r->halves);
}

static u32 vector(const struct vcpu *v)
{
	return v->svc_vector | v->svc_vector_t32;
}

/* Put into @now, where the returns are in place, what the guest's code says. Nothing is known where something of it is not there yet. */
static void look(struct vcpu *v, struct call *now)
{
	static struct t32_line line;
	const void *insn = follow_vector(v, now);
	u32 bytes = PAGE_SIZE - now->at[TARGET] % PAGE_SIZE;

	now->at[RETURN] = now->at[TARGET];
	now->page[RETURN] = now->page[TARGET];
	for (u32 k = 0; k < now->rets; k++)
		look_at_return(v, now, k);
	now->known = true;
	for (u32 i = 0; i < PLACES; i++)
		now->known &= now->page[i] != 0;
	now->words = !now->known || !insn ? 0 : bytes / 4 < CALL_INSNS ? bytes / 4 : CALL_INSNS;
	if (now->words && now->thumb) {
		t32_line(&line, insn, bytes / 2);
		now->words = line.insns;
		memcpy(now->half, line.half, sizeof(now->half));
		insn = line.word;
	}
	if (now->words)
		memcpy(now->word, insn, 4 * now->words);
	for (u32 k = 0; k < EXCEPTIONS; k++)
		now->line[exceptions[k].offset / 4] = now->known && now->vector[k].good ? &now->vector[k].line : NULL;
}

static bool returns_the_same(const struct call *a, const struct call *b)
{
	bool same = a->rets == b->rets;

	for (u32 k = 0; k < a->rets && same; k++)
		same = a->ret[k].at == b->ret[k].at && a->ret[k].halves == b->ret[k].halves &&
		       !memcmp(a->ret[k].half, b->ret[k].half, 2 * a->ret[k].halves);
	return same;
}

static bool says_the_same(const struct call *a, const struct call *b)
{
	return a->known && b->known && a->thumb == b->thumb && a->words == b->words && !memcmp(a->at, b->at, sizeof(a->at)) &&
	       !memcmp(a->word, b->word, 4 * a->words) && !(a->thumb && memcmp(a->half, b->half, a->words + 1)) && returns_the_same(a, b);
}

static struct call_code code;

/*
 * The line of return @k: the longest that begins with a trapping word of the copy. That word is executed only where an instruction begins with
 * it, so nothing needs to be known of what the halfwords are.
 */
static void make_return(struct vcpu *v, struct call *c, u32 k)
{
	static struct t32_line line;
	struct ret *r = &c->ret[k];
	u32 end = r->halves - RET_HALVES, n;
	gva_t first = r->at - 2 * end;
	const u16 *copy = (const u16 *)hpa_ptr(c->page[RETURN]) + first % PAGE_SIZE / 2;

	for (u32 h = 0; h < end; h++) {
		struct call_at at = { .target = first + 2 * h, .insn = line.word, .half = line.half };

		if (copy[h] == r->half[h])
			continue;
		t32_line(&line, r->half + h, r->halves - h);
		for (n = 0; n < line.insns && h + line.half[n] != end; n++)
			;
		at.insns = n + (n < line.insns);
		if (!ret_line_make(&code, &at) || code.insns != n + 1)
			continue;
		install(v, 1 + k, &code);
		c->vector[DATA_ABORT].looked = false;
		r->key = at.target + 2;
		r->insns = code.insns;
		c->rets_made++;
		return;
	}
}

/* The lines of what @c says, if there can be some. */
static void make(struct vcpu *v, struct call *c)
{
	const struct call_at at = {
		.target = c->at[TARGET], .insn = c->word, .insns = c->words, .half = c->thumb ? c->half : NULL,
		.writes_sctlr = c->writes_sctlr,
	};

	for (u32 k = 0; k < c->rets; k++) {
		c->ret[k].key = 0;
		if (c->known && c->ret[k].halves)
			make_return(v, c, k);
	}
	c->good = c->words && call_line_make(&code, &at);
	if (!c->good)
		return;
	c->sctlr_writes = v->exits[EXIT_CP15_SCTLR];
	c->insns = code.insns;
	c->made++;
	install(v, 0, &code);
}

/* The window may do @nr data aborts from now on. */
static void allow_aborts(struct vcpu *v, struct call *c, u32 nr)
{
	c->aborts_done += c->aborts_given - v->abort.left;
	c->aborts_given = v->abort.left = nr;
}

static bool has_abort_line(const struct call *c)
{
	return c->line[exceptions[DATA_ABORT].offset / 4] && c->vector[DATA_ABORT].looked && c->vector[DATA_ABORT].in_window;
}

/* The window's line of data aborts, if the guest's is one that it can have. */
static void make_abort(struct vcpu *v, struct call *c)
{
	struct vector *x = &c->vector[DATA_ABORT];

	if (x->looked || !c->line[exceptions[DATA_ABORT].offset / 4])
		return;
	x->looked = true;
	x->in_window = abort_line_make(&code, &x->line);
	allow_aborts(v, c, 0);
	if (x->in_window)
		install(v, ABORT_LINE, &code);
}

/* Something is not as it was seen last: look again, and make the lines anew if need be. */
static void make_sure(struct vcpu *v, struct call *c)
{
	static struct call now;

	now.thumb = v->svc_vector_t32;
	now.vector = c->vector;
	if (!c->known && !follow_vector(v, &now))
		return;		/* as it was: until its first system call a kernel has not all of it */
	now = *c;
	now.code_gen = v->code_gen;
	now.thumb = v->svc_vector_t32;
	now.rets = now.thumb && c->thumb ? c->rets : 0;
	look(v, &now);
	if (says_the_same(c, &now)) {
		c->code_gen = now.code_gen;
		c->stub_awaited = now.stub_awaited;
		memcpy(c->line, now.line, sizeof(c->line));
		make_abort(v, c);
		if (!memcmp(c->page, now.page, sizeof(c->page)))
			return;
		memcpy(c->page, now.page, sizeof(c->page));
	} else {
		make(v, &now);
		*c = now;
		make_abort(v, c);
	}
	memcpy(v->call_at, c->at, sizeof(c->at));
	call_count(v);	/* other roots had what another line needs */
}

/* The exception return behind which the window was last, if it was one of T32 code, is to have a line. */
static void learn_return(struct vcpu *v, struct call *c)
{
	gva_t at = v->returned_behind - 2 * RET_HALVES;

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

/* Is there now what was not when lines were made? */
static bool is_missed(struct vcpu *v)
{
	return v->calls->stub_awaited && page_at(v, v->calls->stub);
}

/* Of this vector, and of all pages? */
static bool is_known(const struct vcpu *v)
{
	const struct call *c = v->calls;

	return c->known && c->code_gen == v->code_gen && c->at[VECTOR] == vector(v) && c->thumb == (v->svc_vector_t32 != 0);
}

static bool is_valid(struct vcpu *v)
{
	struct call *c = v->calls;
	bool same = is_known(v) && !is_missed(v);

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
		make_sure(v, c);
	return c->known;
}

/* The current root, as the window knows it; NULL: it does not. */
static struct root_cache *current(struct vcpu *v)
{
	struct root_cache *c = v->root_cache[vcpu_root_index(v->cp15.ttbr0)];

	for (u32 i = 0; i < ARRAY_SIZE(v->root_cache[0]); i++)
		if (c[i].hw_asid == v->hw_asid && c[i].asid != ROOT_VOID)
			return &c[i];
	return NULL;
}

/* Was all that is looked at found right in the current root, and is still? */
static bool was_right(const struct vcpu *v, const struct root_cache *root)
{
	return (call_was_seen(v) || (root && root->calls == v->call_gen)) && is_known(v) && !(v->call_dacr & ~v->hw_dacr_entry);
}

/* Domains of what lines need in the current root, where DACR opens all of them. Those of other roots stay, as long as it opens these, too. */
static void add_domains(struct vcpu *v)
{
	u32 open = v->call_dacr;

	if (open & ~v->hw_dacr_entry) {
		call_count(v);	/* roots that had these are not right any more */
		open = 0;
	}
	for (u32 i = 0; i < PLACES; i++)
		open |= shadow_opened_by(v, v->calls->at[i]);
	v->call_dacr = open;
}

static bool may_be_lines(struct vcpu *v)
{
	struct root_cache *root = current(v);

	if (was_right(v, root) && !is_missed(v))
		return true;
	if (!is_valid(v))
		return false;
	add_domains(v);
	v->line_stack.gen = 0;
	v->call_seen = v->hw_asid;
	v->call_seen_gen = v->call_gen;
	if (root)
		root->calls = v->call_gen;	/* for the window, which comes back to this root */
	return true;
}

int call_init(struct vcpu *v)
{
	v->calls = hv_alloc(sizeof(*v->calls), 8);
	v->calls->vector = hv_alloc(EXCEPTIONS * sizeof(*v->calls->vector), 8);
	v->call_gen = 1;
	return 0;
}

/* Some kernels write SCTLR at each system call, because it never has all the bits that they want. */
static void learn_sctlr(struct vcpu *v, struct call *c)
{
	if (c->writes_sctlr || !c->known || !c->good || v->exits[EXIT_CP15_SCTLR] - c->sctlr_writes < SCTLR_WRITES)
		return;
	c->writes_sctlr = true;
	c->known = false;	/* make it anew */
	call_count(v);
}

/*
 * Lines are there for whichever root has what they need: the current one, if @valid, or one that the window selects. So what they are does not depend on
 * the current root.
 */
void call_refresh(struct vcpu *v)
{
	struct call *c = v->calls;
	bool valid, known;

	learn_sctlr(v, c);
	if (v->open_used)
		learn_return(v, c);
	valid = v->open_used && vector(v) && may_be_lines(v);
	known = v->open_used && vector(v) && is_known(v);
	v->call_line = known && c->good ? v->window_base + WINDOW_CALL : v->svc_plain;
	for (u32 k = 0; k < RETURNS; k++) {
		v->ret[k].key = known && k < c->rets && c->ret[k].key ? c->ret[k].key : RET_NOWHERE;
		v->ret[k].line = v->window_base + WINDOW_CALL + (1 + k) * LINE_SIZE;
	}
	v->abort.way = known && has_abort_line(c) && v->short_exits && v->return_mode ? v->abort.here : v->abort.plain;
	v->abort.line = v->window_base + WINDOW_CALL + ABORT_LINE * LINE_SIZE;
	open_choose_lines(v, valid);
}

u32 *vector_stack(struct vcpu *v, gva_t sp)
{
	char *page = shadow_stored_page(v, sp, &v->line_stack.open);

	v->line_stack.sp = sp;
	v->line_stack.frame = page ? (u32 *)(page + sp % PAGE_SIZE) : NULL;
	v->line_stack.hw_asid = v->hw_asid;
	v->line_stack.gen = page ? v->call_gen : 0;
	v->call_at[STACK] = sp;
	return v->dacr_kernel & v->line_stack.open ? v->line_stack.frame : NULL;
}

/* Was all that lines need found in the current root, and is still? */
static bool root_was_seen(struct vcpu *v)
{
	const struct root_cache *root = call_was_seen(v) ? NULL : current(v);

	return !root ? call_was_seen(v) : root->calls == v->call_gen;
}

/* Rights are those of the guest's DACR, by which the real one may be opened at any time. */
void call_vector(struct vcpu *v)
{
	struct call *c = v->calls;
	u32 offset = v->r[15] - c->at[VECTOR] + SVC_OFFSET;
	const struct vector_line *l = offset < sizeof(c->line) ? c->line[offset / 4] : NULL;

	if (l && l->mode == vcpu_mode(v) && c->code_gen == v->code_gen && !(v->call_dacr & ~v->dacr_kernel) && root_was_seen(v))
		c->vectors_done += vector_line_do(v, l);
}

bool call_exception(struct vcpu *v, u32 offset, u32 ahead)
{
	struct call *c = v->calls;
	const struct vector_line *l = c->line[offset / 4];

	if (!l || !v->lines_now || v->call_dacr & ~v->dacr_kernel || !vector_line_enter(v, l, ahead))
		return false;
	c->vectors_entered++;
	if (offset == exceptions[DATA_ABORT].offset && has_abort_line(c)) {
		v->abort.sp = v->bank_sp[l->bank];	/* where nothing was odd */
		allow_aborts(v, c, ABORTS_IN_A_ROW);
	}
	return true;
}

u32 call_audit(struct vcpu *v)
{
	const struct call *c = v->calls;
	u32 bad = !(v->call_gen & 1);

	if (bad)
		pr_err("call line audit: call_gen is even, so it will be 0, which no root's is\n");
	for (u32 i = 0; i < PLACES && v->open_used && vector(v) && was_right(v, current(v)); i++) {
		if (page_at(v, c->at[i]) == c->page[i])
			continue;
		pr_err("call line audit: what is executed at 0x%08x is not what was seen there\n", (unsigned)c->at[i]);
		bad++;
	}
	return bad;
}

void call_dump(struct vcpu *v)
{
	const struct call *c = v->calls;
	u32 vectors = 0, aborts = c->aborts_done + c->aborts_given - v->abort.left, entered = c->vectors_entered + aborts;

	for (u32 k = 0; k < EXCEPTIONS; k++)
		vectors += c->line[exceptions[k].offset / 4] != NULL;
	pr_info("system calls: %u instructions are one line, which was made %u times; of returns %u times\n", (unsigned)(c->good ? c->insns : 0),
		(unsigned)c->made, (unsigned)c->rets_made);
	pr_info("exceptions: %u vectors are lines, which were done %u times, %u times with the abort before, %u of these in the window\n",
		(unsigned)vectors, (unsigned)(c->vectors_done + entered), (unsigned)entered, (unsigned)aborts);
	for (u32 k = 0; k < c->rets; k++)
		pr_info("return at 0x%08x: %u instructions are one line\n", (unsigned)c->ret[k].at, (unsigned)(c->ret[k].key ? c->ret[k].insns : 0));
}
