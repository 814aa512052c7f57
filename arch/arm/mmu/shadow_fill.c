/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Filling on demand: what a hidden fault maps, for every strategy.
 *
 * Rules (those of shadow_pool.c and of the strategy hold as well):
 *  1  The shadow is a TLB: an entry is made only from a successful walk of the guest's current tables, under its current
 *     ASID, and may stay until the guest's TLB maintenance names it. What a real TLB would have to forget, is dropped.
 *  2  An entry grants at most what the guest's descriptor grants: in view K what PL1 may do, in view U the rights of PL0
 *     (never more than those of PL1). View K is closed in virtual User mode, both views when the guest's domain is.
 *  3  A fault is resolved completely, for its real access type, before the guest resumes: a walk that succeeds ends with an
 *     entry that allows the access. The first touch maps all rights that the guest grants, so a read prepares the write.
 *  4  A slot is linked to one view at a time. It is toggled by faults only, never by a mode switch.
 *  5  A mapping is executable only if (a) the page was scanned, it is then read-only and maps code_page_get()'s target, or
 *     (b) it is an unscanned page in view U that virtual User mode has fetched from, there or elsewhere (FRAME_USER), and where the
 *     kernel may write, by a mapping by which it may (FRAME_USER_W: ICIMVAU has that looked at again). What User
 *     mode only reads or writes stays execute-never, so that the guest kernel's first jump there faults. And User mode's first fetch
 *     from a page that is scanned code faults: code_page_interpreted() is asked whether it is right for User mode, too.
 *  6  A page that is scanned code is mapped writable nowhere, sections included. The store that wants it ends its time as
 *     code; a store from an instruction in the page itself, or partly in it, is emulated instead, or fetch and store would chase
 *     each other. So is one that changes nothing but a word that is no code's (code_page_store()).
 *     A page of guest tables whose stores the strategy follows (FRAME_TABLE) is mapped writable nowhere, either.
 *  7  Guest sections stay sections while their MiB is of one region and not needed executable; sections are execute-never.
 *  8  Non-global entries are used under the ASID they were made for: after a change of ASID alone their domains are closed
 *     until the guest goes back or needs one, which drops them. Nothing is filled into a node of the ASID before meanwhile.
 *  9  Pages that both privileges can execute are scanned for both once the guest kernel executed one (other than its
 *     vector page, which always is, and loses what is not scanned when it becomes that), until the next invalidate-all. A page
 *     that User mode executes first is scanned for both if it holds what looks like its kernel's code (code_page_is_privileged()), because
 *     a later jump of the kernel's does not fault; ICIMVAU has it looked at again where the kernel may write. Not covered: what is told by ICIALLU alone, or written by another mapping only.
 * 10  Filling ahead maps only valid descriptors of the cache line that the walk read: a TLB may load those at any time.
 * 11  A page that is to be interpreted is executable in no mode for which it would be scanned.
 * 12  A page of addresses with a breakpoint is executable in no mode, and while there is one nothing is filled ahead.
 */
#include <arm/code_page.h>
#include <arm/debug.h>
#include <arm/exec.h>
#include <arm/psr.h>
#include <hv/log.h>

#include "mmu.h"

/* One fill in progress. */
struct fill {
	struct shadow *s;
	const struct walk *w;
	gva_t va;
	enum shadow_access acc;
	bool priv;
	bool manager;		/* of the guest's domain */
	struct frame *frame;	/* NULL: a passed-through device */
	enum view view;
	u32 gd;			/* guest domain or GD_FLAT */
	hpa_t target;		/* host page to map */
	bool scan;		/* of a fetch: of scanned code only */
	bool exec;		/* the mapping of this page is executable */
	enum exit_cause cause;	/* what to count this exit as */
	bool user_exec;		/* unscanned pages filled here may be executable (rule 5b) */
};

static u32 rights_pl0(const struct walk *w)
{
	return w->manager ? RIGHTS_RW : ap_rights_pl0[w->ap];
}

static u32 rights_of(const struct walk *w, enum view view)
{
	if (w->manager)
		return RIGHTS_RW;
	return view == VIEW_K ? ap_rights_pl1[w->ap] : ap_rights_pl0[w->ap];
}

static enum view pick_view(struct shadow *s, gva_t va, const struct walk *w, enum shadow_access acc, bool priv)
{
	u32 pl0 = rights_pl0(w), e;

	if (!priv)
		return VIEW_U;
	if (acc == ACC_EXEC || is_flat(s))
		return VIEW_K;
	if (pl0 == RIGHTS_NONE || (acc == ACC_WRITE && pl0 != RIGHTS_RW))
		return VIEW_K;
	/* Both views would do: stay in the one that is linked. */
	e = s->cur->l1[va >> SECTION_SHIFT];
	return e && s->dom[L1_DOMAIN_OF(e)].view == VIEW_K ? VIEW_K : VIEW_U;
}

