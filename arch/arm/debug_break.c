/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where the breakpoints are. A leaf: shadow and interpreter ask it. */
#include <arm/debug.h>

bool debug_page_has_break(const struct vcpu *v, gva_t va)
{
	for (u32 i = 0; i < v->breaks.nr; i++)
		if (!((v->breaks.at[i].va ^ va) & PAGE_MASK))
			return true;
	return false;
}

bool debug_step_is_back(const struct vcpu *v)
{
	const struct debug_step *s = &v->step;

	return s->waits && vcpu_mode(v) == s->mode && v->r[13] == s->sp && v->cp15.ttbr0 == s->ttbr0;
}

bool debug_at_break(struct vcpu *v)
{
	for (u32 i = 0; i < v->breaks.nr; i++)
		if (v->breaks.at[i].va == v->r[15] && (!v->breaks.at[i].internal || debug_step_is_back(v)))
			v->debug_stop = true;
	return v->debug_stop;
}
