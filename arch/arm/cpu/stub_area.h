/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The stub area: one slot of the guest's address space that holds stubs, each page of them behind an alias of the open page. */
#pragma once

#include <arm/code_page.h>
#include <arm/vcpu.h>

#include "stub.h"

/* One stub, as those who look back from it need it. */
struct stub {
	gva_t site;
	u32 word, branch;	/* the instruction, and what stands there */
	u16 copy;		/* in which code copy */
	u16 next_branch, next_site;	/* the next stub of the same hash + 1, or 0 */
	u16 page, first;	/* page of stubs, word in it */
	u8 words, commit, saved, scratch[2];
	u8 kind, operand;
	u8 blamed;		/* a DACR write: how often what it left undone was needed */
	bool forward;
	bool eager;		/* a gate is better, or a trapping word */
	u16 gate;		/* number of the gate that it is + 1, or 0 */
};

int stub_area_init(struct vcpu *v) __must_check;
/* Empty it; no copy may branch into it any more. */
void stub_area_reset(struct vcpu *v);
/* Host physical address of the second-level table for the area's slot. */
hpa_t stub_area_table(const struct vcpu *v);
/* The area is at @base in the guest's address space from now on (0: nowhere). It must be empty. */
void stub_area_moved(struct vcpu *v, gva_t base);
/*
 * Make the stub of @kind (stub_kind()) for the instruction that @site names. Returns the branch to it, on the instruction's condition, or 0: it
 * would be out of reach, the area is full, or a trapping word is better. The caller invalidates the I-cache before the guest runs.
 */
u32 stub_area_add(struct vcpu *v, u32 kind, const struct code_site *site);
/*
 * Make a gate in the place of stub @s, whose page has the words @page. @dacr, @events: of its DACR write (struct gate_at). Returns the branch to
 * it, or 0 as above.
 */
u32 stub_area_add_gate(struct vcpu *v, const struct stub *s, const u32 *page, u32 dacr, u32 events);
/* Where an exit at word @word of gate @s is to go on, and with what: gate_code.at (gate.h). */
u32 stub_area_gate_at(const struct vcpu *v, const struct stub *s, u32 word);
/* Where the pages of gates are; 0: nowhere. */
gva_t stub_area_gates(const struct vcpu *v);
/* code_ops.origin() of branches to stubs (arm/code_page.h). */
bool stub_area_origin(const struct vcpu *v, u32 word, u32 nth, u32 *copy, u32 *index);
/* code_ops.covers(): does a gate do word @i of the copy with words @copy, executed at @gva? */
bool stub_area_covers(struct vcpu *v, const u32 *copy, u32 i, gva_t gva);
/* So much did not fit that emptying the area is better than trapping words for it. */
bool stub_area_full(const struct vcpu *v);
bool stub_area_contains(const struct vcpu *v, gva_t va);
/* The stub that @pc is in, and the index of its word there; NULL when none is. */
struct stub *stub_area_find(struct vcpu *v, gva_t pc, u32 *word);
/* Let what may unmask an interrupt abort (true), or not. */
void stub_area_guard(struct vcpu *v, bool on);
/* Number of violations in the area's mappings; prints them. */
u32 stub_area_audit(struct vcpu *v);
void stub_area_dump(struct vcpu *v);