/* The guest kernel executes what User mode can execute: from now on scan for both (rule 9). */
static void enter_scan_user(struct shadow *s)
{
	s->scan_user = true;
	s->scan_user_times += s->scan_user_times < 0xff;
	pool_drop_all(s);
}

/* User mode fetches from page @gpa for the first time: its kernel may jump there later, without a fault, if that is code for it (rule 9). */
static bool is_privileged_code(const struct fill *f, gpa_t gpa)
{
	return code_page_is_privileged(f->s->v, gpa, f->frame->w[0] & FRAME_USER);
}

/* Is what is executed at @f's address, in page @gpa, scanned (rules 5 and 9)? What is code already was. */
static bool is_scanned(const struct fill *f, gpa_t gpa)
{
	return frame_is_code(f->frame) || f->priv || is_flat(f->s) || f->s->scan_user || is_vector_page(f->s->v, f->va) ||
	       is_privileged_code(f, gpa);
}

/* The guest kernel is about to execute what User mode can execute too: rule 9. */
static void note_common_code(const struct fill *f)
{
	if (f->priv && !is_flat(f->s) && !f->s->scan_user && !is_vector_page(f->s->v, f->va) && rights_pl0(f->w) != RIGHTS_NONE)
		enter_scan_user(f->s);
}

/* User mode comes to execute the copy of @page at @va: where its SVC may be one of Umbra's sites. */
static void note_user_copy(struct vcpu *v, gpa_t page, gva_t va)
{
	if (!v->user_copies)
		v->user_page = va & PAGE_MASK;
	else if (v->user_page != (va & PAGE_MASK))
		v->user_page = USER_PAGES_MANY;
	code_page_set_user_visible(v, page);
}

/*
 * User mode comes to execute the page at @target, which is not scanned. Where the guest's kernel may write to it, ICIMVAU is for C (wr_icimvau()):
 * what it has put there may be for itself.
 */
static void note_user_page(const struct fill *f, hpa_t target, bool kernel_writes)
{
	f->frame->w[0] |= FRAME_USER | (kernel_writes ? FRAME_USER_W : 0);
	if (kernel_writes)
		vcpu_forget_no_code(f->s->v, (u32)target);
}

/* What an instruction fetch from RAM page @page gets to execute. May change any shadow entry. */
static void resolve_exec(struct fill *f, gpa_t page)
{
	struct shadow *s = f->s;

	f->exec = true;
	note_common_code(f);
	if (f->scan) {
		u32 scans = s->v->exits[EXIT_SCAN];

		code_page_get(s->v, page, f->va & PAGE_MASK, &f->target);
		if (s->v->exits[EXIT_SCAN] != scans)
			f->cause = EXIT_NR;	/* counted there */
	} else {
		note_user_page(f, f->target, rights_of(f->w, VIEW_K) == RIGHTS_RW);
		return;
	}
	if (f->view == VIEW_U && f->target != hpa_of(s, page))
		note_user_copy(s->v, page, f->va);
}

u32 attr_bits(const struct shadow *s, u32 index, bool device)
{
	if (is_flat(s))
		return device ? ATTR_DEV_MMU_OFF : ATTR_RAM_MMU_OFF;
	return device ? s->attr.dev[index] : s->attr.ram[index];
}

static u32 walk_attr(const struct fill *f)
{
	return attr_bits(f->s, ATTR_INDEX(f->w->tex, f->w->c, f->w->b, f->w->s), !f->frame);
}

/* -- sections -- */

static bool can_be_section(const struct fill *f)
{
	struct shadow *s = f->s;
	const struct node *n;
	gpa_t gpa = f->w->gpa;

	if (f->w->size < SECTION_SIZE || f->acc == ACC_EXEC)
		return false;
	n = root_node(s, s->cur, f->va >> SECTION_SHIFT);
	if (n && n->desc == link_key(f->w->l1desc))
		return false;	/* split already: it has code */
	if (!f->frame)
		return guest_map_find_block(&s->v->guest->map, gpa, SECTION_SIZE);
	return mib_is_whole(s, gpa) && (!mib_of(s, gpa)->fixed || rights_of(f->w, f->view) == RIGHTS_RO);
}

