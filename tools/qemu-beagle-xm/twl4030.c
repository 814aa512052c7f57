// SPDX-License-Identifier: GPL-2.0-or-later
/* TWL4030/TPS65950 companion chip on I2C: four register groups, real-time clock, power button, power-off. */

#include "qemu/osdep.h"
#include "qemu/bcd.h"
#include "qemu/bswap.h"
#include "qemu/log.h"
#include "qemu/notify.h"
#include "qemu/timer.h"
#include "hw/i2c/i2c.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "sysemu/cpus.h"
#include "sysemu/runstate.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define FIRST_ADDRESS 0x48
#define GROUPS 4

/* group << 8 | register */
#define USB_PHY_CLK_CTRL 0x0fe
#define USB_PHY_CLK_STS 0x0ff
#define PIH_ISR_P1 0x181
#define PIH_ISR_P2 0x182
#define IDCODE 0x185
#define MADC_CTRL1 0x200
#define MADC_SW1_SELECT 0x206	/* two bytes of one bit a channel */
#define MADC_SW2_SELECT 0x20a
#define MADC_CTRL_SW1 0x212
#define MADC_CTRL_SW2 0x213
#define MADC_CHANNEL0 0x237	/* two bytes each: the value is in the upper ten bits */
#define MADC_ISR1 0x261
#define MADC_IMR1 0x262
#define RTC_SECONDS 0x31c
#define RTC_ALARM_SECONDS 0x323
#define RTC_CTRL 0x329
#define RTC_STATUS 0x32a
#define RTC_INTERRUPTS 0x32b
#define PWR_ISR1 0x32e
#define PWR_IMR1 0x32f
#define PWR_SIH_CTRL 0x335
#define PM_P1_SW_EVENTS 0x346

#define PIH_MADC 0x08
#define PIH_POWER 0x20
#define MADC_ON 0x01
#define MADC_END_OF_CONVERSION 0x02
#define MADC_START 0x20
#define MADC_SW1 0x02		/* in MADC_ISR1 */
#define MADC_SW2 0x04
#define MADC_BATTERY 12		/* channel: a quarter of the supply, 1.5 V are 1023 */
#define MADC_4V2 716
#define PWR_BUTTON 0x01
#define PWR_RTC 0x08
#define SIH_CLEAR_ON_READ 0x04
#define RTC_RUN 0x01
#define RTC_STATUS_RUN 0x02
#define RTC_STATUS_ALARM 0x40
#define RTC_STATUS_POWER_UP 0x80
#define RTC_IT_TIMER 0x04
#define RTC_IT_ALARM 0x08
#define SW_EVENTS_DEVOFF 0x01
#define EPOCH_2000 946684800

OBJECT_DECLARE_SIMPLE_TYPE(Twl4030, TWL4030)

struct Twl4030 {
	I2CSlave parent_obj;
	qemu_irq irq;
	uint8_t reg[GROUPS << 8];
	unsigned int group;	/* of the transfer under way */
	uint8_t pointer;
	bool pointer_next;	/* the next byte written is the register number */
	uint64_t epoch;		/* Unix time that the clock shows at power on */
	int64_t rtc_base;	/* Unix time at virtual time rtc_from */
	int64_t rtc_from;
	QEMUTimer *rtc_timer;
	Notifier powerdown;
};

/* What the chip has and the machine keeps as plain storage; everything else is logged. */
static const struct range {
	uint16_t first, last;
} storage[] = {
	{ 0x000, 0x0ff },	/* USB transceiver */
	{ 0x100, 0x149 },	/* audio */
	{ 0x180, 0x197 },	/* PIH, INTBR */
	{ 0x198, 0x1c5 },	/* GPIO */
	{ 0x200, 0x2ff },	/* MADC, charger, interrupts, keypad, LED, PWM */
	{ 0x300, 0x3ff },	/* secured, backup, RTC, power interrupts, power master, power receivers */
};

