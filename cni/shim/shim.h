/* What the parts of the shim share. */
#ifndef SHIM_H
#define SHIM_H

#include "scan.h"

#define LIMIT (1 << 20) /* bytes of a configuration and of a frame */

/* A call as it came: the environment, and the configuration. A variable that is not set is "". */
struct call {
	const char *command, *container, *netns, *ifname, *args, *path;
	const char *config;
	size config_length;
	char run_dir[96]; /* 108 bytes are what a socket's address has */
};

size text_length(const char *text);
int text_is(const char *a, const char *b);
/* Writes all of it, whatever happens to the reader. */
void say(int fd, const char *text, size length);
/* Prints an error of the specification and a line for the log; its exit status. */
int fail(const struct call *call, int code, const char *message);
/* Prints the result of the plugins before us; its exit status. */
int pass(const struct call *call);
/* Reads a file of at most limit bytes; below zero where that cannot be. */
long read_file(const char *path, char *into, size limit);

/* offline.c: what is said when the agent is away. */
int offline(const struct call *call, char *scratch, size scratch_length);

#endif
