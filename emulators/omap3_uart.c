// SPDX-License-Identifier: GPL-2.0-or-later
/* The guest's OMAP3 UART: register banks and FIFOs as in the chip, the wire is the guest's console. */

/*
 * Deviations from the chip, all chosen so that a guest loses no character but those that the real wire lost, and waits for no line that
 * does not exist:
 * - A character counts as sent when the console has taken it; the baud rate only reads back.
 * - Transmission works in every MDR1 mode, also while disabled: early consoles write across the kernel's own reset
 *   of the block, and on the chip what they wrote would sit in the FIFO for ever.
 * - Received characters wait behind the 64-byte FIFO in a backlog, as if the sender had been slower, and when that is full in the real UART's FIFO.
 * - DMA modes, infrared, modem lines and flow control read back but do nothing; CTS is always asserted.
 */

#include <hv/console.h>
#include <hv/emudev.h>
#include <hv/guest.h>
#include <hv/layout.h>
#include <hv/log.h>

#define FIFO_SIZE	64u
#define BACKLOG		4096u	/* power of two; the first FIFO_SIZE bytes are what the guest sees as its FIFO */

#define IER_RHR		BIT(0)
#define IER_THR		BIT(1)
#define IER_LINE	BIT(2)
#define IER_ENHANCED	0xf0u	/* writable with EFR.ENHANCED */
#define IIR_NONE	0x01u
#define IIR_THR		0x02u
#define IIR_RHR		0x04u
#define IIR_LINE	0x06u
#define IIR_TIMEOUT	0x0cu
#define IIR_FIFO_ON	0xc0u
#define FCR_ENABLE	BIT(0)
#define FCR_CLEAR_RX	BIT(1)
#define FCR_CLEAR_TX	BIT(2)
#define FCR_TX_TRIGGER	0x30u	/* writable with EFR.ENHANCED */
#define LCR_BREAK	BIT(6)
#define LCR_DIVISOR	BIT(7)
#define LCR_MODE_B	0xbfu
#define MCR_LOOPBACK	BIT(4)
#define MCR_TCRTLR	BIT(6)
#define EFR_ENHANCED	BIT(4)
#define LSR_DR		BIT(0)
#define LSR_OE		BIT(1)
#define LSR_BI		BIT(4)
#define LSR_THRE	BIT(5)
#define LSR_TEMT	BIT(6)
#define LSR_RX_STATUS	BIT(7)	/* some character in the FIFO came with an error or is a BREAK */
#define MSR_CTS		BIT(4)
#define SCR_TX_EMPTY	BIT(3)	/* THR interrupt when everything has left */
#define SCR_TX_GRANULAR	BIT(6)
#define SCR_RX_GRANULAR	BIT(7)
#define SSR_TX_FULL	BIT(0)
#define SYSC_RESET	BIT(1)
#define MDR1_16X	0u
#define MDR1_DISABLE	7u
#define MVR_3630	0x52u

/* Registers that only hold what was written, by index into uart.plain[]. */
enum plain { P_SPR, P_TCR, P_TLR, P_XON1, P_XON2, P_XOFF1, P_XOFF2, P_MDR1, P_MDR2, P_TXFLL, P_TXFLH, P_RXFLL, P_RXFLH,
	     P_BLR, P_ACREG, P_EBLR, P_WER, P_CFPS, P_IER2, P_MDR3, P_NR };

struct uart {
	struct emudev *dev;
	struct console_port *port;
	u8 ier, fcr, efr, lcr, mcr, dll, dlh, scr, sysc;
	u8 plain[P_NR];
	bool overrun;
	bool line;		/* level last driven to the interrupt controller */
	u32 rx_head, rx_tail;	/* free-running */
	u32 tx_head, tx_tail;
	u8 tx[FIFO_SIZE];
	u16 rx[BACKLOG];
#define RX_BREAK	BIT(8)	/* no character: the line was held */
	u32 breaks;		/* of them in rx[] */
	bool breaking;		/* the guest holds its line */
};

static u32 rx_count(const struct uart *s)
{
	return s->rx_head - s->rx_tail;
}

static u32 tx_count(const struct uart *s)
{
	return s->tx_head - s->tx_tail;
}