static void fill_section(struct fill *f)
{
	struct shadow *s = f->s;
	struct root *r = s->cur;
	u32 slot = f->va >> SECTION_SHIFT, d = dom_get(s, f->gd, f->view, !f->w->global);

	if (root_node(s, r, slot))
		root_clear_slot(s, r, slot);
	if (!f->w->global)
		root_mark_ng(s, r, slot);
	slotset_add(&s->sect, slot);
	shadowed_add(s, slot);
	root_set_slot(s, r, slot, (u32)hpa_of(s, ALIGN_DOWN(f->w->gpa, SECTION_SIZE)) | attr_to_section(walk_attr(f)) |
		      ap_section_bits(rights_of(f->w, f->view)) | SECT_NG | SECT_XN | L1_DOMAIN(d) | L1_SECTION);
	if (f->frame)
		mib_add(s, mib_of(s, f->w->gpa), slot, f->w->gpa);
}

/* -- small pages -- */

static u32 leaf_entry(const struct fill *f)
{
	u32 attr = walk_attr(f), rights = rights_of(f->w, f->view);
	bool fixed = f->frame && frame_is_fixed(f->frame);

	if (f->view == VIEW_U && (rights == RIGHTS_RW ? fixed : f->w->size >= SECTION_SIZE))
		denied_otherwise_add(f->s, f->va >> SECTION_SHIFT);	/* Umbra denies it, or the fault is that of a section */
	if (fixed) {
		rights = RIGHTS_RO;
		if (f->target != hpa_of(f->s, ALIGN_DOWN(f->w->gpa, PAGE_SIZE)))
			attr = ATTR_RAM_MMU_OFF;	/* a copy is Umbra's memory */
	}
	return page_entry(f->target, attr, rights, f->exec);
}

/*
 * What the low bits @d of a guest small-page descriptor make of an entry that is filled ahead and is not scanned code, to be added to the
 * guest's page; 0: no entry.
 * Marks @n as having global entries when it is going to.
 */
static u32 ahead_bits(const struct fill *f, struct node *n, u32 d, bool user_exec)
{
	u32 bits;

	if (!(d & L2_SMALL) || ((d & L2_NG) && !n->ng))
		return 0;
	bits = low_bits(f->s, d, f->view, f->manager);
	if (!bits)
		return 0;
	if (!(d & L2_NG))
		node_make_global(f->s, n);
	return hpa_of(f->s, 0) + (user_exec ? bits : bits | L2_XN);
}

/*
 * Entry for the neighbour in @frame that the guest describes by descriptor @d, whose low bits give @bits, or 0. Counts the page in its
 * frame. It is executable only if @bits are and User mode has executed the page before, which @ran of the frame says.
 */
static inline u32 ahead_entry(struct shadow *s, struct frame *frame, u32 d, u32 bits, u32 ran, u32 tbl, u32 idx)
{
	u32 was;

	if (!bits || !frame || frame_is_fixed(frame))
		return 0;
	was = frame->w[0];
	if (!(was & ~FRAME_USER) && !frame->w[1])
		frame->w[0] = was | FRAME_ENTRY | tbl << 8 | idx;
	else if (!(was & FRAME_MANY))
		frame_add(s, frame, tbl, idx, d & PAGE_MASK);
	return ((d & PAGE_MASK) + bits) | (was & ran ? 0 : L2_XN);
}

/* The same while the guest kernel fetches: of its code only what was scanned already. */
static u32 ahead_code(const struct fill *f, struct node *n, u32 d, u32 tbl, u32 idx)
{
	struct frame *frame = frame_of(f->s, d & PAGE_MASK);
	u32 bits, attr;
	hpa_t target;

	gva_t va = (f->va & SECTION_MASK) | idx << PAGE_SHIFT;

	if (!frame || !frame_is_code(frame) || ((d & L2_XN) && !f->manager) || !code_page_ready(f->s->v, d & PAGE_MASK, va, &target))
		return 0;
	bits = ahead_bits(f, n, d & ~PAGE_MASK, false);
	if (!bits)
		return 0;
	frame_add(f->s, frame, tbl, idx, d & PAGE_MASK);
	attr = target == hpa_of(f->s, d & PAGE_MASK) ? bits & PAGE_ATTR : ATTR_RAM_MMU_OFF;
	return page_entry(target, attr, RIGHTS_RO, true);
}

/* Are the vectors not in the line of the entry for @va? */
static inline bool is_far_from_vectors(const struct shadow *s, gva_t va)
{
	return (vector_page(s->v) ^ va) >= 16 * PAGE_SIZE;
}

/*
 * From entry @i of 16 on, those whose guest descriptors have the low bits @low, which give @bits, for pages of the largest span; @name: that of the
 * first entry in frames; @ran: as ahead_entry(). What is otherwise ends it: returns where. The hottest loop here, in a function of its own for its
 * registers.
 */
