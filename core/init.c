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
#include <hv/guest_watch.h>
#include <hv/init.h>
#include <hv/irq.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/monitor.h>
#include <hv/passthrough.h>
#include <hv/stats.h>
#include <hv/time.h>
#include <hv/version.h>
#include <hv/vtimer.h>

static struct layout layout;
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

/* Everything between the layout and a running guest. Messages name what is wrong; the monitor is what remains then. */
static int guest_boot(struct guest *g, const void *fdt)
{
	int err;

	if (!fdt) {
		pr_err("layout: layout.dtb: %s\n", no_layout);
		return -EINVAL;
	}
	err = layout_parse(fdt, &layout);
	if (!err)
		err = guest_create(g, &layout.guest[0]);
	if (!err)
		err = guest_keep_files(g);
	if (!err)
		err = guest_start(g);
	return err;
}

/* What the guest asked for, acted upon between two runs of it. */
static void handle_request(struct guest *g)
{
	enum guest_request req = g->request;
	int err = 0;

	g->request = GUEST_REQ_NONE;
	switch (req) {
	case GUEST_REQ_NONE:
		return;
	case GUEST_REQ_RESET:
		guest_watch_reset(g);
		err = guest_restart(g);
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

/* Act on what the guests asked for, then run those that can run. False: none can. */
static bool run_guests(void)
{
	bool ran = false;

	for (struct guest *g = guest_first(); g; g = g->next) {
		handle_request(g);
		if (gdb_holds(g) || g->state != GUEST_RUNNING)
			continue;
		if (arch_vcpu_run(g->vcpu) == VCPU_STOP_DEBUG)
			gdb_stopped(g);
		ran = true;
	}
	return ran;
}

static void run_loop(void) __noreturn;
static void run_loop(void)
{
	for (;;) {
		if (console_work_pending())
			console_work();
		if (run_guests())
			continue;
		console_set_monitor(true);	/* nobody else is there to talk to */
		arch_idle();
		while (arch_irq_pending())
			host_irq_handle();
	}
}

void hv_main(u32 machid, const void *fdt)
{
	static struct guest guest;
	const void *kept = layout_keep(fdt);
	u32 begin;

	host_time_init();
	begin = host_time_now();
	host_irqc_init();
	console_init();
	banner(machid);
	host_quiesce_init();
	vtimers_init();
	stats_init();
	guest_watch_init();
	if (!guest_boot(&guest, kept))
		pr_info("guest %s starts at 0x%08lx after %lu ms; %lu KiB of Umbra's memory in use\n", guest.name,
			(unsigned long)guest.entry, (unsigned long)((host_time_now() - begin) * 1000u / TIME_HZ),
			(unsigned long)(alloc_used() >> 10));
	run_loop();
}