static bool enhanced(const struct uart *s)
{
	return s->efr & EFR_ENHANCED;
}

static bool tcr_tlr_visible(const struct uart *s)
{
	return enhanced(s) && (s->mcr & MCR_TCRTLR);
}

/* Receive trigger in characters: FCR steps, or TLR in steps of 4, or both together in steps of 1 (SCR). */
static u32 rx_trigger(const struct uart *s)
{
	static const u8 step[4] = { 8, 16, 56, 60 };
	u32 tlr = s->plain[P_TLR] >> 4, fcr = s->fcr >> 6, n;

	if (!(s->fcr & FCR_ENABLE))
		return 1;
	if (s->scr & SCR_RX_GRANULAR)
		n = tlr << 2 | fcr;
	else
		n = tlr ? tlr << 2 : step[fcr];
	return n ? n : 1;
}

/* Transmit trigger in free places. */
static u32 tx_trigger(const struct uart *s)
{
	static const u8 step[4] = { 8, 16, 32, 56 };
	u32 tlr = s->plain[P_TLR] & 15, fcr = s->fcr >> 4 & 3, n;

	if (!(s->fcr & FCR_ENABLE) || (s->scr & SCR_TX_EMPTY))
		return FIFO_SIZE;
	if (s->scr & SCR_TX_GRANULAR)
		n = tlr << 2 | fcr;
	else
		n = tlr ? tlr << 2 : step[fcr];
	return n ? n : 1;
}

static bool break_next(const struct uart *s)
{
	return rx_count(s) && (s->rx[s->rx_tail % BACKLOG] & RX_BREAK);
}

/* Interrupt identification: the highest-priority source that is enabled. All are levels. */
static u32 interrupt_id(const struct uart *s)
{
	u32 rx = rx_count(s);

	if ((s->ier & IER_LINE) && (s->overrun || break_next(s)))
		return IIR_LINE;
	if ((s->ier & IER_RHR) && rx)
		return rx >= rx_trigger(s) ? IIR_RHR : IIR_TIMEOUT;
	if ((s->ier & IER_THR) && FIFO_SIZE - tx_count(s) >= tx_trigger(s))
		return IIR_THR;
	return IIR_NONE;
}

static void update_line(struct uart *s)
{
	bool level = interrupt_id(s) != IIR_NONE;

	if (level == s->line || s->dev->irq == ~0u)
		return;
	s->line = level;
	emudev_set_irq(s->dev, s->dev->irq, level);
}

static void rx_push(struct uart *s, u16 c)
{
	if (rx_count(s) == BACKLOG) {
		s->overrun = true;
		return;
	}
	s->rx[s->rx_head++ % BACKLOG] = c;
	s->breaks += c == RX_BREAK;
}

static u8 rx_pop(struct uart *s)
{
	u16 c = s->rx[s->rx_tail++ % BACKLOG];

	s->breaks -= c == RX_BREAK;
	console_guest_taken(s->port);
	return (u8)c;
}

static void rx_clear(struct uart *s)
{
	s->rx_tail = s->rx_head;
	s->breaks = 0;
	console_guest_taken(s->port);
}

/* The BREAK bit of LCR, which has another meaning while it selects a configuration mode. */
static void update_break(struct uart *s)
{
	bool wanted = (s->lcr & (LCR_BREAK | LCR_DIVISOR)) == LCR_BREAK;

	if (wanted == s->breaking)
		return;
	s->breaking = wanted;
	if (!(s->mcr & MCR_LOOPBACK))
		console_guest_break(s->port, wanted);
	else if (wanted)
		rx_push(s, RX_BREAK);
}

static void tx_drain(struct uart *s)
{
	while (tx_count(s) && console_guest_tx(s->port, s->tx[s->tx_tail % FIFO_SIZE]))
		s->tx_tail++;
}

static void tx_push(struct uart *s, u8 c)
{
	if (s->mcr & MCR_LOOPBACK) {
		rx_push(s, c);
		return;
	}
	if (!tx_count(s) && console_guest_tx(s->port, c))
		return;
	/* As in the chip, what is written to a full FIFO is lost. */
	if (tx_count(s) < FIFO_SIZE)
		s->tx[s->tx_head++ % FIFO_SIZE] = c;
}

