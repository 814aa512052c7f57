/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Secure monitor calls of the guest: the ROM services of a general-purpose OMAP3, none of which a guest may reach. */
#include <arm/coproc.h>
#include <hv/guest.h>
#include <hv/log.h>

/* ROM service numbers in r12 (general-purpose device, smc #0); each would change state that Umbra owns. */
static const struct smc_service {
	u32 nr;
	const char *what;
} services[] = {
	{ 1, "L2 invalidate (would lose Umbra's data): ignored" },
	{ 2, "write L2 auxiliary control: ignored" },
	{ 3, "write auxiliary control: ignored" },
};

void smc_call(struct vcpu *v)
{
	for (u32 i = 0; i < ARRAY_SIZE(services); i++) {
		if (services[i].nr == v->r[12]) {
			pr_guest(4, "guest %s: SMC service %s\n", v->guest->name, services[i].what);
			return;
		}
	}
	pr_guest(4, "guest %s: unknown SMC service r12 = %u at 0x%08x: ignored\n", v->guest->name,
		 (unsigned)v->r[12], (unsigned)v->r[15]);
}