static __attribute__((noinline)) u32 fill_alike(struct shadow *s, u32 *p, const u32 *guest, u32 i, u32 low, u32 bits, u32 name, u32 ran)
{
	const u32 from = (u32)s->span[0].base + low, pages = s->span[0].size >> PAGE_SHIFT, entry = bits - low;
	struct frame *const frames = s->span[0].frame;

	for (; i < 16; i++) {
		u32 d = guest[i], nr = d - from, was;

		nr = nr >> PAGE_SHIFT | nr << (32 - PAGE_SHIFT);	/* no page of the span's unless the low bits are @low */
		if (nr >= pages || p[i])
			break;
		was = frames[nr].w[0];
		d += entry;
		if (!(was & ~FRAME_USER)) {
			frames[nr].w[0] = was | (name + i);
		} else if ((was ^ (name + i)) & ~FRAME_USER) {		/* else it was here before */
			if (frame_is_fixed(&frames[nr]))
				break;
			if (!(was & FRAME_MANY))
				frame_add_name(s, &frames[nr], name + i, guest[i] & PAGE_MASK);
		}
		*(volatile u32 *)&p[i] = was & ran ? d : d | L2_XN;
	}
	return i;
}

/* Fill the invalid ones of the 16 entries at @p, from index @first of the table on, from the guest's at @guest. Returns how many. */
static u32 fill_line(const struct fill *f, struct node *n, u32 tbl, u32 first, u32 *p, const u32 *guest)
{
	bool user_exec = f->user_exec && is_far_from_vectors(f->s, f->va);	/* they are never among these */
	u32 low = ~0u, bits = 0, ran = 0, filled = 0;

	for (u32 i = 0; i < 16; i++) {
		u32 d = guest[i], end, e;

		/* Where few pages are mapped there are four that are not. */
		if (!d && !(i & 3) && !(guest[i + 1] | guest[i + 2] | guest[i + 3]))
			i += 3;
		if (!d || p[i])
			continue;
		if ((d & ~PAGE_MASK) != low) {		/* neighbours are mostly alike */
			low = d & ~PAGE_MASK;
			bits = ahead_bits(f, n, low, user_exec);
			ran = frame_ran(kernel_writes(low, f->manager));
		}
		if (!bits)
			continue;
		end = fill_alike(f->s, p, guest, i, low, bits, FRAME_ENTRY | tbl << 8 | first, ran);
		if (end != i) {
			filled += end - i;
			i = end - 1;
			continue;
		}
		e = ahead_entry(f->s, frame_of(f->s, d & PAGE_MASK), d, bits, ran, tbl, first + i);
		if (!e)
			continue;
		*(volatile u32 *)&p[i] = e;
		filled++;
	}
	return filled;
}

/* The same for a fetch of the guest's kernel. */
static u32 fill_line_code(const struct fill *f, struct node *n, u32 tbl, u32 first, u32 *p, const u32 *guest)
{
	u32 filled = 0;

	for (u32 i = 0; i < 16; i++) {
		u32 e = guest[i] && !p[i] ? ahead_code(f, n, guest[i], tbl, first + i) : 0;

		if (!e)
			continue;
		*(volatile u32 *)&p[i] = e;
		filled++;
	}
	return filled;
}

/*
 * Fill the invalid entries of the line around @idx from the guest's descriptors in the line that the walk read (rule 10). They are cleaned
 * with the line by the caller's pte_write().
 */
static void fill_ahead(const struct fill *f, struct node *n, u32 tbl, u32 idx)
{
	u32 first = idx & ~15u, *p = tbl_ptr(f->s, tbl) + first;
	const u32 *guest = hpa_ptr(hpa_of(f->s, ALIGN_DOWN(f->w->l2addr, 64)));

	f->s->filled_ahead += f->priv && f->acc == ACC_EXEC ? fill_line_code(f, n, tbl, first, p, guest) :
			      fill_line(f, n, tbl, first, p, guest);
}

static void write_page(const struct fill *f, struct node *n, u32 tbl)
{
	struct shadow *s = f->s;
	u32 idx = f->va >> PAGE_SHIFT & (L2_ENTRIES - 1);
	u32 *p = tbl_ptr(s, tbl) + idx, old = *p, e = leaf_entry(f);

	tbl_mark(s, tbl, idx);
	if (f->frame)
		frame_add(s, f->frame, tbl, idx, ALIGN_DOWN(f->w->gpa, PAGE_SIZE));
	if (old && old != e) {
		pte_write(p, e);
		node_tlb_entry(s, n, f->va);
		return;
	}
	if (IS_ENABLED(CONFIG_SHADOW_FILL_AHEAD) && !s->v->breaks.nr && !old && f->frame && f->w->size == PAGE_SIZE &&
	    !(s->v->cp15.sctlr & SCTLR_EE)) {
		*(volatile u32 *)p = e;
		fill_ahead(f, n, tbl, idx);
	}
	pte_write(p, e);
	dsb();
}