/* State after a soft reset of the block. */
static void reset_registers(struct uart *s)
{
	s->lcr = 0;
	update_break(s);
	s->ier = s->fcr = s->efr = s->mcr = s->dll = s->dlh = s->scr = s->sysc = 0;
	for (u32 i = 0; i < P_NR; i++)
		s->plain[i] = 0;
	s->plain[P_MDR1] = MDR1_DISABLE;
	s->plain[P_TCR] = 0x0f;
	s->plain[P_WER] = 0xff;
	s->overrun = false;
	rx_clear(s);
	/* What waits for the console goes out all the same: it was written before the reset. */
}

/* ---- registers of the three banks ---- */

static u32 read_rhr(struct uart *s)
{
	return rx_count(s) ? rx_pop(s) : 0;
}

static void write_thr(struct uart *s, u32 v)
{
	tx_push(s, (u8)v);
}

static u32 read_ier(struct uart *s)
{
	return s->ier;
}

static void write_ier(struct uart *s, u32 v)
{
	u32 writable = enhanced(s) ? 0xffu : 0xffu & ~IER_ENHANCED;

	s->ier = (u8)((s->ier & ~writable) | (v & writable));
}

static u32 read_iir(struct uart *s)
{
	return interrupt_id(s) | (s->fcr & FCR_ENABLE ? IIR_FIFO_ON : 0);
}

static void write_fcr(struct uart *s, u32 v)
{
	u32 kept = enhanced(s) ? 0 : FCR_TX_TRIGGER;

	if (v & FCR_CLEAR_RX)
		rx_clear(s);
	if (v & FCR_CLEAR_TX) {
		tx_drain(s);	/* on the wire this long ago, had there been a wire */
		s->tx_tail = s->tx_head;
	}
	s->fcr = (u8)((s->fcr & kept) | (v & ~kept & ~(FCR_CLEAR_RX | FCR_CLEAR_TX)));
}

static u32 read_efr(struct uart *s)
{
	return s->efr;
}

static void write_efr(struct uart *s, u32 v)
{
	s->efr = (u8)v;
}

static u32 read_lcr(struct uart *s)
{
	return s->lcr;
}

static void write_lcr(struct uart *s, u32 v)
{
	s->lcr = (u8)v;
	update_break(s);
}

static u32 read_mcr(struct uart *s)
{
	return s->mcr;
}

static void write_mcr(struct uart *s, u32 v)
{
	u32 kept = enhanced(s) ? 0x80u : 0xe0u;	/* bits 7:5 need EFR.ENHANCED, bit 7 is reserved */

	s->mcr = (u8)((s->mcr & kept) | (v & ~kept));
}

static u32 read_lsr(struct uart *s)
{
	u32 v = 0;

	if (rx_count(s))
		v |= LSR_DR;
	if (s->overrun)
		v |= LSR_OE;
	if (break_next(s))
		v |= LSR_BI;
	if (s->breaks)
		v |= LSR_RX_STATUS;
	if (!tx_count(s))
		v |= LSR_THRE | LSR_TEMT;
	s->overrun = false;
	return v;
}

static u32 read_msr_tcr(struct uart *s)
{
	return tcr_tlr_visible(s) ? s->plain[P_TCR] : MSR_CTS;
}

static void write_tcr(struct uart *s, u32 v)
{
	if (tcr_tlr_visible(s))
		s->plain[P_TCR] = (u8)v;
}

static u32 read_spr_tlr(struct uart *s)
{
	return s->plain[tcr_tlr_visible(s) ? P_TLR : P_SPR];
}

static void write_spr_tlr(struct uart *s, u32 v)
{
	s->plain[tcr_tlr_visible(s) ? P_TLR : P_SPR] = (u8)v;
}

static u32 read_xoff1_tcr(struct uart *s)
{
	return s->plain[tcr_tlr_visible(s) ? P_TCR : P_XOFF1];
}

static void write_xoff1_tcr(struct uart *s, u32 v)
{
	s->plain[tcr_tlr_visible(s) ? P_TCR : P_XOFF1] = (u8)v;
}

