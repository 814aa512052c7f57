// SPDX-License-Identifier: GPL-2.0-or-later
/* The board as far as a layout is judged by it: how much RAM, and which CPU paths and strategies are built in. No register answers. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <arm/cpu_path.h>
#include <arm/strategy.h>
#include <hv/alloc.h>
#include <hv/console.h>
#include <hv/entropy.h>
#include <hv/guest.h>
#include <hv/irq.h>
#include <hv/log.h>
#include <hv/uart.h>
#include <hv/vtimer.h>

#define RAM_BASE	0x80000000u
#define RAM_SIZE	0x20000000u

const struct host_mem *arch_host_mem(void)
{
	static const struct host_mem mem = {
		.ram_base = RAM_BASE, .ram_size = RAM_SIZE, .ram_full = RAM_SIZE, .umbra_base = RAM_BASE + RAM_SIZE - CONFIG_HYPERVISOR_SIZE,
		.heap_base = RAM_BASE + RAM_SIZE - CONFIG_HYPERVISOR_SIZE, .umbra_end = RAM_BASE + RAM_SIZE,
	};

	return &mem;
}

/* RAM as the board has it when it is switched on: what nothing was written to takes none of this computer's. */
static u8 *ram(void)
{
	static u8 *at;

	if (!at)
		at = mmap(NULL, RAM_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (at == MAP_FAILED)
		abort();
	return at;
}

void *hpa_ptr(hpa_t a) { return ram() + (a - RAM_BASE); }
hpa_t ptr_hpa(const void *p) { return RAM_BASE + (hpa_t)((const u8 *)p - ram()); }
void arch_dcache_flush_range(hpa_t start, u32 size) { }

void hv_log(enum log_level level, const char *fmt, ...)
{
	va_list ap;

	if (level != LOG_ERR)
		return;
	printf("mistake\t");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
}

void hv_panic(const char *fmt, ...)
{
	va_list ap;

	printf("mistake\tPANIC: ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	exit(1);
}

void *hv_alloc(u32 size, u32 align)
{
	void *p = aligned_alloc(align < sizeof(void *) ? sizeof(void *) : align, (size + 63) & ~63u);

	if (!p)
		abort();
	return memset(p, 0, size);
}

/* ---- CPU paths and strategies ---- */

/* PATHS and STRATEGIES come from the Makefile: PATH(trap) and so on, one for each that is built in. */
#define PATH(n)		static const struct cpu_path path_##n = { .name = #n }; CPU_PATH_REGISTER(path_##n);
#define STRATEGY(n)	static const struct shadow_ops strategy_##n = { .name = #n }; SHADOW_REGISTER(strategy_##n);
PATHS
STRATEGIES

int arch_vcpu_create(struct guest *g, const char *path, const char *shadow)
{
	struct strategy_missing missing;
	char why[CPU_PATH_WHY];

	if (!cpu_path_find(path, why, sizeof(why))) {
		layout_mistake(&g->cfg.at, "cpu-path", "%s", why);
		return -ENOENT;
	}
	if (shadow_strategy_find(shadow))
		return 0;
	shadow_strategy_missing(&missing, shadow);
	layout_mistake(&g->cfg.at, "shadow", STRATEGY_MISSING, STRATEGY_MISSING_ARGS(missing));
	return -ENOENT;
}

/* ---- what device types call only while a guest runs ---- */

bool arch_mmio_read_checked(hpa_t a, u32 size, u32 *v) { return false; }
bool arch_mmio_write_checked(hpa_t a, u32 size, u32 v) { return false; }
bool guest_audit_ram(const struct guest *g, const char *what, hpa_t hpa, u32 len) { return true; }
void *guest_mem_ptr(struct guest *g, gpa_t gpa, u32 len) { return NULL; }
void entropy_fill(void *to, u32 len) { }
void arch_vcpu_set_irq(struct vcpu *v, bool irq, bool fiq) { }
void arch_vcpu_written(struct vcpu *v, gpa_t gpa, u32 len) { }
void host_irqc_mask(u32 line) { }
void host_irqc_unmask(u32 line) { }
u32 host_irqc_levels(u32 bank) { return 0; }
void console_guest_detach(const struct guest *g) { }
bool console_guest_tx(struct console_port *p, u8 c) { return true; }
void console_guest_taken(struct console_port *p) { }
void console_guest_break(struct console_port *p, bool on) { }

/* Guests are created one after the other. */
struct console_port *console_guest_attach(struct guest *g, const struct console_guest_ops *ops, void *priv)
{
	static const struct guest *last;
	const struct guest *before = last;

	last = g;
	return g == before ? NULL : (struct console_port *)g;
}

volatile bool core_is_wanted;
void sched_join(struct guest *g) { }
void sched_unfinished(struct guest *g) { }
bool hv_log_allowed(u32 *run, u32 *said, u32 n) { return false; }
u32 host_time_now(void) { return 0; }
int host_timer_attach(void (*fn)(void *arg), void *arg) { return 0; }
void vtimer_init(struct vtimer *t, void (*fn)(void *arg), void *arg) { }
void vtimer_set(struct vtimer *t, u32 deadline) { }
void vtimer_cancel(struct vtimer *t) { }
void vtimers_forget(const void *from, u32 size) { }
void host_timer_forget(const void *from, u32 size) { }
void arch_vcpu_destroy(struct vcpu *v) { }

/* ---- lines that Umbra's drivers request: drivers/uart_omap.c, drivers/timer_omap.c ---- */

#define UART_IRQ	74u
#define GPT11_IRQ	47u

u32 host_uart_irq(void) { return UART_IRQ; }
bool host_irq_owned(u32 line) { return line == UART_IRQ || line == GPT11_IRQ; }