/* ULPI registers of the USB group: each has a "set bits" register after it and a "clear bits" one after that. */
static const uint8_t set_clear[] = {
	0x04, 0x07, 0x0a, 0x0d, 0x10, 0x16, 0x19, 0x1c, 0x30, 0x33, 0x36, 0x39, 0x80, 0x83, 0x86, 0x89, 0xac, 0xaf,
};

static void log_if_unknown(unsigned int address, bool write, uint8_t value)
{
	g_autofree char *name = NULL;

	for (size_t i = 0; i < ARRAY_SIZE(storage); i++)
		if (address >= storage[i].first && address <= storage[i].last)
			return;
	name = g_strdup_printf("twl4030@%02x", FIRST_ADDRESS + (address >> 8));
	omap3_log_unimp(name, address & 0xff, write, value);
}

static void update(Twl4030 *s)
{
	uint8_t pih = s->reg[PWR_ISR1] & ~s->reg[PWR_IMR1] ? PIH_POWER : 0;

	if (s->reg[MADC_ISR1] & ~s->reg[MADC_IMR1])
		pih |= PIH_MADC;
	s->reg[PIH_ISR_P1] = pih;
	qemu_set_irq(s->irq, !!pih);
}

/* Real-time clock. Time is virtual time plus a fixed start, so that two runs show the same. */

static int64_t rtc_now(Twl4030 *s)
{
	if (!(s->reg[RTC_CTRL] & RTC_RUN))
		return s->rtc_base;
	return s->rtc_base + (qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL) - s->rtc_from) / NANOSECONDS_PER_SECOND;
}

static void rtc_to_registers(int64_t when, uint8_t *reg)
{
	g_autoptr(GDateTime) time = g_date_time_new_from_unix_utc(when);

	reg[0] = to_bcd(g_date_time_get_second(time));
	reg[1] = to_bcd(g_date_time_get_minute(time));
	reg[2] = to_bcd(g_date_time_get_hour(time));
	reg[3] = to_bcd(g_date_time_get_day_of_month(time));
	reg[4] = to_bcd(g_date_time_get_month(time));
	reg[5] = to_bcd(g_date_time_get_year(time) % 100);
}

/* Unix time, or fallback when the registers hold no date. */
static int64_t rtc_from_registers(const uint8_t *reg, int64_t fallback)
{
	g_autoptr(GDateTime) time =
		g_date_time_new_utc(2000 + from_bcd(reg[5]), from_bcd(reg[4]), from_bcd(reg[3]), from_bcd(reg[2]),
				    from_bcd(reg[1]), from_bcd(reg[0]));

	return time ? g_date_time_to_unix(time) : fallback;
}

static void rtc_schedule(Twl4030 *s)
{
	static const int period[4] = { 1, 60, 3600, 86400 };
	uint8_t enable = s->reg[RTC_INTERRUPTS];
	int64_t now = rtc_now(s), next = INT64_MAX;

	if (enable & RTC_IT_TIMER)
		next = now - now % period[enable & 3] + period[enable & 3];
	if (enable & RTC_IT_ALARM) {
		int64_t alarm = rtc_from_registers(&s->reg[RTC_ALARM_SECONDS], INT64_MAX);

		if (alarm > now)
			next = MIN(next, alarm);
	}
	if (next == INT64_MAX || !(s->reg[RTC_CTRL] & RTC_RUN))
		timer_del(s->rtc_timer);
	else
		timer_mod(s->rtc_timer, s->rtc_from + (next - s->rtc_base) * NANOSECONDS_PER_SECOND);
}

static void rtc_expired(void *opaque)
{
	Twl4030 *s = opaque;
	uint8_t enable = s->reg[RTC_INTERRUPTS];

	if ((enable & RTC_IT_ALARM) &&
	    rtc_from_registers(&s->reg[RTC_ALARM_SECONDS], INT64_MAX) == rtc_now(s))
		s->reg[RTC_STATUS] |= RTC_STATUS_ALARM;
	s->reg[PWR_ISR1] |= PWR_RTC;
	rtc_schedule(s);
	update(s);
}

