/* The CNI plugin on the host: stdin and CNI_* to the node agent, its answer to stdout. No libc, no allocation, no name look-up. */
#include "shim.h"

#ifndef DEADLINE_MS
#define DEADLINE_MS 10000 /* for all of it, then "try again later" */
#endif
#define DEFAULT_RUN_DIR "/run/linkerd-cni"
#define HEADER 4 /* bytes of a frame's length, big-endian */

static char config[LIMIT + 1], request[HEADER + LIMIT], answer[HEADER + LIMIT];
static long deadline;

/* The compiler may call these by itself. */
void *memcpy(void *to, const void *from, size n) { for (size i = 0; i < n; i++) ((char *)to)[i] = ((const char *)from)[i]; return to; }
void *memset(void *to, int value, size n) { for (size i = 0; i < n; i++) ((char *)to)[i] = (char)value; return to; }

size text_length(const char *text) { size n = 0; while (text[n]) n++; return n; }
int text_is(const char *a, const char *b) { while (*a && *a == *b) a++, b++; return *a == *b; }

void say(int fd, const char *text, size length) {
	while (length > 0) {
		long wrote = sys(SYS_write, fd, (long)text, (long)length, 0, 0);
		if (wrote == -EINTR) continue;
		if (wrote <= 0) return;
		text += wrote;
		length -= (size)wrote;
	}
}
static void say_text(int fd, const char *text) { say(fd, text, text_length(text)); }

static void say_log(const char *text, size length) {
	say_text(2, "linkerd-cni: ");
	say(2, text, length);
	say_text(2, "\n");
}

int fail(const struct call *call, int code, const char *message) {
	struct span version = scan_find(call->config, call->config_length, "cniVersion");
	char digits[4] = { (char)('0' + code / 10), (char)('0' + code % 10), 0, 0 };
	say_text(1, "{\"cniVersion\":");
	if (version.at && *version.at == '"') say(1, version.at, version.length); else say_text(1, "\"1.0.0\"");
	say_text(1, ",\"code\":");
	say_text(1, code < 10 ? digits + 1 : digits);
	say_text(1, ",\"msg\":\"");
	say_text(1, message);
	say_text(1, "\"}\n");
	say_log(message, text_length(message));
	return 1;
}

int pass(const struct call *call) {
	struct span result = scan_find(call->config, call->config_length, "prevResult");
	if (!result.at || *result.at != '{') return fail(call, 7, "Cannot serve the call: there is no prevResult, the plugin must be chained");
	say(1, result.at, result.length);
	say_text(1, "\n");
	return 0;
}

static long now_ms(void) {
	struct timespec t = { 0, 0 };
	sys(SYS_clock_gettime, CLOCK_MONOTONIC, (long)&t, 0, 0, 0);
	return t.seconds * 1000 + t.nanos / 1000000;
}

/* Waits until a descriptor is ready; 0 where the deadline comes first. */
static int ready(int fd, short events) {
	for (;;) {
		long left = deadline - now_ms();
		if (left <= 0) return 0;
		struct timespec wait = { left / 1000, left % 1000 * 1000000 };
		struct pollfd poll = { fd, events, 0 };
		long result = sys(SYS_ppoll, (long)&poll, 1, (long)&wait, 0, 8);
		if (result > 0) return 1;
		if (result < 0 && result != -EINTR) return 0;
	}
}

/* Reads once; 0 at the end, -1 on an error, -2 where the deadline has come. */
static long receive(int fd, char *into, size limit) {
	for (;;) {
		if (!ready(fd, POLLIN)) return -2;
		long got = sys(SYS_read, fd, (long)into, (long)limit, 0, 0);
		if (got >= 0) return got;
		if (got != -EINTR && got != -EAGAIN) return -1;
	}
}

long read_file(const char *path, char *into, size limit) {
	long fd = sys(SYS_openat, AT_FDCWD, (long)path, O_CLOEXEC, 0, 0);
	if (fd < 0) return -1;
	size length = 0;
	for (;;) {
		long got = length < limit ? sys(SYS_read, fd, (long)(into + length), (long)(limit - length), 0, 0) : -1;
		if (got == -EINTR) continue;
		if (got <= 0) { sys(SYS_close, fd, 0, 0, 0, 0); return got < 0 ? -1 : (long)length; }
		length += (size)got;
	}
}

