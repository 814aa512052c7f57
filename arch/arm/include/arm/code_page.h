/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Scan on first execution and Umbra-owned rewritten copies of guest code pages, keyed by guest physical page. */
#pragma once

#include <hv/types.h>

struct vcpu;

/* One word of a page that is to be replaced in the page's copy. */
struct code_site {
	const u32 *page;	/* the guest's own words */
	u32 index;		/* of the word in the page */
	u32 copy;		/* name of the copy */
	gva_t gva;		/* where the page is executed: page aligned */
	bool movable;		/* it is executed elsewhere too: the word must do anywhere */
	bool bound;		/* set by word(): what it returned is right at @gva only, in privileged modes */
};

enum t32_trap { T32_TRAP_NONE, T32_TRAP_SITE, T32_TRAP_AGAIN };	/* code_page_t32_trap() */

#define SITE_ANYWHERE	~0u

/* Instruction sets of what was executed: code_page_spend() */
#define RAN_A32		BIT(0)
#define RAN_T32		BIT(1)
#define RAN_BOTH	(RAN_A32 | RAN_T32)

/* How a CPU path rewrites guest code. */
struct code_ops {
	/* What stands in the copy in the place of the word. */
	u32 (*word)(struct vcpu *v, struct code_site *at);
	/*
	 * May @word, wherever it stands now, be what word() once returned for a word of a page? Its copy and its index in the page in
	 * @*copy and @*index (SITE_ANYWHERE: it does not say), for the @nth such place; false: there is none more.
	 */
	bool (*origin)(struct vcpu *v, u32 word, u32 nth, u32 *copy, u32 *index);
	/* Does something that the path put into a copy, of the words @copy and executed at @gva, do word @i as well as the one that it stands for? NULL: nothing. */
	bool (*covers)(struct vcpu *v, const u32 *copy, u32 i, gva_t gva);
	/* The shadow took away the slot of the stub area (shadow_place_stubs()). NULL where there is no area. */
	void (*area_lost)(struct vcpu *v);
};

/*
 * Page at @gpa (page aligned, REGION_RAM) is about to be executed at guest virtual page @gva: scan it if it is not
 * known, make a rewritten copy when it has sites. On return the page is write-protected in every shadow mapping
 * (shadow_protect_page() was called) and *exec is the host page to map executable: the copy, or the guest's page itself
 * when it has no site. May evict another copy (calls shadow_drop_page() for it). Never fails: worst case evicts.
 * Reads the virtual neighbours of @gva too, because literal pools and the loads from them may lie in different pages.
 * Counts EXIT_SCAN when it scans. Where the guest's path rewrites nothing,
 * every page is executed as it is, and none becomes code.
 */
void code_page_get(struct vcpu *v, gpa_t gpa, gva_t gva, hpa_t *exec);

#ifdef CONFIG_CODE_COPIES
int code_pages_init(struct vcpu *v) __must_check;
void code_pages_reset(struct vcpu *v);	/* drop everything */
void code_pages_dump(struct vcpu *v);	/* one line about the pool, for CODE_PAGES */
u32 code_pages_audit(struct vcpu *v);	/* number of violations, printed: each live copy is exactly one page's; stale words are said */

/*
 * Is the page scanned code (so that no writable mapping of it may exist)? With @exec: and can it be executed without code_page_get(), because its
 * copy did not have to make room for another one? *exec as above when true.
 */
bool code_page_is_code(struct vcpu *v, gpa_t gpa, hpa_t *exec);
/* The guest invalidates instruction cache for the page, or some such: forget it; removes its executable mappings. */
void code_page_drop(struct vcpu *v, gpa_t gpa);
/* The guest writes the page, which is code: the same; but where that happens again and again it is interpreted from now on. */
void code_page_written(struct vcpu *v, gpa_t gpa);
/*
 * The guest stores the @size (1, 2, 4) lower bytes of @value at @gpa (aligned to @size; RAM that is code). True: that is done, and the page stays code, because
 * nothing about it changed but the word itself. False: nothing was done; code_page_written() is next.
 */
bool code_page_store(struct vcpu *v, gpa_t gpa, u32 size, u32 value);
/* Is it worth trying that for a store to @gpa, whatever is stored? */
bool code_page_takes_stores(struct vcpu *v, gpa_t gpa);
/*
 * The guest says that it may have changed the line of @size bytes at @gpa, by whatever way. True: it holds what was scanned, or nothing that matters;
 * false: that is not known, or the page is no code.
 */
bool code_page_line_holds(struct vcpu *v, gpa_t gpa, u32 size);
/* The page is about to be executed at @gva in the current state and mode. Must it not be executed as it is, but be interpreted? */
bool code_page_interpreted(struct vcpu *v, gpa_t gpa, gva_t gva);
/* Is page @gpa, which User mode is about to execute unscanned, interpreted, or does it look like code for privileged modes as well? @seen: it did not. */
bool code_page_is_privileged(struct vcpu *v, gpa_t gpa, bool seen);
/*
 * The guest comes from r[15] to an exit. If its kernel executes T32 code, in this instruction set for the first time in a page that was made
 * ready for the other one, nothing told before: from now on the page is interpreted.
 */
