// SPDX-License-Identifier: GPL-2.0-or-later
/* UART: 16750-like with three register views selected by LCR, 64-byte receive FIFO; transmission takes no time. */

#include "qemu/osdep.h"
#include "chardev/char-fe.h"
#include "hw/irq.h"
#include "hw/qdev-properties.h"
#include "hw/qdev-properties-system.h"
#include "hw/sysbus.h"
#include "omap3_regs.h"
#include "beagle_xm.h"

#define FIFO_SIZE 64

/* Offsets 0x00-0x1c mean different registers in the three views; from 0x20 on there is one. */
#define UART_DATA 0x00		/* RHR/THR, or DLL */
#define UART_IER 0x04		/* or DLH */
#define UART_IIR_FCR 0x08	/* or EFR */
#define UART_LCR 0x0c
#define UART_MCR 0x10		/* or XON1 */
#define UART_LSR 0x14		/* or XON2 */
#define UART_MSR 0x18		/* or TCR or XOFF1 */
#define UART_SPR 0x1c		/* or TLR or XOFF2 */
#define UART_MDR1 0x20
#define UART_MDR2 0x24
#define UART_SFREG 0x28		/* four registers of the IrDA frame logic */
#define UART_BLR 0x38
#define UART_ACREG 0x3c
#define UART_SCR 0x40
#define UART_SSR 0x44
#define UART_EBLR 0x48
#define UART_MVR 0x50
#define UART_SYSC 0x54
#define UART_SYSS 0x58
#define UART_WER 0x5c
#define UART_CFPS 0x60
#define UART_RXFIFO_LVL 0x64
#define UART_TXFIFO_LVL 0x68

#define IER_RHR 0x01
#define IER_THR 0x02
#define IER_LINE 0x04
#define IIR_NONE 0x01
#define IIR_THR 0x02
#define IIR_RHR 0x04
#define IIR_LINE 0x06
#define IIR_TIMEOUT 0x0c
#define LSR_DATA 0x01
#define LSR_OVERRUN 0x02
#define LSR_BREAK 0x10	/* of the byte that is read next */
#define FIFO_BREAK 0x100
#define LSR_IDLE 0x60		/* THRE, TEMT */
#define MCR_LOOP 0x10
#define MCR_TCR_TLR 0x40
#define EFR_ENHANCED 0x10
#define LCR_VIEW_B 0xbf
#define LCR_VIEW_A 0x80
#define MDR1_DISABLED 7
#define MSR_CTS_DSR_DCD 0xb0

OBJECT_DECLARE_SIMPLE_TYPE(Omap3Uart, OMAP3_UART)

struct Omap3Uart {
	SysBusDevice parent_obj;
	MemoryRegion mmio;
	qemu_irq irq;
	CharBackend chr;
	uint16_t fifo[FIFO_SIZE];	/* bytes as received, or FIFO_BREAK */
	unsigned int fifo_head;
	unsigned int fifo_count;
	uint8_t ier, fcr, lcr, mcr, lsr_errors, spr;
	uint8_t dll, dlh, efr, tcr, tlr, xon_xoff[4];
	Omap3Regs regs;		/* 0x20 and up */
};

static const Omap3Reg uart_regs[] = {
	{ UART_MDR1, "MDR1", .reset = MDR1_DISABLED, .read_only = 0xffffff00 },
	{ UART_MDR2, "MDR2", .read_only = 0xffffff00 },
	{ UART_SFREG, "SFREG", .count = 4, .read_only = 0xffffff00 },
	{ UART_BLR, "BLR", .reset = 0x40, .read_only = 0xffffff00 },
	{ UART_ACREG, "ACREG", .read_only = 0xffffff00 },
	{ UART_SCR, "SCR", .read_only = 0xffffff00 },
	{ UART_SSR, "SSR", .reset = 4, .read_only = 0xfffffffb },
	{ UART_EBLR, "EBLR", .read_only = 0xffffff00 },
	{ UART_MVR, "MVR", .reset = 0x52, .read_only = ~0u },
	{ UART_SYSC, "SYSC", .pulse = 2, .read_only = 0xffffff00 },
	{ UART_SYSS, "SYSS", .reset = 1, .read_only = ~0u },
	{ UART_WER, "WER", .reset = 0x7f, .read_only = 0xffffff00 },
	{ UART_CFPS, "CFPS", .reset = 0x69, .read_only = 0xffffff00 },
	{ UART_RXFIFO_LVL, "RXFIFO_LVL", .read_only = ~0u },
	{ UART_TXFIFO_LVL, "TXFIFO_LVL", .read_only = ~0u },
	{ 0x6c, "IER2", .read_only = 0xfffffffc },
	{ 0x70, "ISR2", .reset = 3, .read_only = ~0u },
	{ 0x80, "MDR3", .read_only = 0xffffff00 },
};

