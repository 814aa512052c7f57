/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The call line's validity. It does what the guest would execute from its SVC vector on, so all of that has to be what it was made of, and
 * executable, whenever a system call comes by it:
 *  - The words. While a page is scanned code nothing writes it without a drop (code_page.c), so they are those that were read as long as
 *    v->code_gen is what it was. Other pages begin and end to be code all the time: then the words are compared with those of then.
 *  - The pages: the vector's, that of the address that it loads, and the target's. The current root has to have them, as it were in the TLB. What
 *    takes them away comes to C, and then here, before the guest goes on. A root that was seen to have them says so in its root_cache, and is right
 *    until something is taken away: of one of these pages (v->call_gen), or of the root as a whole (root_tlb_flush()). So here most exits find
 *    that nothing has to be looked at, and the window knows it of a root that it selects.
 *  - The host's DACR of a system call, which opens their domains: v->call_dacr.
 */
#include <arm/call.h>
#include <arm/code_page.h>
#include <arm/open.h>
#include <arm/shadow.h>
#include <arm/window.h>
#include <arch/cpu.h>
#include <hv/alloc.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <string.h>

#include "call_line.h"

_Static_assert(sizeof(u32) * CALL_WORDS <= WINDOW_CALL_SIZE && WINDOW_CALL_SIZE <= WINDOW_CALL_FIXUPS, "the call line's page");

enum { VECTOR, LITERAL, TARGET, PLACES };
_Static_assert(PLACES == ARRAY_SIZE(((struct vcpu *)0)->call_at), "one for each place");

struct call {
	bool known;		/* the others are of a look at the guest's code that found all pages */
	bool good;		/* and there is a line for it */
	u32 code_gen;
	gva_t at[PLACES];
	hpa_t page[PLACES];	/* that the host executes there */
	u32 words, word[CALL_INSNS];	/* the guest's from at[TARGET] on, as many as the line may be of */
	u32 insns, made;
};

/* The guest's own words at @va, up to the end of the page, if the host executes what was made of them at @page; or NULL. */
static const u32 *words_at(struct vcpu *v, gva_t va, hpa_t page)
{
	struct gfault f;
	struct walk w;
	hpa_t exec;

	if (va & 3 || guest_walk(v, va, ACC_EXEC, true, &w, &f) || !code_page_is_code(v, w.gpa, &exec) || exec != page)
		return NULL;
	return hpa_ptr(guest_map_hpa(&v->guest->map, ALIGN_DOWN(w.gpa, 4)));
}

static hpa_t page_at(struct vcpu *v, gva_t va)
{
	return shadow_executed_page(v, va, v->hw_dacr_entry);
}

static const u32 *look_at(struct vcpu *v, struct call *c, u32 place, gva_t va)
{
	c->at[place] = va;
	c->page[place] = page_at(v, va);
	return c->page[place] ? words_at(v, va, c->page[place]) : NULL;
}

/* What the vector leads to: B, or LDR pc, [pc, #imm] in A32 code. NULL: not all of it is there now, or it is something else. */
static const u32 *follow_vector(struct vcpu *v, struct call *c)
{
	gva_t at = v->svc_vector;
	const u32 *word = look_at(v, c, VECTOR, at), *literal;

	for (u32 i = VECTOR + 1; i < PLACES; i++) {
		c->at[i] = at;
		c->page[i] = c->page[VECTOR];
	}
	if (word && *word >> 24 == 0xea)
		return look_at(v, c, TARGET, at + 8 + (u32)((s32)(*word << 8) >> 6));
	if (!word || (*word & 0xfffff003) != 0xe59ff000)
		return NULL;
	literal = look_at(v, c, LITERAL, at + 8 + (*word & 0xfff));
	return literal ? look_at(v, c, TARGET, *literal) : NULL;
}

/* Put @code into the window. */
static void install(struct vcpu *v, const struct call_code *code)
{
	u32 *fixup = v->window_call + WINDOW_CALL_FIXUPS / 4;

	memset(v->window_call, 0, PAGE_SIZE);
	memcpy(v->window_call, code->word, 4 * code->words);
	for (u32 i = 0; i < code->words; i++)
		fixup[i] = code->fixup[i] ? 4u * (code->fixup[i] - i) : 0;
	arch_dcache_clean_range(ptr_hpa(v->window_call), PAGE_SIZE);
	arch_icache_invalidate_all();
}