static u32 read_xoff2_tlr(struct uart *s)
{
	return s->plain[tcr_tlr_visible(s) ? P_TLR : P_XOFF2];
}

static void write_xoff2_tlr(struct uart *s, u32 v)
{
	s->plain[tcr_tlr_visible(s) ? P_TLR : P_XOFF2] = (u8)v;
}

static u32 read_dll(struct uart *s)
{
	return s->dll;
}

static void write_dll(struct uart *s, u32 v)
{
	s->dll = (u8)v;
}

static u32 read_dlh(struct uart *s)
{
	return s->dlh;
}

static void write_dlh(struct uart *s, u32 v)
{
	s->dlh = (u8)(v & 0x3f);
}

static u32 read_scr(struct uart *s)
{
	return s->scr;
}

static void write_scr(struct uart *s, u32 v)
{
	s->scr = (u8)v;
}

static u32 read_ssr(struct uart *s)
{
	return tx_count(s) == FIFO_SIZE ? SSR_TX_FULL : 0;
}

static u32 read_mvr(struct uart *s)
{
	(void)s;
	return MVR_3630;
}

static u32 read_sysc(struct uart *s)
{
	return s->sysc;
}

static void write_sysc(struct uart *s, u32 v)
{
	if (v & SYSC_RESET)
		reset_registers(s);
	s->sysc = (u8)(v & 0x1d);
}

static u32 read_syss(struct uart *s)
{
	(void)s;
	return 1;	/* a reset is done at once */
}

static u32 read_rx_level(struct uart *s)
{
	return MIN(rx_count(s), FIFO_SIZE);
}

static u32 read_tx_level(struct uart *s)
{
	return tx_count(s);
}

/* One register: functions, or (read == NULL) a cell of plain[]. write == NULL beside a read function: read only. */
struct uart_reg {
	u32 (*read)(struct uart *s);
	void (*write)(struct uart *s, u32 v);
	u8 cell;	/* 1 + enum plain; 0 = none */
};
#define FN(r, w)	{ .read = (r), .write = (w) }
#define CELL(c)		{ .cell = 1 + (c) }

enum bank { BANK_OPERATIONAL, BANK_A, BANK_B, BANK_NR };

/* The eight registers that LCR switches. */
static const struct uart_reg banked[BANK_NR][8] = {
	[BANK_OPERATIONAL] = {
		FN(read_rhr, write_thr), FN(read_ier, write_ier), FN(read_iir, write_fcr), FN(read_lcr, write_lcr),
		FN(read_mcr, write_mcr), FN(read_lsr, NULL), FN(read_msr_tcr, write_tcr),
		FN(read_spr_tlr, write_spr_tlr),
	},
	[BANK_A] = {
		FN(read_dll, write_dll), FN(read_dlh, write_dlh), FN(read_iir, write_fcr), FN(read_lcr, write_lcr),
		FN(read_mcr, write_mcr), FN(read_lsr, NULL), FN(read_msr_tcr, write_tcr),
		FN(read_spr_tlr, write_spr_tlr),
	},
	[BANK_B] = {
		FN(read_dll, write_dll), FN(read_dlh, write_dlh), FN(read_efr, write_efr), FN(read_lcr, write_lcr),
		CELL(P_XON1), CELL(P_XON2), FN(read_xoff1_tcr, write_xoff1_tcr), FN(read_xoff2_tlr, write_xoff2_tlr),
	},
};

/* The rest, by offset / 4; an all-zero row is a hole. */
static const struct uart_reg common[] = {
	[0x20 / 4] = CELL(P_MDR1),
	[0x24 / 4] = CELL(P_MDR2),
	[0x28 / 4] = CELL(P_TXFLL),
	[0x2c / 4] = CELL(P_TXFLH),
	[0x30 / 4] = CELL(P_RXFLL),
	[0x34 / 4] = CELL(P_RXFLH),
	[0x38 / 4] = CELL(P_BLR),
	[0x3c / 4] = CELL(P_ACREG),
	[0x40 / 4] = FN(read_scr, write_scr),
	[0x44 / 4] = FN(read_ssr, NULL),
	[0x48 / 4] = CELL(P_EBLR),
	[0x50 / 4] = FN(read_mvr, NULL),
	[0x54 / 4] = FN(read_sysc, write_sysc),
	[0x58 / 4] = FN(read_syss, NULL),
	[0x5c / 4] = CELL(P_WER),
	[0x60 / 4] = CELL(P_CFPS),
	[0x64 / 4] = FN(read_rx_level, NULL),
	[0x68 / 4] = FN(read_tx_level, NULL),
	[0x6c / 4] = CELL(P_IER2),
	[0x80 / 4] = CELL(P_MDR3),
};

