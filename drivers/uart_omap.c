// SPDX-License-Identifier: GPL-2.0-or-later
/* Host driver of OMAP3 UART3: the wire that Umbra's console, the monitor and the guest share. */

#include <arch/cpu.h>
#include <hv/time.h>
#include <hv/uart.h>

#define UART_BASE		0x49020000u
#define UART_IRQ		74u

#define UART_RHR		0x00	/* also THR; DLL in configuration modes */
#define UART_IER		0x04	/* DLH in configuration modes */
#define UART_FCR		0x08	/* write; EFR in configuration mode B */
#define UART_EFR		0x08
#define UART_LCR		0x0c
#define UART_MCR		0x10
#define UART_LSR		0x14
#define UART_TLR		0x1c	/* with EFR.ENHANCED and MCR.TCRTLR */
#define UART_MDR1		0x20
#define UART_SCR		0x40
#define UART_SSR		0x44
#define UART_SYSC		0x54
#define UART_WER		0x5c

#define IER_RHR			BIT(0)
#define IER_THR			BIT(1)
#define FCR_ENABLE		BIT(0)
#define FCR_CLEAR_RX		BIT(1)
#define FCR_CLEAR_TX		BIT(2)
#define FCR_TX_TRIG_32		(2u << 4)	/* interrupt at 32 free places; writable with EFR.ENHANCED */
#define EFR_ENHANCED		BIT(4)
#define LCR_8N1			0x03u
#define LCR_MODE_A		0x83u	/* divisor access, 8n1 kept */
#define LCR_MODE_B		0xbfu	/* divisor and EFR access */
#define MCR_DTR_RTS		0x03u
#define MCR_TCRTLR		BIT(6)
#define LCR_BREAK		BIT(6)
#define LSR_DR			BIT(0)
#define LSR_OE			BIT(1)
#define LSR_BI			BIT(4)
#define LSR_THRE		BIT(5)
#define LSR_TEMT		BIT(6)
#define MDR1_MODE		0x07u
#define MDR1_16X		0u
#define MDR1_13X		3u
#define MDR1_DISABLE		7u
#define SSR_TX_FULL		BIT(0)
#define SYSC_NO_IDLE		BIT(3)
#define FIFO_SIZE		64u
#define DIVISOR_115200		26u	/* 48 MHz / 16 / 26 = 115385, +0.16 % */

/* The clocks of UART3: functional and interface clock in the PER module of the CM. */
#define CM_FCLKEN_PER		0x48005000u
#define CM_ICLKEN_PER		0x48005010u
#define CM_IDLEST_PER		0x48005020u
#define CM_AUTOIDLE_PER		0x48005030u
#define CM_PER_UART3		BIT(11)

#define POLLS			1000000u	/* bound of waits that a healthy UART ends within 10 ms */

static u32 uart_ier;
static bool overrun;	/* was seen, and not said yet */

static u32 uart_read(u32 reg)
{
	return arch_mmio_read32(UART_BASE + reg);
}

/* To read it clears OE, whoever reads it for something else. */
static u32 read_lsr(void)
{
	u32 lsr = uart_read(UART_LSR);

	overrun |= (lsr & LSR_OE) != 0;
	return lsr;
}

static void uart_write(u32 reg, u32 value)
{
	arch_mmio_write32(UART_BASE + reg, value);
}

/* Wait until (register & mask) == value; gives up after a bound, because a console must not hang the host. */
static bool poll(hpa_t address, u32 mask, u32 value)
{
	for (u32 n = 0; n < POLLS; n++)
		if ((arch_mmio_read32(address) & mask) == value)
			return true;
	return false;
}

static void set_bits(hpa_t address, u32 bits)
{
	u32 old = arch_mmio_read32(address);

	if ((old & bits) != bits)
		arch_mmio_write32(address, old | bits);
}

static void enable_clocks(void)
{
	u32 autoidle = arch_mmio_read32(CM_AUTOIDLE_PER);

	set_bits(CM_FCLKEN_PER, CM_PER_UART3);
	set_bits(CM_ICLKEN_PER, CM_PER_UART3);
	if (autoidle & CM_PER_UART3)
		arch_mmio_write32(CM_AUTOIDLE_PER, autoidle & ~CM_PER_UART3);
	poll(CM_IDLEST_PER, CM_PER_UART3, 0);
}

struct line_setting {
	u32 mode;	/* MDR1: oversampling */
	u32 dll, dlh;
};

/* What the boot loader uses, or 115200 when it left the UART disabled or in an infrared mode. */
static struct line_setting read_line_setting(void)
{
	struct line_setting s = { .mode = uart_read(UART_MDR1) & MDR1_MODE };
	u32 lcr = uart_read(UART_LCR);

