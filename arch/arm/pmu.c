/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Performance counters of guests (arm/pmu.h).
 *
 * While a guest is the *owner*, its values are in the real counters, its overflow flags in the real PMOVSR and its interrupt enables in
 * the real PMINTEN, so that the interrupt line is as natively. Only PMCNTEN has the guest's bits while the guest runs and no longer.
 * Event numbers are always in struct pmu, too.
 */
#include <arm/pmu.h>
#include <arm/sysreg.h>
#include <autoconf.h>
#include <hv/guest.h>
#include <string.h>

#define LINE		3u		/* of the interrupt controller */
#define HOST		(PMU_COUNTERS - 1)	/* Umbra's own counter; PMSELR selects it but for moments */
#define HOST_EXISTS	IS_ENABLED(CONFIG_EXIT_INSTRUCTIONS)
#define CYCLES		BIT(31)		/* of PMCNTEN, PMOVSR, PMINTEN */
#define ALL		(CYCLES | (BIT(PMU_COUNTERS) - 1))

#define PMCR_IMP_N	(0x41000000u | PMU_COUNTERS << 11)	/* implementer ARM */
#define PMCR_E		BIT(0)		/* counters enabled */
#define PMCR_P		BIT(1)		/* event counters to 0 */
#define PMCR_C		BIT(2)		/* cycle counter to 0 */
#define PMCR_D		BIT(3)		/* it counts each 64th cycle */
#define PMCR_KEPT	0x39u		/* E, D, X, DP */

#define EVENT_SOFTWARE		0x00u	/* PMSWINC */
#define EVENT_INSTRUCTIONS	0x08u
#define EVENT_CYCLES		0x11u

static struct vcpu *owner;

static void select(u32 i)
{
	write_pmselr(i);
	isb();			/* what follows is about the counter selected */
}

static void count_for_host(void)
{
	if (!HOST_EXISTS)
		return;
	select(HOST);
	write_pmxevtyper(EVENT_INSTRUCTIONS);
	write_pmcntenset(BIT(HOST));
	isb();
}

void pmu_init(void)
{
	write_pmuserenr(0);	/* guest code in User mode must not reach them directly */
	write_pmintenclr(~0u);
	write_pmcntenclr(~0u);
	write_pmcr(PMCR_E | PMCR_P | PMCR_C);
	write_pmovsr(~0u);
	count_for_host();
}

u32 pmu_instructions(void)
{
	return HOST_EXISTS ? read_pmxevcntr() : 0;
}

bool pmu_is_lent(void)
{
	return owner && owner->pmu.lent;
}

/* -- one counter -- */

static bool is_real(const struct vcpu *v, u32 i)
{
	return owner == v && (v->pmu.lent || !HOST_EXISTS || i != HOST);
}

/* The real counters that are the owner's, as a mask. */
static u32 real_mask(const struct vcpu *v)
{
	return is_real(v, HOST) ? ALL : ALL & ~BIT(HOST);
}

static u32 count_get(const struct vcpu *v, u32 i)
{
	u32 n;

	if (!is_real(v, i))
		return v->pmu.count[i];
	select(i);
	n = read_pmxevcntr();
	select(HOST);
	return n;
}

static void count_set(struct vcpu *v, u32 i, u32 n)
{
	v->pmu.count[i] = n;
	if (!is_real(v, i))
		return;
	select(i);
	write_pmxevtyper(v->pmu.event[i]);
	write_pmxevcntr(n);
	select(HOST);
}

static void cycles_set(struct vcpu *v, u32 n)
{
	write_pmcr(PMCR_E | (v->cp15.pmcr & PMCR_D));
	write_pmccntr(n);
}

/* Software sets an overflow flag only by an overflow. The counter's value is lost. */
static void overflow(u32 i)
{
	select(i);
	write_pmxevtyper(EVENT_SOFTWARE);
	write_pmxevcntr(~0u);
	write_pmcntenset(BIT(i));
	isb();
	write_pmswinc(BIT(i));
	isb();
	write_pmcntenclr(BIT(i));
	select(HOST);
}