/* Characters that must wait before the receive interrupt is a "data" one; below that it is a "time-out" one. */
static unsigned int receive_trigger(Omap3Uart *s)
{
	static const uint8_t by_fcr[4] = { 8, 16, 56, 60 };

	if (!(s->fcr & 1))
		return 1;
	if (s->tlr >> 4)
		return (s->tlr >> 4) * 4;
	return by_fcr[s->fcr >> 6];
}

static bool break_next(Omap3Uart *s)
{
	return s->fifo_count && s->fifo[s->fifo_head] == FIFO_BREAK;
}

static uint8_t interrupt_cause(Omap3Uart *s)
{
	if ((s->ier & IER_LINE) && (s->lsr_errors || break_next(s)))
		return IIR_LINE;
	if ((s->ier & IER_RHR) && s->fifo_count)
		return s->fifo_count >= receive_trigger(s) ? IIR_RHR : IIR_TIMEOUT;
	if (s->ier & IER_THR)
		return IIR_THR;	/* the transmitter is always empty */
	return IIR_NONE;
}

static void update(Omap3Uart *s)
{
	qemu_set_irq(s->irq, interrupt_cause(s) != IIR_NONE);
}

static void receive(Omap3Uart *s, const uint8_t *data, int length)
{
	for (int i = 0; i < length; i++) {
		if (s->fifo_count == FIFO_SIZE) {
			s->lsr_errors |= LSR_OVERRUN;
			break;
		}
		s->fifo[(s->fifo_head + s->fifo_count++) % FIFO_SIZE] = data[i];
	}
	update(s);
}

static uint8_t take_received(Omap3Uart *s)
{
	uint8_t data;

	if (!s->fifo_count)
		return 0;
	data = s->fifo[s->fifo_head] & 0xff;
	s->fifo_head = (s->fifo_head + 1) % FIFO_SIZE;
	s->fifo_count--;
	qemu_chr_fe_accept_input(&s->chr);
	return data;
}

static bool enabled(Omap3Uart *s)
{
	return (*omap3_reg(&s->regs, UART_MDR1) & 7) != MDR1_DISABLED;
}

static void transmit(Omap3Uart *s, uint8_t data)
{
	if (!enabled(s))
		return;
	if (s->mcr & MCR_LOOP)
		receive(s, &data, 1);
	else
		qemu_chr_fe_write_all(&s->chr, &data, 1);
}

static int chr_can_receive(void *opaque)
{
	Omap3Uart *s = opaque;

	return enabled(s) && !(s->mcr & MCR_LOOP) ? FIFO_SIZE - s->fifo_count : 0;
}

static void chr_receive(void *opaque, const uint8_t *data, int length)
{
	receive(opaque, data, length);
}

static void chr_event(void *opaque, QEMUChrEvent event)
{
	Omap3Uart *s = opaque;

	if (event == CHR_EVENT_BREAK && enabled(s) && s->fifo_count < FIFO_SIZE) {
		s->fifo[(s->fifo_head + s->fifo_count++) % FIFO_SIZE] = FIFO_BREAK;
		update(s);
	}
}

static bool tcr_tlr_visible(Omap3Uart *s)
{
	return (s->efr & EFR_ENHANCED) && (s->mcr & MCR_TCR_TLR);
}

/* The view with LCR = 0xbf: the enhanced feature register and the software flow control characters. */
static uint8_t *view_b_register(Omap3Uart *s, hwaddr offset)
{
	switch (offset) {
	case UART_DATA:
		return &s->dll;
	case UART_IER:
		return &s->dlh;
	case UART_IIR_FCR:
		return &s->efr;
	case UART_MSR:
		return tcr_tlr_visible(s) ? &s->tcr : &s->xon_xoff[2];
	case UART_SPR:
		return tcr_tlr_visible(s) ? &s->tlr : &s->xon_xoff[3];
	default:
		return &s->xon_xoff[(offset - UART_MCR) / 4];
	}
}

static uint8_t read_lsr(Omap3Uart *s)
{
	uint8_t lsr = LSR_IDLE | s->lsr_errors | (s->fifo_count ? LSR_DATA : 0) | (break_next(s) ? LSR_BREAK : 0);

	s->lsr_errors = 0;
	return lsr;
}

static uint8_t read_low(Omap3Uart *s, hwaddr offset)
{
	bool divisor = s->lcr & LCR_VIEW_A;

	if (offset == UART_LCR)
		return s->lcr;
	if (s->lcr == LCR_VIEW_B)
		return *view_b_register(s, offset);
	switch (offset) {
	case UART_DATA:
		return divisor ? s->dll : take_received(s);
	case UART_IER:
		return divisor ? s->dlh : s->ier;
	case UART_IIR_FCR:
		return interrupt_cause(s) | ((s->fcr & 1) ? 0xc0 : 0);
	case UART_MCR:
		return s->mcr;
	case UART_LSR:
		return read_lsr(s);
	case UART_MSR:
		return tcr_tlr_visible(s) ? s->tcr : MSR_CTS_DSR_DCD;
	default:
		return tcr_tlr_visible(s) ? s->tlr : s->spr;
	}
}

