/* System calls without a libc, for x86_64 and aarch64. A result below zero is a negated errno. */
#ifndef SYS_H
#define SYS_H

typedef unsigned long size;

#if defined(__x86_64__)
enum { SYS_read = 0, SYS_write = 1, SYS_close = 3, SYS_socket = 41, SYS_connect = 42, SYS_sendto = 44, SYS_openat = 257, SYS_ppoll = 271,
       SYS_clock_gettime = 228, SYS_exit_group = 231 };
static inline long sys(long n, long a, long b, long c, long d, long e) {
	long result;
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	__asm__ volatile("syscall" : "=a"(result) : "a"(n), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8) : "rcx", "r11", "memory");
	return result;
}
#elif defined(__aarch64__)
enum { SYS_read = 63, SYS_write = 64, SYS_close = 57, SYS_socket = 198, SYS_connect = 203, SYS_sendto = 206, SYS_openat = 56, SYS_ppoll = 73,
       SYS_clock_gettime = 113, SYS_exit_group = 94 };
static inline long sys(long n, long a, long b, long c, long d, long e) {
	register long x8 __asm__("x8") = n;
	register long x0 __asm__("x0") = a;
	register long x1 __asm__("x1") = b;
	register long x2 __asm__("x2") = c;
	register long x3 __asm__("x3") = d;
	register long x4 __asm__("x4") = e;
	__asm__ volatile("svc 0" : "+r"(x0) : "r"(x8), "r"(x1), "r"(x2), "r"(x3), "r"(x4) : "memory");
	return x0;
}
#else
#error "the shim knows x86_64 and aarch64"
#endif

enum { EAGAIN = 11, EINTR = 4, POLLIN = 1, POLLOUT = 4, AT_FDCWD = -100, AF_UNIX = 1, MSG_NOSIGNAL = 0x4000, SOCK_STREAM = 1, SOCK_NONBLOCK = 04000,
       SOCK_CLOEXEC = 02000000, O_CLOEXEC = 02000000, CLOCK_MONOTONIC = 1 };

struct pollfd { int fd; short events, revents; };
struct timespec { long seconds, nanos; };

#endif