static void adopt_asid(struct shadow *s)
{
	root_rest_ng(s, s->cur);
	s->asid_pending = false;
	dacr_apply(s);
}

/*
 * The current root's node for the slot, ready for the page: globality settled, of the guest's ASID of now if it has non-global entries, its
 * host domain in *@dom.
 */
static struct node *fill_node(struct fill *f, u32 *dom)
{
	struct shadow *s = f->s;

	for (;;) {
		struct node *n = node_link(s, s->cur, f->va >> SECTION_SHIFT, link_key(f->w->l1desc));

		if (s->asid_pending && (n->ng || !f->w->global)) {
			adopt_asid(s);		/* of another root that shares the ASID that this one gives up */
			continue;
		}
		if (!f->w->global && !n->ng)
			node_make_ng(s, n, s->cur);
		*dom = s->dom_of[f->gd][f->view][n->ng];
		if (*dom) {
			s->dom[*dom].stamp = ++s->dom_stamp;
			return n;
		}
		dom_get(s, f->gd, f->view, n->ng);	/* the node may have made room: once more */
	}
}

static void fill_page(struct fill *f)
{
	struct shadow *s = f->s;
	struct root *r = s->cur;
	u32 slot = f->va >> SECTION_SHIFT, dom, tbl, link;
	struct node *n = fill_node(f, &dom);

	n->ref = true;
	if (f->w->global)
		node_make_global(s, n);
	n->large |= f->w->size == 0x10000;
	tbl = node_table(s, n, f->view);
	link = (u32)(s->tbl_hpa + tbl * L2_SIZE) | L1_DOMAIN(dom) | L1_TABLE;
	if (r->l1[slot] != link) {
		if (r->l1[slot]) {
			s->toggles++;
			f->cause = EXIT_DOMAIN;
		}
		root_set_slot(s, r, slot, link);
	}
	write_page(f, n, tbl);
}

/* -- the fault -- */

/* Is what the guest fetches at @pc in guest page @page? */
static bool fetched_from(struct vcpu *v, gva_t pc, gpa_t page)
{
	struct gfault f;
	struct walk w;

	return !guest_walk(v, pc, ACC_EXEC, vcpu_privileged(v), &w, &f) && ALIGN_DOWN(w.gpa, PAGE_SIZE) == page;
}

/*
 * Does the faulting instruction itself lie in guest page @page, or a part of it? What stands in the last halfword of a page is taken
 * for the first half of a T32 instruction: were it a whole one, emulating it would be as right.
 */
static bool insn_in_page(struct vcpu *v, gpa_t page)
{
	u32 pc = v->r[15];

	return fetched_from(v, pc, page) || (v->cpsr & PSR_T && !((pc + 2) & ~PAGE_MASK) && fetched_from(v, pc + 2, page));
}

/* A store that the guest's tables allow hit a page that is code. */
static enum shadow_result code_written(struct vcpu *v, const struct frame *frame, gpa_t gpa)
{
	gpa_t page = ALIGN_DOWN(gpa, PAGE_SIZE);

	if (insn_in_page(v, page))
		return SHADOW_EMULATED;		/* rule 6 */
	if (!(frame->w[0] & FRAME_TABLE) && code_page_takes_stores(v, gpa) && insn_stores_one(v)) {
		vcpu_count(v, EXIT_CODE_WRITE);
		return SHADOW_STORE;
	}
	code_page_written(v, page);
	if (frame_is_code(frame))	/* nothing of it was mapped */
		shadow_drop_page(v, page, 0);
	return SHADOW_CODE_WRITE;
}

void note_super(struct shadow *s, gva_t va)
{
	u32 first = va >> SECTION_SHIFT & ~15u;

	s->super_seen = true;
	for (u32 i = first; i < first + 16; i++)
		shadowed_add(s, i);
}

static void fill(struct fill *f)
{
	struct shadow *s = f->s;

	s->fills++;
	if (s->asid_pending && (!f->w->global || slotset_has(&s->cur->ng, f->va >> SECTION_SHIFT)))
		adopt_asid(s);
	f->gd = is_flat(s) ? GD_FLAT : f->w->domain;
	f->view = pick_view(s, f->va, f->w, f->acc, f->priv);
	f->target = hpa_of(s, ALIGN_DOWN(f->w->gpa, PAGE_SIZE));
	if (f->acc == ACC_EXEC)
		resolve_exec(f, ALIGN_DOWN(f->w->gpa, PAGE_SIZE));
	f->user_exec = !f->priv && !is_flat(s) && !s->scan_user && !is_vector_page(s->v, f->va) && !debug_page(s->v, f->va);
	if (f->user_exec && f->frame && !frame_is_code(f->frame) && f->frame->w[0] & frame_ran(rights_of(f->w, VIEW_K) == RIGHTS_RW) &&
	    (!f->w->xn || f->w->manager))
		f->exec = true;
	if (can_be_section(f))
		fill_section(f);
	else
		fill_page(f);
	if (f->w->size > SECTION_SIZE)
		note_super(s, f->va);
}

