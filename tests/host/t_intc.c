/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The emulated interrupt controller: levels, masks, held lines, priorities, FIQ, spurious results. */
/* SOURCES: emulators/omap3_intc.c tests/host/fake/emudev.c tests/host/fake/log.c tests/host/fake/vcpu.c tests/host/fake/irqc.c tests/host/fake/arch.c */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/irq.h>

#include "fake.h"

#define SIR_IRQ		0x40
#define SIR_FIQ		0x44
#define CONTROL		0x48
#define THRESHOLD	0x68
#define ITR(b)		(0x80 + 0x20 * (b))
#define MIR(b)		(0x84 + 0x20 * (b))
#define MIR_CLEAR(b)	(0x88 + 0x20 * (b))
#define MIR_SET(b)	(0x8c + 0x20 * (b))
#define ISR_SET(b)	(0x90 + 0x20 * (b))
#define ISR_CLEAR(b)	(0x94 + 0x20 * (b))
#define PENDING_IRQ(b)	(0x98 + 0x20 * (b))
#define PENDING_FIQ(b)	(0x9c + 0x20 * (b))
#define ILR(l)		(0x100 + 4 * (l))
#define SPURIOUS	0xffffff80u

#define TIMER		37u	/* passed through */
#define UART		74u	/* emulated */
#define MMC		83u	/* passed through */

static struct guest guest;
static struct emudev dev;

static u32 rd(u32 offset)
{
	struct mmio_access a = { .offset = offset, .size = 4 };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_DONE);
	return a.value;
}

static void wr(u32 offset, u32 value)
{
	struct mmio_access a = { .offset = offset, .size = 4, .is_write = true, .value = value };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_DONE);
}

static void unmask(u32 line)
{
	wr(MIR_CLEAR(line / 32), BIT(line % 32));
}

static void mask(u32 line)
{
	wr(MIR_SET(line / 32), BIT(line % 32));
}

/* The line goes up and, if the host has it open, its interrupt is taken as core/irq.c does it. */
static bool raise(u32 line)
{
	fake_irq_level[line] = true;
	if (fake_irq_masked[line])
		return false;
	host_irqc_mask(line);
	guest.irqchip->host_irq(guest.irqchip_priv, line);
	return true;
}

static int setup(void **state)
{
	fake_arch_reset();
	fake_log_reset();
	memset(fake_irq_level, 0, sizeof(fake_irq_level));
	memset(&fake_vcpu, 0, sizeof(fake_vcpu));
	host_irqc_init();
	memset(&guest, 0, sizeof(guest));
	guest.name = "t";
	guest.vcpu = (struct vcpu *)&fake_vcpu;
	guest.pt_irqs[TIMER / 32] |= BIT(TIMER % 32);
	guest.pt_irqs[MMC / 32] |= BIT(MMC % 32);
	memset(&dev, 0, sizeof(dev));
	dev.type = emudev_find_type("umbra,omap3-intc");
	assert_non_null(dev.type);
	dev.name = "intc";
	dev.guest = &guest;
	dev.irq = ~0u;
	dev.priv = calloc(1, dev.type->state_size);
	assert_int_equal(dev.type->create(&dev, NULL), 0);
	dev.type->reset(&dev);
	return 0;
}

static int teardown(void **state)
{
	free(dev.priv);
	return 0;
}

static void reset_state(void **state)
{
	assert_int_equal(rd(0x00), 0x40);
	assert_int_equal(rd(0x14), 1);
	for (u32 b = 0; b < 3; b++)
		assert_int_equal(rd(MIR(b)), 0xffffffff);
	assert_int_equal(rd(THRESHOLD), 0xff);
	assert_int_equal(rd(SIR_IRQ), SPURIOUS);
	assert_int_equal(rd(SIR_FIQ), SPURIOUS);
	assert_false(fake_vcpu.irq);
	assert_true(fake_irq_masked[TIMER]);
}

/* The host's mask follows the guest's, for passed-through lines only. */
static void host_mask_follows(void **state)
{
	wr(MIR(1), 0);
	wr(MIR(2), 0);
	assert_false(fake_irq_masked[TIMER]);
	assert_false(fake_irq_masked[MMC]);
	for (u32 line = 0; line < 96; line++)
		if (line != TIMER && line != MMC)
			assert_true(fake_irq_masked[line]);
	mask(TIMER);
	assert_true(fake_irq_masked[TIMER]);
	dev.type->reset(&dev);
	assert_true(fake_irq_masked[MMC]);
	/* A reset closes the guest's lines whatever the host's mask was. */
	fake_irq_masked[MMC] = false;
	dev.type->reset(&dev);
	assert_true(fake_irq_masked[MMC]);
}

