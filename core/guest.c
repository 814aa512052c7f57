/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guest life cycle: create from the layout, start, restart, stop. */
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <arch/vcpu.h>
#include <hv/alloc.h>
#include <hv/console.h>
#include <hv/emudev.h>
#include <hv/gdb.h>
#include <hv/guest.h>
#include <hv/guest_watch.h>
#include <hv/log.h>
#include <hv/passthrough.h>
#include <hv/time.h>
#include <hv/vtimer.h>

static struct guest *guests;

struct guest *guest_first(void)
{
	return guests;
}

/* To the end of the list, unless it is there already. */
static void guest_enlist(struct guest *g)
{
	struct guest **end = &guests;

	while (*end && *end != g)
		end = &(*end)->next;
	*end = g;
}

void guest_request(struct guest *g, enum guest_request req, const char *fmt, ...)
{
	va_list ap;

	/* The devices of one that was stopped are still there, and a watchdog among them counts on. */
	if (g->request != GUEST_REQ_NONE || !guest_is_alive(g))
		return;
	va_start(ap, fmt);
	vsnprintf(g->reason, sizeof(g->reason), fmt, ap);
	va_end(ap);
	g->request = req;
	core_is_wanted = true;	/* it may be about a guest that does not run */
}

/* Nobody else has memory at what is said to be the board's, so only this guest's devices do DMA and have host lines. */
bool guest_owns_board(const struct guest *g)
{
	for (u32 i = 0; i < g->map.nr; i++)
		if (g->map.r[i].type == REGION_PASSTHROUGH)
			return true;
	return false;
}

static int add_ram(struct guest *g, gpa_t base, u32 size, const char *name)
{
	return layout_map_region(&g->map, &(struct region){ base, size, REGION_RAM, NULL, name }, &g->cfg.at, name);
}

/* What is taken for RAM is cleared, cached and read by Umbra: it has to be that. */
static int check_sram(const struct guest *g, const struct layout_dev *d, gpa_t base, u32 size)
{
	const hpa_t at = passed_hpa(base);
	u32 ram = 0;

	for (u32 i = 0; i < g->map.nr; i++)
		ram += g->map.r[i].type == REGION_RAM;
	if (ram == GUEST_RAM_RANGES)
		return layout_mistake(&d->at, "reg", "0x%08lx+0x%lx is one range of RAM too many: a guest has %d", (unsigned long)base,
				      (unsigned long)size, GUEST_RAM_RANGES);
	for (const struct host_range *h = host_sram; h < host_sram + host_sram_nr; h++)
		if (at >= h->base && at - h->base < h->size && size <= h->size - (at - h->base))
			return 0;
	return layout_mistake(&d->at, "reg", "0x%08lx+0x%lx is no on-chip RAM", (unsigned long)base, (unsigned long)size);
}

static int add_sram(struct guest *g, const struct layout_dev *d)
{
	int err = d->nirqs ? layout_mistake(&d->at, "interrupts", "on-chip RAM has none") : 0;

	for (u32 i = 0; i < d->nregs && !err; i++) {
		err = check_sram(g, d, d->reg[i].base, d->reg[i].size);
		if (!err)
			err = layout_map_region(&g->map, &(struct region){ d->reg[i].base, d->reg[i].size, REGION_RAM, NULL, d->node },
						&d->at, "reg");
	}
	return err;
}

static int add_device(struct guest *g, const struct layout_dev *d)
{
	if (!strcmp(d->compatible, LAYOUT_PASSTHROUGH))
		return passthrough_add(g, d);
	return strcmp(d->compatible, LAYOUT_SRAM) ? emudev_create(g, d) : add_sram(g, d);
}

/* Nobody knows of its devices, its console and its vCPU any more. */
static void dismantle(struct guest *g)
{
	for (struct emudev *d = g->devs; d; d = d->next)
		if (d->type->remove)
			d->type->remove(d);
	console_guest_detach(g);
	if (g->vcpu)
		arch_vcpu_destroy(g->vcpu);
	if (!g->cfg.own)
		return;
	vtimers_forget(hpa_ptr(g->cfg.own), g->cfg.own_size);
	host_timer_forget(hpa_ptr(g->cfg.own), g->cfg.own_size);
}