void code_page_ran(struct vcpu *v);
/*
 * T32 code came to something Undefined at r[15]. SITE: it stands for the guest's own instruction there, which is to be executed; in copy
 * @*copy. AGAIN: it was one of these where no instruction was known to begin; what stands there now is to be executed. NONE: it
 * is the guest's own.
 */
enum t32_trap code_page_t32_trap(struct vcpu *v, u32 *copy);
/*
 * The guest is about to have @word interpreted in page @gpa. If the path made it (code that copies code reads what stands in the copy), the
 * guest's own words are put back there, and the result is true.
 */
bool code_page_restore(struct vcpu *v, gpa_t gpa, u32 word);
/* The same of the T32 instruction @word (struct insn) at r[15], which the guest is about to execute in whichever way. */
bool code_page_restore_t32(struct vcpu *v, u32 word);
/* So many instructions of page @gpa were interpreted, in these instruction sets: RAN_*. */
void code_page_spend(struct vcpu *v, gpa_t gpa, u32 instructions, u32 sets);
/*
 * SVC @trap executed at @pc: if it is the trapping word of a site of a live copy (arm/site.h), return true and the original
 * word, which comes from the guest's own page. False: an SVC of the guest itself.
 */
bool code_page_site(struct vcpu *v, u32 trap, gva_t pc, u32 *word);
/* Is the page code, and *@exec what may be executed at @gva without code_page_get()? For mappings that are made ahead. */
bool code_page_ready(struct vcpu *v, gpa_t gpa, gva_t gva, hpa_t *exec);
/* The guest's own words of the page at @at (page aligned), if copy @copy is still executed there; or NULL. */
const u32 *code_page_words(struct vcpu *v, u32 copy, gva_t at);
/* Another replacement for the site at @at, if copy @copy is still executed there and the guest's word is still @original. */
void code_page_set_word(struct vcpu *v, u32 copy, gva_t at, u32 original, u32 word);
/* Drop every copy whose words are right at one address only: it is made anew when it is executed next. */
void code_pages_remake(struct vcpu *v);
/* For the shadow: it took away the slot of the stub area. */
void code_area_lost(struct vcpu *v);
/* Number of live copies whose page is mapped for guest User mode too: while 0, SVC from virtual User mode is never a site. */
u32 code_pages_user_visible(struct vcpu *v);
void code_page_set_user_visible(struct vcpu *v, gpa_t gpa);
#else	/* no path that is built in rewrites code: every page is executed as it is */
static inline int code_pages_init(struct vcpu *v) { return 0; }
static inline void code_pages_reset(struct vcpu *v) { }
static inline void code_pages_dump(struct vcpu *v) { }
static inline u32 code_pages_audit(struct vcpu *v) { return 0; }
static inline bool code_page_is_code(struct vcpu *v, gpa_t gpa, hpa_t *exec) { return false; }
static inline bool code_page_ready(struct vcpu *v, gpa_t gpa, gva_t gva, hpa_t *exec) { return false; }
static inline void code_area_lost(struct vcpu *v) { }
static inline void code_page_drop(struct vcpu *v, gpa_t gpa) { }
static inline void code_page_written(struct vcpu *v, gpa_t gpa) { }
static inline bool code_page_store(struct vcpu *v, gpa_t gpa, u32 size, u32 value) { return false; }
static inline bool code_page_line_holds(struct vcpu *v, gpa_t gpa, u32 size) { return false; }
static inline bool code_page_takes_stores(struct vcpu *v, gpa_t gpa) { return false; }
static inline bool code_page_interpreted(struct vcpu *v, gpa_t gpa, gva_t gva) { return false; }
static inline bool code_page_is_privileged(struct vcpu *v, gpa_t gpa, bool seen) { return false; }
static inline void code_page_ran(struct vcpu *v) { }
static inline enum t32_trap code_page_t32_trap(struct vcpu *v, u32 *copy) { return T32_TRAP_NONE; }
static inline bool code_page_restore(struct vcpu *v, gpa_t gpa, u32 word) { return false; }
static inline bool code_page_restore_t32(struct vcpu *v, u32 word) { return false; }
static inline void code_page_spend(struct vcpu *v, gpa_t gpa, u32 instructions, u32 sets) { }
static inline bool code_page_site(struct vcpu *v, u32 trap, gva_t pc, u32 *word) { return false; }
static inline u32 code_pages_user_visible(struct vcpu *v) { return 0; }
static inline void code_page_set_user_visible(struct vcpu *v, gpa_t gpa) { }
#endif