/* The guest's domain of what @n holds. */
static u32 node_domain(const struct shadow *s, const struct node *n)
{
	if (is_flat(s))
		return GD_FLAT;
	return (n->desc & (L1_TYPE | L1_SUPER)) == (L1_SECTION | L1_SUPER) ? 0 : L1_DOMAIN_OF(n->desc);
}

/*
 * Where the other view of a slot has what is wanted, linking that is all (rule 4): what a TLB has hits, whatever the guest's tables say by now.
 * User mode needs view U, a fetch of the kernel's K. Other accesses of the kernel's stay in the view that it executes in, or it would go round in a circle.
 */
bool shadow_toggle(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv)
{
	const enum view view = priv ? VIEW_K : VIEW_U;
	struct shadow *s = v->shadow;
	u32 dom, e;
	struct node *n;

	root_follow(s);
	n = root_node(s, s->cur, va >> SECTION_SHIFT);
	if (!n || s->asid_pending || (priv && acc != ACC_EXEC) || n->tbl[view] == TBL_NONE || s->dom[L1_DOMAIN_OF(s->cur->l1[n->slot])].view == view)
		return false;
	e = tbl_ptr(s, n->tbl[view])[va >> PAGE_SHIFT & (L2_ENTRIES - 1)];
	dom = s->dom_of[node_domain(s, n)][view][n->ng];
	if (!e || (acc == ACC_EXEC && e & L2_XN) || (acc == ACC_WRITE && e & L2_AP2) || !dom ||
	    !((priv ? v->dacr_kernel : v->dacr_user) >> (2 * dom) & 1))
		return false;
	n->ref = true;
	s->dom[dom].stamp = ++s->dom_stamp;
	s->toggles++;
	root_set_slot(s, s->cur, n->slot, (u32)(s->tbl_hpa + n->tbl[view] * L2_SIZE) | L1_DOMAIN(dom) | L1_TABLE);
	vcpu_count(v, EXIT_DOMAIN);
	return true;
}

enum shadow_result shadow_fault(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, gpa_t *gpa, struct gfault *gf)
{
	struct shadow *s = v->shadow;
	enum shadow_result res = SHADOW_FIXED;
	struct walk w;
	struct fill f;

	if (shadow_toggle(v, va, acc, priv))
		return SHADOW_FIXED;
	if (guest_walk(v, va, acc, priv, &w, gf))
		return SHADOW_GUEST_FAULT;
	*gpa = w.gpa;
	f.s = s;
	f.w = &w;
	f.va = va;
	f.acc = acc;
	f.priv = priv;
	f.manager = w.manager;
	f.exec = false;
	f.cause = EXIT_SHADOW_FILL;
	f.frame = frame_of(s, w.gpa);
	f.scan = acc == ACC_EXEC && f.frame && is_scanned(&f, w.gpa);
	if (!f.frame) {
		const struct region *r = guest_map_find(&v->guest->map, w.gpa);

		if (!r || r->type == REGION_NONE || acc == ACC_EXEC)
			return SHADOW_NOTHING;	/* devices answer no instruction fetch */
		if (r->type == REGION_EMULATED)
			return SHADOW_EMULATED;
	} else if (acc == ACC_WRITE && frame_is_code(f.frame)) {
		res = code_written(v, f.frame, w.gpa);
		if (res != SHADOW_CODE_WRITE)
			return res;
	} else if (acc == ACC_EXEC && debug_page(v, va)) {
		return SHADOW_INTERPRET;
	} else if (f.scan && code_page_interpreted(v, w.gpa, va)) {
		note_common_code(&f);
		return SHADOW_INTERPRET;
	}
	if (acc == ACC_WRITE && f.frame && f.frame->w[0] & FRAME_TABLE) {
		if (s->ops->table_stored(s, ALIGN_DOWN(w.gpa, PAGE_SIZE), true)) {
			vcpu_count(v, EXIT_TABLE);
			return SHADOW_STORE;
		}
		f.cause = EXIT_TABLE;
	}
	if (shadow_in_window(v, va)) {
		f.cause = EXIT_WINDOW;
		shadow_move_window(v, va);
	}
	stubs_check(s);
	fill(&f);
	if (res == SHADOW_CODE_WRITE)
		f.cause = EXIT_CODE_WRITE;
	if (f.cause != EXIT_NR)
		vcpu_count(v, f.cause);
	return res;
}

