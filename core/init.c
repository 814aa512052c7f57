/* SPDX-License-Identifier: GPL-2.0-or-later */
/* From the architecture's hand-over to the run loop: a list of initialisations, then one loop for ever. */
#include <string.h>

#include <libfdt.h>

#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <autoconf.h>
#include <hv/alloc.h>
#include <hv/console.h>
#include <hv/gdb.h>
#include <hv/guest.h>
#include <hv/guest_files.h>
#include <hv/guest_watch.h>
#include <hv/init.h>
#include <hv/irq.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/monitor.h>
#include <hv/passthrough.h>
#include <hv/sched.h>
#include <hv/stats.h>
#include <hv/time.h>
#include <hv/version.h>
#include <hv/vtimer.h>

static struct layout layout;
static u32 begun;	/* when Umbra began */
static char no_layout[96] = "nothing was handed over in RAM";	/* why layout_keep() found none */

/*
 * Copy the layout out of the memory that will be the guest's. First of all allocations, because the boot loader may
 * have put it where the heap is: memmove before anything is cleared. The console comes later.
 */
static const void *layout_keep(const void *fdt)
{
	const struct host_mem *m = arch_host_mem();
	hpa_t from = ptr_hpa(fdt), to = ALIGN_UP(m->heap_base, 8);
	u32 size;

	alloc_init(to, m->umbra_end);
	if (from < m->ram_base || from >= m->ram_base + (m->ram_size - sizeof(struct fdt_header)))
		return NULL;
	size = layout_blob_size(fdt, m->ram_base + m->ram_size - from, no_layout, sizeof(no_layout));
	if (!size)
		return NULL;
	memmove(hpa_ptr(to), fdt, size);
	alloc_init(ALIGN_UP(to + size, 8), m->umbra_end);
	return hpa_ptr(to);
}

static void banner(u32 machid)
{
	const struct host_mem *m = arch_host_mem();

	pr_info("Umbra %s, machine %lu\n", umbra_version, (unsigned long)machid);
	pr_info("RAM %lu MiB at 0x%08lx; Umbra has %lu MiB from 0x%08lx\n", (unsigned long)(m->ram_size >> 20),
		(unsigned long)m->ram_base, (unsigned long)((m->umbra_end - m->umbra_base) >> 20),
		(unsigned long)m->umbra_base);
	pr_info("%s opens and closes the monitor\n", MONITOR_KEY);
}

static void start(struct guest *g)
{
	if (!guest_start(g))
		pr_info("guest %s starts at 0x%08lx after %lu ms; %lu KiB of Umbra's memory in use\n", g->name, (unsigned long)g->entry,
			(unsigned long)((host_time_now() - begun) * 1000u / TIME_HZ), (unsigned long)(alloc_used() >> 10));
}

/* Everything between the layout and running guests. Messages name what is wrong; the monitor is what remains if there are none. */
static void guests_boot(const void *fdt)
{
	if (!fdt) {
		pr_err("layout: layout.dtb: %s\n", no_layout);
		return;
	}
	if (layout_parse(fdt, &layout))
		return;
	guest_files_keep(&layout);
	if (!guests_create(&layout))
		return;
	for (struct guest *g = guest_first(); g; g = g->next)
		start(g);
}

/* In the guest's own time, or one that does nothing else would have nearly all of the processor. */
static int restart(struct guest *g)
{
	const u32 since = host_time_now();
	int err = guest_restart(g);

	sched_charge(g, host_time_now() - since);
	return err;
}

/* What the guest asked for, acted upon between two runs of it. */
static void handle_request(struct guest *g)
{
	enum guest_request req = g->request;
	int err = 0;

	if (g->state == GUEST_PAUSED)	/* it waits for the guest, as interrupts do */
		return;
	g->request = GUEST_REQ_NONE;
	switch (req) {
	case GUEST_REQ_NONE:
		return;
	case GUEST_REQ_RESET:
		guest_watch_reset(g);
		err = restart(g);
		break;
	case GUEST_REQ_POWEROFF:
		guest_stop(g);
		pr_info("guest %s: powered off: %s\n", g->name, g->reason);
		break;
	case GUEST_REQ_CRASH:
		guest_stop(g);
		pr_err("guest %s: stopped: %s\n", g->name, g->reason);
		arch_vcpu_dump(g->vcpu);
		break;
	}
	if (err)
		pr_err("guest %s: not restarted\n", g->name);
}

/* Act on what the guests asked for, and what the debugger did. True: one of them is there to talk to. */
static bool look_after_guests(void)
{
	bool any = false;

	for (struct guest *g = guest_first(); g; g = g->next) {
		handle_request(g);
		g->held = gdb_holds(g);
		any |= guest_is_alive(g) && !g->held;
	}
	return any;
}

static void run(struct guest *g)
{
	enum vcpu_stop stop;

	sched_go_on(g);
	stop = arch_vcpu_run(g->vcpu);
	sched_done();
	if (stop == VCPU_STOP_DEBUG)
		gdb_stopped(g);
}

/* An interrupt that came after core was last wanted still wakes the processor: nobody else has taken it. */
static void wait(void)
{
	if (!core_is_wanted)
		arch_idle();
	while (arch_irq_pending())
		host_irq_handle();
}

static void run_loop(void) __noreturn;
static void run_loop(void)
{
	for (;;) {
		struct guest *g;

		core_is_wanted = false;
		if (console_work_pending())
			console_work();
		if (!look_after_guests())
			console_set_monitor(true);	/* nobody else */
		g = sched_pick();
		if (g)
			run(g);
		else
			wait();
	}
}

void hv_main(u32 machid, const void *fdt)
{
	const void *kept = layout_keep(fdt);

	host_time_init();
	begun = host_time_now();
	host_irqc_init();
	console_init();
	banner(machid);
	host_quiesce_init();
	vtimers_init();
	sched_init();
	stats_init();
	guest_watch_init();
	guests_boot(kept);
	run_loop();
}
