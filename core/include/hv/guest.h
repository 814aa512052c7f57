/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest: configuration from the layout, physical map, devices, life cycle. */
#pragma once

#include <hv/guest_map.h>
#include <hv/layout.h>
#include <hv/sched.h>
#include <hv/stats.h>
#include <hv/types.h>

struct vcpu;
struct irqchip_ops;

enum guest_state { GUEST_OFF, GUEST_RUNNING, GUEST_STOPPED, GUEST_PAUSED };

/* What a device or an instruction asks for; acted upon by the run loop at the next safe point. */
enum guest_request {
	GUEST_REQ_NONE,
	GUEST_REQ_RESET,	/* guest rebooted: quiesce, clear, reload, restart */
	GUEST_REQ_POWEROFF,	/* guest powered off: quiesce, stop */
	GUEST_REQ_CRASH,	/* guest did something that the architecture gives no answer to: stop with report */
};

/* guest_watch.c */
struct guest_watch {
	u32 silent;			/* ticks that it ran since its start, or since it showed a sign of life last */
	u32 characters;			/* console_guest_characters() at its start */
	u32 reset_at, resets_unsaid;
	u32 still;			/* ticks that it ran in one place */
	u32 exceptions, storm;		/* arch_vcpu_exceptions(); seconds of nothing else */
	bool reset_said, silence_said, storm_said;
};

struct guest {
	const char *name;
	enum guest_state state;
	bool held;			/* by the debugger: it must not run now */
	bool unfinished;		/* its devices have work left, which is done in its time */
	volatile enum guest_request request;
	char reason[96];		/* why the last request was made */
	struct layout_guest cfg;	/* parsed layout node */
	struct guest_map map;
	struct vcpu *vcpu;
	struct emudev *devs;		/* list of emulated devices */
	/* the guest's interrupt controller emulator, registers itself */
	const struct irqchip_ops *irqchip;
	void *irqchip_priv;
	u32 pt_irqs[3];			/* bit per INTC line that is passed through */
	u32 resets;			/* how often it was restarted */
	u32 entry, r0, r1, r2;		/* boot protocol values of the last load */
	struct guest_watch watch;
	struct stats_rate rates;	/* exits during the last second */
	struct sched_share share;
	struct guest *next;		/* list of all guests that were created */
};

/* It has devices and memory in use, whether it runs just now or not. */
static inline bool guest_is_alive(const struct guest *g)
{
	return g->state == GUEST_RUNNING || g->state == GUEST_PAUSED;
}

/* Devices of the board are passed through to it. */
bool guest_owns_board(const struct guest *g);

/* Ask the run loop for a life-cycle step, unless @g is stopped; keeps the first reason. A paused guest's waits. Context: any. */
void guest_request(struct guest *g, enum guest_request req, const char *fmt, ...) __printf(3, 4);

/* Host pointer to guest RAM [gpa, gpa+len) or NULL when it is not all RAM. */
void *guest_mem_ptr(struct guest *g, gpa_t gpa, u32 len);

/* The guest that has @hpa as its RAM, or NULL. (guest_owner.c) */
struct guest *guest_of_ram(hpa_t hpa);
/* Is it in the memory where Umbra keeps what is @g's: pools, copies? */
bool guest_is_kept_in(const struct guest *g, hpa_t hpa);
/* Are the @len bytes there @g's RAM? If they are not, a message names @what leads there. */
bool guest_audit_ram(const struct guest *g, const char *what, hpa_t hpa, u32 len);
/* Compare what Umbra made of the guest with what the guest may: shadow tables, rings of devices. Prints and returns the number of violations. */
u32 guest_audit(struct guest *g);

/* Life cycle, called by the run loop and the monitor. */
int guest_create(struct guest *g, const struct layout_guest *cfg) __must_check;
/* The same in memory of its own, of Umbra's where @cfg names none; NULL: a message was printed. */
struct guest *guest_new(const struct layout_guest *cfg);
/*
 * A guest that comes while others run (guest_later.c), from the layout in the file @file, which the boot loader put into memory: created, not
 * started. NULL: a message was printed.
 */
struct guest *guest_later(const char *file);
/* Nothing of such a guest is left: its memory is cleared and free, @g is no more. */
void guest_remove(struct guest *g);
/* The same for every guest of @l that is ok, each in memory of its own. How many there are. */
u32 guests_create(struct layout *l);
int guest_start(struct guest *g) __must_check;	/* load files, reset devices and vCPU, state RUNNING */
int guest_restart(struct guest *g) __must_check;	/* quiesce, clear RAM, start again */
void guest_stop(struct guest *g);		/* quiesce, state STOPPED; what is in its memory can be looked at */
void guest_destroy(struct guest *g);		/* and that is cleared: state OFF. It can be started again */
void guest_pause(struct guest *g);		/* a guest that runs stands until guest_resume(); interrupts wait for it */
void guest_resume(struct guest *g);
void guest_clear(struct guest *g);		/* its memory, and nothing of it stays in the caches */
/* Place kernel, device tree or ATAGs and initrd in cleared guest RAM; sets entry, r0-r2. One message on error. */
int guest_load(struct guest *g) __must_check;
/* The guest called @name, or NULL. */
struct guest *guest_find(const char *name);
/* The guests, in the order of their creation: the first one or NULL, the others by ->next. */
struct guest *guest_first(void);
