/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Shadow MMU: one interface, several strategies behind it (arm/strategy.h). */
#pragma once

#include <arm/vcpu.h>
#include <hv/types.h>

enum shadow_access { ACC_READ, ACC_WRITE, ACC_EXEC };

enum shadow_result {
	SHADOW_FIXED,		/* the mapping is there now: resume */
	SHADOW_GUEST_FAULT,	/* the guest's own tables forbid it: inject *fault */
	SHADOW_EMULATED,	/* REGION_EMULATED: emulate the access; *gpa valid */
	SHADOW_STORE,		/* a store into a guest table that is followed, or one beside code: emulate it (counted) */
	SHADOW_NOTHING,		/* translated, but nothing is at *gpa: external abort to the guest (synchronous, 0x8) */
	SHADOW_INTERPRET,	/* a fetch from a page that must not be executed as it is: interpret it (arm/interp.h) */
	SHADOW_CODE_WRITE,	/* a write hit a scanned code page; the copy was dropped, mapping is writable now: resume (counted) */
};

enum shadow_tlbi { TLBI_ALL, TLBI_ASID, TLBI_MVA };	/* MVA: va[31:12] | asid[7:0] */
enum shadow_ctx { CTX_TTBR0, CTX_TTBR1, CTX_TTBCR, CTX_DACR, CTX_ASID, CTX_SCTLR, CTX_ATTR /* PRRR/NMRR */,
		  CTX_VECTORS /* VBAR, SCTLR.V */ };

/*
 * Context: exit path, host address space, interrupts masked. shadow_init() needs the guest's complete map; it also places the window. shadow_fault() counts the exits that it resolves
 * (SHADOW_FIXED, SHADOW_CODE_WRITE) by their cause; the others are the caller's. SHADOW_EMULATED may also name RAM: a
 * store of an instruction into its own, scanned page, to be done with guest_access(), as is SHADOW_STORE.
 */
int shadow_init(struct vcpu *v, const char *name) __must_check;
/* Between two runs: another strategy from here on, which begins with nothing mapped. -ENOENT with one message when it is not built in. */
int shadow_set_strategy(struct vcpu *v, const char *name) __must_check;
const char *shadow_strategy(const struct vcpu *v);
void shadow_reset(struct vcpu *v);
/* Drop every mapping and forget which pages are code; the guest's translation registers stay as they are. */
void shadow_forget(struct vcpu *v);
enum shadow_result shadow_fault(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, gpa_t *gpa, struct gfault *f);
/* Drop every mapping, whether it holds or not. */
void shadow_anew(struct vcpu *v);
void shadow_tlbi(struct vcpu *v, enum shadow_tlbi op, u32 arg);
/* TLBI_MVA for @pages pages from @arg on, which do not wrap around. */
void shadow_tlbi_pages(struct vcpu *v, u32 arg, u32 pages);
/*
 * The guest's store to @va cannot be emulated: if it is into a guest table that is followed, let it be done natively. False: it is not.
 */
bool shadow_let_go(struct vcpu *v, gva_t va);
/* Umbra changed guest memory, within one page, other than by guest_access(). */
void shadow_written(struct vcpu *v, gpa_t at, u32 len);
/* The guest is at work with the memory at @va, word by word, without accessing it: map it if it may read it and nothing is mapped. */
void shadow_touch(struct vcpu *v, gva_t va);
/* After every exit from the guest, before all else here: the window may have selected another root. */
void shadow_exited(struct vcpu *v);
void shadow_ctx_changed(struct vcpu *v, enum shadow_ctx what);
/* The guest cleaned the line at @va, which is RAM of its at @at: there may be a descriptor in it that it wants to be seen. */
void shadow_pte_cleaned(struct vcpu *v, gva_t va, gpa_t at);
/*
 * Begin and end of the time in which the guest physical page is scanned code (code_page.c calls them). Begin: every writable
 * or unscanned executable mapping goes, and none is made until the end; Umbra reads what is in memory, whichever way the guest wrote it, unless the
 * page was @flushed from the data cache since the guest ran last.
 */
void shadow_protect_page(struct vcpu *v, gpa_t page, bool flushed);
/* End: removes every small-page mapping of the page or of its copy at @copy (0 = none), all roots, host TLB included. */
void shadow_drop_page(struct vcpu *v, gpa_t page, hpa_t copy);
/* User mode has executed @page, which is no scanned code, as if it never had: its next fetch faults, and so does the kernel's first one. */
void shadow_forget_user(struct vcpu *v, gpa_t page);
/* The same, because the guest says that @page has changed; not again and again. */
void shadow_look_again(struct vcpu *v, gpa_t page);
u32 shadow_audit(struct vcpu *v);
/* With AUDIT_ROOTS, before the guest is entered: if another root is current than last time, all of arch_vcpu_audit(); a violation is a panic. */
void root_audit(struct vcpu *v);
void shadow_dump(struct vcpu *v);
/* Print what the current root has for @va. */
void shadow_show(struct vcpu *v, gva_t va);
/* The window lives at *va (1 MiB slot) now; true if @va lies in it. */
bool shadow_in_window(struct vcpu *v, gva_t va);
/* The vCPU is no longer loaded: Umbra's own table has the window no more, nor the TLB anything of the guest. Loaded: it has. (switch.c) */
void shadow_unmap_window(struct vcpu *v);
void shadow_map_window(struct vcpu *v);
/* The guest has something of its own at @va inside the window: move the window elsewhere. */
void shadow_move_window(struct vcpu *v, gva_t va);