int guest_create(struct guest *g, const struct layout_guest *cfg)
{
	int err;

	memset(g, 0, sizeof(*g));
	g->cfg = *cfg;
	g->map.offset = cfg->by_size ? (u32)cfg->mem_host - (u32)cfg->mem_base : 0;
	g->name = g->cfg.name;
	g->state = GUEST_OFF;
	err = add_ram(g, cfg->mem_base, cfg->mem_size, "memory");
	for (u32 i = 0; i < cfg->ndevs && !err; i++)
		err = add_device(g, &g->cfg.dev[i]);
	if (!err)
		err = passthrough_check(g);
	if (!err)
		err = arch_vcpu_create(g, cfg->cpu_path, cfg->shadow);
	if (err)
		dismantle(g);
	else
		guest_enlist(g);
	return err;
}

struct guest *guest_new(const struct layout_guest *c)
{
	struct guest *g;

	if (c->own)
		alloc_own(c->own, c->own + c->own_size);
	g = hv_alloc(sizeof(*g), 8);
	if (guest_create(g, c))
		g = NULL;
	if (c->own)
		alloc_own_end();
	return g;
}

void guest_remove(struct guest *g)
{
	const hpa_t own = g->cfg.own;
	const u32 own_size = g->cfg.own_size;
	struct guest **link = &guests;

	guest_destroy(g);
	while (*link != g)
		link = &(*link)->next;
	*link = g->next;
	dismantle(g);
	memset(hpa_ptr(own), 0, own_size);	/* its registers, what it said */
}

u32 guests_create(struct layout *l)
{
	u32 n = 0;

	for (const struct layout_guest *c = l->guest; c < l->guest + l->nguests; c++)
		if (c->ok && guest_new(c))
			n++;
	l->regions_fixed = true;
	return n;
}

struct guest *guest_find(const char *name)
{
	struct guest *g = guests;

	while (g && strcmp(g->name, name))
		g = g->next;
	return g;
}

/* One wire for two: whoever debugs would neither be heard nor could let the guest go on. */
static int check_debugger(const struct guest *g)
{
	if (!gdb_active() || !passthrough_has_console(g))
		return 0;
	pr_err("guest %s gets the console's UART, which the debugger has: it is not started\n", g->name);
	return -EBUSY;
}

int guest_start(struct guest *g)
{
	int err = check_debugger(g);

	if (!err)
		err = guest_load(g);
	if (err)
		return err;
	g->request = GUEST_REQ_NONE;
	hv_log_new_run();
	console_guest_starts(g);
	arch_vcpu_reset(g->vcpu, g->entry, g->r0, g->r1, g->r2);
	for (struct emudev *d = g->devs; d; d = d->next)
		if (d->type->reset)
			d->type->reset(d);
	guest_watch_start(g);
	if (passthrough_has_console(g)) {
		pr_guest(1, "guest %s gets the console's UART: no monitor until it stops\n", g->name);
		console_release();
	}
	sched_join(g);
	g->state = GUEST_RUNNING;
	return 0;
}

void guest_stop(struct guest *g)
{
	if (guest_is_alive(g) && guest_owns_board(g))
		passthrough_quiesce(g);
	if (guest_is_alive(g) && passthrough_has_console(g))
		console_acquire();
	g->state = GUEST_STOPPED;
	g->request = GUEST_REQ_NONE;
}

void guest_pause(struct guest *g)
{
	if (g->state == GUEST_RUNNING)
		g->state = GUEST_PAUSED;
}

void guest_resume(struct guest *g)
{
	if (g->state != GUEST_PAUSED)
		return;
	sched_join(g);
	g->state = GUEST_RUNNING;
}

void guest_destroy(struct guest *g)
{
	guest_stop(g);
	guest_clear(g);
	g->state = GUEST_OFF;
}

int guest_restart(struct guest *g)
{
	guest_stop(g);
	g->resets++;
	return guest_start(g);
}
