/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Path `inline`: whether a system call may begin by the call line (cpu/call_line.h) in the state that the guest is about to be entered in. */
#pragma once

#include <arm/vcpu.h>

/* Roots that had what lines need may not have it any more. Odd, because 0 is where nothing was seen, and it comes round in weeks. */
static inline void call_count(struct vcpu *v)
{
	v->call_gen += 2;
}

/* Is something that the call line depends on in the page of @va? */
static inline bool call_needs(const struct vcpu *v, gva_t va)
{
	for (u32 i = 0; i < ARRAY_SIZE(v->call_at); i++)
		if (!((v->call_at[i] ^ va) & PAGE_MASK))
			return true;
	return false;
}

/* In the slot of @va? */
static inline bool call_needs_slot(const struct vcpu *v, gva_t va)
{
	for (u32 i = 0; i < ARRAY_SIZE(v->call_at); i++)
		if (!((v->call_at[i] ^ va) & SECTION_MASK))
			return true;
	return false;
}

/* Was everything there when the current root was last looked at, and is still? */
static inline bool call_was_seen(const struct vcpu *v)
{
	return v->call_seen == v->hw_asid && v->call_seen_gen == v->call_gen;
}

#ifdef CONFIG_CPU_PATH_INLINE
/*
 * After whatever takes entries of the current root away, or changes where exceptions go: v->svc_entry is right again. Makes the line where there
 * is none yet, or the code that it was made of may have changed.
 */
void call_refresh(struct vcpu *v);
int call_init(struct vcpu *v) __must_check;
/*
 * Where an exception was delivered, and nothing of it is in the open page yet: do what the guest begins it with, if that is known
 * (cpu/vector_line.h). Modes mean no more than banked registers, and nobody watches (vcpu_is_watched()).
 */
void call_vector(struct vcpu *v);
/*
 * Take the abort or Undefined Instruction exception with vector @offset at r[15], whose return address is @ahead of that, and do what the guest begins it with. Only from User and
 * Supervisor mode; nothing has come home from the open page, DACR is settled. False: nothing was done.
 */
bool call_exception(struct vcpu *v, u32 offset, u32 ahead);
/* Is what is not looked at any more as it was? Returns how many pages are not. */
u32 call_audit(struct vcpu *v);
/* For the dump of the path. */
void call_dump(struct vcpu *v);
#else
static inline int call_init(struct vcpu *v) { return 0; }
static inline void call_refresh(struct vcpu *v) { }
static inline void call_vector(struct vcpu *v) { }
static inline bool call_exception(struct vcpu *v, u32 offset, u32 ahead) { return false; }
static inline u32 call_audit(struct vcpu *v) { return 0; }
static inline void call_dump(struct vcpu *v) { }
#endif
