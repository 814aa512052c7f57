/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Umbra's side of the window: its memory, the cache of sites, what it derives from the vCPU's state, its place. */
#include <arm/coproc.h>
#include <arm/site.h>
#include <arm/sysreg.h>
#include <arm/vcpu.h>
#include <arm/window.h>
#include <hv/alloc.h>
#include <string.h>

void window_alloc(struct vcpu *v)
{
	v->host_return = (u32)(uintptr_t)arm_guest_exit;
	v->open = (struct vcpu_open *)((char *)hv_alloc(PAGE_SIZE, PAGE_SIZE) + PAGE_SIZE) - 1;
	v->window_stack = hv_alloc(WINDOW_STACK_SIZE, PAGE_SIZE);
	v->window_sites = hv_alloc(WINDOW_SITES_SIZE, PAGE_SIZE);
	if (IS_ENABLED(CONFIG_CPU_PATH_INLINE))
		v->window_call = hv_alloc(PAGE_SIZE, PAGE_SIZE);
}

void window_sites_clear(struct vcpu *v)
{
	memset(v->window_sites, 0xff, WINDOW_SITES_SIZE);
}

void window_sites_drop(struct vcpu *v, u32 copy)
{
	for (u32 i = 0; i < SITE_ENTRIES; i++)
		if (v->window_sites[i].copy == copy)
			v->window_sites[i].pc = ~0u;	/* never the address of an instruction */
}

void window_sites_add(struct vcpu *v, u32 pc, u32 trap, u32 copy, u32 word)
{
	if (!v->fast_off)
		v->window_sites[window_site_index(pc)] = (struct site_entry){ .pc = pc, .svc = trap, .word = word, .copy = copy };
}

u32 window_strex(struct vcpu *v, u32 va, u32 size, u32 val, u32 val2);	/* window.S: enum window_strex */

bool window_ldrex(struct vcpu *v, u32 va, u32 size);
void window_enter(void);
void window_strt_gate(void);
void window_ldrt_gate(void);
void window_strbt_gate(void);
void window_ldrbt_gate(void);

static uintptr_t in_window(const struct vcpu *v, uintptr_t function)
{
	return v->window_base + WINDOW_TEXT + function - (uintptr_t)__window_start;
}

bool window_load_exclusive(struct vcpu *v, u32 va, u32 size)
{
	return ((bool (*)(struct vcpu *, u32, u32))in_window(v, (uintptr_t)window_ldrex))(v, va, size);
}

void window_clear_exclusive(void)
{
	clrex();
}

enum window_strex window_store_exclusive(struct vcpu *v, u32 va, u32 size, const u32 val[2])
{
	uintptr_t there = in_window(v, (uintptr_t)window_strex);

	return (enum window_strex)((u32 (*)(struct vcpu *, u32, u32, u32, u32))there)(v, va, size, val[0], val[1]);
}

void window_prepare(struct vcpu *v)
{
	bool slow = v->user_copies || v->fast_modes_off || v->fast_off || v->cp15.sctlr & SCTLR_EE ||
		    (!vcpu_privileged(v) && v->cpsr & PSR_AIF);
	u32 vector = slow ? 0 : (v->cp15.sctlr & SCTLR_V ? 0xffff0000u : v->cp15.vbar) + 8;
	bool thumb = v->cp15.sctlr & SCTLR_TE;

	v->svc_vector = thumb ? 0 : vector;
	v->svc_vector_t32 = thumb ? vector : 0;
	if (IS_ENABLED(CONFIG_CPU_PATH_INLINE))
		v->svc_plain = !vector ? v->call_slow : in_window(v, (uintptr_t)(thumb ? window_call_t32 : window_call));
	v->svc_entry = v->svc_line = v->svc_plain;
	v->lines_now = 0;
	v->abort.now = v->abort.plain;
	for (u32 k = 0; k < ARRAY_SIZE(v->ret); k++)
		v->ret[k].now = RET_NOWHERE;
	v->return_mode = v->irq_in | v->fast_modes_off ? 0 : RETURN_MODE_SVC;
	v->vfp_open = !v->fast_modes_off && cpacr_allows_vfp(v);
	v->short_exits = !vcpu_is_watched(v);
}

void window_set_gates(struct vcpu *v, gva_t gates)
{
	v->gates = gates ? gates : v->window_base + WINDOW_NOTHING;
	v->gates_key = v->gates >> 6;	/* rotated: the low bits are clear */
}

void window_set_vectors(struct vcpu *v)
{
	const char *vectors = IS_ENABLED(CONFIG_CPU_PATH_INLINE) && v->open_used ? __window_vectors_inline : __window_vectors;

	write_vbar(v->window_base + WINDOW_TEXT + (u32)(vectors - __window_start));
	isb();
}

void arm_set_banked_sp(u32 sp);

void arm_window_in_place(struct vcpu *v)
{
	window_set_vectors(v);
	arm_set_banked_sp(v->window_base + WINDOW_VCPU);
}

void arm_window_moved(struct vcpu *v, u32 base)
{
	v->window_base = base;
	v->window_enter = in_window(v, (uintptr_t)window_enter);
	window_set_gates(v, 0);
	if (IS_ENABLED(CONFIG_CPU_PATH_INLINE)) {
		v->to_user = in_window(v, (uintptr_t)window_to_user);
		v->call_slow = in_window(v, (uintptr_t)window_call_slow);
		v->und_plain = in_window(v, (uintptr_t)window_und_plain);
		v->abort.here = in_window(v, (uintptr_t)window_abort);
		v->abort.now = v->abort.way = v->abort.plain = in_window(v, (uintptr_t)window_abort_plain);
		v->abort.back = in_window(v, (uintptr_t)window_abort_back);
		v->user_access.access[0] = in_window(v, (uintptr_t)window_strt_gate);
		v->user_access.access[1] = in_window(v, (uintptr_t)window_ldrt_gate);
		v->user_access.access[2] = in_window(v, (uintptr_t)window_strbt_gate);
		v->user_access.access[3] = in_window(v, (uintptr_t)window_ldrbt_gate);
	}
	arm_window_in_place(v);
}