static void rtc_write(Twl4030 *s, unsigned int address, uint8_t value)
{
	int64_t now = rtc_now(s);

	switch (address) {
	case RTC_STATUS:
		s->reg[RTC_STATUS] &= ~(value & (RTC_STATUS_ALARM | RTC_STATUS_POWER_UP));
		return;
	case RTC_SECONDS ... RTC_SECONDS + 5:
		rtc_to_registers(now, &s->reg[RTC_SECONDS]);
		s->reg[address] = value;
		now = rtc_from_registers(&s->reg[RTC_SECONDS], now);
		break;
	case RTC_CTRL:
		s->reg[RTC_CTRL] = value;
		break;
	default:
		s->reg[address] = value;
		rtc_schedule(s);
		return;
	}
	s->rtc_base = now;
	s->rtc_from = qemu_clock_get_ns(QEMU_CLOCK_VIRTUAL);
	rtc_schedule(s);
}

/* Analog to digital converter: the board has its supply and nothing else on it. */
static void convert(Twl4030 *s, unsigned int control, unsigned int select, uint8_t interrupt)
{
	uint32_t channels = s->reg[select] | s->reg[select + 1] << 8;

	if (!(s->reg[control] & MADC_START) || !(s->reg[MADC_CTRL1] & MADC_ON))
		return;
	for (unsigned int i = 0; i < 16; i++)
		if (channels & 1u << i)
			stw_le_p(&s->reg[MADC_CHANNEL0 + 2 * i], (i == MADC_BATTERY ? MADC_4V2 : 0) << 6);
	s->reg[control] = MADC_END_OF_CONVERSION;
	s->reg[MADC_ISR1] |= interrupt;
}

static uint8_t read_register(Twl4030 *s, unsigned int address)
{
	uint8_t value;

	log_if_unknown(address, false, 0);
	switch (address) {
	case USB_PHY_CLK_STS:
		return s->reg[USB_PHY_CLK_CTRL] & 1;	/* the PHY's DPLL locks at once */
	case RTC_SECONDS ... RTC_SECONDS + 5:
		rtc_to_registers(rtc_now(s), &s->reg[RTC_SECONDS]);
		return s->reg[address];
	case RTC_STATUS:
		return s->reg[address] | (s->reg[RTC_CTRL] & RTC_RUN ? RTC_STATUS_RUN : 0);
	case PWR_ISR1:
		value = s->reg[address];
		if (s->reg[PWR_SIH_CTRL] & SIH_CLEAR_ON_READ)
			s->reg[address] = 0;
		update(s);
		return value;
	default:
		return s->reg[address];
	}
}

static bool write_set_clear(Twl4030 *s, unsigned int address, uint8_t value)
{
	for (size_t i = 0; i < ARRAY_SIZE(set_clear); i++) {
		unsigned int base = set_clear[i];

		if (address == base + 1)
			s->reg[base] |= value;
		else if (address == base + 2)
			s->reg[base] &= ~value;
		else
			continue;
		s->reg[base + 1] = s->reg[base + 2] = s->reg[base];
		return true;
	}
	return false;
}

static void write_register(Twl4030 *s, unsigned int address, uint8_t value)
{
	log_if_unknown(address, true, value);
	switch (address) {
	case RTC_SECONDS ... RTC_INTERRUPTS:
		rtc_write(s, address, value);
		return;
	case PWR_ISR1:
	case MADC_ISR1:
		s->reg[address] &= ~value;
		break;
	case MADC_CTRL_SW1:
		s->reg[address] = value;
		convert(s, address, MADC_SW1_SELECT, MADC_SW1);
		break;
	case MADC_CTRL_SW2:
		s->reg[address] = value;
		convert(s, address, MADC_SW2_SELECT, MADC_SW2);
		break;
	case PIH_ISR_P1:
	case PIH_ISR_P2:
	case IDCODE ... IDCODE + 3:
		break;
	case PM_P1_SW_EVENTS:
		s->reg[address] = value & ~SW_EVENTS_DEVOFF;
		if (value & SW_EVENTS_DEVOFF) {
			qemu_system_shutdown_request(SHUTDOWN_CAUSE_GUEST_SHUTDOWN);
			cpu_stop_current();	/* not one instruction without power */
		}
		break;
	default:
		if (!write_set_clear(s, address, value))
			s->reg[address] = value;
	}
	update(s);
}