static void cycles_overflow(void)
{
	u32 polls = 100;	/* a cycle would do, if this processor counts them */

	write_pmcr(PMCR_E);
	write_pmccntr(~0u);
	write_pmcntenset(CYCLES);
	do
		isb();
	while (!(read_pmovsr() & CYCLES) && --polls);
	write_pmcntenclr(CYCLES);
}

/* -- whose they are -- */

/* Umbra's own counter becomes the guest's, or is Umbra's again. An exit that is being accounted counts from here on. */
static void lend(struct vcpu *v, bool on)
{
	u32 n;

	if (!HOST_EXISTS || on == v->pmu.lent)
		return;
	if (on) {
		write_pmcntenclr(BIT(HOST));
		write_pmovsr(BIT(HOST));
		v->pmu.lent = true;
		count_set(v, HOST, v->pmu.count[HOST]);
	} else {
		n = count_get(v, HOST);
		v->pmu.lent = false;
		v->pmu.count[HOST] = n;
		count_for_host();
	}
	v->slow_begin = pmu_instructions();
}

static void give_up(struct vcpu *v)
{
	for (u32 i = 0; i < PMU_COUNTERS; i++)
		v->pmu.count[i] = count_get(v, i);
	v->cp15.pmccntr = read_pmccntr();
	v->cp15.pmovsr = read_pmovsr() & real_mask(v);
	write_pmintenclr(ALL);
	write_pmovsr(ALL);
	lend(v, false);
	owner = NULL;
}

/* A guest without the line would only stop it for the guest that has it. */
static bool has_line(const struct vcpu *v)
{
	return v->guest->pt_irqs[LINE / 32] & BIT(LINE % 32);
}

static void enable_interrupts(const struct vcpu *v)
{
	write_pmintenclr(ALL);
	if (has_line(v) && v->cp15.pmcr & PMCR_E)
		write_pmintenset(v->cp15.pminten);
	isb();
}

static void own(struct vcpu *v)
{
	if (owner == v)
		return;
	if (owner)
		give_up(owner);
	owner = v;
	lend(v, (v->cp15.pmcnten | v->cp15.pminten | v->cp15.pmovsr) & BIT(HOST));
	for (u32 i = 0; i < PMU_COUNTERS; i++) {
		if (v->cp15.pmovsr & BIT(i))
			overflow(i);
		count_set(v, i, v->pmu.count[i]);
	}
	if (v->cp15.pmovsr & CYCLES)
		cycles_overflow();
	cycles_set(v, v->cp15.pmccntr);
	enable_interrupts(v);
}

/*
 * PMCR, PMCNTEN or PMINTEN changed, or an overflow flag was cleared. Umbra's own counter is the guest's while any of them has its bit:
 * then all that is visible of it is in the real one.
 */
static void update(struct vcpu *v)
{
	u32 flags;

	own(v);
	flags = v->pmu.lent ? read_pmovsr() : 0;
	lend(v, (v->cp15.pmcnten | v->cp15.pminten | flags) & BIT(HOST));
	v->pmu.on = v->cp15.pmcr & PMCR_E ? v->cp15.pmcnten : 0;
	enable_interrupts(v);
}

void pmu_reset(struct vcpu *v)
{
	if (owner == v)
		give_up(v);
	memset(&v->pmu, 0, sizeof(v->pmu));
	v->cp15.pmovsr = v->cp15.pmccntr = 0;
}

/* -- counting -- */

void pmu_start(struct vcpu *v)
{
	own(v);
	write_pmcntenset(v->pmu.on);
}

void pmu_stop(struct vcpu *v)
{
	write_pmcntenclr(v->pmu.on);
}

static void count_cycles(struct vcpu *v, u32 n)
{
	u32 shift = v->cp15.pmcr & PMCR_D ? 6 : 0, old = read_pmccntr(), new;

	n += v->pmu.cycles;
	v->pmu.cycles = n & (BIT(shift) - 1);
	new = old + (n >> shift);
	if (new < old)
		cycles_overflow();
	cycles_set(v, new);
}