/*
 * A slot for the stub area, whose second-level table is at @table, near enough to the code at @near for a branch: mapped in every root
 * in a domain of its own, open in virtual privileged modes only. Its base, or 0 when the guest's tables leave none, or are such that
 * their change could not be noticed. Where the guest takes the address for itself, code_area_lost() is called and the slot is given up.
 */
gva_t shadow_place_stubs(struct vcpu *v, gva_t near, hpa_t table);
void shadow_unplace_stubs(struct vcpu *v);
/* Is @va in the window or in the stub area? */
bool shadow_is_umbras(const struct vcpu *v, gva_t va);
/* The guest may have published descriptors anywhere (cache maintenance by set and way): is the stub area in its way? */
void shadow_check_stubs(struct vcpu *v);

/* @dacr, a host value, without access to the stub area. */
u32 shadow_dacr_without_stubs(u32 dacr);
/* Forget the host DACR values for the guest's that the window knows. */
void shadow_forget_dacr(struct vcpu *v);

/* -- guest table walk (mmu/guest_walk.c): pure function of guest memory and CP15, host-testable -- */
struct walk {
	gpa_t gpa;		/* translated address */
	u32 size;		/* bytes mapped by the leaf: 4K, 64K, 1M, 16M */
	u8 domain;		/* guest domain */
	u8 ap;			/* AP[2:0] (after AFE handling: permission as AP[2:0] of the full model) */
	bool xn, global;
	bool manager;		/* domain is manager: permissions not checked */
	u8 tex, c, b, s;	/* raw attribute bits of the leaf */
	u32 l1desc, l2desc;	/* raw descriptors, l2desc 0 for sections */
	gpa_t l1addr, l2addr;
};
/*
 * Walk the guest's current tables (MMU off: identity). 0 and *w, or -EFAULT and *f (FSR with FS, domain and WnR for
 * @acc, FAR = va). @priv is the virtual privilege. Permission and domain are checked. ARM ARM B3.5, B3.13.
 */
int guest_walk(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, struct walk *w, struct gfault *f) __must_check;
/*
 * The same for what is commonest, in few instructions: the MMU on, one table base, cacheable walks, a small page or nothing, of a domain
 * that is client in @dacr. Returns the FSR of the fault, exactly that of guest_walk(); SHORT_WALK_PAGE, with the page in *w; or, where it is
 * something else, SHORT_WALK_OTHER.
 */
#define SHORT_WALK_OTHER	0u	/* neither is the FSR of a walk */
#define SHORT_WALK_PAGE		1u
struct short_walk {
	u32 l1desc, l2desc;
	gpa_t l2addr;
};
u32 guest_walk_short(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, u32 dacr, struct short_walk *w);
/*
 * Map the small page that the walk @w of @va found for @acc, and its neighbours. False: more is to be done than to make an invalid entry valid,
 * and perhaps its table; then nothing was done. Counts the exit. What system calls need may be gone (call_refresh()).
 */
bool shadow_fill_short(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, const struct short_walk *w);
/* A data abort of User mode at @va with DFSR @fsr was the guest's, by a short walk: the window may come to see the next one there by itself. */
void shadow_note_abort(struct vcpu *v, u32 fsr, gva_t va);
/*
 * TLB operation by address, where it is about one small page of the current address space's own: what shadow_tlbi() does, in few instructions. False:
 * it is about more, and nothing was done. What system calls need may be gone (call_refresh()); nothing else changes but that page.
 */
bool shadow_tlbi_short(struct vcpu *v, u32 arg);
/* Does it need no more for @acc at @va than to link the other view's table? Then that was done. Counts the exit; as shadow_fill_short(). */
bool shadow_toggle(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv);
/*
 * The host page that the guest executes at @va, where the current root has it as a small page and the host's DACR @dacr lets it; else 0. It
 * stays so until TLB maintenance: v->call_gen tells of a root that is not current.
 */
hpa_t shadow_executed_page(struct vcpu *v, gva_t va, u32 dacr);
/* The bit of the host's DACR that opens the domain of what the current root has at @va, by whatever entry. */
u32 shadow_opened_by(struct vcpu *v, gva_t va);
/* The word that the guest executes at @pc, in A32 state: that of its page or of a copy. False: there is no small page. */
bool shadow_executes(struct vcpu *v, gva_t pc, u32 *word);
/*
 * Where the page of @va is, if the guest's kernel may write there without an exit while the host's DACR has some of @*open; NULL: not so, or it
 * is not cached as Umbra has it. It stays so like shadow_executed_page().
 */
void *shadow_stored_page(struct vcpu *v, gva_t va, u32 *open);
/*
 * Read/write guest virtual memory on behalf of an emulated instruction (1, 2, 4 bytes; alignment as for LDR with
 * SCTLR.A). RAM is accessed at its host address (scanned code pages: write drops the copy), devices via mmio_dispatch,
 * pass-through via checked MMIO. On failure -EFAULT and *f is what to inject as data abort.
 */
int guest_access(struct vcpu *v, gva_t va, enum shadow_access acc, bool priv, u32 size, u32 *val, struct gfault *f) __must_check;
/* Fetch an instruction word/halfword from the pristine guest page behind @va. On failure -EFAULT and *f is what to inject as prefetch abort. */
int guest_fetch(struct vcpu *v, gva_t va, u32 size, u32 *val, struct gfault *f) __must_check;
