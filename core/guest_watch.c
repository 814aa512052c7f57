/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Guests in trouble: accesses to nothing, kernel arguments that lead there, resets and aborts without end, and silence after the start. */
#include <string.h>

#include <arch/cpu.h>
#include <arch/vcpu.h>
#include <hv/console.h>
#include <hv/guest.h>
#include <hv/guest_watch.h>
#include <hv/layout.h>
#include <hv/log.h>
#include <hv/passthrough.h>
#include <hv/time.h>

#define SILENCE_S	30u	/* without a sign of life either: longer than any kernel calculates between two of them, on any path */
#define STORM_S		4u	/* with nothing but exceptions, */
#define STORM_RATE	1000u	/* so many or more in each second */
#define STILL_S		4u	/* in one place, with interrupts masked: it waits for nothing that could come */

void guest_watch_start(struct guest *g)
{
	g->watch.silent = 0;
	g->watch.characters = console_guest_characters(g);
	g->watch.silence_said = false;
	g->watch.still = 0;
	g->watch.storm = 0;
	g->watch.storm_said = false;
	g->watch.exceptions = g->vcpu ? arch_vcpu_exceptions(g->vcpu) : 0;
}

/*
 * A guest that has run well may end in a handler that faults itself, again and again. No other work consists of so many aborts and undefined
 * instructions without a system call, an access to a device or a pause in between.
 */
static void look_for_storm(struct guest *g, bool lives)
{
	struct guest_watch *w = &g->watch;
	u32 now = arch_vcpu_exceptions(g->vcpu), more = now - w->exceptions;

	w->exceptions = now;
	w->storm = more >= STORM_RATE && !lives ? w->storm + 1 : 0;
	if (w->storm < STORM_S || w->storm_said)
		return;
	w->storm_said = true;
	pr_warn("guest %s: nothing but exceptions for %u s, %lu in the last one\n", g->name, STORM_S, (unsigned long)more);
	arch_vcpu_trouble(g->vcpu);
}

/*
 * A guest that says nothing may do so on purpose. One that has never said a word is lost when it takes aborts and interrupts at most (no
 * waiting, no system call, no device), and sooner when it does not even get on. Its own time counts: one that a debugger holds, or that others leave
 * little of the processor, stands without being lost.
 */
static void look_for_silence(struct guest *g, bool lives)
{
	struct guest_watch *w = &g->watch;
	const u32 ran = g->share.ticks_per_second;

	if (w->silence_said || passthrough_has_console(g) || w->characters != console_guest_characters(g))
		return;
	w->still = arch_vcpu_still(g->vcpu) && !lives ? w->still + ran : 0;
	w->silent = lives ? 0 : w->silent + ran;
	if (w->still < STILL_S * TIME_HZ && w->silent < SILENCE_S * TIME_HZ)
		return;
	w->silence_said = true;
	if (w->still >= STILL_S * TIME_HZ)
		pr_warn("guest %s: not a word on its console, and it loops in one place with interrupts masked\n", g->name);
	else
		pr_warn("guest %s: not a word on its console since its start, and no sign of life for %u s\n", g->name, SILENCE_S);
	arch_vcpu_trouble(g->vcpu);
}

static void tick(void *arg)
{
	bool lives;

	(void)arg;
	for (struct guest *g = guest_first(); g; g = g->next) {
		if (g->state != GUEST_RUNNING)
			continue;
		lives = arch_vcpu_lives(g->vcpu);
		look_for_storm(g, lives);
		look_for_silence(g, lives);
	}
}

void guest_watch_init(void)
{
	if (host_timer_attach(tick, NULL))
		pr_warn("guests that say nothing are not noticed: no host timer\n");
}

void guest_watch_reset(struct guest *g)
{
	struct guest_watch *w = &g->watch;
	u32 now = host_time_now();

	w->resets_unsaid++;
	if (w->reset_said && now - w->reset_at < TIME_HZ)
		return;
	if (w->resets_unsaid > 1)
		pr_info("guest %s: reset: %s (%lu resets since the last such message)\n", g->name, g->reason, (unsigned long)w->resets_unsaid);
	else
		pr_info("guest %s: reset: %s\n", g->name, g->reason);
	w->reset_said = true;
	w->reset_at = now;
	w->resets_unsaid = 0;
}