/* Linux: read SIR, mask, acknowledge, handler silences the device, unmask. */
static void linux_sequence(void **state)
{
	unmask(TIMER);
	assert_true(raise(TIMER));
	assert_true(fake_vcpu.irq);
	assert_int_equal(rd(SIR_IRQ), TIMER);
	mask(TIMER);
	wr(CONTROL, 1);
	assert_false(fake_vcpu.irq);
	fake_irq_level[TIMER] = false;
	unmask(TIMER);
	assert_false(fake_vcpu.irq);
	assert_false(fake_irq_masked[TIMER]);
	assert_int_equal(rd(SIR_IRQ), SPURIOUS);
	/* and once more: it can fire again */
	assert_true(raise(TIMER));
	assert_int_equal(rd(SIR_IRQ), TIMER);
}

/* The device still asks when the guest unmasks: pending again at once, the host stays masked. */
static void still_high(void **state)
{
	unmask(TIMER);
	raise(TIMER);
	rd(SIR_IRQ);
	mask(TIMER);
	wr(CONTROL, 1);
	unmask(TIMER);
	assert_true(fake_vcpu.irq);
	assert_true(fake_irq_masked[TIMER]);
	assert_int_equal(rd(SIR_IRQ), TIMER);
	fake_irq_level[TIMER] = false;
	wr(CONTROL, 1);
	assert_false(fake_vcpu.irq);
	assert_false(fake_irq_masked[TIMER]);
}

/* A guest that serves the device with interrupts off, without touching the controller: no interrupt is left. */
static void served_without_us(void **state)
{
	unmask(TIMER);
	raise(TIMER);
	assert_true(fake_vcpu.irq);
	fake_irq_level[TIMER] = false;
	guest.irqchip->resample(guest.irqchip_priv);
	assert_false(fake_vcpu.irq);
	assert_false(fake_irq_masked[TIMER]);
}

/* A line that fires while it is being masked stays pending until it is unmasked; nothing is lost. */
static void held_while_masked(void **state)
{
	unmask(TIMER);
	raise(TIMER);
	mask(TIMER);
	assert_false(fake_vcpu.irq);
	assert_int_equal(rd(PENDING_IRQ(1)), 0);
	assert_int_equal(rd(ITR(1)) & BIT(TIMER % 32), BIT(TIMER % 32));
	unmask(TIMER);
	assert_true(fake_vcpu.irq);
}

/* High before it was ever open: opening it at the host makes the host interrupt come. */
static void high_before_unmask(void **state)
{
	assert_false(raise(TIMER));
	unmask(TIMER);
	assert_false(fake_irq_masked[TIMER]);
	assert_int_equal(rd(PENDING_IRQ(1)), BIT(TIMER % 32));
	assert_int_equal(rd(SIR_IRQ), TIMER);
}

static void emulated_line(void **state)
{
	unmask(UART);
	assert_true(fake_irq_masked[UART]);
	emudev_set_irq(&dev, UART, true);
	assert_true(fake_vcpu.irq);
	assert_int_equal(rd(SIR_IRQ), UART);
	mask(UART);
	wr(CONTROL, 1);
	assert_false(fake_vcpu.irq);
	unmask(UART);
	assert_true(fake_vcpu.irq);
	emudev_set_irq(&dev, UART, false);
	assert_false(fake_vcpu.irq);
}

static void software_interrupt(void **state)
{
	unmask(5);
	wr(ISR_SET(0), BIT(5));
	assert_true(fake_vcpu.irq);
	assert_int_equal(rd(SIR_IRQ), 5);
	assert_int_equal(rd(ISR_SET(0)), BIT(5));
	wr(ISR_CLEAR(0), BIT(5));
	assert_true(fake_vcpu.irq);	/* taken: stands until the agreement */
	wr(CONTROL, 1);
	assert_false(fake_vcpu.irq);
}

static void priorities(void **state)
{
	unmask(3);
	unmask(9);
	unmask(UART);
	wr(ILR(3), 10 << 2);
	wr(ILR(9), 4 << 2);
	wr(ILR(UART), 4 << 2);
	wr(ISR_SET(0), BIT(3) | BIT(9));
	emudev_set_irq(&dev, UART, true);
	assert_int_equal(rd(SIR_IRQ), 9);
	assert_int_equal(rd(0x60), 4);
	wr(ISR_CLEAR(0), BIT(9));
	assert_int_equal(rd(SIR_IRQ), 9);
	wr(CONTROL, 1);
	assert_int_equal(rd(SIR_IRQ), UART);
	emudev_set_irq(&dev, UART, false);
	wr(CONTROL, 1);
	assert_int_equal(rd(SIR_IRQ), 3);
	/* A threshold lets only better priorities through. */
	wr(THRESHOLD, 10);
	wr(CONTROL, 1);
	assert_false(fake_vcpu.irq);
	assert_int_equal(rd(SIR_IRQ), SPURIOUS);
	wr(THRESHOLD, 11);
	assert_true(fake_vcpu.irq);
}