/* One device answers at four consecutive addresses; which one it was selects the register group. */
static bool twl4030_match(I2CSlave *slave, uint8_t address, bool broadcast, I2CNodeList *current)
{
	Twl4030 *s = TWL4030(slave);
	I2CNode *node;

	if (broadcast || address < FIRST_ADDRESS || address >= FIRST_ADDRESS + GROUPS)
		return false;
	s->group = address - FIRST_ADDRESS;
	node = g_new(I2CNode, 1);
	node->elt = slave;
	QLIST_INSERT_HEAD(current, node, next);
	return true;
}

static int twl4030_event(I2CSlave *slave, enum i2c_event event)
{
	if (event == I2C_START_SEND)
		TWL4030(slave)->pointer_next = true;
	return 0;
}

static uint8_t twl4030_recv(I2CSlave *slave)
{
	Twl4030 *s = TWL4030(slave);

	return read_register(s, s->group << 8 | s->pointer++);
}

static int twl4030_send(I2CSlave *slave, uint8_t data)
{
	Twl4030 *s = TWL4030(slave);

	if (s->pointer_next)
		s->pointer = data;
	else
		write_register(s, s->group << 8 | s->pointer++, data);
	s->pointer_next = false;
	return 0;
}

static void power_button(Notifier *notifier, void *data)
{
	Twl4030 *s = container_of(notifier, Twl4030, powerdown);

	s->reg[PWR_ISR1] |= PWR_BUTTON;
	update(s);
}

/* The chip is on its own supply: only a power cycle resets it, and that is what the first reset is. */
static void power_on(Twl4030 *s)
{
	static const uint8_t idcode[4] = { 0x2f, 0x80, 0x09, 0x20 };	/* TWL5030/TPS65950 1.2 */

	memcpy(&s->reg[IDCODE], idcode, sizeof(idcode));
	s->reg[PWR_IMR1] = 0xff;
	s->reg[RTC_STATUS] = RTC_STATUS_POWER_UP;
	s->rtc_base = s->epoch;
}

static void twl4030_reset(DeviceState *dev)
{
	Twl4030 *s = TWL4030(dev);

	s->reg[PWR_IMR1] = s->reg[MADC_IMR1] = 0xff;
	s->reg[PWR_ISR1] = s->reg[MADC_ISR1] = 0;
	update(s);
}

static void twl4030_realize(DeviceState *dev, Error **errp)
{
	Twl4030 *s = TWL4030(dev);

	s->rtc_timer = timer_new_ns(QEMU_CLOCK_VIRTUAL, rtc_expired, s);
	s->powerdown.notify = power_button;
	qemu_register_powerdown_notifier(&s->powerdown);
	qdev_init_gpio_out(dev, &s->irq, 1);
	power_on(s);
}

static Property twl4030_properties[] = {
	/* the board has no backup battery: like there, the clock starts in the year 2000, stopped */
	DEFINE_PROP_UINT64("epoch", Twl4030, epoch, EPOCH_2000),
	DEFINE_PROP_END_OF_LIST(),
};

static void twl4030_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);
	I2CSlaveClass *sc = I2C_SLAVE_CLASS(class);

	dc->reset = twl4030_reset;
	dc->realize = twl4030_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
	device_class_set_props(dc, twl4030_properties);
	sc->match_and_add = twl4030_match;
	sc->event = twl4030_event;
	sc->recv = twl4030_recv;
	sc->send = twl4030_send;
}

static const TypeInfo twl4030_type = {
	.name = TYPE_TWL4030,
	.parent = TYPE_I2C_SLAVE,
	.instance_size = sizeof(Twl4030),
	.class_init = twl4030_class_init,
};

static void twl4030_register(void)
{
	type_register_static(&twl4030_type);
}
type_init(twl4030_register)