bool guest_watch_is_host_ram(const struct guest *g, gpa_t gpa)
{
	const struct host_mem *m = arch_host_mem();

	return !g->cfg.by_size && passed_hpa(gpa) - m->ram_base < m->ram_size;
}

void guest_watch_nothing(struct guest *g, gpa_t gpa, u32 pc)
{
	if (!guest_watch_is_host_ram(g, gpa))
		pr_guest(8, "guest %s: nothing at physical 0x%08lx (pc 0x%08lx): external abort\n", g->name, (unsigned long)gpa, (unsigned long)pc);
	else
		pr_guest(8, "guest %s: physical 0x%08lx is Umbra's RAM (pc 0x%08lx): external abort. Its own is 0x%08lx+0x%lx; is there a mem= in its arguments?\n",
			 g->name, (unsigned long)gpa, (unsigned long)pc, (unsigned long)g->cfg.mem_base, (unsigned long)g->cfg.mem_size);
}

/* A number with its suffix, as Linux's memparse() reads it; *@s goes on behind it. */
static u64 parse_size(const char **s)
{
	static const char suffix[] = "kmg";
	u32 base = 10, digit;
	const char *at;
	u64 v = 0;

	if ((*s)[0] == '0' && ((*s)[1] | 0x20) == 'x') {
		base = 16;
		*s += 2;
	}
	for (;; ++*s) {
		char c = **s, low = (char)(c | 0x20);

		digit = c >= '0' && c <= '9' ? (u32)(c - '0') : low >= 'a' && low <= 'f' ? (u32)(low - 'a' + 10) : base;
		if (digit >= base)
			break;
		v = v * base + digit;
	}
	at = **s ? strchr(suffix, **s | 0x20) : NULL;
	if (at) {
		v <<= 10 * (at - suffix + 1);
		++*s;
	}
	return v;
}

/* A word of the command line for a message: what a terminal would act upon is not in it. */
#define ARG_SHOWN	48u

static const char *show_arg(char *out, const char *arg)
{
	char word[ARG_SHOWN + 1];
	u32 n = (u32)MIN(strcspn(arg, " "), ARG_SHOWN);

	memcpy(word, arg, n);
	word[n] = 0;
	return show_text(out, ARG_SHOWN + 1, word);
}

static void check_mem(struct guest *g, const char *arg, const char *value)
{
	const gpa_t base = g->cfg.mem_base;
	u64 size = parse_size(&value), start = base;
	char shown[ARG_SHOWN + 1];

	if (*value == '@') {
		value++;
		start = parse_size(&value);
	}
	if (start < base || start + size > (u64)base + g->cfg.mem_size)
		pr_guest(4, "guest %s: kernel argument %s is not in the guest's memory, 0x%08lx+0x%lx\n", g->name, show_arg(shown, arg),
			 (unsigned long)base, (unsigned long)g->cfg.mem_size);
}

/* The kernel believes it more than what it is handed over. */
static void check_initrd(struct guest *g, const char *arg, const char *value)
{
	const struct layout_file *f = &g->cfg.initrd;
	char shown[ARG_SHOWN + 1];

	if (f->size)
		pr_guest(4, "guest %s: kernel argument %s takes the place of the layout's initrd, file \"%s\"\n", g->name, show_arg(shown, arg), SHOWN(f->name));
	else
		pr_guest(4, "guest %s: kernel argument %s: the layout has no initrd, nothing is loaded there\n", g->name, show_arg(shown, arg));
}

void guest_watch_args(struct guest *g, const char *args)
{
	static const struct {
		const char *name;
		void (*check)(struct guest *g, const char *arg, const char *value);
	} known[] = { { "mem=", check_mem }, { "initrd=", check_initrd } };

	for (const char *s = args; s && *s; s += strcspn(s, " ")) {
		s += strspn(s, " ");
		for (u32 i = 0; i < ARRAY_SIZE(known); i++)
			if (!strncmp(s, known[i].name, strlen(known[i].name)))
				known[i].check(g, s, s + strlen(known[i].name));
	}
}
