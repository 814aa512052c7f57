/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Guest: random programs whose complete architectural state is hashed after each of them (tools/difftest runs it natively and
 * under Umbra and compares). This file: what the parts of the guest share.
 *
 *	main.c		parameters, the loop over blocks, the report
 *	world.c		memory, interrupt lines and the state before a block; hashing what is left of it
 *	gen.c		from (seed, block) to a program; instructions that mean the same in all modes
 *	gen_mem.c	loads and stores
 *	gen_sys.c	what a hypervisor must emulate
 *	gen_t32.c	T32 code, in the middle of a program or beside it
 *	exc.c, run.S	entering a block, its exceptions, leaving it
 *
 * A program is made of units of a few words that are only meaningful together. Everything in it is defined by the architecture;
 * where that leaves a choice (registers of an LDM that aborts, CPSR.M read in User mode) the choice is kept out of the state.
 */
#pragma once

#ifdef __ASSEMBLER__

#define FRAME_VECTOR	60
#define FRAME_SPSR	64
#define FRAME_CPSR	68
#define STATE_USR_HIGH	32
#define STATE_FIQ_HIGH	52
#define STATE_BANK	72
#define STATE_ENTER	144

#else

#include "../lib/guest.h"

/* -- parameters: tools/difftest writes them into the image, behind the two words of the magic number -- */
struct diff_params {
	u32 magic[2];
	u32 seed;
	u32 first, count;	/* blocks */
	u32 group;		/* blocks of one line of the report */
	u32 rounds;		/* executions of each block, from different states */
	u32 detail;		/* print program, exceptions and states of the last block */
	u32 keep[2];		/* units of the last block that are not replaced by no-operations */
};
extern struct diff_params diff_params;

/*
 * Odd seeds: privileged modes execute nothing that User mode may execute, as with a usual kernel; even ones: some blocks are for all modes.
 * A hypervisor may treat these worlds differently, and perhaps for as long as it runs.
 */
static inline bool diff_mixed(void)
{
	return !(diff_params.seed & 1);
}

/* -- the modes, as bits of a set -- */
enum bank { B_USR, B_FIQ, B_IRQ, B_SVC, B_ABT, B_UND, B_NR };
#define M_USR		(1u << 0)
#define M_FIQ		(1u << 1)
#define M_IRQ		(1u << 2)
#define M_SVC		(1u << 3)
#define M_ABT		(1u << 4)
#define M_UND		(1u << 5)
#define M_SYS		(1u << 6)
#define M_NR		7
#define M_BANKED	(M_FIQ | M_IRQ | M_SVC | M_ABT | M_UND)	/* those with an SPSR */
#define M_PRIV		(M_BANKED | M_SYS)
#define M_ALL		(M_PRIV | M_USR)
extern const u8 mode_of[M_NR];		/* by bit number */

/* -- state before and after a block; run.S knows the offsets -- */
struct diff_state {
	u32 r[8];
	u32 usr_high[5], fiq_high[5];
	struct {
		u32 sp, lr, spsr;
	} bank[B_NR];
	u32 enter;		/* in: the mode whose exception return enters the block */
	u32 cpsr, pc;		/* out */
};
_Static_assert(offsetof(struct diff_state, enter) == 144, "run.S knows these offsets");

struct diff_frame {
	u32 r[13], sp, lr;	/* of the mode of the exception */
	u32 vector, spsr, cpsr;
};
extern struct diff_frame diff_frame;
_Static_assert(offsetof(struct diff_frame, vector) == 60, "run.S knows these offsets");

void diff_run(struct diff_state *s);
void diff_vfp_load(void);		/* s0-s7 and FPSCR to fixed values */
void diff_vfp_store(u32 v[9]);
void diff_hook_1(void);
void diff_hook_2(void);
void diff_hook_3(void);
void diff_hook_4(void);
void diff_hook_6(void);
void diff_hook_7(void);

/*
 * -- where a block runs (virtual addresses); the window of each data page is what blocks use and what is hashed --
 * Near the guest's own code, so that what a hypervisor keeps near code is in reach of all of it.
 */
#define VA_KERNEL	0x7f000000u	/* code that only privileged modes may execute */
#define VA_ANY		0x7f001000u	/* code for all modes */
#define VA_USER		0x7f002000u	/* code for User mode, written by privileged modes */
#define VA_THUMB	0x7f003000u	/* BKPTs in the Thumb instruction set, for privileged modes */
#define VA_THUMB_USER	0x7f004000u	/* and for User mode, or for all */
#define VA_T32		0x7f005000u	/* T32 code for privileged modes */
#define VA_NOWHERE	0x7f008000u	/* not mapped */
#define VA_DATA		0x7f010000u	/* all modes read and write; never executed */
#define VA_RO		0x7f011000u	/* nobody writes */
#define VA_PRIV		0x7f012000u	/* User mode has no access; the next page is not mapped */
#define VA_INTC		0x7f015000u	/* registers of the interrupt controller, for privileged modes */
#define VA_EXTERNAL	0x7f016000u	/* nothing answers */
#define VA_DOMAIN	0x7f100000u	/* domain 1, which DACR opens and closes */
#define VA_SECTION	0x7f200000u	/* code for all modes, in a section */
#define WINDOW		0xf00u		/* offset of the middle of the window in each data page; r7 points to VA_DATA's */
#define WINDOW_LOW	0xe00u
#define WINDOW_WORDS	128u

