/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Every hidden fault makes progress (an invariant of Umbra's). An instruction takes a few of them, one for each page that it is
 * fetched from or accesses, more where mappings had to make room for each other; then it is done. One that comes again and again with the
 * same registers and no other exit in between goes round in a circle: each fault takes away what the one before it gave. This is a fault of
 * Umbra's that the guest cannot see, so nobody would ever see it: the guest would stand still without a word.
 *
 * Such an instruction gets everything anew once. When that does not help it is reported and executed by the interpreter, which needs
 * no mapping; where there is none the guest is stopped.
 */
#include <arm/interp.h>
#include <arm/progress.h>
#include <arm/shadow.h>
#include <hv/guest.h>
#include <hv/log.h>
#include <string.h>

/* Two pages of code, two of data, the window in the way of each, and all of it once more when host domains run out: not so many. */
#define FAULTS_ENOUGH	24u

static bool is_same(const struct vcpu *v, const struct hidden_faults *h)
{
	return h->cpsr == v->cpsr && h->hw_asid == v->hw_asid && !memcmp(h->r, v->r, sizeof(h->r));
}

static void stands_still(struct vcpu *v, gva_t va)
{
	unsigned pc = v->r[15];

	progress_made(v);
	if (!IS_ENABLED(CONFIG_CPU_PATH_INTERP)) {
		guest_request(v->guest, GUEST_REQ_CRASH, "the instruction at 0x%08x cannot access 0x%08x, which its tables allow", pc,
			      (unsigned)va);
		return;
	}
	pr_guest(8, "guest %s: the instruction at 0x%08x cannot access 0x%08x, which its tables allow: interpreted\n", v->guest->name, pc,
		 (unsigned)va);
	interp_run(v);
}

void progress_again(struct vcpu *v, gva_t va)
{
	struct hidden_faults *h = &v->hidden;

	if (++h->nr == FAULTS_FEW) {
		h->cpsr = v->cpsr;
		h->hw_asid = v->hw_asid;
		memcpy(h->r, v->r, sizeof(h->r));
	} else if (h->nr > FAULTS_FEW && !is_same(v, h)) {
		h->nr = 0;
	} else if (h->nr == FAULTS_FEW + FAULTS_ENOUGH) {
		shadow_anew(v);
	} else if (h->nr == FAULTS_FEW + 2 * FAULTS_ENOUGH) {
		stands_still(v, va);
	}
}
