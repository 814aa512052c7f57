/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Coprocessor registers: one table row each, and the hooks of the vCPU. */
#pragma once

#include <arm/vcpu.h>
#include <hv/types.h>

#define ID_PFR0_THUMBEE	(0xfu << 12)

struct coproc_row {
	u32 enc;	/* COPROC_ENC(cp, opc1, CRn, CRm, opc2) */
	const char *name;
	u8 cause;	/* enum exit_cause */
	u16 slot;	/* offset of the u32 in struct vcpu, COPROC_NO_SLOT when there is none */
	u32 reset;
	u32 wmask;	/* plain rows: bits a write changes */
	/* NULL: plain storage (with a slot), else UNDEF */
	u32 (*read)(struct vcpu *v, const struct coproc_row *row);
	/* NULL with a slot: storage through wmask; NULL without: UNDEF. Result as coproc_write(). */
	enum coproc_result (*write)(struct vcpu *v, const struct coproc_row *row, u32 value);
	u8 access;	/* COPROC_R | COPROC_W, with COPROC_CORE */
};
#define COPROC_R	1
#define COPROC_W	2
#define COPROC_CORE	4	/* the core executes the access itself, and says whether it has the register */
#define COPROC_NO_SLOT	0xffff

extern const struct coproc_row cp15_rows[], cp14_rows[];
extern const u32 cp15_nr_rows, cp14_nr_rows;

void coproc_check_tables(void);		/* sorted and unique, or panic: a table mistake is found at the first boot */
bool coproc_core_is_good(void);		/* can guests be run on this core? Else it says why not */
void coproc_reset(struct vcpu *v);
void cp15_reset_hardware(struct vcpu *v);	/* second half of coproc_reset(): values from the real core */
/* The real registers become another vCPU's, or @v's again (switch.c). */
void cp15_leave(struct vcpu *v);
void cp15_enter(struct vcpu *v);
void coproc_mode_changed(struct vcpu *v);	/* CPACR may allow privileged modes only */
enum exit_cause coproc_cause(u32 enc);
/*
 * Execute and count A32 word @w at r[15], when it is an MRC or MCR of a known CP14 or CP15 register that a privileged mode
 * may access that way and that is not COPROC_CORE. Everything else: false, nothing is done, the decoder knows. Context: virtual
 * privileged mode, A32 state. No row's write function may answer COPROC_UNDEF (A8.8.98, A8.8.107).
 */
bool coproc_execute(struct vcpu *v, u32 w);
/* The TLB operation by address at r[15], of a register with @value; r[15] stays. */
void coproc_tlbimva(struct vcpu *v, u32 value);

/* May the current mode use VFP and NEON? Both copies of the CPACR field must agree, else UNPREDICTABLE: here no (B4.1.40). */
bool cpacr_allows_vfp(const struct vcpu *v);
/* VFP system registers by their VMRS/VMSR number (vfp.c); false: UNDEF. */
bool vfp_sys_read(struct vcpu *v, u32 reg, u32 *value);
bool vfp_sys_write(struct vcpu *v, u32 reg, u32 value);
void vfp_reset(struct vcpu *v);
void vfp_leave(struct vcpu *v);
void vfp_enter(struct vcpu *v);
/* Secure monitor call of the guest, r[15] at the SMC (smc.c). */
void smc_call(struct vcpu *v);
