/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Trapping words: what stands in the copy of a code page in the place of a sensitive instruction; usable from assembly. */
#pragma once

/*
 * SVC with the condition of the original and the immediate
 *	1 <kind:5> <copy number:14> <operand:4>
 * so that window_hot.S needs nothing but the word itself: kind and operand together name the original completely, or the kind is
 * SITE_KIND_C and the original is read from the guest's page. An unconditional SVC of the guest kernel itself with bit 23 set is
 * replaced as well (by SITE_KIND_C), or its page is interpreted (code_doubt.c), hence in privileged code every such SVC is Umbra's. Conditional ones stay, because data often
 * look like them (0x3f800000 is 1.0): so a conditional site is always of SITE_KIND_C, and the window takes no other for its own.
 */
#define SITE_FLAG		0x800000
#define SITE_KIND_SHIFT		18
#define SITE_COPY_SHIFT		4
#define SITE_COPY_BITS		14

#ifdef __ASSEMBLER__
#include <asm_offsets.h>	/* SITE_KIND_* and SITE_KINDS */
#else
#include <arm/hot_table.h>
#include <hv/types.h>

struct vcpu;

/* SITE_KIND_C is anything else, for window_fast.c or exec.c; its operand is the word's index mod 16, to tell neighbours apart. */
#define KIND(name, handler, cause)	SITE_KIND_##name,
#define WORD(...)
enum { SITE_KIND_C, HOT_TABLE(KIND, WORD) SITE_KINDS };
#undef KIND
#undef WORD

/*
 * The trapping word for the word at @page[@i] in copy @copy. Depends on the words behind it too, within the page (SCAN_WORDS
 * words). @hot false: SITE_KIND_C whatever it is.
 */
u32 site_word(const u32 *page, u32 i, u32 copy, bool hot);
/* Has @word the form of a trapping word? */
bool site_is_word(u32 word);
static inline u32 site_copy(u32 word) { return word >> SITE_COPY_SHIFT & (BIT(SITE_COPY_BITS) - 1); }
/* A trapping word of @kind for copy @copy, of instructions that nothing but a stub names. */
u32 site_word_of(u32 kind, u32 copy);
/* code_ops.origin() of trapping words (arm/code_page.h). */
bool site_origin(struct vcpu *v, u32 word, u32 nth, u32 *copy, u32 *index);
/* The kind of the word at @page[@i], as site_word() has it when hot: SITE_KIND_C for what is conditional or not in the table. */
u32 site_kind(const u32 *page, u32 i);
/* The kind of @word by itself, without regard to what follows it. */
u32 site_kind_of(u32 word);
/* The operand of a word whose kind is not SITE_KIND_C. */
u32 site_operand(u32 word);
/* Traps by itself, but is cheaper as a site: @page[@i] has a kind other than SITE_KIND_C. */
bool site_is_cheaper(const u32 *page, u32 i);
#endif