static void fiq_routing(void **state)
{
	unmask(TIMER);
	unmask(5);
	wr(ILR(TIMER), 1);
	raise(TIMER);
	assert_false(fake_vcpu.irq);
	assert_true(fake_vcpu.fiq);
	wr(ISR_SET(0), BIT(5));
	assert_true(fake_vcpu.irq);
	assert_int_equal(rd(SIR_FIQ), TIMER);
	assert_int_equal(rd(SIR_IRQ), 5);
	assert_int_equal(rd(PENDING_FIQ(1)), BIT(TIMER % 32));
	assert_int_equal(rd(PENDING_IRQ(1)), 0);
	fake_irq_level[TIMER] = false;
	wr(CONTROL, 1);
	assert_true(fake_vcpu.fiq);	/* only the FIQ agreement ends it */
	wr(CONTROL, 2);
	assert_false(fake_vcpu.fiq);
}

static void soft_reset(void **state)
{
	unmask(TIMER);
	wr(ILR(TIMER), 0x20);
	raise(TIMER);
	wr(0x10, 2);
	assert_int_equal(rd(MIR(1)), 0xffffffff);
	assert_int_equal(rd(ILR(TIMER)), 0);
	assert_int_equal(rd(0x10), 0);
	assert_true(fake_irq_masked[TIMER]);
	assert_false(fake_vcpu.irq);
	unmask(TIMER);
	assert_true(fake_vcpu.irq);	/* the device still asks */
}

static void bad_accesses(void **state)
{
	struct mmio_access a = { .offset = SIR_IRQ, .size = 2 };

	assert_int_equal(dev.type->access(&dev, &a), MMIO_ERROR);
	wr(SIR_IRQ, 5);
	assert_int_equal(rd(0xffc), 0);
	assert_int_equal(rd(0x280), 0);
	assert_int_equal(rd(0xe0), 0);
	wr(MIR_CLEAR(2), 0);
	guest.irqchip->host_irq(guest.irqchip_priv, 96);
	guest.irqchip->set_line(guest.irqchip_priv, ~0u, true);
	assert_false(fake_vcpu.irq);
	assert_int_not_equal(dev.type->create(&dev, &(struct layout_dev){ .node = "second" }), 0);
	assert_non_null(strstr(fake_log_text, "has an interrupt controller already"));
}

/* Random accesses and line changes: nothing that is open at the host is held or masked by the guest. */
static void random_walk(void **state)
{
	srand(1);
	for (u32 n = 0; n < 200000; n++) {
		static const u32 lines[] = { TIMER, MMC, UART, 5 };
		u32 line = lines[rand() % 4];

		switch (rand() % 8) {
		case 0: raise(line); break;
		case 1: fake_irq_level[line] = false; break;
		case 2: mask(line); break;
		case 3: unmask(line); break;
		case 4: wr(CONTROL, rand() & 3); break;
		case 5: rd(SIR_IRQ); break;
		case 6: wr(ILR(line), rand()); break;
		case 7: guest.irqchip->resample(guest.irqchip_priv); break;
		}
		for (u32 i = 0; i < 2; i++) {
			bool guest_masked = rd(MIR(lines[i] / 32)) & BIT(lines[i] % 32);

			if (guest_masked)
				assert_true(fake_irq_masked[lines[i]]);
			/* never deaf: open for the guest, low, looked at: open at the host */
			if (!guest_masked && !fake_irq_level[lines[i]]) {
				guest.irqchip->resample(guest.irqchip_priv);
				assert_false(fake_irq_masked[lines[i]]);
			}
		}
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(reset_state, setup, teardown),
		cmocka_unit_test_setup_teardown(host_mask_follows, setup, teardown),
		cmocka_unit_test_setup_teardown(linux_sequence, setup, teardown),
		cmocka_unit_test_setup_teardown(still_high, setup, teardown),
		cmocka_unit_test_setup_teardown(served_without_us, setup, teardown),
		cmocka_unit_test_setup_teardown(held_while_masked, setup, teardown),
		cmocka_unit_test_setup_teardown(high_before_unmask, setup, teardown),
		cmocka_unit_test_setup_teardown(emulated_line, setup, teardown),
		cmocka_unit_test_setup_teardown(software_interrupt, setup, teardown),
		cmocka_unit_test_setup_teardown(priorities, setup, teardown),
		cmocka_unit_test_setup_teardown(fiq_routing, setup, teardown),
		cmocka_unit_test_setup_teardown(soft_reset, setup, teardown),
		cmocka_unit_test_setup_teardown(bad_accesses, setup, teardown),
		cmocka_unit_test_setup_teardown(random_walk, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