static void write_fcr(Omap3Uart *s, uint8_t value)
{
	s->fcr = value & ~6;
	if (value & 2) {
		s->fifo_count = 0;
		qemu_chr_fe_accept_input(&s->chr);
	}
}

/* IER[7:4], MCR[7:5] can be changed only with enhanced features on. */
static uint8_t merge_enhanced(Omap3Uart *s, uint8_t old, uint8_t value, uint8_t protected)
{
	return s->efr & EFR_ENHANCED ? value : (old & protected) | (value & ~protected);
}

static void write_low(Omap3Uart *s, hwaddr offset, uint8_t value)
{
	bool divisor = s->lcr & LCR_VIEW_A;

	if (offset == UART_LCR) {
		s->lcr = value;
		return;
	}
	if (s->lcr == LCR_VIEW_B) {
		*view_b_register(s, offset) = value;
		return;
	}
	switch (offset) {
	case UART_DATA:
		if (divisor)
			s->dll = value;
		else
			transmit(s, value);
		break;
	case UART_IER:
		if (divisor)
			s->dlh = value;
		else
			s->ier = merge_enhanced(s, s->ier, value, 0xf0);
		break;
	case UART_IIR_FCR:
		write_fcr(s, value);
		break;
	case UART_MCR:
		s->mcr = merge_enhanced(s, s->mcr, value, 0xe0);
		break;
	case UART_MSR:
		if (tcr_tlr_visible(s))
			s->tcr = value;
		break;
	case UART_SPR:
		if (tcr_tlr_visible(s))
			s->tlr = value;
		else
			s->spr = value;
		break;
	}
}

static uint64_t uart_read(void *opaque, hwaddr offset, unsigned size)
{
	Omap3Uart *s = opaque;
	uint64_t value;

	if (offset < UART_MDR1) {
		value = offset & 3 ? 0 : read_low(s, offset);
		update(s);
		return value;
	}
	if (offset == UART_RXFIFO_LVL)
		return s->fifo_count;
	return omap3_regs_read(&s->regs, offset, size);
}

static void restart(Omap3Uart *s)
{
	s->fifo_count = 0;
	s->ier = s->fcr = s->lcr = s->mcr = s->lsr_errors = s->spr = 0;
	s->dll = s->dlh = s->efr = s->tlr = 0;
	s->tcr = 0x0f;
	memset(s->xon_xoff, 0, sizeof(s->xon_xoff));
	omap3_regs_reset(&s->regs);
}

static void uart_write(void *opaque, hwaddr offset, uint64_t value, unsigned size)
{
	Omap3Uart *s = opaque;

	if (offset < UART_MDR1) {
		if (!(offset & 3))
			write_low(s, offset, value);
	} else if (omap3_regs_write(&s->regs, offset, value, size) & 2 && offset == UART_SYSC) {
		restart(s);
	} else if (offset == UART_MDR1) {
		qemu_chr_fe_accept_input(&s->chr);
	}
	update(s);
}

static const MemoryRegionOps uart_ops = {
	.read = uart_read,
	.write = uart_write,
	.endianness = DEVICE_LITTLE_ENDIAN,
};

static void uart_reset(DeviceState *dev)
{
	Omap3Uart *s = OMAP3_UART(dev);

	restart(s);
	update(s);
}

static void uart_realize(DeviceState *dev, Error **errp)
{
	Omap3Uart *s = OMAP3_UART(dev);

	omap3_regs_init(&s->regs, omap3_block_name(dev), uart_regs, ARRAY_SIZE(uart_regs), 0x1000);
	qemu_chr_fe_set_handlers(&s->chr, chr_can_receive, chr_receive, chr_event, NULL, s, NULL, true);
}

static void uart_init(Object *obj)
{
	Omap3Uart *s = OMAP3_UART(obj);

	memory_region_init_io(&s->mmio, obj, &uart_ops, s, "uart", 0x1000);
	sysbus_init_mmio(SYS_BUS_DEVICE(obj), &s->mmio);
	sysbus_init_irq(SYS_BUS_DEVICE(obj), &s->irq);
}

static Property uart_properties[] = {
	DEFINE_PROP_CHR("chardev", Omap3Uart, chr),
	DEFINE_PROP_END_OF_LIST(),
};

static void uart_class_init(ObjectClass *class, void *data)
{
	DeviceClass *dc = DEVICE_CLASS(class);

	dc->reset = uart_reset;
	dc->realize = uart_realize;
	dc->vmsd = &omap3_vmstate_unmigratable;
	device_class_set_props(dc, uart_properties);
}

static const TypeInfo uart_type = {
	.name = TYPE_OMAP3_UART,
	.parent = TYPE_SYS_BUS_DEVICE,
	.instance_size = sizeof(Omap3Uart),
	.instance_init = uart_init,
	.class_init = uart_class_init,
};

static void uart_register(void)
{
	type_register_static(&uart_type);
}
type_init(uart_register)