/* -- the short way -- */

/* Is @view the one that fill() would take for the page of descriptor @d, with no toggling? */
static inline bool view_serves(enum view view, u32 d, enum shadow_access acc, bool priv)
{
	u32 pl0 = ap_rights_pl0[FIELD(d, 9, 9) << 2 | FIELD(d, 5, 4)];

	if (view == VIEW_U)
		return !priv || pl0 >= (acc == ACC_WRITE ? RIGHTS_RW : RIGHTS_RO);
	return priv;
}

/* The current root's node for @va, if the guest's descriptor is still the one that it was made from, with its table linked; or NULL. */
static inline struct node *linked_node(struct shadow *s, gva_t va, u32 l1desc)
{
	struct node *n = root_node(s, s->cur, va >> SECTION_SHIFT);

	return n && n->desc == link_key(l1desc) ? n : NULL;
}

/* May the page of descriptor @d get an entry in @n as it is? One of scanned code may not, nor a fetch that is to be scanned (rule 5). */
static bool fits_as_is(struct fill *f, const struct node *n, u32 d)
{
	struct shadow *s = f->s;

	f->frame = frame_of(s, d & PAGE_MASK);
	return f->frame && !frame_is_fixed(f->frame) && (n->ng || !(d & L2_NG)) && view_serves(f->view, d, f->acc, f->priv) &&
	       (f->acc != ACC_EXEC || (is_far_from_vectors(s, f->va) && !is_scanned(f, d & PAGE_MASK)));
}

/* Are all host domains in use that an entry for @w in @view of some node of the slot may need? */
static bool domains_are_there(struct shadow *s, const struct walk *w, enum view view, u32 slot)
{
	const u8 *d = s->dom_of[w->domain][view];
	const struct node *n;

	if (!w->global || d[1])
		return d[1] && (!w->global || d[0]);
	n = node_find(s, link_key(w->l1desc), slot);
	if (n && n->rests)
		return false;
	for (u32 i = s->node_slot[slot]; i != NODE_NONE; i = s->node[i].slot_next)
		if (s->node[i].ng)
			return false;
	return d[0];
}

/*
 * The first page of its megabyte, whose table is to be made or linked: fill() does it, for a page with nothing special about it, if all host
 * domains are there that it might want. So the real DACR needs not change.
 */
static bool fill_unlinked(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, const struct short_walk *short_walk)
{
	struct shadow *s = v->shadow;
	struct walk w = { .l1desc = short_walk->l1desc, .l2desc = short_walk->l2desc, .l2addr = short_walk->l2addr };
	struct fill f = { .s = s, .w = &w, .va = va, .acc = acc, .priv = priv, .cause = EXIT_SHADOW_FILL };

	if (is_flat(s) || s->asid_pending || slot_is_fixed(s, va >> SECTION_SHIFT))
		return false;
	guest_leaf(&w, va, w.l1desc, w.l2desc);
	f.frame = frame_of(s, w.gpa);
	if (!f.frame || frame_is_fixed(f.frame) || !domains_are_there(s, &w, pick_view(s, va, &w, acc, priv), va >> SECTION_SHIFT) ||
	    (acc == ACC_EXEC && is_scanned(&f, w.gpa)))
		return false;
	fill(&f);
	vcpu_count(v, f.cause);
	return true;
}

bool shadow_fill_short(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, const struct short_walk *w)
{
	struct shadow *s = v->shadow;
	struct fill f;
	u32 idx = va >> PAGE_SHIFT & (L2_ENTRIES - 1), first = idx & ~15u, tbl, *p;
	struct node *n;

	root_follow(s);
	n = linked_node(s, va, w->l1desc);
	if (!n)
		return fill_unlinked(v, va, acc, priv, w);
	if (!IS_ENABLED(CONFIG_SHADOW_FILL_AHEAD) || s->asid_pending)
		return false;
	f.s = s;
	f.va = va;
	f.acc = acc;
	f.priv = priv;
	f.manager = false;
	f.user_exec = !priv && !s->scan_user;
	tbl = tbl_of_entry(s, s->cur->l1[va >> SECTION_SHIFT]);
	f.view = tbl == n->tbl[VIEW_U] ? VIEW_U : VIEW_K;
	p = tbl_ptr(s, tbl) + first;
	if (p[idx - first] || !fits_as_is(&f, n, w->l2desc))
		return false;
	if (acc == ACC_EXEC)
		note_user_page(&f, hpa_of(s, w->l2desc & PAGE_MASK), kernel_writes(w->l2desc, false));
	tbl_mark(s, tbl, idx);
	n->ref = true;
	s->fills++;
	s->filled_ahead += fill_line(&f, n, tbl, first, p, hpa_ptr(hpa_of(s, ALIGN_DOWN(w->l2addr, 64)))) - 1;
	dcache_clean_mva((u32)(uintptr_t)p);
	dsb();
	vcpu_count(v, EXIT_SHADOW_FILL);
	return true;
}