/* ---- the request ---- */
static size at = HEADER;
static void put(const char *text, size length) { for (size i = 0; i < length; i++, at++) if (at < sizeof request) request[at] = text[i]; }
static void put_text(const char *text) { put(text, text_length(text)); }
static void put_string(const char *name, const char *text, size length) {
	static const char hex[] = "0123456789abcdef";
	put_text(",\"");
	put_text(name);
	put_text("\":\"");
	for (size i = 0; i < length; i++) {
		unsigned char ch = (unsigned char)text[i];
		if (ch == '"' || ch == '\\') { char two[2] = { '\\', (char)ch }; put(two, 2); }
		else if (ch < 0x20) { char six[6] = { '\\', 'u', '0', '0', hex[ch >> 4], hex[ch & 15] }; put(six, 6); }
		else put(text + i, 1);
	}
	put_text("\"");
}

/* The frame's length, or 0 where it would be too long. */
static size build(const struct call *call) {
	put_text("{\"version\":1");
	put_string("command", call->command, text_length(call->command));
	put_string("containerId", call->container, text_length(call->container));
	put_string("netns", call->netns, text_length(call->netns));
	put_string("ifname", call->ifname, text_length(call->ifname));
	put_string("args", call->args, text_length(call->args));
	put_string("path", call->path, text_length(call->path));
	put_string("config", call->config, call->config_length);
	put_text("}");
	if (at > sizeof request) return 0;
	size length = at - HEADER;
	for (int i = 0; i < HEADER; i++) request[i] = (char)(length >> (24 - 8 * i));
	return at;
}

/* ---- the conversation: what came of it ---- */
enum outcome { ANSWERED, AWAY, LATE };

static int dial(const struct call *call) {
	static const char file[] = "/agent.sock";
	struct { unsigned short family; char path[108]; } address = { AF_UNIX, { 0 } };
	size n = text_length(call->run_dir);
	for (size i = 0; i < n; i++) address.path[i] = call->run_dir[i];
	for (size i = 0; i < sizeof file; i++) address.path[n + i] = file[i];
	long fd = sys(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0, 0, 0);
	if (fd < 0) return -1;
	for (;;) {
		long result = sys(SYS_connect, fd, (long)&address, sizeof address, 0, 0);
		if (result == 0) return (int)fd;
		/* A full backlog: the agent is there, and busy. */
		if (result == -EAGAIN) { if (!ready(-1, 0)) return -2; continue; }
		if (result != -EINTR) return -1;
	}
}

static enum outcome converse(const struct call *call, size length, size *content) {
	int fd = dial(call);
	if (fd < 0) return fd == -2 ? LATE : AWAY;
	for (size sent = 0; sent < length;) {
		if (!ready(fd, POLLOUT)) return LATE;
		long wrote = sys(SYS_sendto, fd, (long)(request + sent), (long)(length - sent), MSG_NOSIGNAL, 0); /* a dead agent is no SIGPIPE */
		if (wrote == -EINTR || wrote == -EAGAIN) continue;
		if (wrote < 0) return AWAY;
		sent += (size)wrote;
	}
	size have = 0, want = HEADER;
	while (have < want) {
		long got = receive(fd, answer + have, want - have);
		if (got <= 0) return got == -2 ? LATE : AWAY;
		have += (size)got;
		if (have == HEADER && want == HEADER) {
			for (int i = 0; i < HEADER; i++) *content = *content << 8 | (unsigned char)answer[i];
			if (*content > LIMIT) return AWAY;
			want += *content;
		}
	}
	return ANSWERED;
}

/* Prints what the agent said; -1 where that is not understood. */
static int repeat(size length) {
	const char *text = answer + HEADER;
	struct span exit = scan_find(text, length, "exit");
	struct span result = scan_find(text, length, "stdout");
	struct span log = scan_find(text, length, "log");
	if (exit.length < 1 || exit.length > 3) return -1;
	int status = 0;
	for (size i = 0; i < exit.length; i++) {
		if (exit.at[i] < '0' || exit.at[i] > '9') return -1;
		status = status * 10 + exit.at[i] - '0';
	}
	if (status > 255) return -1;
	if (result.at) { say(1, result.at, result.length); say_text(1, "\n"); }
	if (log.length > 2) say_log(log.at + 1, log.length - 2);
	return status;
}

