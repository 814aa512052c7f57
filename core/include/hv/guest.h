/* SPDX-License-Identifier: GPL-2.0-or-later */
/* One guest: configuration from the layout, physical map, devices, life cycle. */
#pragma once

#include <hv/guest_map.h>
#include <hv/layout.h>
#include <hv/stats.h>
#include <hv/types.h>

struct vcpu;
struct irqchip_ops;

enum guest_state { GUEST_OFF, GUEST_RUNNING, GUEST_STOPPED };

/* What a device or an instruction asks for; acted upon by the run loop at the next safe point. */
enum guest_request {
	GUEST_REQ_NONE,
	GUEST_REQ_RESET,	/* guest rebooted: quiesce, clear, reload, restart */
	GUEST_REQ_POWEROFF,	/* guest powered off: quiesce, stop */
	GUEST_REQ_CRASH,	/* guest did something that the architecture gives no answer to: stop with report */
};

/* guest_watch.c */
struct guest_watch {
	u32 since;			/* time of its start, or when it showed a sign of life last */
	u32 characters;			/* console_guest_characters() at its start */
	u32 reset_at, resets_unsaid;
	u32 still;			/* seconds in one place */
	bool reset_said, silence_said;
};

struct guest {
	const char *name;
	u32 id;
	enum guest_state state;
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
	bool files_kept;		/* guest_keep_files() succeeded: it can be loaded */
	u32 entry_at;			/* where in its kernel file it is entered */
	u32 entry, r0, r1, r2;		/* boot protocol values of the last load */
	struct guest_watch watch;
	struct stats_rate rates;	/* exits during the last second */
	struct guest *next;		/* list of all guests that were created */
};

/* Ask the run loop for a life-cycle step; keeps the first reason. Context: any. */
void guest_request(struct guest *g, enum guest_request req, const char *fmt, ...) __printf(3, 4);

/* Host pointer to guest RAM [gpa, gpa+len) or NULL when it is not all RAM. */
void *guest_mem_ptr(struct guest *g, gpa_t gpa, u32 len);

/* Life cycle, called by the run loop and the monitor. */
int guest_create(struct guest *g, const struct layout_guest *cfg) __must_check;
int guest_start(struct guest *g) __must_check;	/* load files, reset devices and vCPU, state RUNNING */
int guest_restart(struct guest *g) __must_check;	/* quiesce, clear RAM, start again */
void guest_stop(struct guest *g);		/* quiesce, state STOPPED */
/* Copy the guest's files into the memory below Umbra, where they survive restarts. Once, before guest_start(). */
int guest_keep_files(struct guest *g) __must_check;
/* Place kernel, device tree or ATAGs and initrd in cleared guest RAM; sets entry, r0-r2. One message on error. */
int guest_load(struct guest *g) __must_check;
/* Memory below Umbra that keeps the guest's files: its lowest address. */
hpa_t guest_kept_base(void);
/* The guests, in the order of their creation: the first one or NULL, the others by ->next. */
struct guest *guest_first(void);