/* The small-page entry that the current root has for @va, or 0. */
static u32 current_entry(struct vcpu *v, gva_t va)
{
	struct shadow *s = v->shadow;
	const struct node *n;

	root_follow(s);
	n = root_node(s, s->cur, va >> SECTION_SHIFT);
	return n ? tbl_ptr(s, tbl_of_entry(s, s->cur->l1[n->slot]))[va >> PAGE_SHIFT & (L2_ENTRIES - 1)] : 0;
}

u32 shadow_opened_by(struct vcpu *v, gva_t va)
{
	root_follow(v->shadow);
	return 1u << (2 * L1_DOMAIN_OF(v->shadow->cur->l1[va >> SECTION_SHIFT]));
}

hpa_t shadow_executed_page(struct vcpu *v, gva_t va, u32 dacr)
{
	u32 e = current_entry(v, va), domain = L1_DOMAIN_OF(v->shadow->cur->l1[va >> SECTION_SHIFT]);

	return e && !(e & L2_XN) && dacr >> (2 * domain) & 1 ? e & PAGE_MASK : 0;
}

bool shadow_executes(struct vcpu *v, gva_t pc, u32 *word)
{
	u32 e = current_entry(v, pc);

	if (!e || e & L2_XN)
		return false;
	*word = *(const volatile u32 *)hpa_ptr((e & PAGE_MASK) | (pc & ~PAGE_MASK & ~3u));
	return true;
}

/* Does entry @e, with bits of a small page, let User mode write to RAM that is cached as Umbra has it? attr_encode() */
static inline bool is_plain_ram(u32 e)
{
	return (e & (ATTR_NORMAL | ATTR_SHAREABLE | L2_AP2)) == ATTR_NORMAL && e & ATTR_INNER && e & ATTR_OUTER;
}

void *shadow_stored_page(struct vcpu *v, gva_t va, u32 *open)
{
	u32 e = current_entry(v, va), l1 = v->shadow->cur->l1[va >> SECTION_SHIFT];

	*open = 1u << (2 * L1_DOMAIN_OF(l1));
	if (e)
		return is_plain_ram(e) ? hpa_ptr(e & PAGE_MASK) : NULL;
	if ((l1 & (L1_TYPE | L1_SUPER)) != L1_SECTION || shadow_is_umbras(v, va) || !is_plain_ram(section_as_page(l1)))
		return NULL;
	return hpa_ptr((l1 & SECTION_MASK) | (va & ~SECTION_MASK & PAGE_MASK));
}

/* -- after an operation on one page -- */

u32 refill_entry(struct shadow *s, struct node *n, enum view view, u32 tbl, u32 idx, u32 desc)
{
	const struct fill f = { .s = s, .view = view, .manager = s->manager >> (2 * L1_DOMAIN_OF(n->desc)) & 1 };

	tbl_mark(s, tbl, idx);
	return ahead_entry(s, frame_of(s, desc & PAGE_MASK), desc, ahead_bits(&f, n, desc & ~PAGE_MASK, false), 0, tbl, idx);
}

/*
 * The guest has just invalidated @va: if its descriptor is valid it was changed to be used, so map it again at once and
 * save the hidden fault (text patching through a fixmap does this for every instruction). Rule 10 applies.
 */
void refill_mva(struct shadow *s, struct node *n, gva_t va)
{
	u32 link = s->cur->l1[n->slot], tbl = tbl_of_entry(s, link), idx = va >> PAGE_SHIFT & (L2_ENTRIES - 1), *p, desc, e;
	gpa_t at = (n->desc & L1_TABLE_BASE) + idx * 4;

	if ((n->desc & L1_TYPE) != L1_TABLE || s->asid_pending || !frame_of(s, at) || (s->v->cp15.sctlr & SCTLR_EE) ||
	    !guest_walk_cached(s->v, va))
		return;
	p = tbl_ptr(s, tbl) + idx;
	desc = *(const u32 *)hpa_ptr(hpa_of(s, at));
	if (*p || !desc)
		return;
	e = refill_entry(s, n, s->dom[L1_DOMAIN_OF(link)].view, tbl, idx, desc);
	if (!e)
		return;
	pte_write(p, e);
	dsb();
	s->filled_ahead++;
}
