/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trapping words: what stands in the copy of a code page in the place of a sensitive instruction; usable from assembly. */
#pragma once

/*
 * SVC with the condition of the original and the immediate
 *	1 <kind:5> <name of the copy:14> <operand:4>
 * so that window_hot.S needs nothing but the word itself: kind and operand together name the original completely, or the kind is
 * SITE_KIND_C and the original is read from the guest's page. An unconditional SVC of the guest kernel itself with bit 23 set is
 * replaced as well (by SITE_KIND_C), or its page is interpreted (code_doubt.c), hence in privileged code every such SVC is Umbra's. Conditional ones stay, because data often
 * look like them (0x3f800000 is 1.0): so a conditional site is always of SITE_KIND_C, and the window takes no other for its own.
 */
#define SITE_FLAG		0x800000
#define SITE_KIND_SHIFT		18
#define SITE_COPY_SHIFT		4
#define SITE_COPY_BITS		14

/*
 * Trapping words of T32 code are permanently undefined instructions as long as what they stand for, because a condition that fails (IT) may
 * skip them. System calls of User mode come another way.
 *	0xdeaf				a 16-bit instruction, or what may be one: its page and what is known of it say what
 *	0xdeb0 | <disable:1> <aif:3>	CPS
 *	UDF.W, its 16 bits 00 <name of the copy:14>
 *	UDF.W, its 16 bits 1100000 <kind:5> <operand:4>: as above; but kind and operand are all that is known
 *	UDF.W, its 16 bits 110100 <load:1> <byte:1> <rn:4> <rt:4>: LDRT, STRT, LDRBT, STRBT without an offset
 * One of the guest's own that looks like these is replaced as well.
 */
#define SITE_T32_TRAP		0xdeaf
#define SITE_T32_CPS		0xdeb0
#define SITE_T32_HOT		0xf7fc	/* the first half of a word with a kind; the second is UDF.W's own 0xa000 and these */
#define SITE_T32_USER_LS	0xf7fd	/* the same of the last */

#ifdef __ASSEMBLER__
#include <asm_offsets.h>	/* SITE_KIND_* and SITE_KINDS */
#else
#include <arm/hot_table.h>
#include <hv/types.h>

struct vcpu;

/* SITE_KIND_C is anything else, for window_fast.c or exec.c; its operand is the word's index mod 16, to tell neighbours apart. */
#define KIND(name, handler, cause)	SITE_KIND_##name,
#define GATE_KIND(name)			STUB_KIND_##name,
#define WORD(...)
enum { SITE_KIND_C, HOT_TABLE(KIND, WORD) SITE_KINDS, STUB_KIND_BEFORE = SITE_KINDS - 1, GATE_TABLE(GATE_KIND, WORD) STUB_KINDS };
#undef KIND
#undef GATE_KIND
#undef WORD

/*
 * The trapping word for the word at @page[@i] in copy @copy. Depends on the words behind it too, within the page (SCAN_WORDS
 * words). @hot false: SITE_KIND_C whatever it is. The word itself, if nothing but a gate is better: see site_stays().
 */
u32 site_word(const u32 *page, u32 i, u32 copy, bool hot);
/* Has @word the form of a trapping word? */
bool site_is_word(u32 word);
static inline u32 site_copy(u32 word) { return word >> SITE_COPY_SHIFT & (BIT(SITE_COPY_BITS) - 1); }
/* The same of T32: is @word one, 32 bits of which the upper half stands first, or 16? */
bool site_is_t32(u32 word);
/* May one begin with halfword @hw? */
static inline bool site_may_be_t32(u16 hw) { return hw == SITE_T32_TRAP || (hw & ~0xf) == SITE_T32_CPS || (hw & 0xfff0) == 0xf7f0; }
/* The trapping word for the T32 instruction @word; see site_word(). */
u32 site_t32_narrow(u32 word, bool hot);
u32 site_t32_wide(u32 word, u32 copy, bool hot);
/* A coprocessor access that traps by itself, but is cheaper as a site. */
bool site_t32_is_cheaper(u16 hw1, u16 hw2);
/* A trapping word of @kind for copy @copy, of instructions that nothing but a stub names. */
u32 site_word_of(u32 kind, u32 copy);
/* The word that trapping word @trap stands for, if its kind says so, or the @nth of several; 0: there is none. */
u32 site_original(u32 trap, u32 nth);
/* code_ops.origin() of trapping words (arm/code_page.h). */
bool site_origin(struct vcpu *v, u32 word, u32 nth, u32 *copy, u32 *index);
/* The kind of the word at @page[@i], as site_word() has it when hot: SITE_KIND_C for what is conditional or not in the table. */
u32 site_kind(const u32 *page, u32 i);
/* The kind of @word by itself, without regard to what follows it: SITE_KIND_* or STUB_KIND_*. */
u32 site_kind_of(u32 word);
/* The operand of a word whose kind is not SITE_KIND_C. */
u32 site_operand(u32 word);
/* Traps by itself, but is cheaper as a site. */
bool site_is_cheaper(u32 word);
/* Is @page[@i] such a site, which no trapping word makes cheaper? The window does all of a loop over lines at once where it traps. */
bool site_stays(const u32 *page, u32 i);
/* May site_word(), or what the window does for it, depend on the word at @page[@i] for a site that stands before that? Of A32 code. */
bool site_looks_at(const u32 *page, u32 i);
#endif
