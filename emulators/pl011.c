// SPDX-License-Identifier: GPL-2.0-or-later
/* The virtual machine's UART: ARM's PL011 (DDI 0183), revision r1p5 with FIFOs of 32 characters. The wire is Umbra's console. */

/*
 * Deviations, all chosen so that a guest never loses a character or waits for a line that does not exist:
 * - A character counts as sent when the console has taken it, whether transmitter and UART are enabled or not; baud rates read back only.
 * - Received characters wait behind the FIFO in a backlog, as if the sender had been slower, and when that is full in the real UART's FIFO.
 * - A character that waits below the trigger level has waited long enough: the timeout interrupt comes at once.
 * - Modem lines (CTS, DSR and DCD are always asserted), infrared and DMA read back but do nothing.
 */

#include <hv/console.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/guest_fdt.h>
#include <hv/layout.h>
#include <hv/log.h>

#define FIFO_SIZE	32u
#define BACKLOG		4096u	/* power of two; what is first in it the guest sees as its FIFO */

#define DR		0x00u
#define RSR		0x04u
#define FR		0x18u
#define ILPR		0x20u
#define IBRD		0x24u
#define FBRD		0x28u
#define LCRH		0x2cu
#define CR		0x30u
#define IFLS		0x34u
#define IMSC		0x38u
#define RIS		0x3cu
#define MIS		0x40u
#define ICR		0x44u
#define DMACR		0x48u
#define ID_FIRST	0xfe0u

#define DR_FE		BIT(8)
#define DR_BE		BIT(10)
#define DR_OE		BIT(11)
#define FR_CTS_DSR_DCD	7u
#define FR_BUSY		BIT(3)
#define FR_RXFE		BIT(4)
#define FR_TXFF		BIT(5)
#define FR_RXFF		BIT(6)
#define FR_TXFE		BIT(7)
#define LCRH_BRK	BIT(0)
#define LCRH_FEN	BIT(4)
#define CR_LBE		BIT(7)
#define CR_RESET	0x300u
#define IFLS_RESET	0x12u
#define INT_RX		BIT(4)
#define INT_TX		BIT(5)
#define INT_RT		BIT(6)
#define INT_FE		BIT(7)
#define INT_BE		BIT(9)
#define INT_OE		BIT(10)

struct pl011 {
	struct emudev *dev;
	struct console_port *port;
	u32 rsr, ilpr, ibrd, fbrd, lcrh, cr, ifls, imsc, ris, dmacr;
	bool line;		/* level last driven to the interrupt controller */
	bool breaking;		/* the guest holds its line */
	bool overrun;		/* what comes next stands behind a loss */
	u32 rx_head, rx_tail, tx_head, tx_tail;	/* free running */
	u8 tx[FIFO_SIZE];
	u16 rx[BACKLOG];
};

static u32 rx_count(const struct pl011 *s)
{
	return s->rx_head - s->rx_tail;
}

static u32 tx_count(const struct pl011 *s)
{
	return s->tx_head - s->tx_tail;
}

/* Without FIFOs each is one character deep. */
static u32 depth(const struct pl011 *s)
{
	return s->lcrh & LCRH_FEN ? FIFO_SIZE : 1;
}

/* Characters of a trigger level: eighths of the FIFO. */
static u32 trigger(const struct pl011 *s, u32 level)
{
	static const u8 eighths[8] = { 1, 2, 4, 6, 7, 7, 7, 7 };

	return s->lcrh & LCRH_FEN ? FIFO_SIZE / 8 * eighths[level & 7] : 1;
}

static void update_line(struct pl011 *s)
{
	bool level = s->ris & s->imsc;

	if (level == s->line || s->dev->irq == ~0u)
		return;
	s->line = level;
	emudev_set_irq(s->dev, s->dev->irq, level);
}

/* The receive interrupts are levels of the FIFO, but for what ICR has cleared: called when a character came or went. */
static void rx_changed(struct pl011 *s)
{
	s->ris &= ~(INT_RX | INT_RT);
	if (rx_count(s) >= trigger(s, s->ifls >> 3))
		s->ris |= INT_RX;
	if (rx_count(s))
		s->ris |= INT_RT;
}