static void count_events(struct vcpu *v, u32 i, u32 n)
{
	u32 old = count_get(v, i);

	if (old + n < old)
		overflow(i);
	count_set(v, i, old + n);
}

void pmu_interpreted(struct vcpu *v, u32 on, u32 n)
{
	if (!on)
		return;
	own(v);
	for (u32 i = 0; i < PMU_COUNTERS; i++)
		if (on & BIT(i) && (v->pmu.event[i] == EVENT_INSTRUCTIONS || v->pmu.event[i] == EVENT_CYCLES))
			count_events(v, i, n);
	if (on & CYCLES)
		count_cycles(v, n);
}

/* -- registers -- */

PMU_RD(pmcr)
{
	return PMCR_IMP_N | v->cp15.pmcr;
}

PMU_WR(pmcr)
{
	own(v);
	v->cp15.pmcr = value & PMCR_KEPT;
	for (u32 i = 0; value & PMCR_P && i < PMU_COUNTERS; i++)
		count_set(v, i, 0);
	if (value & PMCR_C)
		v->pmu.cycles = 0;
	cycles_set(v, value & PMCR_C ? 0 : read_pmccntr());
	update(v);
	return COPROC_OK;
}

PMU_WR(pmcntenset)
{
	v->cp15.pmcnten |= value & ALL;
	update(v);
	return COPROC_OK;
}

PMU_WR(pmcntenclr)
{
	v->cp15.pmcnten &= ~value;
	update(v);
	return COPROC_OK;
}

PMU_WR(pmintenset)
{
	v->cp15.pminten |= value & ALL;
	update(v);
	return COPROC_OK;
}

PMU_WR(pmintenclr)
{
	v->cp15.pminten &= ~value;
	update(v);
	return COPROC_OK;
}

PMU_RD(pmovsr)
{
	own(v);
	return read_pmovsr() & real_mask(v);
}

PMU_WR(pmovsr)
{
	own(v);
	write_pmovsr(value & real_mask(v));
	update(v);
	return COPROC_OK;
}

/* Counters that are on and count it are one up for each bit of @value. */
PMU_WR(pmswinc)
{
	u32 mask = value & v->pmu.on & (BIT(PMU_COUNTERS) - 1);

	own(v);
	for (u32 i = 0; i < PMU_COUNTERS; i++)
		if (v->pmu.event[i] != EVENT_SOFTWARE)
			mask &= ~BIT(i);
	write_pmcntenset(mask);
	isb();
	write_pmswinc(mask);
	isb();
	write_pmcntenclr(mask);
	return COPROC_OK;
}

PMU_RD(pmccntr)
{
	own(v);
	return read_pmccntr();
}

PMU_WR(pmccntr)
{
	own(v);
	v->pmu.cycles = 0;
	cycles_set(v, value);
	return COPROC_OK;
}

/* PMXEVTYPER and PMXEVCNTR: of the counter that PMSELR selects; those that do not exist read as zero. */
PMU_RD(pmxevtyper)
{
	return v->cp15.pmselr < PMU_COUNTERS ? v->pmu.event[v->cp15.pmselr] : 0;
}

PMU_WR(pmxevtyper)
{
	u32 i = v->cp15.pmselr;

	if (i >= PMU_COUNTERS)
		return COPROC_OK;
	own(v);
	v->pmu.event[i] = value & 0xff;
	count_set(v, i, count_get(v, i));
	return COPROC_OK;
}

PMU_RD(pmxevcntr)
{
	own(v);
	return v->cp15.pmselr < PMU_COUNTERS ? count_get(v, v->cp15.pmselr) : 0;
}

PMU_WR(pmxevcntr)
{
	own(v);
	if (v->cp15.pmselr < PMU_COUNTERS)
		count_set(v, v->cp15.pmselr, value);
	return COPROC_OK;
}
