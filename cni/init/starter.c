/* linkerd2-proxy-init in the image: an init container of a genuine control plane runs as nobody, and its capabilities are those of
 * the file that is run. The program itself cannot have any, as proxies could not run it then: so this one, which has NET_ADMIN and
 * NET_RAW, hands them on as ambient ones and becomes the program, under its own name. */
#include "../shim/sys.h"

#ifndef PROGRAM
#define PROGRAM "/usr/bin/bunkerd"
#endif

#if defined(__x86_64__)
enum { SYS_execve = 59, SYS_capget = 125, SYS_capset = 126, SYS_prctl = 157 };
#else
enum { SYS_execve = 221, SYS_capget = 90, SYS_capset = 91, SYS_prctl = 167 };
#endif
enum { NET_ADMIN = 12, NET_RAW = 13, CAPABILITY_VERSION_3 = 0x20080522, PR_CAP_AMBIENT = 47, PR_CAP_AMBIENT_RAISE = 2, EXIT_NO_PROGRAM = 127 };

struct header { unsigned version; int pid; };
struct sets { unsigned effective, permitted, inheritable; };

/* Where it has none to hand on the program says what it lacks. */
static void hand_on(void) {
	struct header header = { CAPABILITY_VERSION_3, 0 };
	struct sets sets[2] = { { 0, 0, 0 }, { 0, 0, 0 } };
	if (sys(SYS_capget, (long)&header, (long)sets, 0, 0, 0) < 0) return;
	sets[0].inheritable |= sets[0].permitted & (1u << NET_ADMIN | 1u << NET_RAW);
	if (sys(SYS_capset, (long)&header, (long)sets, 0, 0, 0) < 0) return;
	sys(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, NET_ADMIN, 0, 0);
	sys(SYS_prctl, PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, NET_RAW, 0, 0);
}

__attribute__((used, noreturn)) void begin(long *stack) {
	static char name[] = "linkerd2-proxy-init";
	static const char failure[] = "Cannot run " PROGRAM "\n";
	char **arguments = (char **)(stack + 1);
	char **environment = arguments + *stack + 1;
	char *alone[] = { name, 0 };
	if (*stack > 0) arguments[0] = name;
	else arguments = alone;
	hand_on();
	sys(SYS_execve, (long)PROGRAM, (long)arguments, (long)environment, 0, 0);
	sys(SYS_write, 2, (long)failure, sizeof failure - 1, 0, 0);
	sys(SYS_exit_group, EXIT_NO_PROGRAM, 0, 0, 0, 0);
	__builtin_unreachable();
}
#if defined(__x86_64__)
__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#else
__asm__(".globl _start\n_start: mov x29, #0\n mov x0, sp\n bl begin\n");
#endif
