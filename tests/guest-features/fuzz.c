// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Random system calls with random arguments: fuzz SEED CALLS [USER]. Calls come in batches, each in a child of its own that may die of whatever
 * it does, as user USER if there is one. Prints how many calls returned; what they return is not looked at, only that the kernel survives them.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#define BATCH		200u	/* calls of a child, unless it dies */
#define SECONDS		1u	/* of a child */
#define NR_CALLS	451u	/* of Linux 6.1 */
#define ARM_CALLS	0xf0000u	/* breakpoint, cacheflush, usr26, usr32, set_tls, get_tls */
#define NR_ARM_CALLS	7u
#define FILES		12

/* What is not called, and why. */
static const uint16_t excluded[] = {
	/* They end the child, or hold it up until its time is over. */
	SYS_exit, SYS_exit_group, SYS_pause, SYS_rt_sigsuspend, SYS_sigsuspend, SYS_rt_sigtimedwait, SYS_nanosleep, SYS_clock_nanosleep, SYS_futex,
	/* More children than there is memory for, and another program in their place. */
	SYS_fork, SYS_vfork, SYS_clone, SYS_clone3, SYS_execve, SYS_execveat,
	/* With a number that happens to be a process of somebody else's: end it, stop it, or change its memory. */
	SYS_kill, SYS_tkill, SYS_tgkill, SYS_rt_sigqueueinfo, SYS_rt_tgsigqueueinfo, SYS_pidfd_send_signal, SYS_ptrace, SYS_process_vm_writev,
	SYS_prlimit64, SYS_setpriority, SYS_sched_setscheduler, SYS_sched_setattr, SYS_sched_setparam,
	/* Its own way to be ended in time. */
	SYS_setitimer, SYS_rt_sigaction, SYS_sigaction, SYS_rt_sigprocmask, SYS_sigprocmask, SYS_setpgid, SYS_setsid,
	/* Of root: the end of the guest that the test talks to, of its console, its clock or its root. */
	SYS_reboot, SYS_kexec_load, SYS_vhangup, SYS_sethostname, SYS_settimeofday, SYS_clock_settime, SYS_clock_settime64, SYS_adjtimex,
	SYS_clock_adjtime, SYS_clock_adjtime64, SYS_mount, SYS_umount2, SYS_pivot_root, SYS_move_mount, SYS_mount_setattr, SYS_open_tree, SYS_syslog, SYS_delete_module,
	SYS_chroot, SYS_unlink, SYS_unlinkat, SYS_rmdir, SYS_rename, SYS_renameat, SYS_renameat2, SYS_chmod, SYS_fchmodat, SYS_truncate, SYS_truncate64,
};

static uint32_t state;

static uint32_t rnd(void)
{
	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static int is_excluded(uint32_t nr)
{
	for (unsigned int i = 0; i < sizeof(excluded) / sizeof(excluded[0]); i++)
		if (excluded[i] == nr)
			return 1;
	return 0;
}

static char *memory;	/* some pages with noise, the last of which nobody may access */
#define MEMORY		0x8000u

static uint32_t argument(void)
{
	static const uint32_t edges[] = { 0, 1, 2, ~0u, 0x7fffffff, 0x80000000, 0xbf000000, 0xc0000000, 0xc0208000, 0xffff0000, 0xfffffffc, 4096, 4095 };
	static const char *const names[] = { "/tmp/fuzz", "/dev/null", "/proc/self/maps", "/proc/self/mem", "/sys/kernel", "/dev/zero", "", "/tmp" };

	switch (rnd() % 8) {
	case 0:
		return edges[rnd() % (sizeof(edges) / sizeof(edges[0]))];
	case 1:
		return (uint32_t)(uintptr_t)names[rnd() % (sizeof(names) / sizeof(names[0]))];
	case 2:
	case 3:
		return (uint32_t)(uintptr_t)memory + rnd() % MEMORY;
	case 4:
		return 3 + rnd() % FILES;
	case 5:
		return 1u << rnd() % 32;
	case 6:
		return rnd() % 256;
	}
	return rnd();
}

static void open_files(void)
{
	int pair[2];

	for (int i = 0; i < 3; i++)
		close(i);
	for (int i = 0; i < 3; i++)
		open("/dev/null", O_RDWR);
	open("/tmp/fuzz", O_RDWR | O_CREAT, 0600);
	open("/proc/self/maps", O_RDONLY);
	open("/dev/zero", O_RDWR);
	if (!pipe2(pair, O_NONBLOCK))
		socketpair(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0, pair);
	socket(AF_INET, SOCK_DGRAM | SOCK_NONBLOCK, 0);
	socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
}

static void limit(int what, rlim_t value)
{
	struct rlimit l = { value, value };

	setrlimit(what, &l);
}

/* One child: the calls it makes depend on the seed alone. @done counts those that returned. */
static void batch(volatile uint32_t *done, uid_t user)
{
	alarm(SECONDS);
	open_files();
	limit(RLIMIT_AS, 64 << 20);
	limit(RLIMIT_FSIZE, 1 << 20);
	limit(RLIMIT_CORE, 0);
	if (user && (setgid(user) || setuid(user)))
		_exit(1);
	for (uint32_t i = 0; i < MEMORY - 4096; i += 4)
		*(volatile uint32_t *)(memory + i) = argument();
	for (uint32_t i = 0; i < BATCH; i++) {
		uint32_t nr = rnd() % (NR_CALLS + NR_ARM_CALLS), a[6];

		for (int k = 0; k < 6; k++)
			a[k] = argument();
		if (nr >= NR_CALLS)
			nr = ARM_CALLS + nr - NR_CALLS;
		if (is_excluded(nr))
			continue;
		syscall((long)nr, a[0], a[1], a[2], a[3], a[4], a[5]);
		(*done)++;
	}
	_exit(0);
}

int main(int argc, char **argv)
{
	uint32_t seed = argc > 1 ? (uint32_t)strtoul(argv[1], NULL, 0) : 1, calls = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 0) : BATCH;
	uid_t user = argc > 3 ? (uid_t)strtoul(argv[3], NULL, 0) : 0;
	volatile uint32_t *done = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	uint32_t died = 0, batches = (calls + BATCH - 1) / BATCH;

	memory = mmap(NULL, MEMORY, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (done == MAP_FAILED || memory == MAP_FAILED || mprotect(memory + MEMORY - 4096, 4096, PROT_NONE))
		return 1;
	for (uint32_t i = 0; i < batches; i++) {
		int status = 0;
		pid_t child;

		state = (seed + i) * 2654435761u | 1;
		child = fork();
		if (!child) {
			setsid();
			batch(done, user);
		}
		if (child < 0 || waitpid(child, &status, 0) != child)
			return 1;
		died += WIFSIGNALED(status);
	}
	printf("fuzz: %u batches, %u calls returned, %u children died\n", batches, *done, died);
	return *done < batches;
}