	uart_write(UART_LCR, LCR_MODE_A);
	s.dll = uart_read(UART_RHR) & 0xff;
	s.dlh = uart_read(UART_IER) & 0x3f;
	uart_write(UART_LCR, lcr);
	if ((s.mode != MDR1_16X && s.mode != MDR1_13X) || (!s.dll && !s.dlh)) {
		s.mode = MDR1_16X;
		s.dll = DIVISOR_115200;
		s.dlh = 0;
	}
	return s;
}

static void set_divisor(u32 dll, u32 dlh)
{
	uart_write(UART_LCR, LCR_MODE_B);
	uart_write(UART_RHR, dll);
	uart_write(UART_IER, dlh);
}

/*
 * FIFO control: FCR[0] may change only while the baud clock is stopped (divisor 0), FCR[5:4] only with
 * EFR.ENHANCED; a TLR field that is not 0 would override the trigger levels of FCR.
 */
static void set_fifo(void)
{
	set_divisor(0, 0);
	uart_write(UART_EFR, EFR_ENHANCED);
	uart_write(UART_LCR, LCR_MODE_A);
	uart_write(UART_MCR, MCR_TCRTLR | MCR_DTR_RTS);
	uart_write(UART_TLR, 0);
	uart_write(UART_FCR, FCR_ENABLE | FCR_CLEAR_RX | FCR_CLEAR_TX | FCR_TX_TRIG_32);
	uart_write(UART_SCR, 0);
	uart_write(UART_MCR, MCR_DTR_RTS);
}

/*
 * Erratum i202: an access right after MDR1 was written can freeze the UART. Wait 5 cycles of both clocks
 * (2 us is ample; the 32 kHz clock gives 30 us or more), then empty the FIFOs.
 */
static void set_mode(u32 mode)
{
	uart_write(UART_MDR1, mode);
	arch_barrier();
	host_time_delay_us(2);
	uart_write(UART_FCR, FCR_ENABLE | FCR_CLEAR_RX | FCR_CLEAR_TX | FCR_TX_TRIG_32);
	poll(UART_BASE + UART_LSR, LSR_THRE | LSR_DR, LSR_THRE);
}

void host_uart_init(void)
{
	struct line_setting line;

	enable_clocks();
	line = read_line_setting();
	/* Let the boot loader's last words out; a disabled UART never gets there, hence the bound. */
	if ((uart_read(UART_MDR1) & MDR1_MODE) != MDR1_DISABLE)
		poll(UART_BASE + UART_LSR, LSR_TEMT, LSR_TEMT);
	uart_write(UART_LCR, LCR_8N1);
	uart_ier = 0;
	uart_write(UART_IER, 0);
	uart_write(UART_SYSC, SYSC_NO_IDLE);
	uart_write(UART_WER, 0);
	uart_write(UART_MDR1, MDR1_DISABLE);
	arch_barrier();
	host_time_delay_us(2);
	set_fifo();
	set_divisor(line.dll, line.dlh);
	uart_write(UART_EFR, EFR_ENHANCED);	/* stays set: keeps FCR[5:4] writable; no flow control bits */
	uart_write(UART_LCR, LCR_8N1);
	set_mode(line.mode);
	uart_ier = IER_RHR;
	uart_write(UART_IER, uart_ier);
}

u32 host_uart_irq(void)
{
	return UART_IRQ;
}

void host_uart_early_putc(char c)
{
	poll(UART_BASE + UART_SSR, SSR_TX_FULL, 0);
	uart_write(UART_RHR, (u8)c);
}

int host_uart_getc(void)
{
	u32 lsr = read_lsr();	/* BI is about the byte that is read next */
	int c;

	if (overrun) {
		overrun = false;
		return HOST_UART_OVERRUN;
	}
	if (!(lsr & LSR_DR))
		return -1;
	c = (int)(uart_read(UART_RHR) & 0xff);
	return lsr & LSR_BI ? HOST_UART_BREAK : c;
}

void host_uart_break(bool on)
{
	uart_write(UART_LCR, on ? LCR_8N1 | LCR_BREAK : LCR_8N1);
}

u32 host_uart_tx_room(void)
{
	if (read_lsr() & LSR_THRE)
		return FIFO_SIZE;
	return uart_read(UART_SSR) & SSR_TX_FULL ? 0 : 1;
}

void host_uart_putc(char c)
{
	uart_write(UART_RHR, (u8)c);
}

bool host_uart_tx_idle(void)
{
	return read_lsr() & LSR_TEMT;
}

static void set_ier(u32 ier)
{
	if (ier == uart_ier)
		return;
	uart_ier = ier;
	uart_write(UART_IER, ier);
	arch_barrier();
}

void host_uart_tx_irq(bool on)
{
	set_ier(on ? uart_ier | IER_THR : uart_ier & ~IER_THR);
}

void host_uart_rx_irq(bool on)
{
	set_ier(on ? uart_ier | IER_RHR : uart_ier & ~IER_RHR);
}