/* Put into @now what the guest's code says. Nothing is known where something of it is not there yet. */
static void look(struct vcpu *v, struct call *now)
{
	const u32 *insn = follow_vector(v, now);
	u32 left = (PAGE_SIZE - now->at[TARGET] % PAGE_SIZE) / 4;

	now->known = true;
	for (u32 i = 0; i < PLACES; i++)
		now->known &= now->page[i] != 0;
	now->words = !now->known || !insn ? 0 : left < CALL_INSNS ? left : CALL_INSNS;
	if (now->words)
		memcpy(now->word, insn, 4 * now->words);
}

static bool says_the_same(const struct call *a, const struct call *b)
{
	return a->known && b->known && a->words == b->words && !memcmp(a->at, b->at, sizeof(a->at)) && !memcmp(a->word, b->word, 4 * a->words);
}

/* The line of what @c says, if there can be one. */
static void make(struct vcpu *v, struct call *c)
{
	static struct call_code code;
	const struct call_at at = { .target = c->at[TARGET], .insn = c->word, .insns = c->words };

	c->good = c->words && call_line_make(&code, &at);
	if (!c->good)
		return;
	c->insns = code.insns;
	c->made++;
	install(v, &code);
}

/* Something is not as it was seen last: look again, and make the line anew if need be. */
static void make_sure(struct vcpu *v, struct call *c)
{
	struct call now = { .code_gen = v->code_gen, .made = c->made };

	look(v, &now);
	if (says_the_same(c, &now)) {
		c->code_gen = now.code_gen;
		if (!memcmp(c->page, now.page, sizeof(c->page)))
			return;
		memcpy(c->page, now.page, sizeof(c->page));
	} else {
		make(v, &now);
		*c = now;
	}
	memcpy(v->call_at, c->at, sizeof(c->at));
	v->call_gen += 2;	/* other roots had what another line needs */
}

static bool is_valid(struct vcpu *v)
{
	struct call *c = v->calls;
	bool same = c->known && c->code_gen == v->code_gen && c->at[VECTOR] == v->svc_vector;

	for (u32 i = 0; i < PLACES && same; i++) {
		hpa_t page = page_at(v, c->at[i]);

		if (!page)
			return false;	/* perhaps not yet, in this root */
		same = page == c->page[i];
	}
	if (!same)
		make_sure(v, c);
	return c->good;
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
	const struct call *c = v->calls;

	return (call_was_seen(v) || (root && root->calls == v->call_gen)) && c->code_gen == v->code_gen && c->at[VECTOR] == v->svc_vector &&
	       v->call_dacr == v->hw_dacr_entry;
}

static bool may_be_line(struct vcpu *v)
{
	struct root_cache *root = current(v);

	if (was_right(v, root))
		return true;
	if (!is_valid(v))
		return false;
	if (v->call_dacr != v->hw_dacr_entry)
		v->call_gen += 2;
	v->call_dacr = v->hw_dacr_entry;
	v->call_seen = v->hw_asid;
	v->call_seen_gen = v->call_gen;
	if (root)
		root->calls = v->call_gen;	/* for the window, which comes back to this root */
	return true;
}

int call_init(struct vcpu *v)
{
	v->calls = hv_alloc(sizeof(*v->calls), 8);
	v->call_gen = 1;
	return 0;
}

void call_refresh(struct vcpu *v)
{
	bool line = v->open_used && v->svc_vector && may_be_line(v);

	v->svc_line = line ? v->window_base + WINDOW_CALL : v->svc_plain;
	open_choose_call(v);
}

u32 call_audit(struct vcpu *v)
{
	const struct call *c = v->calls;
	u32 bad = 0;

	for (u32 i = 0; i < PLACES && v->open_used && v->svc_vector && was_right(v, current(v)); i++) {
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

	pr_info("system calls: %u instructions are one line, which was made %u times\n", (unsigned)(c->good ? c->insns : 0), (unsigned)c->made);
}