static enum bank current_bank(const struct uart *s)
{
	if (!(s->lcr & LCR_DIVISOR))
		return BANK_OPERATIONAL;
	return s->lcr == LCR_MODE_B ? BANK_B : BANK_A;
}

static const struct uart_reg *find_reg(const struct uart *s, u32 index)
{
	const struct uart_reg *r;

	if (index < 8)
		return &banked[current_bank(s)][index];
	if (index >= ARRAY_SIZE(common))
		return NULL;
	r = &common[index];
	return r->read || r->cell ? r : NULL;
}

static void reg_write(struct uart *s, const struct uart_reg *r, u32 v)
{
	if (r->cell)
		s->plain[r->cell - 1] = (u8)v;
	else if (r->write)
		r->write(s, v & 0xff);
	update_line(s);
}

/* Every register is 8 bits at the start of its word and answers to 8-, 16- and 32-bit accesses. */
static enum mmio_result uart_access(struct emudev *d, struct mmio_access *a)
{
	struct uart *s = d->priv;
	const struct uart_reg *r = find_reg(s, a->offset / 4);

	if (!r) {
		pr_guest(8, "%s: %s of reserved register 0x%x\n", d->name, a->is_write ? "write" : "read",
			 (unsigned int)a->offset);
		return MMIO_DONE;
	}
	if (a->offset & 3)
		return MMIO_DONE;	/* the empty part of the word */
	if (a->is_write) {
		reg_write(s, r, a->value);
		return MMIO_DONE;
	}
	a->value = r->cell ? s->plain[r->cell - 1] : r->read(s);
	update_line(s);
	return MMIO_DONE;
}

/* ---- console ---- */

static void on_typed(void *priv, u8 c)
{
	struct uart *s = priv;

	rx_push(s, c);
	update_line(s);
}

static void on_break(void *priv)
{
	struct uart *s = priv;

	rx_push(s, RX_BREAK);
	update_line(s);
}

static void on_overrun(void *priv)
{
	struct uart *s = priv;

	s->overrun = true;
	update_line(s);
}

static u32 rx_room(void *priv)
{
	return BACKLOG - rx_count(priv);
}

static void on_tx_space(void *priv)
{
	struct uart *s = priv;

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

/* A guest finds the UART as the boot loader left it: 115200 8n1 from 48 MHz, FIFOs on, no interrupts. */
static void uart_reset(struct emudev *d)
{
	struct uart *s = d->priv;

	reset_registers(s);
	s->plain[P_MDR1] = MDR1_16X;
	s->lcr = 0x03;
	s->mcr = 0x03;
	s->dll = 26;
	s->fcr = FCR_ENABLE;
	if (d->irq != ~0u)
		emudev_set_irq(d, d->irq, false);
	s->line = false;
}

static int uart_create(struct emudev *d, const struct layout_dev *node)
{
	struct uart *s = d->priv;

	s->dev = d;
	s->port = console_guest_attach(d->guest, &console_ops, s);
	if (!s->port) {
		layout_mistake(&node->at, "compatible", "guest %s has a console already, and one wire leads to it", d->guest->name);
		return -EBUSY;
	}
	return 0;
}

static const struct emudev_type omap3_uart = {
	.compatible = "umbra,omap3-uart",
	.desc = "OMAP3 UART on Umbra's console",
	.state_size = sizeof(struct uart),
	.lines = 1,
	.create = uart_create,
	.reset = uart_reset,
	.access = uart_access,
};
EMUDEV_REGISTER(omap3_uart);