static void rx_push(struct pl011 *s, u16 c)
{
	if (rx_count(s) == BACKLOG) {
		s->overrun = true;
		s->ris |= INT_OE;
		return;
	}
	if (s->overrun)
		c |= DR_OE;
	s->overrun = false;
	if (c & DR_BE)
		s->ris |= INT_BE | INT_FE;
	s->rx[s->rx_head++ % BACKLOG] = c;
	rx_changed(s);
}

static u32 rx_pop(struct pl011 *s)
{
	u16 c;

	if (!rx_count(s))
		return 0;
	c = s->rx[s->rx_tail++ % BACKLOG];
	s->rsr = c >> 8;
	rx_changed(s);
	console_guest_taken(s->port);
	return c;
}

/* The interrupt says that the FIFO has fallen to its trigger level. */
static void tx_sent(struct pl011 *s)
{
	if (!(s->lcrh & LCRH_FEN) ? !tx_count(s) : tx_count(s) <= trigger(s, s->ifls))
		s->ris |= INT_TX;
}

static void tx_drain(struct pl011 *s)
{
	while (tx_count(s) && console_guest_tx(s->port, s->tx[s->tx_tail % FIFO_SIZE]))
		s->tx_tail++;
	tx_sent(s);
}

static void tx_push(struct pl011 *s, u8 c)
{
	s->ris &= ~INT_TX;
	if (s->cr & CR_LBE) {
		rx_push(s, c);
		tx_sent(s);
		return;
	}
	/* As in the chip, what is written to a full FIFO is lost. */
	if (tx_count(s) < depth(s))
		s->tx[s->tx_head++ % FIFO_SIZE] = c;
	tx_drain(s);
}

static u32 read_flags(const struct pl011 *s)
{
	u32 v = FR_CTS_DSR_DCD;

	if (tx_count(s))
		v |= FR_BUSY;
	else
		v |= FR_TXFE;
	if (tx_count(s) >= depth(s))
		v |= FR_TXFF;
	if (!rx_count(s))
		v |= FR_RXFE;
	if (rx_count(s) >= depth(s))
		v |= FR_RXFF;
	return v;
}

static void set_break(struct pl011 *s, bool on)
{
	if (on == s->breaking)
		return;
	s->breaking = on;
	if (!(s->cr & CR_LBE))
		console_guest_break(s->port, on);
	else if (on)
		rx_push(s, DR_BE | DR_FE);
}

/* Whoever switches the FIFOs throws away what is in them; what the guest had sent goes out all the same. */
static void write_lcrh(struct pl011 *s, u32 v)
{
	bool switched = (s->lcrh ^ v) & LCRH_FEN;

	s->lcrh = v & 0xff;
	set_break(s, v & LCRH_BRK);
	if (!switched)
		return;
	s->rx_tail = s->rx_head;
	rx_changed(s);
	console_guest_taken(s->port);
}

static u32 pl011_read(struct pl011 *s, u32 offset)
{
	/* PeripheralID0 to 3, ComponentID0 to 3. */
	static const u8 id[] = { 0x11, 0x10, 0x34, 0x00, 0x0d, 0xf0, 0x05, 0xb1 };

	switch (offset) {
	case DR:
		return rx_pop(s);
	case RSR:
		return s->rsr;
	case FR:
		return read_flags(s);
	case ILPR:
		return s->ilpr;
	case IBRD:
		return s->ibrd;
	case FBRD:
		return s->fbrd;
	case LCRH:
		return s->lcrh;
	case CR:
		return s->cr;
	case IFLS:
		return s->ifls;
	case IMSC:
		return s->imsc;
	case RIS:
		return s->ris;
	case MIS:
		return s->ris & s->imsc;
	case DMACR:
		return s->dmacr;
	default:
		return offset >= ID_FIRST && offset < PAGE_SIZE ? id[(offset - ID_FIRST) / 4] : 0;
	}
}