static int serve(const struct call *call) {
	size content = 0, length = build(call);
	if (length == 0) return fail(call, 6, "Cannot send the configuration: it is longer than a frame");
	enum outcome outcome = converse(call, length, &content);
	if (outcome == LATE)
		return fail(call, text_is(call->command, "STATUS") ? 50 : 11, "Cannot serve the call: the node agent did not answer in time");
	int status = outcome == ANSWERED ? repeat(content) : -1;
	return status >= 0 ? status : offline(call, answer, sizeof answer);
}

static int version(const struct call *call) {
	struct span own = scan_find(call->config, call->config_length, "cniVersion");
	say_text(1, "{\"cniVersion\":");
	if (own.at && *own.at == '"') say(1, own.at, own.length); else say_text(1, "\"1.1.0\"");
	say_text(1, ",\"supportedVersions\":[\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\"]}\n");
	return 0;
}

/* ---- the start ---- */
static const char *variable(char **environment, const char *name) {
	for (; *environment; environment++) {
		size i = 0;
		while (name[i] && (*environment)[i] == name[i]) i++;
		if (!name[i] && (*environment)[i] == '=') return *environment + i + 1;
	}
	return "";
}

/* Where the agent's socket and list lie: the environment, else the configuration, else the usual place. 0 where too long. */
static int find_run_dir(struct call *call, const char *override) {
	struct span dir = { override, text_length(override) };
	if (dir.length == 0) {
		struct span named = scan_find(call->config, call->config_length, "runDir");
		if (named.length > 2 && *named.at == '"') { dir.at = named.at + 1; dir.length = named.length - 2; }
		else { dir.at = DEFAULT_RUN_DIR; dir.length = sizeof DEFAULT_RUN_DIR - 1; }
	}
	if (dir.length >= sizeof call->run_dir) return 0;
	for (size i = 0; i < dir.length; i++) call->run_dir[i] = dir.at[i];
	call->run_dir[dir.length] = 0;
	return 1;
}

static int run(char **environment) {
	static struct call call;
	deadline = now_ms() + DEADLINE_MS;
	call.command = variable(environment, "CNI_COMMAND");
	call.container = variable(environment, "CNI_CONTAINERID");
	call.netns = variable(environment, "CNI_NETNS");
	call.ifname = variable(environment, "CNI_IFNAME");
	call.args = variable(environment, "CNI_ARGS");
	call.path = variable(environment, "CNI_PATH");
	call.config = config;
	if (!*call.command) return fail(&call, 4, "Cannot serve the call: CNI_COMMAND is not set");
	for (;;) {
		long got = receive(0, config + call.config_length, sizeof config - call.config_length);
		if (got == 0) break;
		if (got < 0) return fail(&call, 5, "Cannot read the configuration on stdin");
		call.config_length += (size)got;
		if (call.config_length > LIMIT) { call.config_length = 0; return fail(&call, 6, "Cannot read the configuration: it is longer than 1 MiB"); }
	}
	if (text_is(call.command, "VERSION")) return version(&call);
	if (!find_run_dir(&call, variable(environment, "LINKERD_CNI_RUN_DIR"))) return fail(&call, 7, "Cannot serve the call: runDir is too long");
	return serve(&call);
}

__attribute__((used, noreturn)) void begin(long *stack) {
	char **arguments = (char **)(stack + 1);
	sys(SYS_exit_group, run(arguments + *stack + 1), 0, 0, 0, 0);
	__builtin_unreachable();
}
#if defined(__x86_64__)
__asm__(".globl _start\n_start: xor %ebp, %ebp\n mov %rsp, %rdi\n and $-16, %rsp\n call begin\n");
#else
__asm__(".globl _start\n_start: mov x29, #0\n mov x0, sp\n bl begin\n");
#endif