#define SLOT_WORDS	128u		/* of a block in its code page */
#define STUB_WORDS	64u		/* of its User mode part in VA_USER: two pages */
#define T32_HALVES	256u	/* of its part in VA_T32 */
#define BATCH		8u		/* blocks that are written, and made executable, together */

/* lines of the interrupt controller without a device */
#define LINE_IRQ	1u
#define LINE_FIQ	2u

/* -- a block -- */
#define MAX_UNITS	40u
struct diff_block {
	u32 seed, index;
	u32 va, stub_va;		/* where it runs */
	u32 modes_allowed, start_mode;
	bool uses_ilr, raises;		/* registers of the interrupt controller */
	bool both_sets;			/* T32 code in the middle of A32 code */
	bool timer;			/* a timer interrupts it: then IRQ mode is not its own */
	u32 nr, stub_nr, units;
	u32 back_mode;			/* what the User mode part ends in */
	u32 word[SLOT_WORDS], stub[STUB_WORDS];	/* as written: the handler looks here, not into executed pages */
	u8 unit_at[MAX_UNITS];
	u32 word_t32[SLOT_WORDS / 32], stub_t32[STUB_WORDS / 32];	/* these are T32 code, by word */
	u32 t32_va, t32_nr;
	u16 t32[T32_HALVES];
};
extern struct diff_block diff_block[BATCH], *diff_current;
bool diff_is_last(const struct diff_block *b);

void gen_block(struct diff_block *b);

/* What a unit becomes part of. */
struct gen {
	struct diff_block *b;
	u32 *word, va;
	u32 nr, max;
	u32 modes;			/* in which the next word may be executed */
	u32 allowed;			/* modes that units may go to */
	u32 rnd;
	bool stub;
	u32 nr_fix;
	struct {
		u32 at, unit, modes;
	} fix[8];
};

u32 gen_rnd(struct gen *g);
u32 gen_below(struct gen *g, u32 n);
bool gen_one_in(struct gen *g, u32 n);
u32 gen_reg(struct gen *g);		/* a register that units may write */
u32 gen_low(struct gen *g);		/* r0-r5: the same in all modes */
u32 gen_low_but(struct gen *g, u32 other);
u32 gen_source(struct gen *g);		/* a register that is only read */
u32 gen_cond(struct gen *g);		/* bits 31:28, mostly AL */
u32 gen_cond_no_pointer(struct gen *g);	/* for words that with HI would look like addresses of this code */
u32 gen_mode(struct gen *g, u32 set);	/* one of @set, as in CPSR.M */
u32 gen_mode_bit(u32 mode);
void emit(struct gen *g, u32 word);
void emit_const(struct gen *g, u32 rd, u32 value);	/* MOVW, MOVT */
u32 gen_here(const struct gen *g);	/* address of the next word */
u32 gen_plain(struct gen *g);		/* one data-processing word */
u32 gen_harmless(struct gen *g);	/* one word of any kind that changes neither mode nor memory */

typedef void unit_fn(struct gen *g);
struct unit_row {
	unit_fn *fn;
	u8 weight;
	u8 modes;		/* only where all possible modes are among these */
	u8 where;
};
#define IN_BLOCK	1
#define IN_STUB		2
#define ANYWHERE	3
#define NO_TIMER	4	/* not in blocks that a timer interrupts */
#define BOTH_SETS	8	/* only in blocks that have both */
extern const struct unit_row units_mem[], units_sys[];
unit_fn gen_t32_here, gen_t32_away;

/* exc.c: SVCs with a meaning of their own for the handler */
#define SVC_MODE	0x00e000u	/* + mode: go on in that mode */
#define SVC_BACK	0x00e100u	/* + mode: the end of the User mode part, go on where r6 says */

/* -- exceptions of a block -- */
struct diff_record {
	u32 vector, pc, spsr, cpsr, fsr, far;
};
#define RECORDS		48u
extern struct diff_record diff_record[RECORDS];
extern u32 diff_records;
extern u32 diff_end_reason;
enum { END_REGULAR = 1, END_LIMIT, END_LOST };
u32 diff_exception(void);

/* -- world.c -- */
extern u32 diff_hash;
void mix(u32 v);
void world_init(void);
void world_place(struct diff_block *b, u32 kind);	/* where it runs, what it may do */
void world_batch(u32 nr);			/* what was written to diff_block[] becomes executable */
void world_before(struct diff_block *b, u32 round, struct diff_state *s);
void world_after(struct diff_block *b, struct diff_state *s);
void world_clear_line(u32 line);
void timer_interrupt(void);
const u32 *world_window(u32 n, u32 *va);	/* the words of data page @n that are hashed; NULL after the last */
extern u32 diff_sys[16];			/* system registers after a block, for the report */
extern const char *const diff_sys_name[16];

#endif
