/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The run loop: what guests ask for is acted upon between two runs, in whose time, and when they may run. */
/* SOURCES: core/init.c tests/host/fake/log.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
#include <string.h>

#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <hv/alloc.h>
#include <hv/console.h>
#include <hv/guest.h>
#include <hv/guest_files.h>
#include <hv/guest_watch.h>
#include <hv/init.h>
#include <hv/irq.h>
#include <hv/layout.h>
#include <hv/passthrough.h>
#include <hv/stats.h>
#include <hv/time.h>
#include <hv/version.h>
#include <hv/vtimer.h>

#include "fake.h"

#define RESTART_TICKS	77u
#define CLEAR_TICKS	5u

static struct guest guest[2];
static const struct host_mem mem = { .ram_base = 0x80000000, .ram_size = 0x10000000, .heap_base = 0x8f100000, .umbra_end = 0x90000000 };
static u32 now, restarts, stops, resets_watched, runs, gone_on, charged[2], laps, dumps, idles, interrupts;
static bool monitor, restart_fails;
static jmp_buf end;

volatile bool core_is_wanted;
const char umbra_version[] = "0";

const struct host_mem *arch_host_mem(void) { return &mem; }
void *hpa_ptr(hpa_t a) { return (void *)(uintptr_t)a; }
hpa_t ptr_hpa(const void *p) { return (hpa_t)(uintptr_t)p; }
void alloc_init(hpa_t base, hpa_t to) { }
u32 alloc_used(void) { return 0; }
u32 layout_blob_size(const void *fdt, u32 room, char *why, u32 size) { return 0; }
int layout_parse(const void *fdt, struct layout *l) { return -1; }
void guest_files_keep(struct layout *l) { }
u32 guests_create(struct layout *l) { return 0; }
void host_time_init(void) { }
u32 host_time_now(void) { return now; }
void host_irqc_init(void) { }
void host_quiesce_init(void) { }
void console_init(void) { }
void vtimers_init(void) { }
void sched_init(void) { }
void stats_init(void) { }
void guest_watch_init(void) { }
bool console_work_pending(void) { return false; }
void console_work(void) { }
void console_set_monitor(bool on) { monitor = on; }
struct guest *guest_first(void) { return guest; }
int guest_start(struct guest *g) { return 0; }
void guest_watch_reset(struct guest *g) { resets_watched++; }
void arch_vcpu_dump(struct vcpu *v) { dumps++; }
void sched_go_on(struct guest *g) { gone_on++; }
void sched_done(void) { }
void sched_charge(struct guest *g, u32 ticks) { charged[g - guest] += ticks; }

int guest_restart(struct guest *g)
{
	now += RESTART_TICKS;
	restarts++;
	g->state = restart_fails ? GUEST_STOPPED : GUEST_RUNNING;
	return restart_fails ? -1 : 0;
}

void guest_stop(struct guest *g)
{
	now += CLEAR_TICKS;
	stops++;
	g->state = GUEST_STOPPED;
}

/* Once around the loop is what a test sees. */
static struct guest *picked;

struct guest *sched_pick(void)
{
	if (!laps--)
		longjmp(end, 1);
	return picked;
}

enum vcpu_stop arch_vcpu_run(struct vcpu *v)
{
	runs++;
	return VCPU_STOP_CORE;
}

void arch_idle(void) { idles++; }
bool arch_irq_pending(void) { return interrupts; }
void host_irq_handle(void) { interrupts--; }

static void loop(u32 n)
{
	laps = n;
	if (!setjmp(end))
		hv_main(0, NULL);
}

static int setup(void **state)
{
	memset(guest, 0, sizeof(guest));
	memset(charged, 0, sizeof(charged));
	guest[0].name = "0";
	guest[1].name = "1";
	guest[0].next = &guest[1];
	guest[0].state = guest[1].state = GUEST_RUNNING;
	restarts = stops = resets_watched = runs = gone_on = dumps = idles = interrupts = 0;
	monitor = restart_fails = false;
	picked = NULL;
	fake_log_reset();
	return 0;
}

/* It is the time of the guest that asked, of no other. */
static void restart_is_its_own_time(void **state)
{
	guest[1].request = GUEST_REQ_RESET;
	loop(3);
	assert_int_equal(restarts, 1);
	assert_int_equal(resets_watched, 1);
	assert_int_equal(charged[1], RESTART_TICKS);
	assert_int_equal(charged[0], 0);
	assert_int_equal(guest[1].request, GUEST_REQ_NONE);
	restart_fails = true;
	guest[0].request = GUEST_REQ_RESET;
	loop(1);
	assert_int_equal(charged[0], RESTART_TICKS);
	assert_non_null(strstr(fake_log_text, "guest 0: not restarted"));
}

/* What a guest asked for that is paused waits for it, as its interrupts do. */
static void paused_guests_request_waits(void **state)
{
	static const enum guest_request requests[] = { GUEST_REQ_RESET, GUEST_REQ_POWEROFF, GUEST_REQ_CRASH };

	for (u32 i = 0; i < ARRAY_SIZE(requests); i++) {
		setup(NULL);
		guest[0].state = GUEST_PAUSED;
		guest[0].request = requests[i];
		loop(4);
		assert_int_equal(restarts + stops, 0);
		assert_int_equal(guest[0].request, requests[i]);
		assert_int_equal(guest[0].state, GUEST_PAUSED);
		guest[0].state = GUEST_RUNNING;
		loop(1);
		assert_int_equal(restarts + stops, 1);
		assert_int_equal(guest[0].request, GUEST_REQ_NONE);
		assert_int_equal(dumps, requests[i] == GUEST_REQ_CRASH);
	}
}

/* The monitor is what remains when nobody is there to talk to: not while one is paused, but when all have ended. */
static void monitor_remains(void **state)
{
	guest[0].state = GUEST_PAUSED;
	guest[1].request = GUEST_REQ_POWEROFF;
	loop(1);
	assert_false(monitor);
	guest[0].state = GUEST_STOPPED;
	loop(1);
	assert_true(monitor);
}

static void runs_and_waits(void **state)
{
	picked = &guest[1];
	loop(3);
	assert_int_equal(runs, 3);
	assert_int_equal(gone_on, 3);
	assert_int_equal(idles, 0);
	picked = NULL;
	interrupts = 2;
	loop(1);
	assert_int_equal(idles, 1);
	assert_int_equal(interrupts, 0);	/* nobody else takes them */
}

#define T(f) cmocka_unit_test_setup(f, setup)

int main(void)
{
	const struct CMUnitTest tests[] = { T(restart_is_its_own_time), T(paused_guests_request_waits), T(monitor_remains), T(runs_and_waits) };

	return cmocka_run_group_tests(tests, NULL, NULL);
}