static void pl011_write(struct pl011 *s, u32 offset, u32 v)
{
	switch (offset) {
	case DR:
		tx_push(s, (u8)v);
		break;
	case RSR:
		s->rsr = 0;
		break;
	case ILPR:
		s->ilpr = v & 0xff;
		break;
	case IBRD:
		s->ibrd = v & 0xffff;
		break;
	case FBRD:
		s->fbrd = v & 0x3f;
		break;
	case LCRH:
		write_lcrh(s, v);
		break;
	case CR:
		s->cr = v & 0xff87;
		break;
	case IFLS:
		s->ifls = v & 0x3f;
		break;
	case IMSC:
		s->imsc = v & 0x7ff;
		break;
	case ICR:
		s->ris &= ~v;
		break;
	case DMACR:
		s->dmacr = v & 7;
		break;
	default:
		break;
	}
}

/* Registers are 16 bits wide at most and lie a word apart; kernels use halves and words, early consoles bytes. */
static enum mmio_result pl011_access(struct emudev *d, struct mmio_access *a)
{
	struct pl011 *s = d->priv;

	if (a->offset & (a->size - 1))
		return MMIO_ERROR;
	if (a->offset & 3)
		return MMIO_DONE;	/* the empty part of the word */
	if (a->is_write)
		pl011_write(s, a->offset, a->value);
	else
		a->value = pl011_read(s, a->offset);
	update_line(s);
	return MMIO_DONE;
}

/* ---- console ---- */

static void on_typed(void *priv, u8 c)
{
	struct pl011 *s = priv;

	rx_push(s, c);
	update_line(s);
}

static void on_break(void *priv)
{
	struct pl011 *s = priv;

	rx_push(s, DR_BE | DR_FE);
	update_line(s);
}

static void on_overrun(void *priv)
{
	struct pl011 *s = priv;

	s->overrun = true;
	s->ris |= INT_OE;
	update_line(s);
}

static u32 rx_room(void *priv)
{
	return BACKLOG - rx_count(priv);
}

static void on_tx_space(void *priv)
{
	struct pl011 *s = priv;

	tx_drain(s);
	update_line(s);
}

static const struct console_guest_ops console_ops = {
	.rx = on_typed,
	.rx_break = on_break,
	.rx_overrun = on_overrun,
	.rx_room = rx_room,
	.tx_space = on_tx_space,
};

static void pl011_reset(struct emudev *d)
{
	struct pl011 *s = d->priv;

	set_break(s, false);
	s->rsr = s->ilpr = s->ibrd = s->fbrd = s->lcrh = s->imsc = s->ris = s->dmacr = 0;
	s->cr = CR_RESET;
	s->ifls = IFLS_RESET;
	s->overrun = s->line = false;
	s->rx_tail = s->rx_head;
	console_guest_taken(s->port);
	/* What waits for the console goes out all the same: it was written before the reset. */
	if (d->irq != ~0u)
		emudev_set_irq(d, d->irq, false);
}

static int pl011_create(struct emudev *d, const struct layout_dev *node)
{
	struct pl011 *s = d->priv;

	s->dev = d;
	s->port = console_guest_attach(d->guest, &console_ops, s);
	if (!s->port) {
		layout_mistake(&node->at, "compatible", "guest %s has a console already, and one wire leads to it", d->guest->name);
		return -EBUSY;
	}
	return 0;
}

static int pl011_fdt_node(struct emudev *d, void *fdt)
{
	static const char compatible[] = "arm,pl011\0arm,primecell", names[] = "uartclk\0apb_pclk";
	int node = fdt_node_add(fdt, "serial", d->base, compatible, sizeof(compatible));
	int err = node < 0 ? node : fdt_node_device(fdt, node, d);

	return err ? err : fdt_node_clocks(fdt, node, FDT_PHANDLE_PCLK, 1, names, sizeof(names));
}

static const struct emudev_type pl011 = {
	.compatible = "umbra,pl011",
	.desc = "ARM UART on Umbra's console",
	.state_size = sizeof(struct pl011),
	.lines = 1,
	.create = pl011_create,
	.reset = pl011_reset,
	.access = pl011_access,
	.fdt_node = pl011_fdt_node,
};
EMUDEV_REGISTER(pl011);
